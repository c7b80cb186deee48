"""The interval of a measure over clips: the book's bootstrap, over source clips."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from study import statistics

ROUNDS = 1000
"""Draws of the source clips."""


def with_interval(
    name: str, videos: pd.DataFrame, score: pd.Series, measure: Callable[..., float]
) -> dict[str, object]:
    """Measure how well scores tell FAKE from REAL, with an interval.

    A source clip is drawn with all its fakes, as they resemble each other.

    Parameters
    ----------
    name : str
        Name of the measure.
    videos : DataFrame
        Clips, rows of the truth table.
    score : Series of float
        Score of each.
    measure : callable
        Takes which clips are FAKE, their scores, and as ``sample_weight`` how often each counts.

    Returns
    -------
    dict
        The measure under its name, and under "name_interval" the ends of its 95% interval.
    """
    fake, values = (videos.label == "FAKE").to_numpy(), score.to_numpy()
    # A REAL clip is its own source.
    sources = videos.original.fillna(videos.video)

    def weighted(weights: np.ndarray) -> float:
        both = 0 < weights @ fake < weights.sum()
        return measure(fake, values, sample_weight=weights) if both else np.nan

    low, high = statistics.bounds(statistics.draws(weighted, sources, ROUNDS, seed=0))
    return {name: float(measure(fake, values)), f"{name}_interval": [float(low), float(high)]}
