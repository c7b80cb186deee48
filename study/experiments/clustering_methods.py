"""Which algorithm should cluster the faces: how the time of each grows, and how stable its clusters are."""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from sklearn.cluster import (
    DBSCAN,
    AffinityPropagation,
    AgglomerativeClustering,
    Birch,
    KMeans,
    MeanShift,
    MiniBatchKMeans,
    SpectralClustering,
)
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors

from dfd import reduction, tables
from dfd.clustering import SMALLEST, find
from dfd.run import Run
from study import growth, results

MISSING = -2
"""Cluster of a point that a clustering has not seen."""

NEIGHBOURS = 5
"""Neighbours that make a point dense for DBSCAN."""

SIZES = (500, 1000, 2000, 4000, 8000)
"""Numbers of points that `times` tries."""

LIMIT = 2.0
"""Seconds that one run of `times` may be expected to take."""

TRIALS = 4
"""Seeds and samples of the faces that `trials` tries."""

KEPT = 0.9
"""Share of the faces in such a sample."""

FACTORS = (0.5, 0.75, 1, 1.5, 2)
"""What `trials` multiplies an algorithm's parameter by."""


def knee_radius(points: np.ndarray, neighbours: int = NEIGHBOURS) -> float:
    """Choose DBSCAN's radius the usual way: the knee of the sorted distances to the k-th neighbour.

    Parameters
    ----------
    points : ndarray, shape (n, features)
        What to cluster.
    neighbours : int
        k.

    Returns
    -------
    float
        The distance at the point of the curve that is farthest below the line between its ends.
    """
    count = min(neighbours + 1, len(points))
    distances = np.sort(NearestNeighbors(n_neighbors=count).fit(points).kneighbors(points)[0][:, -1])
    line = np.linspace(distances[0], distances[-1], len(distances))
    return float(distances[np.argmax(line - distances)]) or float(distances[-1])


def algorithms(clusters: int, radius: float, seed: int) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """List clustering algorithms, to compare their times and their results (report, Figures 3.10 and 3.11).

    Parameters
    ----------
    clusters : int
        Number of clusters, for those that need it.
    radius : float
        DBSCAN's radius, in the unit of the points.
    seed : int
        Seed of those that draw at random.

    Returns
    -------
    dict of str to callable
        Name, and what takes points of shape (n, features) and gives a cluster for each, -1 for noise.
    """
    once: dict[str, Any] = {"n_init": 1}
    return {
        "HDBSCAN": lambda points: find(points)[0],
        "DBSCAN": DBSCAN(eps=radius, min_samples=NEIGHBOURS).fit_predict,
        "k-means": KMeans(clusters, **once, random_state=seed).fit_predict,
        "k-means in small batches": MiniBatchKMeans(clusters, **once, random_state=seed).fit_predict,
        "BIRCH": Birch(n_clusters=clusters, threshold=radius / 2).fit_predict,
        "Gaussian mixture": GaussianMixture(clusters, covariance_type="diag", random_state=seed).fit_predict,
        "agglomerative (Ward)": AgglomerativeClustering(clusters).fit_predict,
        "spectral": SpectralClustering(clusters, affinity="nearest_neighbors", random_state=seed).fit_predict,
        "mean shift": MeanShift(bandwidth=2 * radius, bin_seeding=True).fit_predict,
        "affinity propagation": AffinityPropagation(damping=0.9, random_state=seed).fit_predict,
    }


def times(run: Run, sizes: tuple[int, ...] = SIZES, limit: float = LIMIT) -> pd.DataFrame:
    """Time the `algorithms` on the run's points, or reuse what was measured.

    Parameters
    ----------
    run : Run
        The run.
    sizes : tuple of int
        Numbers of points; those beyond the run's faces are drawn around them.
    limit : float
        Seconds that one run may be expected to take.

    Returns
    -------
    DataFrame
        As `study.growth.measure` gives it.
    """
    points = reduction.table(run)[["x", "y", "z"]].to_numpy()
    inputs = [tables.stored_fingerprint(reduction.path(run)), list(sizes), limit, run.seed]

    def measure() -> pd.DataFrame:
        clusters = min(max(len(np.unique(find(points)[0])), 2), min(sizes) - 1)
        compared = algorithms(clusters, knee_radius(points), run.seed)
        return growth.measure(compared, growth.around(points, run.seed), sizes, limit)

    return results.keep(run, "clustering_times", __name__, inputs, measure)


def stability(clusterings: list[np.ndarray]) -> float:
    """Tell how alike several clusterings of the same points are.

    Parameters
    ----------
    clusterings : list of ndarray of int, shape (n,)
        Two or more; -2 for points that one of them did not see, which are left out of its comparisons.

    Returns
    -------
    float
        Mean adjusted Rand index over all pairs: 1 if they are all the same, 0 if no more alike than chance.
    """
    scores = []
    for first, second in combinations(clusterings, 2):
        seen = (first != MISSING) & (second != MISSING)
        scores.append(adjusted_rand_score(first[seen], second[seen]))
    return float(np.mean(scores))


def trials(points: np.ndarray, clusters: int, seed: int) -> pd.DataFrame:
    """Cluster the same points again and again with something changed, to see how much the result changes.

    Parameters
    ----------
    points : ndarray, shape (n, features)
        What to cluster.
    clusters : int
        Number of clusters that k-means starts from.
    seed : int
        Seed of the random draws.

    Returns
    -------
    DataFrame
        algorithm, change (``"seed"``, ``"faces"``: 90% of them at a time, or ``"parameter"``: the
        algorithm's only one, from half to twice its value) and stability (as `stability` gives it, for the
        faces that both clusterings have).
    """
    radius = knee_radius(points)

    def algorithm(name: str, factor: float = 1, number: int = 0) -> Callable[[np.ndarray], np.ndarray]:
        if name == "HDBSCAN":
            return lambda some: find(some, max(round(SMALLEST * factor), 2))[0]
        if name == "DBSCAN":
            return DBSCAN(eps=radius * factor, min_samples=NEIGHBOURS).fit_predict
        settings: dict[str, Any] = {"n_init": 1, "random_state": seed + number}
        return KMeans(max(round(clusters * factor), 2), **settings).fit_predict

    random = np.random.default_rng(seed)
    samples = [random.random(len(points)) < KEPT for _ in range(TRIALS)]
    rows = []
    for name in ("k-means", "DBSCAN", "HDBSCAN"):
        partial_results = []
        for kept in samples:
            result = np.full(len(points), MISSING)
            result[kept] = algorithm(name)(points[kept])
            partial_results.append(result)
        changes = {
            "seed": [algorithm(name, number=number)(points) for number in range(TRIALS)],
            "faces": partial_results,
            "parameter": [algorithm(name, factor)(points) for factor in FACTORS],
        }
        rows += [(name, change, stability(clusterings)) for change, clusterings in changes.items()]
    return pd.DataFrame(rows, columns=["algorithm", "change", "stability"])
