"""Scores of videos that several trainings have judged, with intervals over actors and over trainings.

A rotation judges every video once, by networks that have not seen its actors. A score is computed for each
rotation and averaged; chance lies in who was filmed and in how a training went, so both are drawn: actors,
and of each split the trainings that have held it out. Where there is one training of each, its chance cannot
be told, and the intervals are over actors alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dfd import dataset
from dfd.evaluation import SMALLEST_PROBABILITY
from study import statistics
from study.statistics import NOT_COMPUTABLE, Interval

Score = Callable[[np.ndarray], np.ndarray]
"""Takes weights of rows, shape (draws, n), and gives a number for each draw, or NaN.

All draws are computed at once, which takes a tenth of the time.
"""

Measure = Callable[[np.ndarray, np.ndarray], Score]
"""Takes whether each row is fake, and its score; gives a score of these rows."""

CHUNK = 2_000_000
"""Weights that are looked at together, at most."""


@dataclass(frozen=True)
class Statistic:
    """A number that is computed from rows of a table, and from which of them.

    Attributes
    ----------
    score : callable
        Takes weights of all rows of the table.
    reads : tuple of ndarray of bool, each of shape (n,)
        The rows that count, for each of the scores that it is made of.
    """

    score: Score
    reads: tuple[np.ndarray, ...]

    def __call__(self, weights: np.ndarray) -> np.ndarray:
        """Compute it, for weights of shape (draws, n)."""
        return self.score(weights)

    def is_of_one(self, units: np.ndarray) -> bool:
        """Tell whether one of its scores is of a single unit, so that chance cannot be told.

        Parameters
        ----------
        units : ndarray, shape (n,)
            The unit of each row.

        Returns
        -------
        bool
        """
        return any(pd.Series(units[rows]).nunique() < 2 for rows in self.reads)


def auc(fake: np.ndarray, values: np.ndarray) -> Score:
    """Prepare the area under the ROC curve; the same as `study.statistics.auc`.

    Parameters
    ----------
    fake : ndarray of bool, shape (n,)
        The class.
    values : ndarray of float, shape (n,)
        Higher for what is more likely true.

    Returns
    -------
    callable
    """
    order = np.argsort(values)
    ranked, fake = values[order], fake[order]
    left, right = np.searchsorted(ranked, ranked, "left"), np.searchsorted(ranked, ranked, "right")

    def area(weights: np.ndarray) -> np.ndarray:
        weights = weights[:, order]
        positive = weights * fake
        below = np.pad(np.cumsum(weights * ~fake, axis=1), ((0, 0), (1, 0)))
        wins = (positive * (below[:, left] + below[:, right])).sum(axis=1) / 2
        return _divided(wins, positive.sum(axis=1) * below[:, -1])

    return area


def equal_error_rate(fake: np.ndarray, values: np.ndarray) -> Score:
    """Prepare the error where as large a share of fakes is missed as of originals is accused.

    Parameters
    ----------
    fake : ndarray of bool, shape (n,)
        The class.
    values : ndarray of float, shape (n,)
        Higher for what is more likely fake.

    Returns
    -------
    callable
        Where no threshold makes the two equal, their mean at the first that misses more than it accuses.
    """
    order = np.argsort(values)
    ranked, fake = values[order], fake[order]
    last = np.searchsorted(ranked, ranked, "right") - 1

    def error(weights: np.ndarray) -> np.ndarray:
        weights = weights[:, order]
        missed = np.cumsum(weights * fake, axis=1)[:, last]
        passed = np.cumsum(weights * ~fake, axis=1)[:, last]
        missed, passed = (_divided(sums, sums[:, -1:]) for sums in (missed, passed))
        accused = 1 - passed
        crossing = np.argmax(missed >= accused, axis=1)[:, None]
        both = np.take_along_axis((missed + accused) / 2, crossing, axis=1)[:, 0]
        return np.where(np.isnan(missed[:, -1] + passed[:, -1]), np.nan, both)

    return error


def log_loss(fake: np.ndarray, values: np.ndarray) -> Score:
    """Prepare the log loss with each class counting one half; the same as `study.scores.log_loss`.

    Parameters
    ----------
    fake, values : ndarray, shape (n,)
        The class, and the probability of FAKE.

    Returns
    -------
    callable
    """
    return class_mean(fake, _losses(fake, values))


def plain_log_loss(fake: np.ndarray, values: np.ndarray) -> Score:
    """Prepare the log loss with the classes as they come.

    Parameters
    ----------
    fake, values : ndarray, shape (n,)
        The class, and the probability of FAKE.

    Returns
    -------
    callable
    """
    losses = _losses(fake, values)
    return lambda weights: _divided(weights @ losses, weights.sum(axis=1))


def class_mean(fake: np.ndarray, values: np.ndarray) -> Score:
    """Prepare the mean of a number, taken of each class and then of both.

    Parameters
    ----------
    fake : ndarray of bool, shape (n,)
        The class.
    values : ndarray of float, shape (n,)
        The number, such as 1 for a video that is called what it is.

    Returns
    -------
    callable
    """

    def mean_of_classes(weights: np.ndarray) -> np.ndarray:
        fakes = _divided(weights[:, fake] @ values[fake], weights[:, fake].sum(axis=1))
        originals = _divided(weights[:, ~fake] @ values[~fake], weights[:, ~fake].sum(axis=1))
        return (fakes + originals) / 2

    return mean_of_classes


def plain_mean(fake: np.ndarray, values: np.ndarray) -> Score:
    """Prepare the mean of a number over all rows.

    Parameters
    ----------
    fake : ndarray of bool, shape (n,)
        The class, which does not count.
    values : ndarray of float, shape (n,)
        The number.

    Returns
    -------
    callable
    """
    return lambda weights: _divided(weights @ values, weights.sum(axis=1))


def mean(rows: pd.DataFrame, column: str, measure: Measure, mask: np.ndarray | None = None) -> Statistic:
    """Make a statistic of all rows: a score of each rotation, averaged.

    Parameters
    ----------
    rows : DataFrame
        One row for each rotation and video: rotation, label, and the column with its score.
    column : str
        Name of that column; no row that counts may lack it.
    measure : callable
        One of the measures of this module.
    mask : ndarray of bool, shape (n,), optional
        Which rows count; all by default.

    Returns
    -------
    Statistic
    """
    fake, values = dataset.is_fake(rows), rows[column].to_numpy(float)
    count = np.ones(len(rows), bool) if mask is None else np.asarray(mask)
    numbers = rows["rotation"].to_numpy()
    groups = [np.flatnonzero(count & (numbers == number)) for number in np.unique(numbers)]
    scores = [(places, measure(fake[places], values[places])) for places in groups if len(places)]

    def average(weights: np.ndarray) -> np.ndarray:
        total, size = np.zeros(len(weights)), np.zeros(len(weights))
        for places, score in scores:
            own = weights[:, places]
            result = score(own)
            drawn = np.where(np.isnan(result), 0.0, own.sum(axis=1))
            total += np.nan_to_num(result) * drawn
            size += drawn
        return _divided(total, size)

    return Statistic(average, (count,))


def difference(first: Statistic, second: Statistic) -> Statistic:
    """Make a statistic of the difference of two.

    Parameters
    ----------
    first, second : Statistic
        Of the same table.

    Returns
    -------
    Statistic
        `first` less `second`.
    """
    return Statistic(lambda weights: first(weights) - second(weights), first.reads + second.reads)


def intervals(rows: pd.DataFrame, wanted: Mapping[str, Statistic]) -> dict[str, Interval]:
    """Compute statistics, each with its own 95% interval over units and trainings, both drawn.

    Parameters
    ----------
    rows : DataFrame
        unit, training: one row for each weight.
    wanted : dict of str to Statistic
        Of these rows, by their names.

    Returns
    -------
    dict of str to Interval
        By the names of `wanted`; `study.statistics.UNBOUNDED` where a single unit counts.
    """
    values, drawn = _drawn(rows, wanted)
    results, units = {}, rows["unit"].to_numpy()
    for name, value in values.items():
        if not np.isfinite(value):
            results[name] = NOT_COMPUTABLE
        elif wanted[name].is_of_one(units):
            results[name] = Interval(value, *statistics.UNBOUNDED)
        else:
            results[name] = Interval(value, *map(float, statistics.bounds(drawn[name])))
    return results


def family(rows: pd.DataFrame, compared: Mapping[str, Statistic]) -> dict[str, Interval]:
    """Compute differences over units and trainings as one family, with Holm's correction.

    Parameters
    ----------
    rows : DataFrame
        As `intervals` takes it.
    compared : dict of str to Statistic
        The differences by their names.

    Returns
    -------
    dict of str to Interval
        By the names of `compared`; those in which a single unit counts are no part of the family, and
        `study.statistics.UNBOUNDED`.
    """
    units = rows["unit"].to_numpy()
    alone = {name: statistic for name, statistic in compared.items() if statistic.is_of_one(units)}
    values, drawn = _drawn(rows, {name: compared[name] for name in compared if name not in alone})
    usable = [drawn[name] for name, value in values.items() if not np.isnan(value)]
    corrected = (
        statistics.holm(values, np.stack(usable, axis=1)) if usable else dict.fromkeys(values, NOT_COMPUTABLE)
    )
    results = corrected | (intervals(rows, alone) if alone else {})
    return {name: results[name] for name in compared}


def held_out(rows: pd.DataFrame) -> pd.Series:
    """Name the split that the training of each row has held out.

    Parameters
    ----------
    rows : DataFrame
        training, as `study.crossfit.Fold.name` names it.

    Returns
    -------
    Series of str
    """
    return rows["training"].astype(str).str.rsplit(" ", n=1).str[0]


def _drawn(
    rows: pd.DataFrame, wanted: Mapping[str, Statistic]
) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Compute statistics with all weights 1, and of many draws."""
    if rows.empty:
        return dict.fromkeys(wanted, np.nan), {}
    ones = np.ones((1, len(rows)))
    values = {name: float(statistic(ones)[0]) for name, statistic in wanted.items()}
    weights = statistics.draws(
        lambda drawn: drawn.astype(np.float32),
        rows["unit"],
        statistics.FAMILY_REPEATS,
        crossed=rows.get("training"),
        strata=held_out(rows) if "training" in rows else None,
    )
    step = max(CHUNK // len(rows), 1)
    pieces = [weights[start : start + step].astype(float) for start in range(0, len(weights), step)]
    drawn = {
        name: np.concatenate([statistic(piece) for piece in pieces]) for name, statistic in wanted.items()
    }
    return values, drawn


def _losses(fake: np.ndarray, values: np.ndarray) -> np.ndarray:
    p_fake = np.clip(values, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return -np.log(np.where(fake, p_fake, 1 - p_fake))


def _divided(sums: np.ndarray, totals: np.ndarray) -> np.ndarray:
    return np.divide(sums, totals, out=np.full(np.shape(sums), np.nan), where=totals > 0)
