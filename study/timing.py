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
from study import results
from study.isolated import in_process

SIZES = {"540x960": 540, "720x1280": 720, "1080x1920": 1080}
"""The report's three sizes and the short side of each."""

FRAMES = 8
"""Frames that a detector is given in turn; also those in one call of a batched one."""

SECONDS = 0.5
FEWEST_CALLS = 2
LARGEST_CALLS = 40

SETTING = ["detector", "size", "min_face_size", "batch_size", "device"]
COLUMNS = [*SETTING, "frames", "seconds", "faces", "memory", "load", "reason"]


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


def timed(
    trials: list[Trial],
    device: str = "cpu",
    seconds: float = SECONDS,
    patience: float = SECONDS,
    calls: int = FEWEST_CALLS,
) -> pd.DataFrame:
    """Time detectors, each in a process of its own, one process after the other.

    Every trial starts with one call to warm up, which only counts where it alone takes longer than
    `patience`; then calls follow until `seconds` are over, `calls` at least.

    Parameters
    ----------
    trials : list of Trial
        What to time.
    device : str
        Where facenet-pytorch computes.
    seconds : float
        Time for the calls of one trial.
    patience : float
        Seconds from which a call is too long to be thrown away.
    calls : int
        Fewest calls of one trial.

    Returns
    -------
    DataFrame
        One row for each call: detector, size, min_face_size, batch_size, device, frames (in the call),
        seconds, faces (found in the call), memory (MiB, the most that the process has held so far, on top
        of what Python and this package take), load (processes that wanted to run on each core in the
        minute before, this one's own included), reason.
        A detector that cannot be had is there once, with the reason and no time.
    """
    rows = []
    for name in dict.fromkeys(trial.detector for trial in trials):
        own = [trial for trial in trials if trial.detector == name]
        rows += in_process(name, _time_all, own, device, seconds, patience, calls)
    return pd.DataFrame(rows, columns=COLUMNS)


def kept(run: Run, name: str, experiment: str, *processes: list[Trial]) -> pd.DataFrame:
    """Time detectors on the run's device, or reuse the times that were measured before.

    Parameters
    ----------
    run : Run
        The run.
    name : str
        Name of the table, as in `study.results.keep`.
    experiment : str
        The module that asks (its ``__name__``).
    *processes : list of Trial
        What to time; each list has processes of its own.

    Returns
    -------
    DataFrame
        As `timed` gives it.
    """
    settings = [[asdict(trial) | {"clip": trial.clip.name} for trial in trials] for trials in processes]
    files = {str(trial.clip.relative_to(run.data)) for trials in processes for trial in trials}
    device = str(run.device)
    return results.keep(
        run,
        name,
        experiment,
        [settings, dataset.hashes(run, sorted(files)), device],
        lambda: pd.concat([timed(trials, device) for trials in processes], ignore_index=True),
    )


def frames_per_second(times: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Sum up timed calls.

    Parameters
    ----------
    times : DataFrame
        As `timed` gives it.
    by : list of str
        Columns that tell the settings apart.

    Returns
    -------
    DataFrame
        For each setting: `by`, fps (median of the calls), low and high (quartiles), calls, memory, load.
    """
    rates = times.dropna(subset="seconds").assign(fps=lambda t: t["frames"] / t["seconds"])
    groups = rates.groupby(by, sort=False, dropna=False)
    return groups.agg(
        fps=("fps", "median"),
        low=("fps", lambda fps: fps.quantile(0.25)),
        high=("fps", lambda fps: fps.quantile(0.75)),
        calls=("fps", "size"),
        memory=("memory", "max"),
        load=("load", "max"),
    ).reset_index()


def _time_all(trials: list[Trial], device: str, seconds: float, patience: float, calls: int) -> list[dict]:
    before, load = _peak_memory(), os.getloadavg()[0] / (os.cpu_count() or 1)
    rows = [row for trial in trials for row in _time(trial, device, seconds, patience, calls)]
    return [row | {"memory": row["memory"] - before, "load": load} for row in rows]


def _time(trial: Trial, device: str, seconds: float, patience: float, calls: int) -> list[dict]:
    facts = {key: value for key, value in asdict(trial).items() if key != "clip"}
    try:
        detector = detectors.make(trial.detector, device, trial.min_face_size, trial.batch_size)
    except InputError as error:
        missing = {"device": device, "frames": 0, "seconds": math.nan, "faces": 0, "memory": math.nan}
        return [facts | missing | {"reason": str(error)}]
    first = islice(video.every(trial.clip, 1), FRAMES)
    supply = cycle([_resized(frame.image, SIZES[trial.size]) for frame in first])

    def call() -> dict:
        images = list(islice(supply, trial.frames))
        begin = time.perf_counter()
        faces = detector.detect(images)
        outcome = {"seconds": time.perf_counter() - begin, "faces": sum(map(len, faces))}
        outcome |= {"device": detector.device, "frames": len(images), "memory": _peak_memory()}
        return facts | outcome | {"reason": None}

    warm_up = call()
    rows = [warm_up] if warm_up["seconds"] > patience else []
    while len(rows) < calls or (sum(row["seconds"] for row in rows) < seconds and len(rows) < LARGEST_CALLS):
        rows.append(call())
    return rows


def _resized(image: np.ndarray, short_side: int) -> np.ndarray:
    scale = short_side / min(image.shape[:2])
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale != 1 else image


def _peak_memory() -> float:
    """Tell the most memory that this process has held, in MiB; missing on systems other than Linux."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), math.nan)
