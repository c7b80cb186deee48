"""What saves time between a video and its faces: whole ways from a file to the faces in every tenth frame."""

import sys
import time
from collections.abc import Callable, Generator
from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from dfd import dataset, detectors, tracking, video
from dfd.detectors import Detections
from dfd.run import Run
from study import results, timing
from study.experiments import decoding
from study.isolated import in_process

STEP = 10
WANTED = 5
REPEATS = 3

COLUMNS = ["way", "seconds_per_frame", "frames", "faces", "reason"]


def pipelines(run: Run) -> pd.DataFrame:
    """Time ways from a video to the faces in every tenth frame, decoding included.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    DataFrame
        way, seconds_per_frame (wanted frame; median of `REPEATS` runs), frames, faces, reason (of a single
        row without a time, if the process died), and saved: the share of the first way's time. The first
        way is the report's starting point: read every frame and detect with the package's defaults, one by
        one.

    References
    ----------
    Report, sections 3.2.2.3 and 3.2.3.
    """
    clip, device = timing.clips(run)["path"].iloc[-1], str(run.device)

    def measure() -> pd.DataFrame:
        return pd.DataFrame(in_process("facenet-pytorch", _time, clip, device), columns=COLUMNS)

    files = dataset.hashes(run, [str(clip.relative_to(run.data))])
    table = results.keep(run, "detection_pipelines", __name__, [files, device], measure)
    return table.assign(saved=1 - table["seconds_per_frame"] / table["seconds_per_frame"].iloc[0])


def _time(clip: Path, device: str) -> list[dict]:
    rows = []
    for way, find in _ways(clip, device).items():
        find()
        seconds = []
        for _ in range(REPEATS):
            begin = time.perf_counter()
            faces = find()
            seconds.append((time.perf_counter() - begin) / len(faces))
        facts = {"frames": len(faces), "faces": sum(map(len, faces))}
        rows.append({"way": way, "seconds_per_frame": float(np.median(seconds))} | facts)
    return rows


def _ways(clip: Path, device: str) -> dict[str, Callable[[], list[Detections]]]:
    """Name the ways, each a function that gives what was found in each wanted frame."""
    one_by_one = detectors.make("facenet-pytorch", device)
    batched = detectors.make("facenet-pytorch-batched", device)
    every = range(0, sys.maxsize, STEP)

    def reading() -> Generator[np.ndarray]:
        return decoding.opencv(clip, every, convert_all=True)

    def grabbing() -> Generator[np.ndarray]:
        return decoding.opencv(clip, every)

    def following() -> list[Detections]:
        return [faces for _, faces in tracking.find(islice(video.every(clip, STEP), WANTED))]

    return {
        "read(), MTCNN one by one": lambda: one_by_one.detect(_first(reading)),
        "read(), MTCNN batched": lambda: batched.detect(_first(reading)),
        "grab() and retrieve(), MTCNN one by one": lambda: one_by_one.detect(_first(grabbing)),
        "grab() and retrieve(), MTCNN batched": lambda: batched.detect(_first(grabbing)),
        "this book's extractor": following,
    }


def _first(read: Callable[[], Generator[np.ndarray]]) -> list[np.ndarray]:
    with closing(read()) as images:
        return list(islice(images, WANTED))
