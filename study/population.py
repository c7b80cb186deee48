"""Any number of embeddings that lie as a run's faces do: people, their videos, and the faces of each."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dfd import dataset, embedding, faces
from dfd.run import Run
from study import truth

SOURCES = 2
"""Source videos that each person is filmed in."""

REAL_FACES, FAKE_FACES, FAKES = 40, 8, 5
"""Faces of an original and of a fake, as the report takes them, and fakes of each original."""

LEVELS = ("person", "source", "video", "face")
GROUPS = ("everyone", "unit", "source", "video", "face_id")
"""Columns of the groups that the members of each level belong to, and last of the faces themselves."""


@dataclass(frozen=True)
class Spread:
    """How far apart embeddings are, level by level.

    Attributes
    ----------
    centre : ndarray of float32, shape (features,)
        Mean of all.
    factors : dict of str to ndarray of float32, shape (rank, features)
        For each of `LEVELS` what standard normal numbers are multiplied by: of people around the centre, of
        the source videos of a person, of the videos of a source, of the faces of a video.
    restlessness : ndarray of float32, shape (videos,)
        How much the faces of each video differ, as a multiple of the mean.
    persistence : float
        Correlation of what a face is off its video's mean with what the next frame's is.
    """

    centre: np.ndarray
    factors: dict[str, np.ndarray]
    restlessness: np.ndarray
    persistence: float


def spread(run: Run) -> Spread:
    """Measure how far apart a run's embeddings are.

    Parameters
    ----------
    run : Run
        The run; where nobody knows who was filmed, each source video counts as another person.

    Returns
    -------
    Spread
    """
    rows = truth.with_unit(run, dataset.with_source(run, faces.table(run)))
    rows = rows.merge(embedding.table(run), on="face_id").assign(everyone=0)
    rows = rows.sort_values(["video", "frame"], ignore_index=True)
    vectors = embedding.vectors(rows).astype(np.float64)
    means = [_mean_of(vectors, rows[name]) for name in GROUPS[1:-1]]
    means = [np.broadcast_to(vectors.mean(axis=0), vectors.shape), *means, vectors]
    factors, below = {}, 0.0
    for number in reversed(range(len(LEVELS))):
        members = ~rows[GROUPS[number + 1]].duplicated().to_numpy()
        groups = rows[GROUPS[number]].nunique()
        deviations = (means[number + 1] - means[number])[members]
        # Means of few members lie nearer to these than the members' own distribution.
        variance = (deviations**2).sum() / max(members.sum() - groups, 1)
        # The means of groups also differ because their own members do.
        own = max(variance - below, 0)
        factors[LEVELS[number]] = _factor(deviations, own)
        counts = rows[members].groupby(GROUPS[number])[GROUPS[number + 1]].size()
        below = variance * float((1 / counts).mean())
    off = vectors - means[3]
    restless = np.sqrt((off**2).sum(axis=1))
    by_video = pd.Series(restless**2).groupby(rows["video"]).mean() ** 0.5
    follows = (rows["video"].to_numpy()[1:] == rows["video"].to_numpy()[:-1]).nonzero()[0]
    products = (off[follows] * off[follows + 1]).sum()
    norms = np.sqrt((off[follows] ** 2).sum() * (off[follows + 1] ** 2).sum())
    size = float(np.sqrt((by_video**2).mean())) or 1.0
    return Spread(
        vectors.mean(axis=0).astype(np.float32),
        factors,
        (by_video.to_numpy() / size).astype(np.float32),
        float(max(products / norms, 0)) if norms else 0.0,
    )


def draw(spread: Spread, count: int, seed: int) -> tuple[np.ndarray, pd.DataFrame]:
    """Draw embeddings of people who are not in the run.

    Every level is normal around the one above it, with the covariance that was measured; the faces of a
    video follow each other, and some videos are more restless than others.

    Parameters
    ----------
    spread : Spread
        What was measured.
    count : int
        How many.
    seed : int
        Seed of the draw.

    Returns
    -------
    vectors : ndarray of float32, shape (count, features)
        In the order of people, source videos, videos and frames.
    faces : DataFrame
        person, source, video: numbers from 0 on.
    """
    random = np.random.default_rng([seed, count])
    lengths = np.array([REAL_FACES] + FAKES * [FAKE_FACES])
    originals = count // lengths.sum() + 1
    video = np.repeat(np.arange(originals * len(lengths)), np.tile(lengths, originals))[:count]
    source = video // len(lengths)
    person = source // SOURCES
    sheets = {"person": person, "source": source, "video": video}
    vectors = np.tile(spread.centre, (count, 1))
    for name, numbers in sheets.items():
        factor = spread.factors[name]
        offsets = random.standard_normal((numbers[-1] + 1, len(factor)), dtype=np.float32) @ factor
        vectors += offsets[numbers]
    factor = spread.factors["face"]
    noise = random.standard_normal((count, len(factor)), dtype=np.float32)
    begins = np.concatenate([[True], video[1:] != video[:-1]])
    renewal = np.float32(np.sqrt(1 - spread.persistence**2))
    for place in np.flatnonzero(~begins):
        noise[place] = spread.persistence * noise[place - 1] + renewal * noise[place]
    restless = spread.restlessness[random.integers(len(spread.restlessness), size=video[-1] + 1)]
    noise *= restless[video][:, None]
    for part in np.array_split(np.arange(count), max(count // 20_000, 1)):
        vectors[part] += noise[part] @ factor
    return vectors, pd.DataFrame({"person": person, "source": source, "video": video})


def _mean_of(vectors: np.ndarray, names: pd.Series) -> np.ndarray:
    """Give each row the mean of its group."""
    codes = names.factorize()[0]
    sums = np.zeros((codes.max() + 1, vectors.shape[1]))
    np.add.at(sums, codes, vectors)
    return (sums / np.bincount(codes)[:, None])[codes]


def _factor(deviations: np.ndarray, variance: float) -> np.ndarray:
    """Give F for which z @ F lies like the deviations and has that variance, z being standard normal."""
    _, sizes, axes = np.linalg.svd(deviations, full_matrices=False)
    keep = sizes > 1e-6 * sizes.max(initial=1e-12)
    scale = np.sqrt(variance / (sizes[keep] ** 2).sum()) if keep.any() else 0.0
    return (scale * sizes[keep, None] * axes[keep]).astype(np.float32)
