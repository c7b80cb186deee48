"""What reductions to three dimensions cost in time, and how much of the embedding they keep."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA, FastICA
from sklearn.manifold import MDS, TSNE, Isomap, LocallyLinearEmbedding, SpectralEmbedding, trustworthiness
from sklearn.metrics import silhouette_score
from sklearn.neighbors import NearestNeighbors

from dfd import embedding, reduction, tables
from dfd.reduction import COMPONENTS, PCA_COMPONENTS
from dfd.run import Run
from study import growth, results

NEIGHBOURS = 10
"""Neighbours that a reduction looks at, and that vote in `neighbour_votes`."""

SIZES = (250, 500, 1000, 2000, 4000)
"""Numbers of points that `times` tries."""

LIMIT = 1.5
"""Seconds that one run of `times` may be expected to take."""


def candidates(seed: int, jobs: int = 1) -> dict[str, Callable[[np.ndarray], object]]:
    """List reductions to three dimensions, for a comparison of their times (report, Figure 3.7).

    Parameters
    ----------
    seed : int
        Seed of those that draw at random.
    jobs : int
        Threads of those that can use several.

    Returns
    -------
    dict of str to callable
        Name, and what takes vectors of shape (n, features) and gives points of shape (n, 3).
    """

    def ica(vectors: np.ndarray) -> np.ndarray:
        reducer = FastICA(COMPONENTS, random_state=seed, whiten="unit-variance")
        return np.asarray(reducer.fit_transform(vectors))

    def listing(vectors: np.ndarray) -> np.ndarray:
        components = min(PCA_COMPONENTS, *vectors.shape)
        reduced = PCA(components, random_state=seed).fit_transform(vectors)
        perplexity = reduction.perplexity(len(vectors))
        return TSNE(COMPONENTS, perplexity=perplexity, random_state=seed, n_jobs=jobs).fit_transform(reduced)

    neighbours: dict[str, Any] = {"n_components": COMPONENTS, "n_neighbors": NEIGHBOURS, "n_jobs": jobs}
    mds = MDS(COMPONENTS, n_init=1, max_iter=100, init="random", random_state=seed, n_jobs=jobs)
    return {
        "PCA": partial(reduction.reduce, method="pca", seed=seed),
        "ICA": ica,
        "Isomap": Isomap(**neighbours).fit_transform,
        "locally linear embedding": LocallyLinearEmbedding(**neighbours, random_state=seed).fit_transform,
        "spectral embedding": SpectralEmbedding(COMPONENTS, random_state=seed, n_jobs=jobs).fit_transform,
        "MDS": mds.fit_transform,
        "t-SNE (openTSNE)": partial(reduction.reduce, method="tsne", seed=seed, jobs=jobs),
        "PCA + t-SNE (openTSNE)": partial(reduction.reduce, method="pca+tsne", seed=seed, jobs=jobs),
        "PCA + t-SNE (scikit-learn, the listing)": listing,
    }


def times(run: Run, sizes: tuple[int, ...] = SIZES, limit: float = LIMIT) -> pd.DataFrame:
    """Time the `candidates` on the run's embeddings, or reuse what was measured.

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
    vectors = embedding.vectors(embedding.table(run))
    inputs = [tables.stored_fingerprint(embedding.path(run)), list(sizes), limit, run.seed]

    def measure() -> pd.DataFrame:
        points = growth.around(vectors, run.seed)
        return growth.measure(candidates(run.seed, run.jobs), points, sizes, limit)

    return results.keep(run, "reduction_times", __name__, inputs, measure)


def quality(vectors: np.ndarray, points: np.ndarray, videos: np.ndarray) -> dict[str, float]:
    """Measure what a reduction keeps.

    Parameters
    ----------
    vectors : ndarray, shape (n, features)
        Before.
    points : ndarray, shape (n, 3)
        After.
    videos : ndarray of str, shape (n,)
        The video of each face.

    Returns
    -------
    dict of str to float
        - trustworthiness: 1 if no face got a neighbour that it did not have before;
        - video: share of faces whose nearest neighbours are mostly of the same video;
        - silhouette: of the videos, from -1 to 1; NaN if there are no two of them.

    References
    ----------
    J. Venna and S. Kaski, 2001; P. Rousseeuw, Silhouettes, 1987.
    """
    neighbours = min(NEIGHBOURS, (len(points) - 1) // 2)
    several = 1 < len(np.unique(videos)) < len(videos)
    return {
        "trustworthiness": trustworthiness(vectors, points, n_neighbors=neighbours),
        "video": float(np.nanmean(neighbour_votes(points, videos, neighbours))),
        "silhouette": silhouette_score(points, videos) if several else np.nan,
    }


def neighbour_votes(
    points: np.ndarray, names: np.ndarray, neighbours: int = NEIGHBOURS, apart: np.ndarray | None = None
) -> np.ndarray:
    """Classify each point by its nearest neighbours, and tell where that is right.

    Parameters
    ----------
    points : ndarray, shape (n, features)
        The points.
    names : ndarray of str, shape (n,)
        The class of each.
    neighbours : int
        Number of neighbours that vote, the nearer the weightier.
    apart : ndarray of str, shape (n,), optional
        Points that share this are no neighbours of each other.

    Returns
    -------
    ndarray of float, shape (n,)
        1 where the neighbours' vote is right, 0 where it is wrong, and NaN where it cannot be right, for
        all other points of the class share the point's `apart`.
    """
    names, codes = np.unique(names, return_inverse=True)
    groups = np.arange(len(points)) if apart is None else np.unique(apart, return_inverse=True)[1]
    possible = np.array(
        [(groups[codes == code] != group).any() for code, group in zip(codes, groups, strict=True)]
    )
    # Enough neighbours that some remain after those of the point's own group are left out.
    count = min(len(points), neighbours + np.bincount(groups).max())
    order = NearestNeighbors(n_neighbors=count).fit(points).kneighbors(points, return_distance=False)
    right = np.full(len(points), np.nan)
    for place in np.flatnonzero(possible):
        row = order[place]
        voters = codes[row[groups[row] != groups[place]][:neighbours]]
        votes = np.bincount(voters, weights=1 / np.arange(1, len(voters) + 1), minlength=len(names))
        right[place] = votes.argmax() == codes[place]
    return right
