"""Time detectors: calls of one setting after the other, each detector in a process of its own."""

import math
import os
import time
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from dfd import dataset, detectors, video
from dfd.errors import InputError
from dfd.run import Run
from study import statistics
from study.isolated import in_process
from study.records import Depth
from study.statistics import Interval

SIZES = {"540x960": 540, "720x1280": 720, "1080x1920": 1080}
"""The report's three sizes and the short side of each."""

FRAMES = 8
"""Frames that a detector is given in turn; also those in one call of a batched one."""

BUSY = 1.25
"""Processes for each core above which other programs disturb a timing."""

SETTING = ["detector", "size", "min_face_size", "batch_size", "device"]
COLUMNS = [*SETTING, "unit", "frames", "seconds", "faces", "memory", "load", "reason"]


@dataclass(frozen=True)
class Pace:
    """How long a setting is timed.

    Attributes
    ----------
    repeats : int
        How often.
    seconds : float
        Time that calls of one repeat go on for; one call at least.
    """

    repeats: int
    seconds: float


PACES: dict[Depth, Pace] = {"quick": Pace(3, 0.1), "full": Pace(7, 0.7)}


@dataclass(frozen=True)
class Trial:
    """One setting of a detector to time.

    Attributes
    ----------
    detector : str
        One of `dfd.detectors.NAMES`.
    size : str
        One of `SIZES`.
    clip : Path
        The video whose first frames are used, resized where it has another size.
    min_face_size : float or None
        As in `dfd.detectors.make`.
    batch_size : int
        Frames in one call of a batched detector.
    """

    detector: str
    size: str
    clip: Path
    min_face_size: float | None = None
    batch_size: int = FRAMES

    @property
    def frames(self) -> int:
        """Frames given to the detector in one call."""
        return self.batch_size if self.detector == "facenet-pytorch-batched" else 1


def clips(run: Run) -> pd.DataFrame:
    """Choose what the detectors are timed on.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    DataFrame
        One row for each of `SIZES`: size, path, origin. The sample has a clip of each size; other data
        lend their first readable video, resized.

    Raises
    ------
    InputError
        If the data have no readable video.
    """
    folder = run.data / "benchmark"
    if folder.is_dir():
        rows = [(size, folder / f"benchmark_{size}.mp4", "clip of this size") for size in SIZES]
    else:
        readable = dataset.table(run).query("status == 'ok'")
        if readable.empty:
            raise InputError(run.data, "no readable video in it")
        first = run.data / readable["path"].iloc[0]
        rows = [(size, first, "first readable video, resized") for size in SIZES]
    for _, path, _ in rows:
        if not path.is_file():
            raise InputError(path, "no such file")
    return pd.DataFrame(rows, columns=["size", "path", "origin"])


def inputs(run: Run) -> list:
    """List what timings depend on besides code: the clips.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    list
        Their contents, as hashes.
    """
    paths = sorted({str(path.relative_to(run.data)) for path in clips(run)["path"]})
    return [dataset.hashes(run, paths)]


def obstacle(run: Run) -> str:
    """Say why detectors cannot be timed in a run.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    str
        One sentence; empty if they can.
    """
    try:
        clips(run)
    except InputError as error:
        return f"Detectors cannot be timed: {error}."
    return ""


def timed(trials: list[Trial], device: str, pace: Pace) -> pd.DataFrame:
    """Time detectors, each in a process of its own, one process after the other.

    Every trial starts with one call to warm up, which never counts.

    Parameters
    ----------
    trials : list of Trial
        What to time.
    device : str
        Where facenet-pytorch computes.
    pace : Pace
        How long.

    Returns
    -------
    DataFrame
        One row for each repeat: detector, size, min_face_size, batch_size, device, unit (number of the
        repeat), frames (in one call), seconds and faces (of one frame), memory (MiB, the most that the
        process has held so far, on top of what Python and this package take), load (processes that wanted to
        run on each core in the minute before, this one's own included), reason.
        A setting that cannot be timed is there once, with the reason and neither unit nor time.
    """
    rows = []
    for name in dict.fromkeys(trial.detector for trial in trials):
        own = [trial for trial in trials if trial.detector == name]
        rows += in_process(name, _time_all, own, device, pace)
    return pd.DataFrame(rows, columns=COLUMNS)


def rate(seconds: pd.Series) -> Interval:
    """Turn seconds for a frame into frames a second.

    Parameters
    ----------
    seconds : Series
        One value for each repeat.

    Returns
    -------
    Interval
        The median, with the interval of `study.statistics.median`.
    """
    return statistics.median(1 / seconds)


def load(table: pd.DataFrame) -> Interval:
    """Say how busy the machine was: processes that wanted to run on each core, the timed one included.

    Parameters
    ----------
    table : DataFrame
        As `timed` gives it.

    Returns
    -------
    Interval
        The highest number, of width 0. Above `BUSY` other programs made the times too long.
    """
    return statistics.exactly(table["load"].max())


def _time_all(trials: list[Trial], device: str, pace: Pace) -> list[dict]:
    before, load = peak_memory(), os.getloadavg()[0] / (os.cpu_count() or 1)
    rows = [row for trial in trials for row in _time(trial, device, pace)]
    return [row | {"memory": row.get("memory", math.nan) - before, "load": load} for row in rows]


def _time(trial: Trial, device: str, pace: Pace) -> list[dict]:
    facts = {key: value for key, value in asdict(trial).items() if key != "clip"}
    try:
        detector = detectors.make(trial.detector, device, trial.min_face_size, trial.batch_size)
    except InputError as error:
        return [facts | {"device": device, "reason": str(error)}]
    first = islice(video.every(trial.clip, 1), FRAMES)
    supply = cycle([_resized(frame.image, SIZES[trial.size]) for frame in first])

    def call() -> tuple[float, int]:
        images = list(islice(supply, trial.frames))
        begin = time.perf_counter()
        faces = detector.detect(images)
        return time.perf_counter() - begin, sum(map(len, faces))

    call()
    rows = []
    for repeat in range(pace.repeats):
        calls = [call()]
        while sum(seconds for seconds, _ in calls) < pace.seconds:
            calls.append(call())
        seconds, faces = np.sum(calls, axis=0) / (len(calls) * trial.frames)
        outcome = {"unit": repeat, "frames": trial.frames, "seconds": float(seconds), "faces": float(faces)}
        rows.append(facts | outcome | {"device": detector.device, "memory": peak_memory(), "reason": None})
    return rows


def _resized(image: np.ndarray, short_side: int) -> np.ndarray:
    scale = short_side / min(image.shape[:2])
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale != 1 else image


def peak_memory() -> float:
    """Tell the most memory that this process has held.

    Returns
    -------
    float
        MiB; NaN on systems other than Linux.
    """
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), math.nan)
