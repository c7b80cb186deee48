"""Clustering: groups of like faces, found without being told how many there are or who is in them."""

import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import hdbscan
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
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors

from dfd import embedding, reduction, scaling, tables
from dfd.errors import InputError
from dfd.profile import Profile

NOISE = -1
MISSING = -2
SMALLEST = 8
NEIGHBOURS = 5
SIZES = (500, 1000, 2000, 4000, 8000)
LIMIT = 2.0
SPACES = ("points", "vectors")
TRIALS = 4
KEPT = 0.9
FACTORS = (0.5, 0.75, 1, 1.5, 2)


def path(profile: Profile, space: str = "points", model: str = "backbone") -> Path:
    """Where a run keeps a table of clusters.

    Parameters
    ----------
    profile : Profile
        The run.
    space : str
        One of `SPACES`.
    model : str
        The embedding, one of `dfd.embedding.MODELS`.

    Returns
    -------
    Path
    """
    return profile.build / "clusters" / f"{model}-{space}.parquet"


def table(profile: Profile, space: str = "points", model: str = "backbone") -> pd.DataFrame:
    """Make or reuse a table of clusters, found by HDBSCAN (report, section 3.3.3).

    Parameters
    ----------
    profile : Profile
        The run.
    space : str
        What is clustered: ``"points"``, the three dimensions of PCA + t-SNE as in the report, or
        ``"vectors"``, the embedding itself.
    model : str
        The embedding, one of `dfd.embedding.MODELS`.

    Returns
    -------
    DataFrame
        face_id, cluster (-1 for noise), probability (how strongly it belongs to it, 0 to 1).

    Raises
    ------
    InputError
        If there is no such space or model.
    """
    if space not in SPACES:
        raise InputError(f"space {space!r}", f"cannot be clustered; there are {', '.join(SPACES)}")
    if space == "points":
        faces, source = reduction.table(profile, model=model), reduction.path(profile, model=model)
        found_in = faces[["x", "y", "z"]].to_numpy()
    else:
        faces = reduction.subset(embedding.table(profile, model), profile.seed)
        source = embedding.path(profile, model)
        found_in = embedding.vectors(faces)
    made_of = tables.fingerprint(tables.made_from(source), code=[sys.modules[__name__]])

    def make() -> pd.DataFrame:
        clusters, probability = find(found_in)
        return pd.DataFrame(
            {"face_id": faces["face_id"].to_numpy(), "cluster": clusters, "probability": probability}
        )

    return tables.reuse_or_make(path(profile, space, model), made_of, make)


def find(points: np.ndarray, smallest: int = SMALLEST) -> tuple[np.ndarray, np.ndarray]:
    """Find clusters with HDBSCAN.

    Parameters
    ----------
    points : ndarray, shape (n, features)
        What to cluster.
    smallest : int
        Faces that make a cluster; by default as many as the report takes of one FAKE video.

    Returns
    -------
    clusters : ndarray of int, shape (n,)
        -1 for noise.
    probability : ndarray of float, shape (n,)
        0 for noise.

    References
    ----------
    R. Campello et al., 2013; L. McInnes et al., hdbscan, JOSS 2017.
    """
    if len(points) <= smallest:
        return np.full(len(points), NOISE), np.zeros(len(points))
    clusterer = hdbscan.HDBSCAN(min_cluster_size=smallest).fit(points.astype(np.float64))
    return clusterer.labels_, clusterer.probabilities_


def reach(points: np.ndarray, neighbours: int = NEIGHBOURS) -> float:
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
        DBSCAN's.
    seed : int
        Of those that draw at random.

    Returns
    -------
    dict of str to callable
        Name, and what takes points of shape (n, features) and gives a cluster for each, -1 for noise.
    """
    return {
        "HDBSCAN": lambda points: find(points)[0],
        "DBSCAN": DBSCAN(eps=radius, min_samples=NEIGHBOURS).fit_predict,
        "k-means": KMeans(clusters, n_init=1, random_state=seed).fit_predict,
        "k-means in small batches": MiniBatchKMeans(clusters, n_init=1, random_state=seed).fit_predict,
        "BIRCH": Birch(n_clusters=clusters, threshold=radius / 2).fit_predict,
        "Gaussian mixture": GaussianMixture(clusters, covariance_type="diag", random_state=seed).fit_predict,
        "agglomerative (Ward)": AgglomerativeClustering(clusters).fit_predict,
        "spectral": SpectralClustering(clusters, affinity="nearest_neighbors", random_state=seed).fit_predict,
        "mean shift": MeanShift(bandwidth=2 * radius, bin_seeding=True).fit_predict,
        "affinity propagation": AffinityPropagation(damping=0.9, random_state=seed).fit_predict,
    }


def times(profile: Profile, sizes: tuple[int, ...] = SIZES, limit: float = LIMIT) -> pd.DataFrame:
    """Time the `algorithms` on the run's points, or reuse what was measured.

    Parameters
    ----------
    profile : Profile
        The run.
    sizes : tuple of int
        Numbers of points; those beyond the run's faces are drawn around them.
    limit : float
        Seconds that one run may be expected to take.

    Returns
    -------
    DataFrame
        As `dfd.scaling.measure` gives it.
    """
    points = reduction.table(profile)[["x", "y", "z"]].to_numpy()
    made_of = tables.fingerprint(
        tables.made_from(reduction.path(profile)), sizes, limit, code=[sys.modules[__name__], scaling]
    )

    def make() -> pd.DataFrame:
        clusters = min(max(len(np.unique(find(points)[0])), 2), min(sizes) - 1)
        compared = algorithms(clusters, reach(points), profile.seed)
        return scaling.measure(compared, scaling.around(points, profile.seed), sizes, limit)

    return tables.reuse_or_make(profile.build / "clusters" / "times.parquet", made_of, make)


def summary(clusters: np.ndarray, names: np.ndarray | None = None) -> dict[str, float]:
    """Describe a clustering and, where it is known who is who, score it.

    Parameters
    ----------
    clusters : ndarray of int, shape (n,)
        -1 for noise.
    names : ndarray of str, shape (n,), optional
        What the clusters are compared with.

    Returns
    -------
    dict of str to float
        clusters (their number), noise (share of the faces) and, if `names` are given, ARI and NMI, in
        which noise counts as one more cluster.

    References
    ----------
    L. Hubert and P. Arabie, 1985 (adjusted Rand index); N. X. Vinh et al., JMLR 2010 (mutual information).
    """
    facts = {
        "clusters": len(np.unique(clusters[clusters != NOISE])),
        "noise": float(np.mean(clusters == NOISE)),
    }
    if names is not None:
        facts["ARI"] = adjusted_rand_score(names, clusters)
        facts["NMI"] = normalized_mutual_info_score(names, clusters)
    return facts


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
        Of the draws.

    Returns
    -------
    DataFrame
        algorithm, change (``"seed"``, ``"faces"``: 90% of them at a time, or ``"parameter"``: the
        algorithm's only one, from half to twice its value) and stability (as `stability` gives it, for the
        faces that both clusterings have).
    """
    radius = reach(points)

    def algorithm(name: str, factor: float = 1, number: int = 0) -> Callable[[np.ndarray], np.ndarray]:
        if name == "HDBSCAN":
            return lambda some: find(some, max(round(SMALLEST * factor), 2))[0]
        if name == "DBSCAN":
            return DBSCAN(eps=radius * factor, min_samples=NEIGHBOURS).fit_predict
        return KMeans(max(round(clusters * factor), 2), n_init=1, random_state=seed + number).fit_predict

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
        rows += [(name, change, stability(results)) for change, results in changes.items()]
    return pd.DataFrame(rows, columns=["algorithm", "change", "stability"])
