"""From faces to a verdict on a video: aggregation, calibration, log loss, threshold and confusion matrix."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import expit
from sklearn import metrics
from sklearn.linear_model import LogisticRegression

from dfd import dataset, faces
from dfd.run import Run

SMALLEST_PROBABILITY = 1e-15
"""Kaggle's bound; no probability counts as less, so that a sure error costs 34.5 nats and not infinity."""

SMALLEST_SCALE = 1e-3
"""Smallest scale of a calibration, so that it never turns the order of videos round."""


def _mean_probability(logits: np.ndarray, persons: np.ndarray) -> float:
    return float(_log_odds(expit(logits).mean()))


def _confident_faces(logits: np.ndarray, persons: np.ndarray) -> float:
    # Faces count by how far they are from 0.5, so that unsure frames do not dilute the sure ones.
    return float(np.average(logits, weights=np.abs(expit(logits) - 0.5) + 1e-6))


def _most_suspicious_person(logits: np.ndarray, persons: np.ndarray) -> float:
    return max(float(logits[persons == person].mean()) for person in np.unique(persons))


POLICIES: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "mean logit": lambda logits, persons: float(logits.mean()),
    "mean probability": _mean_probability,
    "median": lambda logits, persons: float(np.median(logits)),
    "maximum": lambda logits, persons: float(logits.max()),
    "confident faces": _confident_faces,
    "most suspicious person": _most_suspicious_person,
}
"""Ways to turn the logits of a video's faces into one. Each takes the logits and whose face each is."""


def aggregate(
    logits: ArrayLike, videos: ArrayLike, policy: str = "mean logit", persons: ArrayLike | None = None
) -> pd.Series:
    """Turn the logits of faces into one for each video.

    Parameters
    ----------
    logits : ndarray of float, shape (n,)
        Log odds of FAKE of each face.
    videos : ndarray of str, shape (n,)
        The video of each.
    policy : str
        One of `POLICIES`.
    persons : ndarray, shape (n,), optional
        Which person of the video each face is; by default all are one.

    Returns
    -------
    Series of float
        The logit of each video, by its name.

    Examples
    --------
    >>> import numpy as np
    >>> from dfd import evaluation
    >>> logits, videos = np.array([1.0, 3.0, -2.0]), np.array(["a", "a", "b"])
    >>> evaluation.aggregate(logits, videos).to_dict()
    {'a': 2.0, 'b': -2.0}
    """
    logits = np.asarray(logits, dtype=float)
    persons = np.zeros(len(logits)) if persons is None else np.asarray(persons)
    table = pd.DataFrame({"logit": logits, "person": persons, "video": np.asarray(videos)})
    return pd.Series(
        {
            video: POLICIES[policy](rows["logit"].to_numpy(), rows["person"].to_numpy())
            for video, rows in table.groupby("video")
        },
        dtype=float,
    )


def videos(run: Run, predictions: pd.DataFrame, policy: str = "mean logit") -> pd.DataFrame:
    """Aggregate the predictions of a run's faces to one for each video.

    Parameters
    ----------
    predictions : DataFrame
        As `dfd.training.predictions` gives them.
    policy : str
        One of `POLICIES`.

    Returns
    -------
    DataFrame
        One row for each video of the predicted splits: video, source, label, split, faces (how many were
        looked at), logit, p_fake, status, reason. Where no face was found the status is ``"no face"`` and
        logit and p_fake are null: an outcome of its own, never a silent 0.5.
    """
    outcome = dataset.with_source(run, faces.status(run))
    outcome = outcome[outcome["split"].isin(predictions["split"].unique())]
    persons = predictions["face_id"].str.rsplit("-", n=1).str[1] if len(predictions) else None
    logits = aggregate(predictions["logit"], predictions["video"], policy, persons)
    scored = outcome.assign(logit=outcome["video"].map(logits).astype(float))
    scored["p_fake"] = expit(scored["logit"])
    columns = ["video", "source", "label", "split", "faces", "logit", "p_fake", "status", "reason"]
    return scored[columns].reset_index(drop=True)


@dataclass(frozen=True)
class Calibration:
    """A straight line from a logit to a calibrated logit.

    Attributes
    ----------
    scale : float
        Under 1, the network is too sure of itself.
    shift : float
        ``calibrated = scale * logit + shift``.
    """

    scale: float
    shift: float

    def __call__(self, logits: ArrayLike, fakes: float = 0.5) -> np.ndarray:
        """Calibrate logits, shape (n,), for videos of which a share `fakes` are fakes."""
        return self.scale * np.asarray(logits, dtype=float) + self.shift + _log_odds(fakes)


def calibrate(fake: ArrayLike, logits: ArrayLike) -> Calibration:
    """Fit the calibration on videos that the network was not trained on: Platt's scaling, without a penalty.

    Both classes get the same weight, so the result holds for a share of fakes of one half; another share
    is a known shift of the logit.

    Parameters
    ----------
    fake : ndarray of bool, shape (n,)
        The truth.
    logits : ndarray of float, shape (n,)
        Log odds of FAKE; NaNs are left out.

    Returns
    -------
    Calibration
        The line that changes nothing, if a class is missing. The scale is never negative, so the order of the
        videos stays: where fakes have the lower logits, the network knows nothing and all becomes about 0.5.

    References
    ----------
    J. Platt, Probabilistic outputs for support vector machines, 1999; C. Guo et al., On calibration of
    modern neural networks, ICML 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from dfd import evaluation
    >>> line = evaluation.calibrate(np.array([False, False, True, True]), np.array([-9.0, 1.0, -1.0, 9.0]))
    >>> 0 < line.scale < 1
    True
    """
    fake, logits = np.asarray(fake, dtype=bool), np.asarray(logits, dtype=float)
    scored = ~np.isnan(logits)
    if len(np.unique(fake[scored])) < 2:
        return Calibration(1.0, 0.0)
    fake, logits = fake[scored], logits[scored]
    # Platt's targets lie a little inside 0 and 1. They keep the line finite where the classes do not overlap,
    # so no penalty is needed, whose strength would depend on the scale of the logits.
    target = np.where(fake, fake.sum() + 1, 1) / np.where(fake, fake.sum() + 2, (~fake).sum() + 2)
    weights, both = balanced_weights(fake), np.repeat([True, False], len(fake))
    model = LogisticRegression(C=np.inf, solver="newton-cholesky").fit(
        np.tile(logits, 2)[:, None], both, np.r_[weights * target, weights * (1 - target)] * len(fake)
    )
    scale, shift = float(model.coef_[0, 0]), float(model.intercept_[0])
    return Calibration(scale, shift) if scale > SMALLEST_SCALE else Calibration(SMALLEST_SCALE, 0.0)


def calibrated(scored: pd.DataFrame, calibration: Calibration, fakes: float = 0.5) -> pd.DataFrame:
    """Calibrate a table of videos.

    Parameters
    ----------
    scored : DataFrame
        As `videos` gives it.
    calibration : Calibration
        As `calibrate` fits it.
    fakes : float
        Share of fakes among the videos to be judged.

    Returns
    -------
    DataFrame
        The same with other values of logit and p_fake.
    """
    logits = calibration(scored["logit"], fakes)
    return scored.assign(logit=logits, p_fake=expit(logits))


def log_loss(fake: np.ndarray, p_fake: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Compute the score of the challenge.

    Parameters
    ----------
    fake : ndarray of bool, shape (n,)
        The truth.
    p_fake : ndarray of float, shape (n,)
        Probability of FAKE.
    weights : ndarray of float, shape (n,), optional
        Weight of each video; 1 by default.

    Returns
    -------
    float
        In nats; lower is better, and 0.693 is what 0.5 for every video gets.

    References
    ----------
    Report, Figure 3.21.
    """
    p_fake = np.clip(p_fake, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    losses = -np.log(np.where(fake, p_fake, 1 - p_fake))
    return float(losses.mean() if weights is None else losses @ weights / weights.sum())


def balanced_weights(fake: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Weigh videos so that each class counts one half, as in the challenge's test set.

    Parameters
    ----------
    fake : ndarray of bool, shape (n,)
        The truth.
    weights : ndarray of float, shape (n,), optional
        Weights to start from; 1 by default.

    Returns
    -------
    ndarray of float, shape (n,)
        They add up to 1; all NaN if a class is missing.
    """
    weights = np.ones(len(fake)) if weights is None else weights
    totals = weights[~fake].sum(), weights[fake].sum()
    if min(totals) == 0:
        return np.full(len(fake), np.nan)
    return 0.5 * weights / np.where(fake, totals[1], totals[0])


def threshold(fake: ArrayLike, p_fake: ArrayLike) -> float:
    """Choose the probability above which a video is called FAKE.

    Parameters
    ----------
    fake : ndarray of bool, shape (n,)
        The truth, of the validation split: a threshold chosen on the test split would flatter it.
    p_fake : ndarray of float, shape (n,)
        Probability of FAKE; NaNs are left out.

    Returns
    -------
    float
        Where the mean of the two classes' accuracies is highest, halfway between two videos; 0.5 if a class
        is missing.
    """
    fake, p_fake = np.asarray(fake, dtype=bool), np.asarray(p_fake, dtype=float)
    order = np.argsort(p_fake)[: (~np.isnan(p_fake)).sum()]
    fake, p_fake = fake[order], p_fake[order]
    if len(np.unique(fake)) < 2:
        return 0.5
    cuts = np.r_[p_fake[0] / 2, (p_fake[1:] + p_fake[:-1]) / 2]
    accuracy = [(p_fake[fake] > cut).mean() + (p_fake[~fake] <= cut).mean() for cut in cuts]
    best = np.flatnonzero(np.isclose(accuracy, max(accuracy)))
    return float(cuts[best[len(best) // 2]])


def confusion(fake: ArrayLike, p_fake: ArrayLike, cut: float) -> pd.DataFrame:
    """Count what the videos are called against what they are.

    Parameters
    ----------
    fake : ndarray of bool, shape (n,)
        The truth.
    p_fake : ndarray of float, shape (n,)
        Probability of FAKE; NaN where no face was found.
    cut : float
        Videos with a higher probability are called FAKE.

    Returns
    -------
    DataFrame
        Rows REAL and FAKE (what they are), columns REAL, FAKE (what they are called) and no face.
    """
    names = [*dataset.LABELS, "no face"]
    label = np.where(fake, "FAKE", "REAL")
    p_fake = np.asarray(p_fake, dtype=float)
    called = np.where(np.isnan(p_fake), "no face", np.where(p_fake > cut, "FAKE", "REAL"))
    counts = metrics.confusion_matrix(label, called, labels=names) if len(label) else np.zeros((3, 3), int)
    rows = pd.Index(dataset.LABELS, name="label")
    return pd.DataFrame(counts[:2], index=rows, columns=pd.Index(names, name="called"))


def _log_odds(probability: float | np.ndarray) -> float | np.ndarray:
    probability = np.clip(probability, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return np.log(probability / (1 - probability))
