"""Dimension reduction: embeddings as points in three dimensions, and how much of them survives it."""

from pathlib import Path

import numpy as np
import openTSNE
import pandas as pd
from sklearn.decomposition import PCA

from dfd import embedding, faces, sampling, tables
from dfd.errors import InputError
from dfd.run import Run

VERSION = 1
"""Raised when the code of this stage makes other tables than before."""

METHODS = ("pca", "tsne", "pca+tsne")
COMPONENTS = 3
PCA_COMPONENTS = 50
PERPLEXITY = 50
LARGEST = 20_000
"""Faces that are reduced at most, for t-SNE takes half an hour and more for 130,000."""


def path(run: Run, method: str = "pca+tsne", model: str = "backbone") -> Path:
    """Where a run keeps a table of points.

    Parameters
    ----------
    method : str
        One of `METHODS`.
    model : str
        The embedding that is reduced, one of `dfd.embedding.MODELS`.

    Returns
    -------
    Path
    """
    return run.build / "points" / f"{model}-{method}.parquet"


def table(run: Run, method: str = "pca+tsne", model: str = "backbone") -> pd.DataFrame:
    """Make or reuse a table of points: the faces in three dimensions (report, section 3.3.2).

    Parameters
    ----------
    method : str
        ``"pca"``, ``"tsne"`` or the report's ``"pca+tsne"``.
    model : str
        The embedding to reduce, one of `dfd.embedding.MODELS`.

    Returns
    -------
    DataFrame
        face_id, x, y, z, of the faces of `subset`.

    Raises
    ------
    InputError
        If there is no such method, or there are fewer than four faces.
    """
    if method not in METHODS:
        raise InputError(f"method {method!r}", f"no such reduction; there are {', '.join(METHODS)}")
    embeddings = embedding.table(run, model)
    drawn = [LARGEST] if len(embeddings) > LARGEST else []
    fingerprint = tables.fingerprint(
        VERSION, tables.stored_fingerprint(embedding.path(run, model)), method, run.seed, *drawn
    )

    def make() -> pd.DataFrame:
        rows = subset(run, embeddings)
        points = reduce(embedding.vectors(rows), method, run.seed, jobs=run.jobs)
        return pd.DataFrame(points, columns=["x", "y", "z"]).assign(face_id=rows["face_id"].to_numpy())[
            ["face_id", "x", "y", "z"]
        ]

    return tables.reuse_or_make(path(run, method, model), fingerprint, make)


def subset(run: Run, embeddings: pd.DataFrame) -> pd.DataFrame:
    """Draw the faces that are reduced and clustered: all of whole videos, as `dfd.sampling.some_videos` does.

    Parameters
    ----------
    embeddings : DataFrame
        As `dfd.embedding.table` gives it.

    Returns
    -------
    DataFrame
        At most `LARGEST` of its rows, in the same order.
    """
    if len(embeddings) <= LARGEST:
        return embeddings
    there = faces.table(run)[["face_id", "video", "label"]].merge(embeddings[["face_id"]], on="face_id")
    drawn = sampling.some_videos(there, LARGEST, run.seed)
    return embeddings[embeddings["face_id"].isin(drawn["face_id"])]


def reduce(vectors: np.ndarray, method: str, seed: int, jobs: int = 1) -> np.ndarray:
    """Reduce vectors to three dimensions.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, features)
        At least four.
    method : str
        One of `METHODS`.
    seed : int
        Seed of the random start of t-SNE and of the randomised PCA.
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

    Examples
    --------
    >>> import numpy as np
    >>> from dfd import reduction
    >>> vectors = np.random.default_rng(0).normal(size=(40, 128)).astype(np.float32)
    >>> reduction.reduce(vectors, "pca", seed=0).shape
    (40, 3)
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
        perplexity=perplexity(len(vectors)),  # pyright: ignore[reportArgumentType]
        initialization="pca",
        neighbors="exact" if len(vectors) <= LARGEST else "approx",
        negative_gradient_method="bh",
        n_jobs=jobs,
        random_state=seed,
    )
    return np.asarray(reducer.fit(vectors.astype(np.float64)), dtype=np.float32)
