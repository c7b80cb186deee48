"""Clustering: groups of like faces, found without being told how many there are or who is in them."""

from pathlib import Path

import hdbscan
import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from dfd import embedding, faces, reduction, sampling, tables
from dfd.errors import InputError
from dfd.run import Run

VERSION = 1
"""Raised when the code of this stage makes other tables than before."""

NOISE = -1
"""Cluster of a point that belongs to none."""

SMALLEST = 8
"""Faces that make a cluster, as many as the report takes of one FAKE video."""

SPACES = ("points", "vectors")

MOST_VECTORS = 20_000
"""Vectors that are clustered at most: in a thousand dimensions HDBSCAN's trees spare it no pair."""


def path(run: Run, space: str = "points", model: str = "backbone") -> Path:
    """Where a run keeps a table of clusters.

    Parameters
    ----------
    space : str
        One of `SPACES`.
    model : str
        The embedding, one of `dfd.embedding.MODELS`.

    Returns
    -------
    Path
    """
    return run.build / "clusters" / f"{model}-{space}.parquet"


def table(run: Run, space: str = "points", model: str = "backbone") -> pd.DataFrame:
    """Make or reuse a table of clusters, found by HDBSCAN (report, section 3.3.3).

    Parameters
    ----------
    space : str
        What is clustered: ``"points"``, the three dimensions of PCA + t-SNE as in the report, or
        ``"vectors"``, the embedding itself.
    model : str
        The embedding, one of `dfd.embedding.MODELS`.

    Returns
    -------
    DataFrame
        face_id, cluster (-1 for noise), probability (how strongly it belongs to it, 0 to 1); of all
        points, or of the vectors that `subset` draws.

    Raises
    ------
    InputError
        If there is no such space or model.
    """
    if space not in SPACES:
        raise InputError(f"space {space!r}", f"cannot be clustered; there are {', '.join(SPACES)}")
    if space == "points":
        rows, source = reduction.table(run, model=model), reduction.path(run, model=model)
        coordinates, drawn = rows[["x", "y", "z"]].to_numpy(), []
    else:
        embeddings = embedding.table(run, model)
        rows, source = subset(run, embeddings), embedding.path(run, model)
        coordinates = embedding.vectors(rows)
        drawn = [MOST_VECTORS] if len(rows) < len(embeddings) else []
    fingerprint = tables.fingerprint(VERSION, tables.stored_fingerprint(source), *drawn)

    def make() -> pd.DataFrame:
        clusters, probability = find(coordinates)
        return pd.DataFrame(
            {"face_id": rows["face_id"].to_numpy(), "cluster": clusters, "probability": probability}
        )

    return tables.reuse_or_make(path(run, space, model), fingerprint, make)


def subset(run: Run, embeddings: pd.DataFrame) -> pd.DataFrame:
    """Draw the faces whose vectors are clustered: all of whole videos, as `dfd.sampling.some_videos` does.

    Parameters
    ----------
    embeddings : DataFrame
        As `dfd.embedding.table` gives it.

    Returns
    -------
    DataFrame
        At most `MOST_VECTORS` of its rows, in the same order.
    """
    if len(embeddings) <= MOST_VECTORS:
        return embeddings
    there = faces.table(run)[["face_id", "video", "label"]].merge(embeddings[["face_id"]], on="face_id")
    drawn = sampling.some_videos(there, MOST_VECTORS, run.seed)
    return embeddings[embeddings["face_id"].isin(drawn["face_id"])]


def find(points: np.ndarray, smallest: int = SMALLEST) -> tuple[np.ndarray, np.ndarray]:
    """Find clusters with HDBSCAN.

    Parameters
    ----------
    points : ndarray, shape (n, features)
        What to cluster.
    smallest : int
        Points that make a cluster.

    Returns
    -------
    clusters : ndarray of int, shape (n,)
        -1 for noise.
    probability : ndarray of float, shape (n,)
        0 for noise.

    References
    ----------
    R. Campello et al., 2013; L. McInnes et al., hdbscan, JOSS 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from dfd import clustering
    >>> noise = np.random.default_rng(0).normal(size=(40, 3))
    >>> points = np.concatenate([noise, noise + 50])
    >>> clusters, probability = clustering.find(points)
    >>> sorted(set(clusters.tolist()) - {clustering.NOISE})
    [0, 1]
    """
    if len(points) <= smallest:
        return np.full(len(points), NOISE), np.zeros(len(points))
    # Its processes for many points take longer to start than they save, and stay for minutes.
    clusterer = hdbscan.HDBSCAN(min_cluster_size=smallest, core_dist_n_jobs=1).fit(points.astype(np.float64))
    return clusterer.labels_, clusterer.probabilities_


def noise_apart(clusters: np.ndarray) -> np.ndarray:
    """Give each point of noise a cluster of its own, since noise is no group.

    Parameters
    ----------
    clusters : ndarray of int, shape (n,)
        -1 for noise.

    Returns
    -------
    ndarray of int, shape (n,)
        The same, but for noise numbers that no other point has.
    """
    apart = np.array(clusters, dtype=np.int64)
    noise = apart == NOISE
    apart[noise] = apart.max(initial=NOISE) + 1 + np.arange(noise.sum())
    return apart


def summary(clusters: np.ndarray, names: np.ndarray | None = None) -> dict[str, float]:
    """Describe a clustering and, where the true groups are given, score it.

    Parameters
    ----------
    clusters : ndarray of int, shape (n,)
        -1 for noise.
    names : ndarray of str, shape (n,), optional
        True group of each point, such as its person or video.

    Returns
    -------
    dict of str to float
        clusters (their number), noise (share of the points) and, if `names` are given, ARI and NMI, in
        which each point of noise is a cluster of its own (`noise_apart`).

    References
    ----------
    L. Hubert and P. Arabie, 1985 (adjusted Rand index); N. X. Vinh et al., JMLR 2010 (mutual information).
    """
    facts = {
        "clusters": len(np.unique(clusters[clusters != NOISE])),
        "noise": float(np.mean(clusters == NOISE)),
    }
    if names is not None:
        facts["ARI"] = adjusted_rand_score(names, noise_apart(clusters))
        facts["NMI"] = normalized_mutual_info_score(names, noise_apart(clusters))
    return facts
