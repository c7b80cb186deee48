"""How does the time that a reduction takes grow with the number of faces? (report, Figure 3.7)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.decomposition import PCA, FastICA
from sklearn.manifold import MDS, TSNE, Isomap, LocallyLinearEmbedding, SpectralEmbedding
from threadpoolctl import threadpool_limits

from dfd import embedding, reduction, tables
from dfd.reduction import COMPONENTS, PCA_COMPONENTS
from dfd.run import Run
from study import growth, measuring, plots
from study.records import Depth, Result
from study.statistics import Interval

UNIT = "repeats"
TIMES = True
NEIGHBOURS = 10
"""Neighbours that those reductions look at which build a graph of them."""


@dataclass(frozen=True)
class Plan:
    """How much is timed.

    Attributes
    ----------
    sizes : tuple of int
        Numbers of faces.
    limit : float
        Seconds that one run may be expected to take.
    repeats : int
        Runs of each size.
    left_out : tuple of str
        Algorithms that are not timed, since even few faces take them long.
    """

    sizes: tuple[int, ...]
    limit: float
    repeats: int
    left_out: tuple[str, ...] = ()


PLANS: dict[Depth, Plan] = {
    "quick": Plan((250, 500, 1000), 0.2, 3, ("t-SNE", "PCA + t-SNE (scikit-learn)")),
    "full": Plan((250, 500, 1000, 2000, 4000, 8000, 16_000), 7.5, 5),
}


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    embedding.table(run)
    return [tables.stored_fingerprint(embedding.path(run)), run.seed]


def obstacle(run: Run) -> str:
    """Say why this run cannot time reductions; empty if it can."""
    return "" if len(embedding.table(run)) > COMPONENTS else "This run has too few faces to be reduced."


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Time the `candidates` on the run's embeddings: one row for each algorithm, size and repeat."""
    points, plan = growth.around_embeddings(run), PLANS[depth]
    timed = {name: reduce for name, reduce in candidates(run.seed).items() if name not in plan.left_out}
    times = growth.measure(timed, points, plan.sizes, plan.limit, plan.repeats)
    return times.assign(unit=times["repeat"])


def candidates(seed: int) -> dict[str, Callable[[np.ndarray], object]]:
    """List reductions to three dimensions, each on one core, so that other work disturbs their times less.

    Parameters
    ----------
    seed : int
        Seed of those that draw at random.

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
        return TSNE(COMPONENTS, perplexity=perplexity, random_state=seed, n_jobs=1).fit_transform(reduced)

    def on_one_core(reduce: Callable[[np.ndarray], object]) -> Callable[[np.ndarray], object]:
        def limited(vectors: np.ndarray) -> object:
            with threadpool_limits(1):
                return reduce(vectors)

        return limited

    neighbours: dict[str, Any] = {"n_components": COMPONENTS, "n_neighbors": NEIGHBOURS}
    mds = MDS(COMPONENTS, n_init=1, max_iter=100, init="random", random_state=seed)
    reductions = {
        "PCA": partial(reduction.reduce, method="pca", seed=seed),
        "ICA": ica,
        "Isomap": Isomap(**neighbours).fit_transform,
        "locally linear embedding": LocallyLinearEmbedding(**neighbours, random_state=seed).fit_transform,
        "spectral embedding": SpectralEmbedding(COMPONENTS, random_state=seed).fit_transform,
        "MDS": mds.fit_transform,
        "t-SNE": partial(reduction.reduce, method="tsne", seed=seed),
        "PCA + t-SNE": partial(reduction.reduce, method="pca+tsne", seed=seed),
        "PCA + t-SNE (scikit-learn)": listing,
    }
    return {name: on_one_core(reduce) for name, reduce in reductions.items()}


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Fit a power of n to the three largest sizes of each algorithm that was timed at so many."""
    fits = growth.growth(table)
    return {
        f"exponent: {name}": Interval(*fit)
        for name, fit in zip(fits.index, fits[["exponent", "low", "high"]].to_numpy(float), strict=True)
    }


def draw(result: Result) -> Figure:
    """Draw the times against the number of faces."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    return growth.draw(result.table, "faces")
