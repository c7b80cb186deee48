"""How far chance goes: intervals from the one bootstrap of this book, and the area under the ROC curve."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from study.claims import Verdict

REPEATS = 500
SEED = 2020


@dataclass(frozen=True)
class Interval:
    """A number and how far chance may have moved it.

    Attributes
    ----------
    value, low, high : float
        The number, and the bounds of its 95% interval; NaN where it cannot be computed.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if np.isnan(self.value):
            return "not computable"
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"

    @property
    def verdict(self) -> Verdict:
        """What a gain says of the claim that there is one.

        If the interval holds both signs, the gain depends on which videos one happens to look at.
        """
        if np.isnan(self.value):
            return "not testable here"
        if self.low > 0:
            return "reproduced"
        return "not reproduced" if self.high < 0 else "depends"


def draws(
    statistic: Callable[[np.ndarray], float | np.ndarray],
    groups: np.ndarray | pd.Series | pd.Index,
    repeats: int = REPEATS,
    seed: int = SEED,
) -> np.ndarray:
    """Compute a statistic again and again on groups drawn with replacement: the bootstrap.

    This is the only function of the book that resamples.

    Parameters
    ----------
    statistic : callable
        Takes a weight for each row, which is how often the row's group was drawn, and gives a number or an
        array of numbers, NaN where it cannot be computed.
    groups : ndarray or Series, shape (n,)
        The group of each row: source videos, since the faces of one are no independent draws.
    repeats : int
        Number of draws.
    seed : int
        Seed of the random draws.

    Returns
    -------
    ndarray, shape (repeats, ...)
        The statistic of each draw.

    References
    ----------
    B. Efron and R. Tibshirani, An Introduction to the Bootstrap, 1993.
    """
    _, codes = np.unique(groups, return_inverse=True)
    count = codes.max() + 1
    random = np.random.default_rng(seed)
    return np.array(
        [
            statistic(np.bincount(random.integers(count, size=count), minlength=count)[codes].astype(float))
            for _ in range(repeats)
        ]
    )


def bounds(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take the bounds of the 95% interval from the draws of a statistic.

    Parameters
    ----------
    values : ndarray, shape (repeats, ...)
        As `draws` gives them; NaNs are left out.

    Returns
    -------
    low, high : float or ndarray
        The 2.5th and the 97.5th percentile.
    """
    low, high = np.nanpercentile(values, [2.5, 97.5], axis=0)
    return low, high


def bootstrap(
    statistic: Callable[[np.ndarray], float],
    groups: np.ndarray | pd.Series | pd.Index,
    repeats: int = REPEATS,
    seed: int = SEED,
) -> Interval:
    """Compute a statistic with its 95% interval over groups of rows.

    Parameters
    ----------
    statistic : callable
        Takes a weight for each row and gives a number, or NaN where it cannot be computed.
    groups : ndarray or Series, shape (n,)
        The group of each row, as in `draws`.
    repeats : int
        Number of draws.
    seed : int
        Seed of the random draws.

    Returns
    -------
    Interval
        The statistic with all weights 1, and the `bounds` of its draws.
    """
    value = statistic(np.ones(len(groups)))
    if np.isnan(value):
        return Interval(np.nan, np.nan, np.nan)
    low, high = bounds(draws(statistic, groups, repeats, seed))
    return Interval(float(value), float(low), float(high))


def auc(fake: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> float:
    """Compute the area under the ROC curve, or NaN where a class is missing.

    Parameters
    ----------
    fake : ndarray of bool, shape (n,)
        The class.
    scores : ndarray of float, shape (n,)
        Higher for what is more likely true.
    weights : ndarray of float, shape (n,)
        0 leaves a row out.

    Returns
    -------
    float
    """
    # scikit-learn's roc_auc_score gives the same, at twenty times the time, and a bootstrap calls this
    # thousands of times.
    fake, order = np.asarray(fake, dtype=bool), np.argsort(scores)
    ranked, positive = scores[order], (weights * fake)[order]
    below = np.concatenate([[0], np.cumsum((weights * ~fake)[order])])
    pairs = positive.sum() * below[-1]
    if pairs == 0:
        return np.nan
    left, right = np.searchsorted(ranked, ranked, "left"), np.searchsorted(ranked, ranked, "right")
    return float(positive @ (below[left] + below[right]) / 2 / pairs)


def share(table: pd.DataFrame, column: str, seed: int = 0, repeats: int = 1000) -> pd.Series:
    """Compute the mean of a column with an interval over videos, since frames of one video are alike.

    Parameters
    ----------
    table : DataFrame
        With `column` (numbers or true and false) and video.
    column : str
        The column; rows where it is missing do not count.
    seed : int
        Seed of the bootstrap.
    repeats : int
        Draws of the bootstrap.

    Returns
    -------
    Series
        mean, low, high, count (rows), videos. The interval is missing where there are fewer than two videos.
    """
    rows = table.dropna(subset=column)
    sums = rows.groupby("video")[column].agg(["sum", "size"]).astype(float)
    total, size = sums["sum"].to_numpy(), sums["size"].to_numpy()
    mean = total.sum() / size.sum() if len(sums) else np.nan
    low = high = np.nan
    if len(sums) > 1:
        low, high = bounds(
            draws(lambda weights: weights @ total / (weights @ size), sums.index, repeats, seed)
        )
    counts = {"count": int(size.sum()), "videos": len(sums)}
    return pd.Series({"mean": mean, "low": low, "high": high} | counts, dtype=object)
