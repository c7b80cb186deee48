"""Scores of videos under several conditions, and their differences: AUC and log loss, drawn by unit."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd

from dfd import dataset, evaluation
from study import statistics
from study.statistics import NOT_COMPUTABLE, Interval

Measure = Callable[[np.ndarray, np.ndarray, np.ndarray], float]
"""Takes whether each video is fake, its probability of FAKE, and a weight; gives a number."""


def log_loss(fake: np.ndarray, p_fake: np.ndarray, weights: np.ndarray) -> float:
    """Compute the log loss with each class counting one half, as in the challenge's test set.

    Parameters
    ----------
    fake : ndarray of bool, shape (n,)
        The class.
    p_fake : ndarray of float, shape (n,)
        Probability of FAKE.
    weights : ndarray of float, shape (n,)
        0 leaves a row out.

    Returns
    -------
    float
        In nats; NaN where a class is missing.
    """
    if not (weights * fake).sum() or not (weights * ~fake).sum():
        return np.nan
    return evaluation.log_loss(fake, p_fake, evaluation.balanced_weights(fake, weights))


def of(judged: pd.DataFrame, measure: Measure = statistics.auc) -> Interval:
    """Score videos, with an interval over units.

    Parameters
    ----------
    judged : DataFrame
        One row for each video: video, unit, label, p_fake; rows without p_fake are left out. Where a video
        has several rows, such as one for each seed, the scores of the first rows, the second rows and so on
        are averaged, as `differences` does.
    measure : callable
        `study.statistics.auc` or `log_loss`.

    Returns
    -------
    Interval
    """
    rows = judged.dropna(subset=["p_fake"])
    rows = rows.assign(repetition=rows.groupby("video").cumcount())
    wide = rows.pivot(index=["video", "unit", "label"], columns="repetition", values="p_fake").dropna()
    if wide.empty:
        return NOT_COMPUTABLE
    fake = (wide.index.get_level_values("label") == "FAKE").astype(bool)
    score = partial(_mean, measure, fake, wide.to_numpy(float).T)
    return statistics.bootstrap(score, wide.index.get_level_values("unit"), statistics.FAMILY_REPEATS)


def differences(
    judged: pd.DataFrame,
    condition: str,
    compared: Mapping[str, tuple[str, str]],
    measure: Measure = statistics.auc,
) -> dict[str, Interval]:
    """Compare scores of the same videos under two conditions, several pairs of conditions at once.

    Parameters
    ----------
    judged : DataFrame
        One row for each condition and video: `condition`, video, unit, label, p_fake. A condition may have
        several rows of a video, such as one for each seed: their scores are averaged.
    condition : str
        Column that tells the conditions apart.
    compared : dict of str to tuple of str
        Names of differences, each of the score under the first condition less that under the second. All
        together are one family (`study.statistics.family`).
    measure : callable
        `study.statistics.auc` or `log_loss`.

    Returns
    -------
    dict of str to Interval
        By the names of `compared`; only videos that have a score under all conditions count.
    """
    names = sorted({name for pair in compared.values() for name in pair})
    rows = judged[judged[condition].isin(names)]
    rows = rows.assign(repetition=rows.groupby([condition, "video"]).cumcount())
    wide = rows.pivot(index=["video", "unit", "label"], columns=[condition, "repetition"], values="p_fake")
    wide = wide.dropna()
    if wide.empty or set(wide.columns.get_level_values(0)) != set(names):
        return dict.fromkeys(compared, NOT_COMPUTABLE)
    fake = (wide.index.get_level_values("label") == "FAKE").astype(bool)
    by_name = {name: wide[name].to_numpy(float).T for name in names}

    def difference(first: str, second: str, weights: np.ndarray) -> float:
        return _mean(measure, fake, by_name[first], weights) - _mean(measure, fake, by_name[second], weights)

    statistics_of = {name: partial(difference, *pair) for name, pair in compared.items()}
    return statistics.family(statistics_of, wide.index.get_level_values("unit"))


def alone(table: pd.DataFrame, numbers: Mapping[str, np.ndarray | pd.Series]) -> dict[str, Interval]:
    """Compute how well each of several numbers alone tells fake from real, all as one family.

    Parameters
    ----------
    table : DataFrame
        One row for each video: unit, label.
    numbers : dict of str to ndarray or Series, length n
        One number for each video, by names; larger for what is taken for fake.

    Returns
    -------
    dict of str to Interval
        Area under the ROC curve: the chance that a fake has the larger number, 0.5 if it says nothing. The
        intervals are those of `study.statistics.family`, of the distance from 0.5.
    """
    fake = dataset.is_fake(table)
    columns = {name: np.asarray(values, dtype=float) for name, values in numbers.items()}

    def beyond_chance(column: np.ndarray, weights: np.ndarray) -> float:
        return statistics.auc(fake, column, weights) - 0.5

    compared = {name: partial(beyond_chance, column) for name, column in columns.items()}
    distances = statistics.family(compared, table["unit"])
    return {name: Interval(i.value + 0.5, i.low + 0.5, i.high + 0.5) for name, i in distances.items()}


def above_original(table: pd.DataFrame, number: pd.Series) -> Interval:
    """Compute the share of fakes that exceed their own original in some number.

    Parameters
    ----------
    table : DataFrame
        One row for each video: source, label, unit.
    number : Series
        The number, by the same index.

    Returns
    -------
    Interval
        0.5 if forging does not change the number; a tie counts half. Fakes without an original do not count.
    """
    rows = table.assign(number=number)
    originals = rows[rows["label"] == "REAL"].set_index("source")["number"]
    fakes = rows[(rows["label"] == "FAKE") & rows["source"].isin(originals.index)]
    own = fakes["source"].map(originals).astype(float)
    above = (np.sign(fakes["number"].to_numpy(float) - own.to_numpy()) + 1) / 2
    return statistics.rate(above, fakes["unit"])


def _mean(measure: Measure, fake: np.ndarray, repetitions: np.ndarray, weights: np.ndarray) -> float:
    return float(np.mean([measure(fake, p_fake, weights) for p_fake in repetitions]))
