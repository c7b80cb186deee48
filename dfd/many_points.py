"""t-SNE of many points in three dimensions: their neighbours, their affinities and the descent."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast
from zipfile import BadZipFile

import faiss
import numpy as np
import openTSNE
import torch
from numba import njit, prange, set_num_threads
from openTSNE import initialization
from openTSNE.affinity import PerplexityBasedNN
from openTSNE.nearest_neighbors import PrecomputedNeighbors
from scipy import sparse

from dfd import progress, tables
from dfd.all_pairs import EPSILON, AllPairs
from dfd.repulsion import Mesh
from dfd.run import cores

NEIGHBOURS = 3
"""Neighbours of a point that have an affinity to it, as a multiple of the perplexity."""

PROBES = 32
"""Cells of the index in which a point's neighbours are looked for."""

TRAINING = 40
"""Points for each cell of the index that its middle is computed from."""

CHUNK = 50
"""Iterations after which the map is kept."""

PHASES = ((250, 12.0, 0.5), (500, 1.0, 0.8))
"""Iterations, exaggeration and momentum, as in openTSNE's plain run."""

Objective = Callable[..., tuple[float, np.ndarray]]


class MeshGradient:
    """Computes the gradient of t-SNE's objective with a mesh, for `openTSNE.TSNEEmbedding` to descend.

    Parameters
    ----------
    jobs : int
        Threads.
    reach : float
        As in `dfd.repulsion.Mesh`.
    """

    def __init__(self, jobs: int, reach: float = Mesh.reach) -> None:
        self.jobs, self._repulsion = jobs, Mesh(jobs, reach)

    def __call__(
        self, embedding: np.ndarray, affinities: sparse.csr_matrix, should_eval_error: bool = False, **_: Any
    ) -> tuple[float, np.ndarray]:
        """Compute the divergence and its gradient.

        Parameters
        ----------
        embedding : ndarray of float, shape (n, 3)
            The map.
        affinities : csr_matrix of float32, shape (n, n)
            Affinities, whose sum is 1 or the exaggeration.
        should_eval_error : bool
            Whether the divergence is wanted.

        Returns
        -------
        divergence : float
            Kullback and Leibler's, of the map from the affinities; 0 where it is not wanted.
        gradient : ndarray of float64, shape (n, 3)
            A quarter of the divergence's, as openTSNE has it.
        """
        points = np.asarray(embedding)
        forces, total = self._repulsion(points)
        set_num_threads(min(self.jobs, cores()))
        single = points.astype(np.float32)
        pulls = np.empty_like(single)
        _attract(single, affinities.indptr, affinities.indices, affinities.data, pulls)
        divergence = 0.0
        if should_eval_error:
            logs = _logs(single, affinities.indptr, affinities.indices, affinities.data)
            divergence = float(logs.sum() + affinities.data.sum(dtype=np.float64) * np.log(total))
        return divergence, pulls - forces / total


def tsne(
    vectors: np.ndarray,
    perplexity: float,
    seed: int,
    jobs: int = 1,
    device: torch.device | str = "cpu",
    folder: Path | None = None,
) -> np.ndarray:
    """Place points in three dimensions by t-SNE, with openTSNE's descent and start, and faster sums.

    On a CPU the repulsion is `dfd.repulsion.Mesh`'s, on a GPU it is summed over all pairs
    (`dfd.all_pairs.AllPairs`). Neighbours come from an inverted-file index, which misses about one in a
    hundred.

    Parameters
    ----------
    vectors : ndarray of float, shape (n, features)
        Points, many more than three times the perplexity.
    perplexity : float
        The perplexity.
    seed : int
        Seed of the index and of the start.
    jobs : int
        Threads.
    device : torch.device or str
        Where the map is computed.
    folder : Path, optional
        Where neighbours and the map so far are kept; a call that finds some there goes on with them. Whoever
        gives it makes sure that they belong to the same points, and deletes it.

    Returns
    -------
    ndarray of float32, shape (n, 3)

    References
    ----------
    P. Poličar et al., openTSNE, JOSS 2024; M. Douze et al., The Faiss library, 2024.
    """
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    kept = folder / "neighbours.npz" if folder else None
    indices, distances = _reused(
        kept, lambda: neighbours(vectors, round(NEIGHBOURS * perplexity), seed, jobs)
    )
    return place(vectors, affinities(indices, distances, perplexity, jobs), seed, jobs, device, folder)


def place(
    vectors: np.ndarray,
    matrix: sparse.csr_matrix,
    seed: int,
    jobs: int = 1,
    device: torch.device | str = "cpu",
    folder: Path | None = None,
) -> np.ndarray:
    """Place points by their affinities: the last step of `tsne`.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, features)
        The points, whose first three principal components they start from.
    matrix : csr_matrix of float32, shape (n, n)
        As `affinities` gives it.
    seed : int
        Seed of the start.
    jobs : int
        Threads.
    device : torch.device or str
        Where the map is computed.
    folder : Path, optional
        Where the map so far is kept, and looked for.

    Returns
    -------
    ndarray of float32, shape (n, 3)
    """
    start = initialization.pca(vectors, n_components=3, random_state=seed)
    on_gpu = AllPairs(device) if torch.device(device).type == "cuda" else None
    *_, points = descend(start, matrix, lambda: on_gpu or MeshGradient(jobs), folder)
    return points.astype(np.float32)


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
    """
    total, features = vectors.shape
    cells = max(int(2 * np.sqrt(total)), 1)
    faiss.omp_set_num_threads(jobs)
    middles = faiss.IndexFlatL2(features)
    index = faiss.IndexIVFFlat(middles, features, cells)
    index.cp.seed = int(seed)
    index.cp.max_points_per_centroid = TRAINING
    index.train(vectors)
    index.add(vectors)
    index.nprobe = min(probes, cells)
    squared, indices = index.search(vectors, count + 1)
    # Where many points lie in one place, the cells looked into may hold too few.
    if len(short := np.flatnonzero((indices < 0).any(axis=1))):
        index.nprobe = cells
        squared[short], indices[short] = index.search(vectors[short], count + 1)
    # Where enough others lie in the same place, a point need not be among its own neighbours.
    own = indices == np.arange(total)[:, None]
    own[~own.any(axis=1), -1] = True
    shape = (total, count)
    return indices[~own].reshape(shape).astype(np.int32), np.sqrt(np.maximum(squared[~own].reshape(shape), 0))


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
    objective: Callable[[], Objective],
    folder: Path | None = None,
) -> Iterator[np.ndarray]:
    """Move points down the gradient, by openTSNE's rule and plan.

    Parameters
    ----------
    start : ndarray of float, shape (n, 3)
        Where they begin.
    matrix : csr_matrix of float32, shape (n, n)
        Their affinities.
    objective : callable
        Gives a `MeshGradient` or a `dfd.all_pairs.AllPairs`. It is asked every `CHUNK` iterations, since a
        mesh chooses its step by the iteration before, and a map that goes on shall end like one that was
        never stopped.
    folder : Path, optional
        Where the map so far is kept, and looked for.

    Yields
    ------
    ndarray of float64, shape (n, 3)
        The map after every `CHUNK` iterations.
    """
    chunks = [(weight, momentum) for length, weight, momentum in PHASES for _ in range(length // CHUNK)]
    count, path = len(start), folder / "map.npz" if folder else None
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
                negative_gradient_method=objective(),
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


@njit(parallel=True, fastmath=True, cache=True)
def _attract(
    points: np.ndarray, starts: np.ndarray, others: np.ndarray, weights: np.ndarray, pulls: np.ndarray
) -> None:
    """Sum up each point's pull towards its neighbours."""
    for point in prange(len(points)):
        x, y, z = points[point, 0], points[point, 1], points[point, 2]
        pull_x, pull_y, pull_z = np.float32(0), np.float32(0), np.float32(0)
        for place in range(starts[point], starts[point + 1]):
            other = others[place]
            dx, dy, dz = x - points[other, 0], y - points[other, 1], z - points[other, 2]
            weight = weights[place] / (np.float32(1) + dx * dx + dy * dy + dz * dz)
            pull_x += weight * dx
            pull_y += weight * dy
            pull_z += weight * dz
        pulls[point, 0], pulls[point, 1], pulls[point, 2] = pull_x, pull_y, pull_z


@njit(parallel=True, cache=True)
def _logs(points: np.ndarray, starts: np.ndarray, others: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sum each point's p log(p (1 + d^2)): its part of the divergence but for the normalisation."""
    sums = np.zeros(len(points))
    for point in prange(len(points)):
        for place in range(starts[point], starts[point + 1]):
            squared = np.float32(0)
            for axis in range(3):
                squared += (points[point, axis] - points[others[place], axis]) ** 2
            weight = weights[place]
            sums[point] += weight * np.log(max(weight, EPSILON) * (1 + squared))
    return sums
