"""How alike two groupings of the same faces are, with a weight for each person or source they come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from dfd import clustering
from study import statistics
from study.statistics import NOT_COMPUTABLE, Interval


@dataclass(frozen=True)
class Counts:
    """How many faces of each unit are in each group of a grouping.

    Attributes
    ----------
    unit, group, count : ndarray of int, shape (m,)
        One entry for each unit and group that share faces; units are numbered from 0.
    """

    unit: np.ndarray
    group: np.ndarray
    count: np.ndarray

    def pairs(self, weights: np.ndarray) -> float:
        """Count the pairs of faces in one group, each with its weight.

        Parameters
        ----------
        weights : ndarray of float, shape (units,)
            How often each unit was drawn. A pair within a unit counts that often, a pair of two units as
            often as the product of both; a unit that was drawn twice is not paired with its own copy.

        Returns
        -------
        float
        """
        weight, count = weights[self.unit], self.count
        drawn = np.bincount(self.group, weight * count)
        between = (drawn @ drawn - (weight * count) @ (weight * count)) / 2
        return float(between + weight @ (count * (count - 1)) / 2)


@dataclass(frozen=True)
class Pairing:
    """Two groupings of the same faces, counted.

    Attributes
    ----------
    first, second, both, whole : Counts
        The groups of the first grouping, of the second, those that share both, and all faces as one group.
    """

    first: Counts
    second: Counts
    both: Counts
    whole: Counts

    def index(self, weights: np.ndarray) -> float:
        """Compute the adjusted Rand index.

        Parameters
        ----------
        weights : ndarray of float, shape (units,)
            As for `Counts.pairs`.

        Returns
        -------
        float
            1 for two groupings that are the same, 0 for two that agree no more than by chance; NaN where it
            is not defined.

        References
        ----------
        L. Hubert and P. Arabie, Comparing partitions, Journal of Classification 1985.
        """
        first, second, both, total = (
            counts.pairs(weights) for counts in (self.first, self.second, self.both, self.whole)
        )
        expected = first * second / total if total else np.nan
        most = (first + second) / 2
        return (both - expected) / (most - expected) if most != expected else np.nan


def counts(groups: np.ndarray, units: np.ndarray) -> Counts:
    """Count the faces of each unit in each group.

    Parameters
    ----------
    groups : ndarray of int, shape (n,)
        The group of each face, numbered from 0.
    units : ndarray of int, shape (n,)
        The unit of each face, numbered from 0.

    Returns
    -------
    Counts
    """
    several = units.max(initial=0) + 1
    places, count = np.unique(groups * several + units, return_counts=True)
    return Counts(places % several, places // several, count.astype(float))


def codes(*groupings: np.ndarray) -> np.ndarray:
    """Give faces the same number if they share a group in each of several groupings.

    Parameters
    ----------
    *groupings : ndarray, shape (n,)
        The group of each face: names, or numbers of which -1 stands for a face that is in none.

    Returns
    -------
    ndarray of int, shape (n,)
        From 0.
    """
    together = np.zeros(len(groupings[0]), np.int64)
    for groups in groupings:
        numbers = np.unique(_apart(groups), return_inverse=True)[1]
        together = np.unique(together * (numbers.max(initial=0) + 1) + numbers, return_inverse=True)[1]
    return together


def pairing(first: np.ndarray, second: np.ndarray, units: np.ndarray) -> Pairing:
    """Count the faces of two groupings.

    Parameters
    ----------
    first, second : ndarray, shape (n,)
        The group of each face; -1 where a clustering has put it into none.
    units : ndarray of int, shape (n,)
        The unit of each face, numbered from 0.

    Returns
    -------
    Pairing
    """
    groupings = (codes(first), codes(second), codes(first, second), np.zeros(len(units), np.int64))
    return Pairing(*(counts(groups, units) for groups in groupings))


def index(first: np.ndarray, second: np.ndarray, units: np.ndarray | pd.Series) -> Interval:
    """Compute the adjusted Rand index of two groupings, with an interval over units.

    Parameters
    ----------
    first, second : ndarray, shape (n,)
        As in `pairing`.
    units : ndarray or Series, shape (n,)
        What is drawn with replacement: the person or the source video of each face.

    Returns
    -------
    Interval
    """
    return mean_index([(np.asarray(first), np.asarray(second), np.asarray(units))])


def mean_index(
    compared: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]], repeats: int = statistics.REPEATS
) -> Interval:
    """Average the adjusted Rand indices of several pairs of groupings, with an interval over units.

    Parameters
    ----------
    compared : sequence of tuple of ndarray
        first, second and units of each, as `index` takes them; each may hold other faces.
    repeats : int
        Draws of the bootstrap.

    Returns
    -------
    Interval
    """
    if not compared or not all(len(units) for _, _, units in compared):
        return NOT_COMPUTABLE
    names = np.unique(np.concatenate([units for _, _, units in compared]))
    statistic = partial(mean_of, pairings(compared, names))
    return statistics.bootstrap(statistic, names, repeats)


def pairings(
    compared: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]], names: np.ndarray
) -> list[Pairing]:
    """Count several pairs of groupings, whose units are numbered by their place in a list.

    Parameters
    ----------
    compared : sequence of tuple of ndarray
        As in `mean_index`.
    names : ndarray
        The sorted names of all units.

    Returns
    -------
    list of Pairing
    """
    return [pairing(first, second, np.searchsorted(names, units)) for first, second, units in compared]


def mean_of(counted: Sequence[Pairing], weights: np.ndarray) -> float:
    """Average the adjusted Rand indices of several pairings.

    Parameters
    ----------
    counted : sequence of Pairing
        As `pairings` gives them.
    weights : ndarray of float, shape (units,)
        How often each unit was drawn.

    Returns
    -------
    float
    """
    return float(np.mean([pair.index(weights) for pair in counted]))


def _apart(groups: np.ndarray) -> np.ndarray:
    groups = np.asarray(groups)
    return clustering.noise_apart(groups) if np.issubdtype(groups.dtype, np.integer) else groups
