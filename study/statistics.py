"""How far chance goes: intervals from the one bootstrap of this book, and the area under the ROC curve."""

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

REPEATS = 500
FAMILY_REPEATS = 2000
"""More draws than for a single interval, since a family's intervals reach further into the tails."""
SEED = 2020


@dataclass(frozen=True)
class Interval:
    """A number and how far chance may have moved it.

    Attributes
    ----------
    value, low, high : float
        The number, and the bounds of its 95% interval; NaN where it cannot be computed. A number of which
        only a lower bound is there has an infinite upper one; one from a single group has no bounds.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if np.isnan(self.value):
            return "not computable"
        if self.low == self.value == self.high:
            return f"{self.value:.4g}"
        if np.isinf(self.low):
            return f"{self.value:.4g} (no interval)"
        if np.isinf(self.high):
            return f"at least {self.low:.2g}"
        digits = decimals(self)
        return f"{self.value:z.{digits}f} ({self.low:z.{digits}f} to {self.high:z.{digits}f})"


NOT_COMPUTABLE = Interval(np.nan, np.nan, np.nan)
"""What stands for a number that the data do not give."""
UNBOUNDED = -np.inf, np.inf
"""Bounds of a number that a single group gave: how far chance has moved it nobody can say."""


def decimals(interval: Interval) -> int:
    """Say how many decimal places of an interval mean something: two figures of its width.

    Parameters
    ----------
    interval : Interval
        The interval.

    Returns
    -------
    int
        0 to 4.
    """
    width = interval.high - interval.low
    if not np.isfinite(width) or width <= 0:
        return 2
    return int(np.clip(1 - np.floor(np.log10(width)), 0, 4))


def exactly(value: float) -> Interval:
    """Give a number that chance has no part in the form of an interval.

    Parameters
    ----------
    value : float
        The number, such as a count or a printed figure.

    Returns
    -------
    Interval
        Of width 0.
    """
    return Interval(float(value), float(value), float(value))


def smallest_effect(interval: Interval, power: float = 0.8) -> float:
    """Say how large an effect must be for an experiment of this size to show it.

    Parameters
    ----------
    interval : Interval
        A 95% interval that the experiment gave.
    power : float
        How often the effect shall be shown: its interval then leaves out 0.

    Returns
    -------
    float
        In the unit of the interval, for an estimate whose chance is nearly normal.

    References
    ----------
    J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 1988.
    """
    deviation = (interval.high - interval.low) / (2 * stats.norm.ppf(0.975))
    return float((stats.norm.ppf(0.975) + stats.norm.ppf(power)) * deviation)


def proportion(hits: int, count: int) -> Interval:
    """Compute a share with Wilson's 95% interval, which has a width at 0 and at 1 too.

    Parameters
    ----------
    hits : int
        How many are as asked.
    count : int
        How many there are, each an independent draw.

    Returns
    -------
    Interval
        NaNs if there are none.

    References
    ----------
    E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 1927.
    """
    if count == 0:
        return NOT_COMPUTABLE
    low, high = np.asarray(proportion_confint(hits, count, method="wilson"), dtype=float)
    return Interval(hits / count, float(low), float(high))


def rate(hits: np.ndarray | pd.Series, groups: np.ndarray | pd.Series) -> Interval:
    """Compute a share of things that come in groups, such as the faces of actors, with Wilson's 95% interval.

    As many draws count as would give the variance that the share has between groups; where all things are
    the same, and nothing varies, as many as there are groups. So the interval has a width at 0 and at 1 too,
    where a bootstrap has none.

    Parameters
    ----------
    hits : ndarray or Series, shape (n,)
        Whether each thing is as asked, or a number from 0 to 1; NaNs are left out.
    groups : ndarray or Series, shape (n,)
        The group of each.

    Returns
    -------
    Interval
        NaNs if there are none.

    References
    ----------
    E. L. Korn and B. I. Graubard, Confidence intervals for proportions with small expected number of positive
    counts estimated from survey data, Survey Methodology 1998.
    """
    table = pd.DataFrame({"hit": np.asarray(hits, dtype=float), "group": np.asarray(groups)}).dropna()
    if table.empty:
        return NOT_COMPUTABLE
    value = float(table["hit"].mean())
    apart = (table["hit"] - value).groupby(table["group"]).sum().to_numpy()
    count = draws = float(len(apart))
    variance = apart @ apart / len(table) ** 2 * count / max(count - 1, 1)
    if count > 1 and variance > 1e-12:
        draws = float(np.clip(value * (1 - value) / variance, 1, len(table)))
    low, high = np.asarray(proportion_confint(value * draws, draws, method="wilson"), dtype=float)
    return Interval(value, float(low), float(high))


def mean(values: np.ndarray | pd.Series) -> Interval:
    """Compute a mean with Student's 95% interval, for repetitions that are independent, such as seeds.

    Parameters
    ----------
    values : ndarray or Series, shape (n,)
        One value for each repetition; NaNs are left out.

    Returns
    -------
    Interval
        NaNs if there are fewer than two values.
    """
    values = np.asarray(values, dtype=float)
    values = values[~np.isnan(values)]
    if len(values) < 2:
        return NOT_COMPUTABLE
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    return Interval(float(values.mean()), float(values.mean() - half), float(values.mean() + half))


def median(values: np.ndarray | pd.Series) -> Interval:
    """Compute a median with its exact 95% interval from order statistics, as timings need it.

    Parameters
    ----------
    values : ndarray or Series, shape (n,)
        Repetitions; NaNs are left out.

    Returns
    -------
    Interval
        From the lowest to the highest value where there are fewer than six; NaNs if there is none.

    References
    ----------
    W. J. Conover, Practical Nonparametric Statistics, 1999, section 3.2.
    """
    values = np.sort(np.asarray(values, dtype=float))
    values = values[~np.isnan(values)]
    if not len(values):
        return NOT_COMPUTABLE
    place = max(int(stats.binom.ppf(0.025, len(values), 0.5)) - 1, 0)
    return Interval(float(np.median(values)), float(values[place]), float(values[-1 - place]))


def family(
    compared: Mapping[str, Callable[[np.ndarray], float]],
    groups: np.ndarray | pd.Series | pd.Index,
    repeats: int = FAMILY_REPEATS,
) -> dict[str, Interval]:
    """Compute several differences at once, with intervals that are wider the more of them are looked at.

    Parameters
    ----------
    compared : dict of str to callable
        Each as `bootstrap` takes it.
    groups : ndarray or Series, shape (n,)
        The group of each row, as in `draws`; the same rows for all.
    repeats : int
        Number of draws.

    Returns
    -------
    dict of str to Interval
        By the names of `compared`, as `holm` gives them; `UNBOUNDED` if there is one group only.
    """
    ones = np.ones(len(groups))
    values = {name: float(statistic(ones)) for name, statistic in compared.items()}
    if pd.Series(groups).nunique() < 2:
        return {n: NOT_COMPUTABLE if np.isnan(v) else Interval(v, *UNBOUNDED) for n, v in values.items()}
    usable = [statistic for name, statistic in compared.items() if not np.isnan(values[name])]
    if not usable:
        return dict.fromkeys(compared, NOT_COMPUTABLE)
    drawn = draws(lambda weights: np.array([of(weights) for of in usable]), groups, repeats)
    return holm(values, drawn)


def holm(values: Mapping[str, float], drawn: np.ndarray) -> dict[str, Interval]:
    """Turn draws of several differences into intervals, by S. Holm's correction (1979).

    Of m differences, the clearest gets an interval of 1 - 0.05/m, the next of 1 - 0.05/(m - 1), and so on:
    one in twenty *families* without any effect then shows one somewhere.

    Parameters
    ----------
    values : dict of str to float
        The differences; NaN where one cannot be computed.
    drawn : ndarray, shape (repeats, m)
        Draws of those that can.

    Returns
    -------
    dict of str to Interval
        By the names of `values`.
    """
    usable = [name for name, value in values.items() if not np.isnan(value)]
    intervals = dict.fromkeys(values, NOT_COMPUTABLE)
    centre = np.array([values[name] for name in usable])
    chance = 2 * stats.norm.sf(np.abs(centre) / np.maximum(np.nanstd(drawn, axis=0), 1e-12))
    gc.freeze()  # statsmodels collects garbage in every call: a third of a second where much is loaded.
    corrected = multipletests(chance, method="holm")[1]
    gc.unfreeze()
    factors = np.clip(corrected / np.maximum(chance, 1e-300), 1, len(usable))
    for name, column, factor in zip(usable, drawn.T, factors, strict=True):
        intervals[name] = Interval(values[name], *map(float, bounds(column, 0.05 / factor)))
    return intervals


def draws(
    statistic: Callable[[np.ndarray], float | np.ndarray],
    groups: np.ndarray | pd.Series | pd.Index,
    repeats: int = REPEATS,
    seed: int = SEED,
    crossed: np.ndarray | pd.Series | None = None,
    strata: np.ndarray | pd.Series | None = None,
) -> np.ndarray:
    """Compute a statistic again and again on groups drawn with replacement: the book's bootstrap.

    Parameters
    ----------
    statistic : callable
        Takes a weight for each row, which is how often the row's group was drawn, and gives a number or an
        array of numbers, NaN where it cannot be computed.
    groups : ndarray or Series, shape (n,)
        The group of each row: source videos, since the faces of one are no independent draws.
    repeats, seed : int
        Number of draws, and their seed.
    crossed : ndarray or Series, shape (n,), optional
        A second group of each row, such as its training, drawn independently: counts are multiplied.
    strata : ndarray or Series, shape (n,), optional
        What second groups are drawn within, such as the split that trainings hold out.

    Returns
    -------
    ndarray, shape (repeats, ...)
        Of each draw.

    References
    ----------
    B. Efron, R. Tibshirani, An Introduction to the Bootstrap; A. B. Owen, The pigeonhole bootstrap, 2007.
    """
    codes = [np.unique(g, return_inverse=True)[1] for g in (groups, crossed) if g is not None]
    pools = [[np.arange(own.max() + 1)] for own in codes]
    if strata is not None:
        pools[1] = pd.Series(codes[1]).groupby(np.asarray(strata)).unique().to_list()
    random, results = np.random.default_rng(seed), []
    for _ in range(repeats):
        weights = np.ones(len(groups))
        for own, members in zip(codes, pools, strict=True):
            drawn = [pool[random.integers(len(pool), size=len(pool))] for pool in members]
            weights *= np.bincount(np.concatenate(drawn), minlength=own.max() + 1)[own]
        results.append(statistic(weights))
    return np.array(results)


def bounds(values: np.ndarray, outside: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """Take the bounds of an interval from the draws of a statistic.

    Parameters
    ----------
    values : ndarray, shape (repeats, ...)
        As `draws` gives them; NaNs are left out.
    outside : float
        Share of the draws that lies outside, half of it on either side; 0.05 for a 95% interval.

    Returns
    -------
    low, high : float or ndarray
    """
    low, high = np.nanpercentile(values, [50 * outside, 100 - 50 * outside], axis=0)
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
    repeats, seed : int
        Number of draws, and their seed.

    Returns
    -------
    Interval
        The statistic with all weights 1, and the `bounds` of its draws; `UNBOUNDED` if there is one group.
    """
    if np.isnan(value := statistic(np.ones(len(groups)))):
        return NOT_COMPUTABLE
    if pd.Series(groups).nunique() < 2:
        return Interval(float(value), *UNBOUNDED)
    return Interval(float(value), *map(float, bounds(draws(statistic, groups, repeats, seed))))


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
    # A bootstrap calls this thousands of times; scikit-learn's gives the same in twenty times the time.
    fake, order = np.asarray(fake, dtype=bool), np.argsort(scores)
    ranked, positive = scores[order], (weights * fake)[order]
    below = np.concatenate([[0], np.cumsum((weights * ~fake)[order])])
    pairs = positive.sum() * below[-1]
    if pairs == 0:
        return np.nan
    left, right = (np.searchsorted(ranked, ranked, side) for side in ("left", "right"))
    return float(positive @ (below[left] + below[right]) / 2 / pairs)
