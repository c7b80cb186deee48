"""Verdicts with a promised coverage: fake, real, or cannot tell (class-conditional split conformal)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FAKE, REAL, UNSURE = "fake", "real", "cannot tell"


@dataclass(frozen=True)
class Conformal:
    """Scores of videos that the network was not trained on, by what they are.

    Attributes
    ----------
    real, fake : sequence of float
        Log odds of FAKE of REAL and of FAKE videos.

    References
    ----------
    V. Vovk, Conditional validity of inductive conformal predictors, ACML 2012.
    """

    real: Sequence[float]
    fake: Sequence[float]

    def p_values(self, logit: float) -> tuple[float, float]:
        """Say how usual a score is among REAL and among FAKE videos.

        Parameters
        ----------
        logit : float
            Log odds of FAKE of a video.

        Returns
        -------
        real, fake : float
            Share of the REAL videos whose score is at least as high, and of the FAKE ones whose is at most
            as high, the video itself counted among them.
        """
        real = (1 + int(np.sum(np.asarray(self.real) >= logit))) / (1 + len(self.real))
        fake = (1 + int(np.sum(np.asarray(self.fake) <= logit))) / (1 + len(self.fake))
        return real, fake

    def verdict(self, logit: float, coverage: float) -> str:
        """Decide, or do not.

        A class is possible if the score is not among its most unusual ones. Where videos to come are like
        those that the scores are of, a share `coverage` of the REAL and of the FAKE ones keep their class
        among the possible ones.

        Parameters
        ----------
        logit : float
            Log odds of FAKE of a video.
        coverage : float
            The promise, above 0 and below 1.

        Returns
        -------
        str
            `FAKE` or `REAL` where that class alone is possible, otherwise `UNSURE`.

        Examples
        --------
        >>> from dfd import conformal
        >>> scores = conformal.Conformal(real=range(-20, 0), fake=range(0, 20))
        >>> [scores.verdict(logit, 0.9) for logit in (-12, 12)]
        ['real', 'fake']
        """
        real, fake = (value > 1 - coverage for value in self.p_values(logit))
        if real == fake:
            return UNSURE
        return REAL if real else FAKE

    @property
    def highest_coverage(self) -> float:
        """The strongest promise with which a verdict is possible at all: it grows with the fewer class."""
        return 1 - 1 / (1 + min(len(self.real), len(self.fake)))
