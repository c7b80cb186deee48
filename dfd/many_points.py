"""t-SNE of many points in three dimensions: their neighbours, their affinities and the descent."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast
from zipfile import BadZipFile

import faiss
import numpy as np
import openTSNE
import torch
from openTSNE import initialization
from openTSNE.affinity import PerplexityBasedNN
from openTSNE.nearest_neighbors import PrecomputedNeighbors
from scipy import sparse

from dfd import progress, tables
from dfd.errors import InputError
from dfd.gradients import AllPairs, Gradient, MeshGradient

NEIGHBOURS = 3
"""Neighbours of a point that have an affinity to it, as a multiple of the perplexity."""

PROBES = 32
"""Cells of the index in which a point's neighbours are looked for."""

TRAINING = 40
"""Points for each cell of the index that its middle is computed from."""

CHUNK = 50
"""Iterations after which the map is kept."""

SHARE = 0.2
"""Share of the points that are placed first."""

NEAREST = 10
"""How many of these, the nearest, another point begins in the middle of."""

JITTER = 0.01
"""Standard deviation of what is added to the start of a point, so that no two begin in one place."""

LEAST_PERPLEXITY = 5.0
"""Lowest perplexity that the points which are placed first get, if they are enough for it."""

PHASES = ((250, 12.0, 0.5), (500, 1.0, 0.8))
"""Iterations, exaggeration and momentum of the points that are placed first, as in openTSNE's plain run."""

JOINT = ((100, 1.0, 0.8),)
"""The same of all points together."""


def tsne(
    vectors: np.ndarray,
    perplexity: float,
    seed: int,
    jobs: int = 1,
    device: torch.device | str = "cpu",
    folder: Path | None = None,
) -> np.ndarray:
    """Place points in three dimensions by t-SNE: a sample first, the others near it, and then all together.

    The sample is placed by openTSNE's descent, from its start. Every other point begins in the middle of
    those of the sample that are nearest to it, and then all points descend together for a short time. On a
    CPU the repulsion is `dfd.repulsion.Mesh`'s, on a GPU it is summed over all pairs (`dfd.gradients`).
    Neighbours come from an inverted-file index, which misses about one in a hundred.

    Parameters
    ----------
    vectors : ndarray of float, shape (n, features)
        Points, many more than three times the perplexity; at least twenty.
    perplexity : float
        The perplexity.
    seed : int
        Seed of the index, the sample and the start.
    jobs : int
        Threads.
    device : torch.device or str
        Where the map is computed.
    folder : Path, optional
        Where neighbours and the maps so far are kept; a call that finds some there goes on with them. Whoever
        gives it makes sure that they belong to the same points, and deletes it.

    Returns
    -------
    ndarray of float32, shape (n, 3)

    References
    ----------
    D. Kobak and P. Berens, The art of using t-SNE for single-cell transcriptomics, 2019; P. Poličar et al.,
    openTSNE, JOSS 2024; M. Douze et al., The Faiss library, 2024.
    """
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    kept = folder / "neighbours.npz" if folder else None
    indices, distances = _reused(
        kept, lambda: neighbours(vectors, round(NEIGHBOURS * perplexity), seed, jobs)
    )
    matrix = affinities(indices, distances, perplexity, jobs)
    return place(vectors, matrix, perplexity, seed, jobs, device, folder)


def place(
    vectors: np.ndarray,
    matrix: sparse.csr_matrix,
    perplexity: float,
    seed: int,
    jobs: int = 1,
    device: torch.device | str = "cpu",
    folder: Path | None = None,
) -> np.ndarray:
    """Place points by their affinities: the last step of `tsne`.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, features)
        The points.
    matrix : csr_matrix of float32, shape (n, n)
        As `affinities` gives it.
    perplexity : float
        Of these affinities. The sample gets the share of it that it is of the points: what is near to a point
        is as far away as before.
    seed : int
        Seed of the sample and of the start.
    jobs : int
        Threads.
    device : torch.device or str
        Where the map is computed.
    folder : Path, optional
        Where the maps so far are kept, and looked for.

    Returns
    -------
    ndarray of float32, shape (n, 3)
    """
    gradient = descents(jobs, device)
    total = len(vectors)
    drawn = np.sort(np.random.default_rng(seed).choice(total, round(SHARE * total), replace=False))
    sample = vectors[drawn]
    lower = min(max(perplexity * SHARE, LEAST_PERPLEXITY), (len(sample) - 1) / NEIGHBOURS)
    near = neighbours(sample, int(NEIGHBOURS * lower), seed, jobs)
    start = initialization.pca(sample, n_components=3, random_state=seed)
    kept = (folder / "sample.npz", folder / "map.npz") if folder else (None, None)
    *_, placed = descend(start, affinities(*near, lower, jobs), gradient, PHASES, kept[0])
    start = beside(vectors, drawn, placed, seed, jobs)
    *_, points = descend(start, matrix, gradient, JOINT, kept[1])
    return points.astype(np.float32)


def descents(jobs: int, device: torch.device | str) -> Callable[[], Gradient]:
    """Choose the gradient that `descend` asks for.

    Parameters
    ----------
    jobs : int
        Threads.
    device : torch.device or str
        Where the map is computed.

    Returns
    -------
    callable
        Gives a `dfd.gradients.MeshGradient` each time, or on a GPU the same `dfd.gradients.AllPairs`.
    """
    on_gpu = AllPairs(device) if torch.device(device).type == "cuda" else None
    return lambda: on_gpu or MeshGradient(jobs)


def beside(vectors: np.ndarray, drawn: np.ndarray, placed: np.ndarray, seed: int, jobs: int) -> np.ndarray:
    """Put all points on the map of some of them, each in the middle of the nearest.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, features)
        All points.
    drawn : ndarray of int, shape (m,)
        Which of them are on the map.
    placed : ndarray of float, shape (m, 3)
        The map.
    seed : int
        Seed of the index and of the jitter.
    jobs : int
        Threads.

    Returns
    -------
    ndarray of float64, shape (n, 3)
        The median of the places of the `NEAREST`; those that are on the map keep their place. The map is
        stretched until all points lie as densely in it as the ones did that were placed.
    """
    _, nearest = _nearest(vectors[drawn], vectors, min(NEAREST, len(drawn)), seed, jobs)
    start = np.median(placed[nearest], axis=1)
    start[drawn] = placed
    start *= (len(vectors) / len(drawn)) ** (1 / 3)
    return start + np.random.default_rng(seed).normal(0, JITTER, start.shape)


def neighbours(
    vectors: np.ndarray, count: int, seed: int, jobs: int, probes: int = PROBES
) -> tuple[np.ndarray, np.ndarray]:
    """Find the nearest neighbours of points, nearly all of them.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, features)
        The points.
    count : int
        How many neighbours.
    seed : int
        Seed of the cells of the index.
    jobs : int
        Threads.
    probes : int
        Cells of the index in which each point's neighbours are looked for.

    Returns
    -------
    indices : ndarray of int32, shape (n, count)
        Of other points, the nearest first.
    distances : ndarray of float32, shape (n, count)

    Raises
    ------
    InputError
        If there are not so many other points.
    """
    total = len(vectors)
    if count >= total:
        raise InputError("embeddings", f"{total} points have no {count} neighbours")
    squared, indices = _nearest(vectors, vectors, count + 1, seed, jobs, probes)
    # Where enough others lie in the same place, a point need not be among its own neighbours.
    own = indices == np.arange(total)[:, None]
    own[~own.any(axis=1), -1] = True
    shape = (total, count)
    return indices[~own].reshape(shape).astype(np.int32), np.sqrt(np.maximum(squared[~own].reshape(shape), 0))


def _nearest(
    points: np.ndarray, queries: np.ndarray, count: int, seed: int, jobs: int, probes: int = PROBES
) -> tuple[np.ndarray, np.ndarray]:
    """Look for the points that are nearest to others: squared distances and indices, the nearest first."""
    features, cells = points.shape[1], max(int(2 * np.sqrt(len(points))), 1)
    faiss.omp_set_num_threads(jobs)
    middles = faiss.IndexFlatL2(features)
    index = faiss.IndexIVFFlat(middles, features, cells)
    index.cp.seed = int(seed)
    index.cp.max_points_per_centroid = TRAINING
    index.train(points)
    index.add(points)
    index.nprobe = min(probes, cells)
    squared, indices = index.search(queries, count)
    # Where many points lie in one place, the cells looked into may hold too few.
    if len(short := np.flatnonzero((indices < 0).any(axis=1))):
        index.nprobe = cells
        squared[short], indices[short] = index.search(queries[short], count)
    return squared, indices


def affinities(indices: np.ndarray, distances: np.ndarray, perplexity: float, jobs: int) -> sparse.csr_matrix:
    """Turn distances to neighbours into t-SNE's joint probabilities.

    Parameters
    ----------
    indices : ndarray of int, shape (n, neighbours)
        Neighbours of each point.
    distances : ndarray of float, shape (n, neighbours)
        How far they are.
    perplexity : float
        The perplexity.
    jobs : int
        Threads.

    Returns
    -------
    csr_matrix of float32, shape (n, n)
        Symmetric, with the sum 1.
    """
    index = PrecomputedNeighbors(indices, distances)
    # Its annotation asks for a whole number, its code does not.
    matrix = PerplexityBasedNN(perplexity=cast(int, perplexity), knn_index=index, n_jobs=jobs).P
    return sparse.csr_matrix(matrix, dtype=np.float32)


def descend(
    start: np.ndarray,
    matrix: sparse.csr_matrix,
    gradient: Callable[[], Gradient],
    phases: Sequence[tuple[int, float, float]] = PHASES,
    path: Path | None = None,
) -> Iterator[np.ndarray]:
    """Move points down the gradient, by openTSNE's rule.

    Parameters
    ----------
    start : ndarray of float, shape (n, 3)
        Where they begin.
    matrix : csr_matrix of float32, shape (n, n)
        Their affinities.
    gradient : callable
        As `descents` gives it. It is asked every `CHUNK` iterations, since a mesh chooses its step by the
        iteration before, and a map that goes on shall end like one that was never stopped.
    phases : sequence of tuple of int, float, float
        Iterations, exaggeration and momentum of each part.
    path : Path, optional
        File in which the map so far is kept, and looked for.

    Yields
    ------
    ndarray of float64, shape (n, 3)
        The map after every `CHUNK` iterations.
    """
    chunks = [(weight, momentum) for length, weight, momentum in phases for _ in range(length // CHUNK)]
    count = len(start)
    embedding = openTSNE.TSNEEmbedding(start, _Matrix(matrix))
    done, weights = _resume(embedding, path), matrix.data.copy()
    with progress.Stage("t-SNE", len(chunks) * CHUNK, "iteration") as stage:
        stage.advance(done * CHUNK, made=False)
        for number, (exaggeration, momentum) in enumerate(chunks[done:], done + 1):
            # openTSNE multiplies them by the exaggeration and divides again, which leaves rounding errors.
            matrix.data[:] = weights
            embedding.optimize(
                CHUNK,
                inplace=True,
                exaggeration=exaggeration,
                momentum=momentum,
                learning_rate=count / exaggeration,
                negative_gradient_method=gradient(),
                propagate_exception=True,
            )
            _keep(embedding, number, path)
            stage.advance(CHUNK)
            yield np.asarray(embedding)
        if done == len(chunks):
            yield np.asarray(embedding)


class _Matrix:
    """What `openTSNE.TSNEEmbedding` reads of its affinities."""

    def __init__(self, matrix: sparse.csr_matrix) -> None:
        self.P = matrix


def _keep(embedding: openTSNE.TSNEEmbedding, chunks: int, path: Path | None) -> None:
    if path:
        state = {"update": embedding.optimizer.update, "gains": embedding.optimizer.gains}
        with tables.replacing(path) as aside:
            np.savez(aside, chunks=chunks, points=embedding, **cast(dict[str, Any], state))


def _resume(embedding: openTSNE.TSNEEmbedding, path: Path | None) -> int:
    """Take over a kept map; gives how many chunks it has behind it."""
    state = _kept(path, ("chunks", "points", "update", "gains"))
    if not state:
        return 0
    chunks, embedding[:], embedding.optimizer.update, embedding.optimizer.gains = state
    return int(chunks)


def _kept(path: Path | None, names: tuple[str, ...]) -> list[np.ndarray]:
    """Read arrays that were kept; none if they are not there, or not whole."""
    if not path or not path.is_file():
        return []
    try:
        with np.load(path) as arrays:
            return [arrays[name] for name in names]
    except (OSError, ValueError, KeyError, BadZipFile):
        return []


def _reused(
    path: Path | None, make: Callable[[], tuple[np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    if kept := _kept(path, ("indices", "distances")):
        return kept[0], kept[1]
    indices, distances = make()
    if path:
        with tables.replacing(path) as aside:
            np.savez(aside, indices=indices, distances=distances)
    return indices, distances
