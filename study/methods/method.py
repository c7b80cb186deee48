"""The one shape of a method: it is fitted to labelled faces, and then judges videos."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dfd import dataset, embedding

FACES = 8
"""Faces of every video that a method is given, at most."""

Judge = Callable[[pd.DataFrame], pd.Series]
"""Takes rows of the faces table; gives the logit of FAKE of each video, by its name."""


@dataclass(frozen=True)
class Fitted:
    """A method that has learned.

    Attributes
    ----------
    judge : callable
        Judges videos by their faces.
    parameters : int
        Numbers that were learned from the faces.
    """

    judge: Judge
    parameters: int


@dataclass(frozen=True)
class Method:
    """A way to tell fakes from originals.

    Attributes
    ----------
    name : str
        As tables show it.
    start : str
        What it knows before: ``"ImageNet"``, ``"random"`` weights, or ``"nothing"`` where it has none.
    fit : callable
        Takes a run, rows of the faces table with label, source and unit, and a seed; gives a `Fitted`.
    """

    name: str
    start: str
    fit: Callable[..., Fitted]


def some_faces(faces: pd.DataFrame, count: int = FACES) -> pd.DataFrame:
    """Take as many faces of every video, spread over it.

    Parameters
    ----------
    faces : DataFrame
        Rows of the faces table.
    count : int
        Faces of each video, at most.

    Returns
    -------
    DataFrame
        Some of the rows, in the same order.
    """
    return embedding.spread_faces(faces, dict.fromkeys(dataset.LABELS, count)).reset_index(drop=True)


def of_videos(faces: pd.DataFrame, logits: np.ndarray) -> pd.Series:
    """Average what is said of the faces of each video.

    Parameters
    ----------
    faces : DataFrame
        With the column video.
    logits : ndarray of float, shape (n,)
        Of each face.

    Returns
    -------
    Series
        By video.
    """
    return pd.Series(logits, faces["video"].to_numpy()).groupby(level=0).mean()
