"""Time one and two local workers on the same videos: ``python benchmarks/two_workers.py [PROFILE]``."""

import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from distributed import LocalCluster

from dfd import dataset, faces, profile, results
from dfd.profile import Profile

PACKAGES = ("torch", "facenet-pytorch", "av", "distributed")
VIDEOS = 100
REPEATS = 3


def main(name: str = "sample") -> None:
    """Find the faces of the first videos with one worker and with two, in turn, and store the times.

    The workers are started, and have loaded their models, before the clock runs.

    Parameters
    ----------
    name : str
        Profile whose videos are used.
    """
    run = replace(profile.load(name), videos=VIDEOS)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(REPEATS):
        for workers, times in seconds.items():
            with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster:
                there = replace(run, scheduler=cluster.scheduler_address)
                _find(replace(there, videos=4 * workers))
                times.append(_find(there))
    result = results.store(
        "two_workers",
        "seconds to find the faces of the same videos with one and with two local workers",
        PACKAGES,
        profile=name,
        videos=VIDEOS,
        seconds={workers: [round(each, 2) for each in times] for workers, times in seconds.items()},
        speedup=float(np.median([one / two for one, two in zip(*seconds.values(), strict=True)])),
    )
    print(json.dumps(result, indent=1))


def _find(run: Profile) -> float:
    with tempfile.TemporaryDirectory(dir=run.build) as scratch:
        run = replace(run, build=Path(scratch))
        dataset.table(run)
        started = time.perf_counter()
        faces.status(run)
        return time.perf_counter() - started


if __name__ == "__main__":
    main(*sys.argv[1:2])
