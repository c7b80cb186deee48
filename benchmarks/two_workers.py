"""Time one and two local workers on the same videos: ``python benchmarks/two_workers.py [PROFILE]``."""

import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from dfd import cluster, dataset, faces, profile, results
from dfd.profile import Profile

PACKAGES = ("torch", "facenet-pytorch", "av", "distributed")
VIDEOS = 300
REPEATS = 5


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
            with cluster.local(workers) as here:
                there = replace(run, scheduler=here.scheduler_address)
                _find(replace(there, videos=4 * workers))
                found, taken = _find(there)
                times.append(taken)
    result = results.store(
        "two_workers",
        "seconds to find the faces of the same videos with one and with two local workers",
        PACKAGES,
        profile=name,
        videos=found,
        seconds={workers: [round(each, 2) for each in times] for workers, times in seconds.items()},
        speedup=float(np.median([one / two for one, two in zip(*seconds.values(), strict=True)])),
    )
    print(json.dumps(result, indent=1))


def _find(run: Profile) -> tuple[int, float]:
    """Find the faces of a run's videos in a scratch folder; gives how many videos and how many seconds."""
    with tempfile.TemporaryDirectory(dir=run.build) as scratch:
        run = replace(run, build=Path(scratch))
        dataset.table(run)
        started = time.perf_counter()
        videos = len(faces.status(run))
        return videos, time.perf_counter() - started


if __name__ == "__main__":
    main(*sys.argv[1:2])
