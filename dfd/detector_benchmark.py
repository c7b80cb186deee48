"""Speed and accuracy of the face detectors: reads frames and truth, writes tables of measurements."""

import math
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib.metadata import metadata
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from scipy.stats import bootstrap
from torchvision.ops import box_iou

from dfd import dataset, detectors, faces, tables, video
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

README_NAMES = {
    "facenet-pytorch": "facenet-pytorch-batched",
    "facenet-pytorch (non-batched)": "facenet-pytorch",
    "dlib": "dlib",
    "mtcnn": "tensorflow-mtcnn",
}

BATCH_SIZES = (1, 2, 4, 8, 16)
MIN_FACE_SIZES = (20, 40, 80, 160)
SECONDS = 3.0
LARGEST_CALLS = 40
FRAMES = 16
STEP = 10
IOU = 0.5
FRAMES_PER_VIDEO = 2
VIDEOS_WITHOUT_TRUTH = 12

BOX = ["x0", "y0", "x1", "y1"]
LANDMARKS = [f"{name}_{axis}" for name in detectors.LANDMARKS for axis in "xy"]


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
        first = _readable(profile)["path"].iloc[0]
        rows = [(size, profile.data / first, "first readable video, resized") for size in SIZES]
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
    trials = [
        Trial(name, clip.size, clip.path)
        for name in detectors.NAMES
        for clip in _named(clips(profile), "size", "path")
    ]
    return _cached_times(profile, "detector_speed", trials)


def batch_curve(profile: Profile) -> pd.DataFrame:
    """Time the batched detector at the smallest size for several batch sizes.

    Parameters
    ----------
    profile : Profile
        The run.

    Returns
    -------
    DataFrame
        As `timed` gives it.
    """
    size, clip = clips(profile).iloc[0][["size", "path"]]
    trials = [Trial("facenet-pytorch-batched", size, clip, batch_size=batch) for batch in BATCH_SIZES]
    return _cached_times(profile, "detector_batch_curve", trials)


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


def timed(trials: list[Trial], device: str = "cpu", seconds: float = SECONDS) -> pd.DataFrame:
    """Time detectors, each in a process of its own, one process after the other.

    Every trial starts with one call to warm up, which only counts where it alone takes longer than
    `seconds`; then calls follow until `seconds` are over, two at least.

    Parameters
    ----------
    trials : list of Trial
        What to time.
    device : str
        Where facenet-pytorch computes.
    seconds : float
        Time for the calls of one trial.

    Returns
    -------
    DataFrame
        One row for each call: detector, size, min_face_size, batch_size, device, frames (in the call),
        seconds, faces (found in the call), memory (MiB, the most that the process has held so far), reason.
        A detector that cannot be had is there once, with the reason and no time.
    """
    rows = []
    for name in dict.fromkeys(trial.detector for trial in trials):
        own = [trial for trial in trials if trial.detector == name]
        rows += _in_process(_time_all, own, device, seconds)
    return pd.DataFrame(rows)


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
        For each setting: `by`, fps (median of the calls), low and high (quartiles), calls, memory (MiB).
    """
    rates = times.dropna(subset="seconds").assign(fps=lambda t: t["frames"] / t["seconds"])
    groups = rates.groupby(by, sort=False, dropna=False)
    return groups.agg(
        fps=("fps", "median"),
        low=("fps", lambda fps: fps.quantile(0.25)),
        high=("fps", lambda fps: fps.quantile(0.75)),
        calls=("fps", "size"),
        memory=("memory", "max"),
    ).reset_index()


def pipelines(profile: Profile) -> pd.DataFrame:
    """Time ways from a video to the faces in every tenth frame, decoding included.

    Parameters
    ----------
    profile : Profile
        The run.

    Returns
    -------
    DataFrame
        way, seconds_per_frame (wanted frame; median of three runs), frames, faces, and saved: the share of
        the first way's time. The first way is the report's starting point: read every frame and detect with
        the package's defaults, one by one.

    References
    ----------
    Report, sections 3.2.2.3 and 3.2.3.
    """
    clip = clips(profile)["path"].iloc[-1]
    made_of = _made_of(profile, [clip], "pipelines", STEP, FRAMES)
    table = tables.reuse_or_make(
        profile.build / "detector_pipelines.parquet",
        made_of,
        lambda: pd.DataFrame(_in_process(_time_pipelines, clip, str(profile.device))),
    )
    return table.assign(saved=1 - table["seconds_per_frame"] / table["seconds_per_frame"].iloc[0])


def frames(profile: Profile) -> pd.DataFrame:
    """Choose the frames on which accuracy and agreement are measured.

    Parameters
    ----------
    profile : Profile
        The run.

    Returns
    -------
    DataFrame
        video, path, frame, face (whether the truth has a face in it; missing without truth). With truth:
        from every REAL video `FRAMES_PER_VIDEO` frames with a face, and as many without where there are
        any. Without truth: so many frames of each of the first `VIDEOS_WITHOUT_TRUTH` readable videos.
    """
    videos = _readable(profile)
    truth = truth_faces(profile)
    if truth is None:
        videos, has_face = videos.head(VIDEOS_WITHOUT_TRUTH), {}
    else:
        videos = videos[videos["label"] == "REAL"]
        has_face = truth.groupby("video")["frame"].agg(set).to_dict()
    rows = []
    for each in _named(videos, "video", "path", "frames"):
        indices = np.arange(each.frames)
        known = np.isin(indices, list(has_face.get(each.video, ())))
        for face in (True, False) if truth is not None else (pd.NA,):
            choice = indices if face is pd.NA else indices[known == face]
            count = min(FRAMES_PER_VIDEO, len(choice))
            rows += [(each.video, each.path, i, face) for i in choice[video.spread(len(choice), count)]]
    table = pd.DataFrame(rows, columns=["video", "path", "frame", "face"])
    return table.astype({"face": "boolean", "frame": "int64"})


def truth_faces(profile: Profile) -> pd.DataFrame | None:
    """Read where the faces are, which only the sample's truth tables know.

    Parameters
    ----------
    profile : Profile
        The run.

    Returns
    -------
    DataFrame or None
        The truth's rows with what is known of each actor beside them; ``None`` if there is no truth.
    """
    if not profile.truth.is_dir():
        return None
    table = tables.read(profile.truth / "frames.parquet")
    actors = tables.read(profile.truth / "actors.parquet").drop(columns="split")
    return table.merge(actors, on="actor", how="left", validate="many_to_one")


def detections(profile: Profile, names: tuple[str, ...] | None = None) -> pd.DataFrame:
    """Run detectors over the frames that `frames` chooses.

    Parameters
    ----------
    profile : Profile
        The run.
    names : tuple of str, optional
        The detectors; by default all but the batched one, whose boxes are those of the other, and without
        truth only the two MTCNNs, whose agreement can still be measured.

    Returns
    -------
    DataFrame
        One row for each detection: detector, video, frame, x0 y0 x1 y1 (pixels), score, the landmarks,
        reason. A detector that cannot be had is there once, with the reason and no box.
    """
    chosen = frames(profile)
    if names is None:
        everything = tuple(name for name in detectors.NAMES if name != "facenet-pytorch-batched")
        names = ("facenet-pytorch", "tensorflow-mtcnn") if chosen["face"].isna().all() else everything
    paths = [profile.data / path for path in chosen["path"].unique()]
    made_of = _made_of(profile, paths, chosen[["video", "frame"]].values.tolist(), names)

    def make() -> pd.DataFrame:
        # The slowest first, so that the processes end at about the same time.
        order = sorted(names, key=lambda name: name != "dlib-cnn")
        with ProcessPoolExecutor(profile.jobs, get_context("spawn"), max_tasks_per_child=1) as pool:
            found = pool.map(_detect_all, order, [profile.data] * len(order), [chosen] * len(order))
            rows = [row for each in found for row in each]
        columns = ["detector", "video", "frame", *BOX, "score", *LANDMARKS, "reason"]
        return pd.DataFrame(rows, columns=columns)

    return tables.reuse_or_make(profile.build / "detector_detections.parquet", made_of, make)


def match(boxes: np.ndarray, scores: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give each detection in an image the true face that it found.

    The best score chooses first, and takes the free true face that it overlaps most; a face can be found
    only once, so a second box on it is a false positive.

    Parameters
    ----------
    boxes : ndarray, shape (n, 4)
        Detections: x0, y0, x1, y1.
    scores : ndarray, shape (n,)
        Their scores.
    truth : ndarray, shape (m, 4)
        True faces.

    Returns
    -------
    faces : ndarray of int, shape (n,)
        Row of the true face, -1 for a false positive.
    overlaps : ndarray of float, shape (n,)
        Intersection over union with it; of a false positive the largest with any true face, 0 if none.

    References
    ----------
    Everingham and others, The PASCAL Visual Object Classes challenge, IJCV 2010.
    """
    matched, overlaps = np.full(len(boxes), -1), np.zeros(len(boxes))
    if len(boxes) == 0 or len(truth) == 0:
        return matched, overlaps
    overlap = box_iou(torch.tensor(boxes, dtype=float), torch.tensor(truth, dtype=float)).numpy()
    free = np.ones(len(truth), dtype=bool)
    for row in np.argsort(-np.asarray(scores), kind="stable"):
        best = int(np.argmax(np.where(free, overlap[row], -1)))
        if free[best] and overlap[row, best] >= IOU:
            matched[row], overlaps[row], free[best] = best, overlap[row, best], False
        else:
            overlaps[row] = overlap[row].max()
    return matched, overlaps


def compare(
    chosen: pd.DataFrame, found: pd.DataFrame, truth: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hold detections against the truth.

    Parameters
    ----------
    chosen : DataFrame
        The frames looked at, as `frames` gives them.
    found : DataFrame
        As `detections` gives them.
    truth : DataFrame
        As `truth_faces` gives it.

    Returns
    -------
    true_faces : DataFrame
        One row for each detector and true face: detector, the truth's columns, found, score, iou,
        landmark_error (mean distance of eyes and nose, the three that all give, in inter-ocular distances)
        and landmark_error_5 (of all five). Missing where the face was not found.
    boxes : DataFrame
        One row for each detection: detector, video, frame, score, iou, correct.
    """
    truth = chosen[["video", "frame"]].merge(truth, on=["video", "frame"])
    found = found.dropna(subset="score").reset_index(drop=True)
    by_frame = {key: rows.reset_index(drop=True) for key, rows in truth.groupby(["video", "frame"])}
    face_rows, box_rows = [], []
    for name, own in found.groupby("detector", sort=False):
        in_frame = dict(list(own.groupby(["video", "frame"])))
        for each in _named(chosen, "video", "frame"):
            key = each.video, each.frame
            real, boxes = by_frame.get(key, truth.iloc[:0]), in_frame.get(key, own.iloc[:0])
            faces_of, overlaps = match(boxes[BOX].to_numpy(), boxes["score"].to_numpy(), real[BOX].to_numpy())
            box_rows.append(
                boxes[["detector", "video", "frame", "score"]].assign(iou=overlaps, correct=faces_of >= 0)
            )
            face_rows.append(_true_faces(name, real, boxes, faces_of, overlaps))
    return pd.concat(face_rows, ignore_index=True), pd.concat(box_rows, ignore_index=True)


def share(table: pd.DataFrame, column: str, confidence: float = 0.95, seed: int = 0) -> pd.Series:
    """Mean of a column with a bootstrap interval over videos, since frames of one video are alike.

    Parameters
    ----------
    table : DataFrame
        With `column` (numbers or true and false) and video.
    column : str
        The column; rows where it is missing do not count.
    confidence : float
        Of the interval.
    seed : int
        Of the draws.

    Returns
    -------
    Series
        mean, low, high, count (rows), videos. The interval is missing where fewer than two videos are.
    """
    sums = table.dropna(subset=column).groupby("video")[column].agg(["sum", "size"]).astype(float)
    low = high = math.nan
    mean = sums["sum"].sum() / sums["size"].sum() if len(sums) else math.nan
    if len(sums) > 1:
        drawn = bootstrap(
            (sums["sum"].to_numpy(), sums["size"].to_numpy()),
            lambda total, size, axis: total.sum(axis=axis) / size.sum(axis=axis),
            n_resamples=1000,
            paired=True,
            confidence_level=confidence,
            method="percentile",
            rng=np.random.default_rng(seed),
        )
        low, high = drawn.confidence_interval
    counts = {"count": int(sums["size"].sum()), "videos": len(sums)}
    return pd.Series({"mean": mean, "low": low, "high": high} | counts, dtype=object)


def precision_recall(boxes: pd.DataFrame, faces_there: int) -> pd.DataFrame:
    """Follow precision and recall as the lowest accepted score falls.

    Parameters
    ----------
    boxes : DataFrame
        One detector's detections with score and correct, as `compare` gives them.
    faces_there : int
        True faces in the frames.

    Returns
    -------
    DataFrame
        score, precision, recall; from the highest score down.
    """
    ordered = boxes.sort_values("score", ascending=False, kind="stable")
    correct = ordered["correct"].cumsum().to_numpy()
    return pd.DataFrame(
        {
            "score": ordered["score"].to_numpy(),
            "precision": correct / np.arange(1, len(ordered) + 1),
            "recall": correct / faces_there,
        }
    )


def agreement(found: pd.DataFrame, one: str, other: str) -> pd.DataFrame:
    """Compare what two detectors found in the same frames.

    Parameters
    ----------
    found : DataFrame
        As `detections` gives them.
    one, other : str
        The detectors; the boxes of `one` play the part of the truth.

    Returns
    -------
    DataFrame
        One row for each face that either found: video, frame, both (whether both did), iou,
        score_difference (absolute), landmark_difference (mean distance of the points in inter-ocular
        distances of `one`).
    """
    found = found.dropna(subset="score")
    groups = {
        name: dict(list(found[found["detector"] == name].groupby(["video", "frame"])))
        for name in (one, other)
    }
    rows = []
    for key in sorted(set(groups[one]) | set(groups[other])):
        first, second = (groups[name].get(key, found.iloc[:0]) for name in (one, other))
        mates, overlaps = match(second[BOX].to_numpy(), second["score"].to_numpy(), first[BOX].to_numpy())
        paired = mates >= 0
        left, right = first.iloc[mates[paired]], second[paired]
        points = _points(left), _points(right)
        rows.append(
            pd.DataFrame(
                {
                    "both": True,
                    "iou": overlaps[paired],
                    "score_difference": np.abs(left["score"].to_numpy() - right["score"].to_numpy()),
                    "landmark_difference": _landmark_error(points[1], points[0]),
                }
            ).assign(video=key[0], frame=key[1])
        )
        alone = len(first) + len(second) - 2 * paired.sum()
        rows.append(pd.DataFrame({"both": [False] * alone}).assign(video=key[0], frame=key[1]))
    columns = ["video", "frame", "both", "iou", "score_difference", "landmark_difference"]
    rows = [each for each in rows if len(each)]
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=columns)
    return table.reindex(columns=columns).astype({"both": bool})


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


def _named(table: pd.DataFrame, *columns: str) -> Iterator:
    return table[list(columns)].itertuples(index=False)


def _readable(profile: Profile) -> pd.DataFrame:
    videos = dataset.table(profile)
    videos = videos[videos["status"] == "ok"]
    if videos.empty:
        raise InputError(profile.data, "no readable video in it")
    return videos


def _made_of(profile: Profile, paths: list[Path], *parts: object) -> str:
    files = [(path.name, path.stat().st_size) for path in paths]
    truth = (
        tables.fingerprint((profile.truth / "frames.parquet").stat().st_size)
        if profile.truth.is_dir()
        else None
    )
    code = [sys.modules[__name__], detectors, faces, video]
    return tables.fingerprint(files, truth, str(profile.device), *parts, code=code)


def _cached_times(profile: Profile, name: str, trials: list[Trial]) -> pd.DataFrame:
    settings = [asdict(trial) | {"clip": trial.clip.name} for trial in trials]
    made_of = _made_of(profile, sorted({trial.clip for trial in trials}), settings, SECONDS, FRAMES)
    device = str(profile.device)
    return tables.reuse_or_make(profile.build / f"{name}.parquet", made_of, lambda: timed(trials, device))


def _in_process(work: Callable, *arguments: object) -> list[dict]:
    """Run work in a fresh process: packages fight over threads and memory when they share one."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def _time_all(trials: list[Trial], device: str, seconds: float) -> list[dict]:
    return [row for trial in trials for row in _time(trial, device, seconds)]


def _time(trial: Trial, device: str, seconds: float) -> list[dict]:
    facts = {key: value for key, value in asdict(trial).items() if key != "clip"}
    try:
        detector = detectors.make(trial.detector, device, trial.min_face_size, trial.batch_size)
    except InputError as error:
        return [facts | {"device": device, "frames": 0, "seconds": math.nan, "reason": str(error)}]
    images = [
        _resized(frame.image, SIZES[trial.size]) for frame in islice(video.every(trial.clip, 1), FRAMES)
    ]
    rows: list[dict] = []
    while len(rows) < 3 or (sum(row["seconds"] for row in rows[1:]) < seconds and len(rows) <= LARGEST_CALLS):
        start = len(rows) * trial.frames
        batch = [images[index % len(images)] for index in range(start, start + trial.frames)]
        begin = time.perf_counter()
        found = detector.detect(batch)
        elapsed = time.perf_counter() - begin
        facts |= {"device": detector.device, "frames": len(batch), "memory": _peak_memory(), "reason": None}
        rows.append(facts | {"seconds": elapsed, "faces": sum(map(len, found))})
        if len(rows) == 2 and rows[0]["seconds"] > seconds:
            return rows
    return rows[1:]


def _resized(image: np.ndarray, short_side: int) -> np.ndarray:
    scale = short_side / min(image.shape[:2])
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale != 1 else image


def _peak_memory() -> float:
    """The most memory that this process has held, in MiB; missing on systems other than Linux."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), math.nan)


def _time_pipelines(clip: Path, device: str) -> list[dict]:
    one_by_one = detectors.make("facenet-pytorch", device)
    batched = detectors.make("facenet-pytorch-batched", device, batch_size=FRAMES)

    def reading() -> Iterator[np.ndarray]:
        return video.every_by_reading(clip, STEP)

    def grabbing() -> Iterator[np.ndarray]:
        return video.every_by_grabbing(clip, STEP)

    def ours() -> Iterator[np.ndarray]:
        return (frame.image for frame in video.every(clip, STEP))

    def detect_fast(images: list[np.ndarray]) -> list[Detections]:
        return [faces.detect(image) for image in images]

    ways: dict[str, tuple[Callable, Callable]] = {
        "read(), MTCNN one by one": (reading, one_by_one.detect),
        "read(), MTCNN batched": (reading, batched.detect),
        "grab() and retrieve(), MTCNN one by one": (grabbing, one_by_one.detect),
        "grab() and retrieve(), MTCNN batched": (grabbing, batched.detect),
        "this book's extractor": (ours, detect_fast),
    }
    rows = []
    for way, (read, detect) in ways.items():
        detect(_some(read))
        seconds = []
        for _ in range(3):
            begin = time.perf_counter()
            images = _some(read)
            found = detect(images)
            seconds.append((time.perf_counter() - begin) / len(images))
        facts = {"frames": len(images), "faces": sum(map(len, found))}
        rows.append({"way": way, "seconds_per_frame": float(np.median(seconds))} | facts)
    return rows


def _some(read: Callable[[], Iterator[np.ndarray]]) -> list[np.ndarray]:
    with closing(read()) as images:
        return list(islice(images, FRAMES))


def _detect_all(name: str, data: Path, chosen: pd.DataFrame) -> list[dict]:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        detector = detectors.make(name)
    except InputError as error:
        return [{"detector": name, "reason": str(error)}]
    rows = []
    for (clip, path), wanted in chosen.groupby(["video", "path"], sort=False):
        indices = set(wanted["frame"])
        for frame in video.every(data / path, 1):
            if frame.index in indices:
                found = detector.detect([frame.image])[0]
                rows += [
                    {"detector": name, "video": clip, "frame": frame.index} | row for row in _rows(found)
                ]
    return rows or [{"detector": name, "reason": "found no face in any frame"}]


def _rows(found: Detections) -> list[dict]:
    return [
        dict(zip(BOX, box.tolist(), strict=True))
        | {"score": float(score)}
        | dict(zip(LANDMARKS, points.ravel().tolist(), strict=True))
        for box, score, points in zip(found.boxes, found.scores, found.landmarks, strict=True)
    ]


def _true_faces(
    name: str, real: pd.DataFrame, boxes: pd.DataFrame, faces_of: np.ndarray, overlaps: np.ndarray
) -> pd.DataFrame:
    """Rows of `compare` for one detector and frame."""
    result = real.assign(
        detector=name, found=False, score=np.nan, iou=np.nan, landmark_error=np.nan, landmark_error_5=np.nan
    )
    hits = np.flatnonzero(faces_of >= 0)
    rows = faces_of[hits]
    here, there = _points(boxes.iloc[hits]), _points(real.iloc[rows])
    measured = {
        "found": True,
        "score": boxes["score"].to_numpy()[hits],
        "iou": overlaps[hits],
        "landmark_error": _landmark_error(here, there, points=3),
        "landmark_error_5": _landmark_error(here, there),
    }
    for column, values in measured.items():
        result.loc[rows, column] = values
    return result


def _points(table: pd.DataFrame) -> np.ndarray:
    return table[LANDMARKS].to_numpy(dtype=float).reshape(-1, len(detectors.LANDMARKS), 2)


def _landmark_error(points_found: np.ndarray, points_true: np.ndarray, points: int = 5) -> np.ndarray:
    between_eyes = np.linalg.norm(points_true[:, 0] - points_true[:, 1], axis=-1)
    distances = np.linalg.norm(points_found[:, :points] - points_true[:, :points], axis=-1)
    return distances.mean(axis=-1) / between_eyes
