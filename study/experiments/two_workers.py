"""How much faster two local workers are than one."""

import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from dfd import dataset, faces, parallel
from dfd.run import Run
from study import results

PACKAGES = ("torch", "facenet-pytorch", "av", "distributed")

WARM_UP = 4
"""Videos for each worker before the clock runs, so that it has loaded its models."""


def measure(run: Run, videos: int = 300, repeats: int = 5) -> dict:
    """Find the faces of the first videos with one worker and with two, in turn; store and print the times.

    Parameters
    ----------
    run : Run
        The run whose videos are used.
    videos : int
        Largest number of videos.
    repeats : int
        How often each number of workers is timed.

    Returns
    -------
    dict
        As stored under ``"two_workers"``: profile, videos, seconds (of each number of workers and repeat) and
        speedup (median of the ratios).
    """
    run = replace(run, videos=videos)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(repeats):
        for workers, times in seconds.items():
            with parallel.local(workers) as cluster:
                on_workers = replace(run, scheduler=cluster.scheduler_address)
                _find(replace(on_workers, videos=WARM_UP * workers))
                searched, elapsed = _find(on_workers)
                times.append(elapsed)
    result = results.store(
        "two_workers",
        "seconds to find the faces of the same videos with one and with two local workers",
        PACKAGES,
        profile=run.name,
        videos=searched,
        seconds={
            str(workers): [round(elapsed, 2) for elapsed in times] for workers, times in seconds.items()
        },
        speedup=float(np.median([one / two for one, two in zip(*seconds.values(), strict=True)])),
    )
    print(json.dumps(result, indent=1))
    return result


def _find(run: Run) -> tuple[int, float]:
    """Find the faces of a run's videos in a scratch folder; gives how many videos and how many seconds."""
    run.build.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=run.build) as scratch:
        run = replace(run, build=Path(scratch))
        dataset.table(run)
        started = time.perf_counter()
        videos = len(faces.status(run))
        return videos, time.perf_counter() - started
