"""Accuracy of the face detectors: what they find in chosen frames, held against the truth and each other."""

import math
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from scipy.stats import bootstrap
from torchvision.ops import box_iou

from dfd import dataset, detectors, tables, video
from dfd.detectors import Detections
from dfd.errors import InputError
from dfd.profile import Profile

IOU = 0.5
"""Intersection over union from which a box counts as having found a face."""

FRAMES_PER_VIDEO = 1
FACELESS_PER_VIDEO = 4
VIDEOS_WITHOUT_TRUTH = 12

SCALES = (1.0, 0.5, 0.25)
"""Scales at which frames with truth are searched, to see how small a face may be."""

SOME = [-math.inf, 0, math.inf], ["none", "some"]
SLICES = {
    "width": ("width of the face in pixels", [0, 30, 45, 60, 90, 120, math.inf], None),
    "yaw": ("head turned by", [0, 10, 25, math.inf], ["under 10°", "10 to 25°", "over 25°"]),
    "monk": ("skin tone (Monk scale)", [0, 3, 6, 10], ["1 to 3", "4 to 6", "7 to 10"]),
    "ancestry": ("ancestry", None, None),
    "gender": ("gender", None, None),
    "blur": ("blur", *SOME),
    "noise": ("noise", *SOME),
    "jpeg": ("JPEG compression", *SOME),
}
"""Properties by which the truth is sliced: column, words for it, and for numbers the bins and their names."""

BOX = ["x0", "y0", "x1", "y1"]
LANDMARKS = [f"{name}_{axis}" for name in detectors.LANDMARKS for axis in "xy"]


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
        from every REAL video `FRAMES_PER_VIDEO` frames with a face, and up to `FACELESS_PER_VIDEO` without.
        Without truth: `FRAMES_PER_VIDEO` frames of each of the first `VIDEOS_WITHOUT_TRUTH` readable videos.
    """
    videos = dataset.table(profile).query("status == 'ok'")
    truth = truth_faces(profile)
    if truth is None:
        videos, has_face = videos.head(VIDEOS_WITHOUT_TRUTH), {}
    else:
        videos = videos[videos["label"] == "REAL"]
        has_face = truth.groupby("video")["frame"].agg(set).to_dict()
    rows = []
    for each in videos.itertuples():
        indices = np.arange(each.frames)
        known = np.isin(indices, list(has_face.get(each.video, ())))
        choices = {pd.NA: indices} if truth is None else {True: indices[known], False: indices[~known]}
        for face, choice in choices.items():
            count = min(FACELESS_PER_VIDEO if face is False else FRAMES_PER_VIDEO, len(choice))
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
        The truth's rows with what is known of each actor and how each video was degraded beside them;
        ``None`` if there is no truth.
    """
    if not profile.truth.is_dir():
        return None
    table = tables.read(profile.truth / "frames.parquet")
    actors = tables.read(profile.truth / "actors.parquet").drop(columns="split")
    videos = tables.read(profile.truth / "videos.parquet")
    videos = videos[["video", *({"blur", "noise", "jpeg"} & set(videos.columns))]]
    table = table.merge(actors, on="actor", how="left", validate="many_to_one")
    return table.merge(videos, on="video", how="left", validate="many_to_one")


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
        One row for each detection: detector, scale, video, frame, x0 y0 x1 y1 (pixels of the frame, at any
        scale), score, the landmarks, reason. With truth the frames are searched at each of `SCALES`. A
        detector that cannot be had is there once, with the reason and no box.
    """
    chosen = frames(profile)
    has_truth = chosen["face"].notna().any()
    scales = SCALES if has_truth else SCALES[:1]
    if names is None:
        everything = tuple(name for name in detectors.NAMES if name != "facenet-pytorch-batched")
        names = everything if has_truth else ("facenet-pytorch", "tensorflow-mtcnn")
    files = [(path, (profile.data / path).stat().st_size) for path in chosen["path"].unique()]
    code = [sys.modules[__name__], detectors, video]
    made_of = tables.fingerprint(files, chosen[["video", "frame"]].values.tolist(), names, scales, code=code)

    def make() -> pd.DataFrame:
        # The slowest first, so that the processes end at about the same time.
        order = sorted(names, key=lambda name: name != "dlib-cnn")
        with ProcessPoolExecutor(profile.jobs, get_context("spawn"), max_tasks_per_child=1) as pool:
            jobs = [pool.submit(_detect_all, name, profile.data, chosen, scales) for name in order]
            rows = [row for job in jobs for row in job.result()]
        columns = ["detector", "scale", "video", "frame", *BOX, "score", *LANDMARKS, "reason"]
        return pd.DataFrame(rows, columns=columns)

    return tables.reuse_or_make(profile.build / "detector_detections.parquet", made_of, make)


def match(
    boxes: np.ndarray, scores: np.ndarray, truth: np.ndarray, iou: float = IOU
) -> tuple[np.ndarray, np.ndarray]:
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
    iou : float
        Intersection over union from which a face counts as found.

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
        if free[best] and overlap[row, best] >= iou:
            matched[row], overlaps[row], free[best] = best, overlap[row, best], False
        else:
            overlaps[row] = overlap[row].max()
    return matched, overlaps


def compare(
    chosen: pd.DataFrame, found: pd.DataFrame, truth: pd.DataFrame, iou: float = IOU
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hold detections against the truth.

    Parameters
    ----------
    chosen : DataFrame
        The frames looked at, as `frames` gives them.
    found : DataFrame
        As `detections` gives them, of one scale.
    truth : DataFrame
        As `truth_faces` gives it.
    iou : float
        As in `match`.

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
        for key in zip(chosen["video"], chosen["frame"], strict=True):
            real, boxes = by_frame.get(key, truth.iloc[:0]), in_frame.get(key, own.iloc[:0])
            whose, overlaps = match(
                boxes[BOX].to_numpy(), boxes["score"].to_numpy(), real[BOX].to_numpy(), iou
            )
            box_rows.append(
                boxes[["detector", "video", "frame", "score"]].assign(iou=overlaps, correct=whose >= 0)
            )
            face_rows.append(_true_faces(name, real, boxes, whose, overlaps))
    return pd.concat(face_rows, ignore_index=True), pd.concat(box_rows, ignore_index=True)


def compare_at_scales(chosen: pd.DataFrame, found: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Hold the detections at each scale against the truth.

    Parameters
    ----------
    chosen, found, truth : DataFrame
        As in `compare`.

    Returns
    -------
    DataFrame
        The first table of `compare` for all scales, with scale and width (of the true face, in pixels of
        the image that was searched).
    """
    tables_at = []
    for scale, own in found.groupby("scale"):
        true_faces, _ = compare(chosen, own, truth)
        width = (true_faces["x1"] - true_faces["x0"]) * scale
        tables_at.append(true_faces.assign(scale=scale, width=width))
    return pd.concat(tables_at, ignore_index=True)


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


def slices(true_faces: pd.DataFrame, column: str) -> pd.DataFrame:
    """Take the share of a column apart by what the truth knows of each face.

    Parameters
    ----------
    true_faces : DataFrame
        As `compare` gives them.
    column : str
        Column to average, such as found or landmark_error.

    Returns
    -------
    DataFrame
        One row for each detector, property of `SLICES` that the truth has, and value of it: detector,
        property, value, and what `share` gives.
    """
    rows = []
    for key, (name, edges, labels) in SLICES.items():
        if key not in true_faces:
            continue
        values = true_faces[key]
        if edges is not None:
            labels = labels or _ranges(edges)
            values = pd.cut(values.abs(), edges, labels=labels, include_lowest=True)
        for (detector, value), group in true_faces.groupby(["detector", values], observed=True):
            facts = {"detector": detector, "property": name, "value": value}
            rows.append(facts | share(group, column).to_dict())
    return pd.DataFrame(rows)


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
        As `detections` gives them, of one scale.
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


def _ranges(edges: list[float]) -> list[str]:
    inner = [f"{low:g} to {high:g}" for low, high in pairwise(edges[1:-1])]
    return [f"under {edges[1]:g}", *inner, f"over {edges[-2]:g}"]


def _detect_all(name: str, data: Path, chosen: pd.DataFrame, scales: tuple[float, ...]) -> list[dict]:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        detector = detectors.make(name)
    except InputError as error:
        return [{"detector": name, "reason": str(error)}]
    rows = []
    for each in chosen.itertuples():
        image = video.read_frame(data / each.path, each.frame).image
        for scale in scales:
            small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            facts = {"detector": name, "scale": scale, "video": each.video, "frame": each.frame}
            rows += [facts | row for row in _rows(detector.detect([small])[0], scale)]
    return rows or [{"detector": name, "reason": "found no face in any frame"}]


def _rows(found: Detections, scale: float) -> list[dict]:
    return [
        dict(zip(BOX, (box / scale).tolist(), strict=True))
        | {"score": float(score)}
        | dict(zip(LANDMARKS, (points / scale).ravel().tolist(), strict=True))
        for box, score, points in zip(found.boxes, found.scores, found.landmarks, strict=True)
    ]


def _true_faces(
    name: str, real: pd.DataFrame, boxes: pd.DataFrame, whose: np.ndarray, overlaps: np.ndarray
) -> pd.DataFrame:
    """Rows of `compare` for one detector and frame."""
    result = real.assign(
        detector=name, found=False, score=np.nan, iou=np.nan, landmark_error=np.nan, landmark_error_5=np.nan
    )
    hits = np.flatnonzero(whose >= 0)
    rows = whose[hits]
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
