"""Speed of the face detectors: frames per second, memory, and what the report's changes save."""

import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, fields
from importlib.metadata import metadata
from itertools import cycle, islice
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from dfd import dataset, decoding, detectors, results, tables, tracking, video
from dfd.detector_accuracy import in_process
from dfd.detectors import Detections
from dfd.errors import InputError
from dfd.profile import Profile

SIZES = {"540x960": 540, "720x1280": 720, "1080x1920": 1080}
"""The report's three sizes and the short side of each."""

REPORT_FPS = pd.DataFrame(
    {
        "540x960": [25.5, 19.68, 14.53, 8.23],
        "720x1280": [20.32, 14.81, 8.39, 5.7],
        "1080x1920": [12.97, 9.75, 3.8, 3.04],
    },
    index=pd.Index(
        ["facenet-pytorch-batched", "facenet-pytorch", "dlib", "tensorflow-mtcnn"], name="detector"
    ),
)
"""Frames per second in the report's Table 3.1."""

ISSUE_77_SECONDS = pd.DataFrame(
    {
        "540x960": [109.412, 79.293, 10.327, 43.172],
        "720x1280": [180.797, 127.121, 18.395, 71.451],
        "1080x1920": [298.694, 239.866, 38.444, 146.714],
    },
    index=REPORT_FPS.index,
)
"""Seconds for 300 frames on a laptop's CPU, as reported in issue 77 of facenet-pytorch."""

README_NAMES = {
    "facenet-pytorch": "facenet-pytorch-batched",
    "facenet-pytorch (non-batched)": "facenet-pytorch",
    "dlib": "dlib",
    "mtcnn": "tensorflow-mtcnn",
}

BATCH_SIZES = (1, 2, 4, 8, 16)
MIN_FACE_SIZES = (20, 40, 80, 160)
BATCH_FACE_SIZES = (80, None)
"""Smallest faces of the batch curves: one with little work in a frame, and the package's own."""

SECONDS = 0.5
FEWEST_CALLS = 2
LARGEST_CALLS = 40
FRAMES = 8
STEP = 10
WANTED = 5
COLUMNS = [
    "detector",
    "size",
    "min_face_size",
    "batch_size",
    "device",
    "frames",
    "seconds",
    "faces",
    "memory",
]
COLUMNS += ["load", "reason"]
RESULT = results.FOLDER / "detector_speed.json"


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


@dataclass(frozen=True)
class Stored:
    """A full benchmark that ``benchmarks/detector_speed.py`` has kept.

    Attributes
    ----------
    machine, date : str
        Where and when it was measured.
    versions : dict of str to str
        Of Python and the packages.
    seconds_per_trial : float
        Time for the calls of one setting.
    speeds, batches : DataFrame
        As `frames_per_second` gives them, by detector, size and device; and by min_face_size, batch_size
        and device.
    reasons : dict of str to str
        Why a detector could not be timed.
    """

    machine: str
    date: str
    versions: dict[str, str]
    seconds_per_trial: float
    speeds: pd.DataFrame
    batches: pd.DataFrame
    reasons: dict[str, str]


def readme_fps() -> pd.DataFrame:
    """Read the table of detector speeds in the README that facenet-pytorch was installed with.

    Returns
    -------
    DataFrame
        Frames per second, in the shape of `REPORT_FPS`.

    Raises
    ------
    InputError
        If the package is missing or its README has no such table.
    """
    lines = [line.strip("|").split("|") for line in readme().splitlines() if line.startswith("|")]
    heads = [cells for cells in lines if cells[0] == "Package" and cells[1].startswith("FPS")]
    if not heads:
        raise InputError("facenet-pytorch", "its README has no table of speeds")
    sizes = [cell.removeprefix("FPS (").removesuffix(")") for cell in heads[0][1:]]
    rows = {README_NAMES[cells[0]]: map(float, cells[1:]) for cells in lines if cells[0] in README_NAMES}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=sizes)
    return table.loc[REPORT_FPS.index, list(REPORT_FPS.columns)]


def readme() -> str:
    """Give the README that facenet-pytorch was installed with, which is part of its package metadata.

    Returns
    -------
    str
    """
    found = metadata("facenet-pytorch")
    return found.get("Description") or found.get_payload()


def clips(profile: Profile) -> pd.DataFrame:
    """Choose what the detectors are timed on.

    Parameters
    ----------
    profile : Profile
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
    folder = profile.data / "benchmark"
    if folder.is_dir():
        rows = [(size, folder / f"benchmark_{size}.mp4", "clip of this size") for size in SIZES]
    else:
        readable = dataset.table(profile).query("status == 'ok'")
        if readable.empty:
            raise InputError(profile.data, "no readable video in it")
        first = profile.data / readable["path"].iloc[0]
        rows = [(size, first, "first readable video, resized") for size in SIZES]
    for _, path, _ in rows:
        if not path.is_file():
            raise InputError(path, "no such file")
    return pd.DataFrame(rows, columns=["size", "path", "origin"])


def speed(profile: Profile) -> pd.DataFrame:
    """Time every detector at every size, each in a process of its own, with the package's defaults.

    Parameters
    ----------
    profile : Profile
        The run.

    Returns
    -------
    DataFrame
        As `timed` gives it.

    References
    ----------
    Report, Table 3.1 and Figure 3.1.
    """
    return _cached_times(profile, "detector_speed", speed_trials(clips(profile)))


def speed_trials(clips: pd.DataFrame) -> list[Trial]:
    """List every detector at every size, with the package's defaults.

    Parameters
    ----------
    clips : DataFrame
        As `clips` gives them.

    Returns
    -------
    list of Trial
    """
    return [Trial(name, clip.size, clip.path) for name in detectors.NAMES for clip in clips.itertuples()]


def batch_curve(profile: Profile) -> pd.DataFrame:
    """Time the batched detector at the smallest size for several batch sizes and smallest faces.

    Parameters
    ----------
    profile : Profile
        The run.

    Returns
    -------
    DataFrame
        As `timed` gives it.
    """
    return _cached_times(profile, "detector_batch_curve", *batch_trials(clips(profile)))


def batch_trials(clips: pd.DataFrame) -> list[list[Trial]]:
    """List the settings of the batch curves: one list for each of `BATCH_FACE_SIZES`.

    Parameters
    ----------
    clips : DataFrame
        As `clips` gives them.

    Returns
    -------
    list of list of Trial
        Each list goes into a process of its own, smallest batch first, so that the memory is its own.
    """
    size, clip = clips.iloc[0][["size", "path"]]
    name = "facenet-pytorch-batched"
    return [[Trial(name, size, clip, side, batch) for batch in BATCH_SIZES] for side in BATCH_FACE_SIZES]


def first_layer(size: str, min_face_size: float, batch_size: int) -> float:
    """Tell how much the first layer of MTCNN writes at the largest level of its pyramid.

    Parameters
    ----------
    size : str
        One of `SIZES`.
    min_face_size : float
        Side of the smallest face looked for; on the first level it has 12 pixels.
    batch_size : int
        Frames in the batch.

    Returns
    -------
    float
        MiB: ten channels of 32-bit numbers, a 3 x 3 convolution without padding.

    References
    ----------
    Zhang and others, Joint face detection and alignment using multitask cascaded networks, 2016.
    """
    sides = [int(int(side) * 12 / min_face_size + 1) - 2 for side in size.split("x")]
    return 10 * math.prod(sides) * 4 * batch_size / 2**20


def face_size_curve(profile: Profile) -> pd.DataFrame:
    """Time the one-by-one detector at the largest size for several smallest faces.

    Parameters
    ----------
    profile : Profile
        The run.

    Returns
    -------
    DataFrame
        As `timed` gives it.
    """
    size, clip = clips(profile).iloc[-1][["size", "path"]]
    trials = [Trial("facenet-pytorch", size, clip, min_face_size=side) for side in MIN_FACE_SIZES]
    return _cached_times(profile, "detector_face_size_curve", trials)


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


def stored(path: Path = RESULT) -> Stored | None:
    """Read the full benchmark that ``benchmarks/detector_speed.py`` has kept.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Stored or None
        ``None`` if there is no such file.

    Raises
    ------
    InputError
        If the file is not one of that script.
    """
    if not path.is_file():
        return None
    try:
        kept = json.loads(path.read_text())
        facts = {field.name: kept[field.name] for field in fields(Stored)}
        frames = {name: pd.DataFrame(facts[name]) for name in ("speeds", "batches")}
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(path, f"not a result of benchmarks/detector_speed.py ({error})") from error
    return Stored(**facts | frames)


def pipelines(profile: Profile) -> pd.DataFrame:
    """Time ways from a video to the faces in every tenth frame, decoding included.

    Parameters
    ----------
    profile : Profile
        The run.

    Returns
    -------
    DataFrame
        way, seconds_per_frame (wanted frame; median of three runs), frames, faces, reason (of a single row
        without a time, if the process died), and saved: the share of the first way's time. The first way is
        the report's starting point: read every frame and detect with the package's defaults, one by one.

    References
    ----------
    Report, sections 3.2.2.3 and 3.2.3.
    """
    clip = clips(profile)["path"].iloc[-1]
    code = [sys.modules[__name__], detectors, video, tracking]
    made_of = tables.fingerprint(_file(clip), str(profile.device), code=code)
    table = tables.reuse_or_make(
        profile.build / "detector_pipelines.parquet",
        made_of,
        lambda: pd.DataFrame(
            in_process("facenet-pytorch", _time_pipelines, clip, str(profile.device)),
            columns=["way", "seconds_per_frame", "frames", "faces", "reason"],
        ),
    )
    return table.assign(saved=1 - table["seconds_per_frame"] / table["seconds_per_frame"].iloc[0])


def saved_by_report() -> pd.DataFrame:
    """Work out from the report's own figures how much time each of its improvements saves.

    Returns
    -------
    DataFrame
        change, saved (share of the detection time, or for the change of reading of the whole time).

    References
    ----------
    Report, Table 3.1 and section 3.2.2.3.
    """
    seconds = 1 / REPORT_FPS
    fast = "facenet-pytorch-batched"
    rows = [
        (f"{name} to {fast}, {size}", 1 - seconds.loc[fast, size] / seconds.loc[name, size])
        for name in ("facenet-pytorch", "dlib", "tensorflow-mtcnn")
        for size in SIZES
    ]
    return pd.DataFrame(
        [*rows, ("read() to grab() and retrieve()", 1 - 107 / 162)], columns=["change", "saved"]
    )


def _cached_times(profile: Profile, name: str, *processes: list[Trial]) -> pd.DataFrame:
    settings = [[asdict(trial) | {"clip": _file(trial.clip)} for trial in trials] for trials in processes]
    device = str(profile.device)
    made_of = tables.fingerprint(settings, device, code=[sys.modules[__name__], detectors, video])
    return tables.reuse_or_make(
        profile.build / f"{name}.parquet",
        made_of,
        lambda: pd.concat([timed(trials, device) for trials in processes], ignore_index=True),
    )


def _file(path: Path) -> tuple[str, int]:
    return path.name, path.stat().st_size


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
        found = detector.detect(images)
        measured = {"seconds": time.perf_counter() - begin, "faces": sum(map(len, found))}
        known = {"device": detector.device, "frames": len(images), "memory": _peak_memory(), "reason": None}
        return facts | known | measured

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


def _time_pipelines(clip: Path, device: str) -> list[dict]:
    one_by_one = detectors.make("facenet-pytorch", device)
    batched = detectors.make("facenet-pytorch-batched", device)

    def reading() -> Iterator[np.ndarray]:
        return decoding.opencv(clip, range(0, sys.maxsize, STEP), convert_all=True)

    def grabbing() -> Iterator[np.ndarray]:
        return decoding.opencv(clip, range(0, sys.maxsize, STEP))

    def ours() -> list[Detections]:
        return [found for _, found in tracking.find(islice(video.every(clip, STEP), WANTED))]

    ways: dict[str, Callable[[], list[Detections]]] = {
        "read(), MTCNN one by one": lambda: one_by_one.detect(_some(reading)),
        "read(), MTCNN batched": lambda: batched.detect(_some(reading)),
        "grab() and retrieve(), MTCNN one by one": lambda: one_by_one.detect(_some(grabbing)),
        "grab() and retrieve(), MTCNN batched": lambda: batched.detect(_some(grabbing)),
        "this book's extractor": ours,
    }
    rows = []
    for way, find in ways.items():
        find()
        seconds = []
        for _ in range(3):
            begin = time.perf_counter()
            found = find()
            seconds.append((time.perf_counter() - begin) / len(found))
        facts = {"frames": len(found), "faces": sum(map(len, found))}
        rows.append({"way": way, "seconds_per_frame": float(np.median(seconds))} | facts)
    return rows


def _some(read: Callable[[], Iterator[np.ndarray]]) -> list[np.ndarray]:
    with closing(read()) as images:
        return list(islice(images, WANTED))
