"""Dimension reduction: embeddings as points in three dimensions, and how much of them survives it."""

import shutil
from pathlib import Path

import numpy as np
import openTSNE
import pandas as pd
import torch
from sklearn.decomposition import PCA

from dfd import embedding, tables
from dfd.errors import InputError
from dfd.run import Run

VERSION = 1
"""Raised when the code of this stage makes other tables than before."""

MANY_VERSION = 3
"""Raised when `dfd.many_points` or the modules that it uses place points otherwise."""

METHODS = ("pca", "tsne", "pca+tsne")
COMPONENTS = 3
PCA_COMPONENTS = 50
PERPLEXITY = 50
MOST_BARNES_HUT = 20_000
"""Points up to which t-SNE sums by Barnes and Hut's method and finds neighbours exactly; with more of them it
takes `dfd.many_points`."""


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
        face_id, x, y, z, of all faces that have a vector.

    Raises
    ------
    InputError
        If there is no such method, there are fewer than four faces, or a vector is no number.

    Notes
    -----
    With more than `MOST_BARNES_HUT` faces the neighbours and the map so far are kept in a folder beside the
    table until it is there, so that a run that was stopped goes on after the last 50 iterations.
    """
    if method not in METHODS:
        raise InputError(f"method {method!r}", f"no such reduction; there are {', '.join(METHODS)}")
    embeddings = embedding.table(run, model)
    many = [MANY_VERSION] if method != "pca" and len(embeddings) > MOST_BARNES_HUT else []
    fingerprint = tables.fingerprint(
        VERSION, tables.stored_fingerprint(embedding.path(run, model)), method, run.seed, *many
    )
    folder = path(run, method, model).with_suffix(f".{fingerprint}")

    def make() -> pd.DataFrame:
        vectors = embedding.vectors(embeddings)
        points = reduce(vectors, method, run.seed, run.jobs, run.device, folder)
        return pd.DataFrame(points, columns=["x", "y", "z"]).assign(face_id=embeddings["face_id"].to_numpy())[
            ["face_id", "x", "y", "z"]
        ]

    points = tables.reuse_or_make(path(run, method, model), fingerprint, make)
    shutil.rmtree(folder, ignore_errors=True)
    return points


def reduce(
    vectors: np.ndarray,
    method: str,
    seed: int,
    jobs: int = 1,
    device: torch.device | str = "cpu",
    folder: Path | None = None,
) -> np.ndarray:
    """Reduce vectors to three dimensions.

    Up to `MOST_BARNES_HUT` points t-SNE is openTSNE's, with exact neighbours and Barnes and Hut's sums. Of
    more points `dfd.many_points` places a sample first and the others near it, which takes a fraction of the
    time; the maps have a lower divergence (chapter 05 measures both).

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
    device : torch.device or str
        Where many points are placed.
    folder : Path, optional
        Where the steps of placing many points are kept until the end; see `dfd.many_points.tsne`.

    Returns
    -------
    ndarray of float32, shape (n, 3)

    Raises
    ------
    InputError
        If there are fewer than four vectors, one of them has a component that is no finite number, or all are
        the same.

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
    if bad := int((~np.isfinite(vectors).all(axis=1)).sum()):
        raise InputError("embeddings", f"{bad} of {len(vectors)} vectors have components that are no numbers")
    if np.array_equal(vectors.min(axis=0), vectors.max(axis=0)):
        raise InputError(
            "embeddings", f"all {len(vectors)} vectors are the same, so there is nothing to show"
        )
    if method == "pca":
        return principal_components(vectors, COMPONENTS, seed)
    reduced = vectors if method == "tsne" else principal_components(vectors, PCA_COMPONENTS, seed)
    if len(vectors) <= MOST_BARNES_HUT:
        return barnes_hut(reduced, seed, jobs)
    # It brings a compiler and an index, which few points do without.
    from dfd import many_points

    return many_points.tsne(reduced, perplexity(len(reduced)), seed, jobs, device, folder)


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


def principal_components(vectors: np.ndarray, components: int, seed: int) -> np.ndarray:
    """Project vectors on the directions in which they vary most.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, features)
        The vectors.
    components : int
        Directions; at most as many as there are vectors and features are kept.
    seed : int
        Seed of the randomised singular value decomposition, which large tables get.

    Returns
    -------
    ndarray of float32, shape (n, components)
    """
    components = min(components, *vectors.shape)
    return PCA(components, random_state=seed).fit_transform(vectors).astype(np.float32)


def barnes_hut(vectors: np.ndarray, seed: int, jobs: int) -> np.ndarray:
    """Place vectors by openTSNE's plain run, with Barnes and Hut's sums.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, features)
        The vectors.
    seed : int
        Seed of the start, and of the neighbours where they are approximate.
    jobs : int
        Threads.

    Returns
    -------
    ndarray of float32, shape (n, 3)
    """
    # It is the only fast method of a kept library in three dimensions, and twice as fast as scikit-learn's.
    reducer = openTSNE.TSNE(
        n_components=COMPONENTS,
        perplexity=perplexity(len(vectors)),  # pyright: ignore[reportArgumentType]
        initialization="pca",
        neighbors="exact" if len(vectors) <= MOST_BARNES_HUT else "approx",
        negative_gradient_method="bh",
        n_jobs=jobs,
        random_state=seed,
    )
    return np.asarray(reducer.fit(vectors.astype(np.float64)), dtype=np.float32)
