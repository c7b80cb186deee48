"""Dimension reduction: embeddings as points in three dimensions, and how much of them survives it."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import openTSNE
import pandas as pd
from sklearn.decomposition import PCA, FastICA
from sklearn.manifold import MDS, TSNE, Isomap, LocallyLinearEmbedding, SpectralEmbedding, trustworthiness
from sklearn.metrics import silhouette_score
from sklearn.neighbors import NearestNeighbors

from dfd import embedding, scaling, tables
from dfd.errors import InputError
from dfd.profile import Profile

METHODS = ("pca", "tsne", "pca+tsne")
COMPONENTS = 3
PCA_COMPONENTS = 50
PERPLEXITY = 50
NEIGHBOURS = 10
SIZES = (250, 500, 1000, 2000, 4000)
LIMIT = 1.5
LARGEST = 20_000
"""Faces that are reduced at most: t-SNE takes half an hour and more for 130,000."""


def path(profile: Profile, method: str = "pca+tsne", model: str = "backbone") -> Path:
    """Where a run keeps a table of points.

    Parameters
    ----------
    profile : Profile
        The run.
    method : str
        One of `METHODS`.
    model : str
        The embedding that is reduced, one of `dfd.embedding.MODELS`.

    Returns
    -------
    Path
    """
    return profile.build / "points" / f"{model}-{method}.parquet"


def table(profile: Profile, method: str = "pca+tsne", model: str = "backbone") -> pd.DataFrame:
    """Make or reuse a table of points: the faces in three dimensions (report, section 3.3.2).

    Parameters
    ----------
    profile : Profile
        The run.
    method : str
        ``"pca"``, ``"tsne"`` or the report's ``"pca+tsne"``.
    model : str
        The embedding to reduce, one of `dfd.embedding.MODELS`.

    Returns
    -------
    DataFrame
        face_id, x, y, z; of more than `LARGEST` faces that many, drawn at random.

    Raises
    ------
    InputError
        If there is no such method, or there are fewer than four faces.
    """
    if method not in METHODS:
        raise InputError(f"method {method!r}", f"no such reduction; there are {', '.join(METHODS)}")
    embeddings = embedding.table(profile, model)
    made_of = tables.fingerprint(
        tables.made_from(embedding.path(profile, model)), method, profile.seed, code=[sys.modules[__name__]]
    )

    def make() -> pd.DataFrame:
        chosen = subset(embeddings, profile.seed)
        points = reduce(embedding.vectors(chosen), method, profile.seed, jobs=profile.jobs)
        return pd.DataFrame(points, columns=["x", "y", "z"]).assign(face_id=chosen["face_id"].to_numpy())[
            ["face_id", "x", "y", "z"]
        ]

    return tables.reuse_or_make(path(profile, method, model), made_of, make)


def subset(embeddings: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Draw the faces that are reduced and clustered.

    Parameters
    ----------
    embeddings : DataFrame
        As `dfd.embedding.table` gives it.
    seed : int
        Of the draw.

    Returns
    -------
    DataFrame
        At most `LARGEST` of its rows, in the same order.
    """
    return embeddings.sample(min(LARGEST, len(embeddings)), random_state=seed).sort_index()


def reduce(vectors: np.ndarray, method: str, seed: int, jobs: int = 1) -> np.ndarray:
    """Reduce vectors to three dimensions.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, features)
        At least four.
    method : str
        One of `METHODS`.
    seed : int
        Of t-SNE and of the randomised PCA.
    jobs : int
        Threads of t-SNE.

    Returns
    -------
    ndarray of float32, shape (n, 3)

    Raises
    ------
    InputError
        If there are fewer than four vectors.

    References
    ----------
    L. van der Maaten and G. Hinton, Visualizing data using t-SNE, JMLR 2008; P. Poličar et al., openTSNE,
    JOSS 2024.
    """
    if len(vectors) < COMPONENTS + 1:
        raise InputError("embeddings", f"{len(vectors)} faces are too few for {COMPONENTS} dimensions")
    if method == "pca":
        return _pca(vectors, COMPONENTS, seed)
    return _tsne(vectors if method == "tsne" else _pca(vectors, PCA_COMPONENTS, seed), seed, jobs)


def perplexity(count: int) -> float:
    """Clip the report's perplexity to what a number of points allows.

    Parameters
    ----------
    count : int
        Number of points.

    Returns
    -------
    float
        50, or a third of the other points: t-SNE looks at three times as many neighbours as its perplexity.
    """
    return min(PERPLEXITY, (count - 1) / 3)


def _pca(vectors: np.ndarray, components: int, seed: int) -> np.ndarray:
    components = min(components, *vectors.shape)
    return PCA(components, random_state=seed).fit_transform(vectors).astype(np.float32)


def _tsne(vectors: np.ndarray, seed: int, jobs: int) -> np.ndarray:
    # Barnes and Hut's method is the only fast one in three dimensions, and twice as fast as scikit-learn's.
    reducer = openTSNE.TSNE(
        n_components=COMPONENTS,
        perplexity=perplexity(len(vectors)),
        initialization="pca",
        neighbors="exact" if len(vectors) <= LARGEST else "approx",
        negative_gradient_method="bh",
        n_jobs=jobs,
        random_state=seed,
    )
    return np.asarray(reducer.fit(vectors.astype(np.float64)), dtype=np.float32)


def candidates(seed: int, jobs: int = 1) -> dict[str, Callable[[np.ndarray], object]]:
    """List reductions to three dimensions, for a comparison of their times (report, Figure 3.7).

    Parameters
    ----------
    seed : int
        Of those that draw at random.
    jobs : int
        Threads of those that can use several.

    Returns
    -------
    dict of str to callable
        Name, and what takes vectors of shape (n, features) and gives points of shape (n, 3).
    """

    def listed(vectors: np.ndarray) -> np.ndarray:
        reducer = TSNE(COMPONENTS, perplexity=perplexity(len(vectors)), random_state=seed, n_jobs=jobs)
        return reducer.fit_transform(_pca(vectors, PCA_COMPONENTS, seed))

    neighbours = {"n_components": COMPONENTS, "n_neighbors": NEIGHBOURS, "n_jobs": jobs}
    return {
        "PCA": partial(reduce, method="pca", seed=seed),
        "ICA": lambda vectors: FastICA(COMPONENTS, random_state=seed, whiten="unit-variance").fit_transform(
            vectors
        ),
        "Isomap": Isomap(**neighbours).fit_transform,
        "locally linear embedding": LocallyLinearEmbedding(**neighbours, random_state=seed).fit_transform,
        "spectral embedding": SpectralEmbedding(COMPONENTS, random_state=seed, n_jobs=jobs).fit_transform,
        "MDS": MDS(
            COMPONENTS, n_init=1, max_iter=100, init="random", random_state=seed, n_jobs=jobs
        ).fit_transform,
        "t-SNE (openTSNE)": partial(reduce, method="tsne", seed=seed, jobs=jobs),
        "PCA + t-SNE (openTSNE)": partial(reduce, method="pca+tsne", seed=seed, jobs=jobs),
        "PCA + t-SNE (scikit-learn, the listing)": listed,
    }


def times(profile: Profile, sizes: tuple[int, ...] = SIZES, limit: float = LIMIT) -> pd.DataFrame:
    """Time the `candidates` on the run's embeddings, or reuse what was measured.

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
    vectors = embedding.vectors(embedding.table(profile))
    made_of = tables.fingerprint(
        tables.made_from(embedding.path(profile)), sizes, limit, code=[sys.modules[__name__], scaling]
    )

    def make() -> pd.DataFrame:
        points = scaling.around(vectors, profile.seed)
        return scaling.measure(candidates(profile.seed, profile.jobs), points, sizes, limit)

    return tables.reuse_or_make(profile.build / "points" / "times.parquet", made_of, make)


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
        "video": float(np.nanmean(recognised(points, videos, neighbours))),
        "silhouette": silhouette_score(points, videos) if several else np.nan,
    }


def recognised(
    points: np.ndarray, names: np.ndarray, neighbours: int = NEIGHBOURS, apart: np.ndarray | None = None
) -> np.ndarray:
    """Classify each point by its nearest neighbours.

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
    # Enough candidates that some remain after those of the point's own group are left out.
    wanted = min(len(points), neighbours + np.bincount(groups).max())
    order = NearestNeighbors(n_neighbors=wanted).fit(points).kneighbors(points, return_distance=False)
    right = np.full(len(points), np.nan)
    for place in np.flatnonzero(possible):
        row = order[place]
        voters = codes[row[groups[row] != groups[place]][:neighbours]]
        votes = np.bincount(voters, weights=1 / np.arange(1, len(voters) + 1), minlength=len(names))
        right[place] = votes.argmax() == codes[place]
    return right
