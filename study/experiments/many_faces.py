"""What the report's 130,000 faces cost: the time of PCA, t-SNE and HDBSCAN on that many points."""

import json
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from dfd import clustering, embedding, reduction
from dfd.run import Run
from study import growth, results

PACKAGES = ("numpy", "scikit-learn", "openTSNE", "hdbscan")

Result = TypeVar("Result")


def measure(run: Run, count: int = 130_000) -> dict:
    """Reduce and cluster points drawn around a run's embeddings; store and print the time of each step.

    Parameters
    ----------
    run : Run
        The run whose embeddings are used.
    count : int
        Number of points; the report's 130,000 take t-SNE an hour or so on two cores.

    Returns
    -------
    dict
        As stored under ``"many_faces"``: points, seconds (of each step) and clusters (their number).
    """
    vectors = growth.around(embedding.vectors(embedding.table(run)), run.seed)(count)
    _, pca = _timed(lambda: reduction.reduce(vectors, "pca", run.seed))
    points, tsne = _timed(lambda: reduction.reduce(vectors, "pca+tsne", run.seed, run.jobs))
    (clusters, _), hdbscan = _timed(lambda: clustering.find(points))
    result = results.store(
        "many_faces",
        f"seconds to reduce {count} vectors of {vectors.shape[1]} numbers to 3, and to cluster them",
        PACKAGES,
        points=count,
        seconds={"PCA": pca, "PCA + t-SNE": tsne, "HDBSCAN": hdbscan},
        clusters=len(np.unique(clusters[clusters != clustering.NOISE])),
    )
    print(json.dumps(result, indent=1))
    return result


def _timed(step: Callable[[], Result]) -> tuple[Result, float]:
    start = time.perf_counter()
    result = step()
    return result, time.perf_counter() - start
