"""Time PCA, t-SNE and HDBSCAN on the report's number of points: ``python benchmarks/many_faces.py [N]``."""

import json
import platform
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

from dfd import clustering, embedding, plots, profile, reduction, scaling
from dfd.tables import replacing

PACKAGES = ("numpy", "scikit-learn", "openTSNE", "hdbscan", "dfd")
RESULT = Path(__file__).parent / "results" / "many_faces.json"


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
    result = {
        "what": f"seconds to reduce {count} vectors of {vectors.shape[1]} numbers to 3, and to cluster them",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": plots.machine(),
        "versions": {"Python": platform.python_version()} | {each: version(each) for each in PACKAGES},
        "points": count,
        "seconds": seconds,
        "clusters": len(np.unique(clusters[clusters != clustering.NOISE])),
    }
    with replacing(RESULT) as aside:
        aside.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
