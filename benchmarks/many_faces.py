"""Time PCA, t-SNE and HDBSCAN on the report's number of points: ``python benchmarks/many_faces.py [N]``."""

import json
import sys
import time

import numpy as np

from dfd import clustering, embedding, profile, reduction, results, scaling

PACKAGES = ("numpy", "scikit-learn", "openTSNE", "hdbscan")


def main(count: int = 130_000, name: str = "sample") -> None:
    """Reduce and cluster points drawn around a run's embeddings, and store the time of each step.

    Parameters
    ----------
    count : int
        Number of points; the report's 130,000 take t-SNE an hour or so on two cores.
    name : str
        Profile whose embeddings are used.
    """
    run = profile.load(name)
    vectors = scaling.around(embedding.vectors(embedding.table(run)), run.seed)(count)
    seconds = {}
    start = time.perf_counter()
    reduction.reduce(vectors, "pca", run.seed)
    seconds["PCA"] = time.perf_counter() - start
    start = time.perf_counter()
    points = reduction.reduce(vectors, "pca+tsne", run.seed, run.jobs)
    seconds["PCA + t-SNE"] = time.perf_counter() - start
    start = time.perf_counter()
    clusters, _ = clustering.find(points)
    seconds["HDBSCAN"] = time.perf_counter() - start
    result = results.store(
        "many_faces",
        f"seconds to reduce {count} vectors of {vectors.shape[1]} numbers to 3, and to cluster them",
        PACKAGES,
        points=count,
        seconds=seconds,
        clusters=len(np.unique(clusters[clusters != clustering.NOISE])),
    )
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
