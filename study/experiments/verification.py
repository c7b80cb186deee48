"""Whether an embedding tells one person's faces from another's, and for whom that is harder."""

import numpy as np
import pandas as pd

from study import statistics
from study.statistics import SEED, Interval

REPEATS = 200
"""Draws of the bootstrap: fewer than elsewhere, since there are far more pairs than faces."""


def verification(vectors: np.ndarray, people: pd.DataFrame) -> pd.DataFrame:
    """Pair faces of different videos, to see whether distances tell the same person from another.

    Parameters
    ----------
    vectors : ndarray, shape (n, features)
        Embeddings.
    people : DataFrame
        video, actor, gender, ancestry of each face, without nulls.

    Returns
    -------
    DataFrame
        first, second (videos), distance (between the vectors scaled to length 1), same (person), ancestry
        (of the first face) and group: whether both are of one gender and ancestry.
    """
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    first, second = np.triu_indices(len(unit), k=1)
    videos, actors, ancestry = (people[column].to_numpy() for column in ("video", "actor", "ancestry"))
    groups = (people["gender"] + " " + people["ancestry"]).to_numpy()
    apart = videos[first] != videos[second]
    first, second = first[apart], second[apart]
    similarity = np.clip((unit @ unit.T)[first, second], -1, 1)
    return pd.DataFrame(
        {
            "first": videos[first],
            "second": videos[second],
            "distance": np.sqrt(2 - 2 * similarity),
            "same": actors[first] == actors[second],
            "ancestry": ancestry[first],
            "group": groups[first] == groups[second],
        }
    )


def verification_auc(pairs: pd.DataFrame, repeats: int = REPEATS, seed: int = SEED) -> Interval:
    """Score distances as a test for the same person, with an interval over videos.

    Parameters
    ----------
    pairs : DataFrame
        As `verification` gives them.
    repeats : int
        Draws of the bootstrap: videos are drawn, and a pair counts as often as both of its videos together.
    seed : int
        Seed of the random draws.

    Returns
    -------
    Interval
        Area under the ROC curve: the chance that two faces of one person are nearer than two of different
        people.
    """
    videos, first, second = _places(pairs)
    same, nearness = pairs["same"].to_numpy(), -pairs["distance"].to_numpy()

    def area(weights: np.ndarray) -> float:
        return statistics.auc(same, nearness, weights[first] * weights[second])

    return statistics.bootstrap(area, videos, repeats, seed)


def verification_gap(
    pairs: pd.DataFrame, ancestry: str, repeats: int = REPEATS, seed: int = SEED
) -> Interval:
    """Compare how well distances tell the people of one ancestry and those of the others apart.

    Parameters
    ----------
    pairs : DataFrame
        As `verification` gives them, of one group each.
    ancestry : str
        One of those in `pairs`.
    repeats : int
        Draws of the bootstrap over videos.
    seed : int
        Seed of the random draws.

    Returns
    -------
    Interval
        AUC of all other pairs less the AUC of this ancestry's: above 0 if these people are harder.
    """
    videos, first, second = _places(pairs)
    same, nearness = pairs["same"].to_numpy(), -pairs["distance"].to_numpy()
    these = (pairs["ancestry"] == ancestry).to_numpy()

    def gap(weights: np.ndarray) -> float:
        both = weights[first] * weights[second]
        return statistics.auc(same, nearness, both * ~these) - statistics.auc(same, nearness, both * these)

    return statistics.bootstrap(gap, videos, repeats, seed)


def _places(pairs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """List the videos of pairs, and say at which place of that list each pair's first and second video is."""
    videos, places = np.unique(pairs[["first", "second"]].to_numpy(), return_inverse=True)
    first, second = places.reshape(-1, 2).T
    return videos, first, second
