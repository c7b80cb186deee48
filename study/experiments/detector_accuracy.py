"""How well does each detector find faces: recall, precision, overlap and landmarks, held against truth."""

import math
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from dfd import dataset, detectors, video
from dfd.boxes import BOX, LANDMARK_COLUMNS, SAME_FACE, match
from dfd.detectors import Detections, Detector
from dfd.errors import InputError
from dfd.run import Run
from study import isolated, results, statistics
from study import truth as truth_tables
from study.appearance import landmarks

FRAMES_PER_VIDEO = 1
FACELESS_PER_VIDEO = 4
VIDEOS_WITHOUT_TRUTH = 12
FRAMES_WITHOUT_TRUTH = 4

SCALES = (1.0, 0.5, 0.25)
"""Scales at which frames with truth are searched, to see how small a face may be."""

COMPARED = tuple(name for name in detectors.NAMES if name != "facenet-pytorch-batched")
"""Detectors whose accuracy is measured: all but the batched one, whose boxes are those of the other."""

MTCNNS = ("facenet-pytorch", "tensorflow-mtcnn")
"""The two detectors that carry the same weights, so that they can be compared without truth."""


def frames(run: Run) -> pd.DataFrame:
    """Choose the frames on which accuracy and agreement are measured.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    DataFrame
        video, path, frame, face (whether the truth has a face in it; missing without truth). With truth:
        from every REAL video `FRAMES_PER_VIDEO` frames with a face, and up to `FACELESS_PER_VIDEO` without.
        Without truth: `FRAMES_WITHOUT_TRUTH` frames of the first `VIDEOS_WITHOUT_TRUTH` readable videos.
    """
    videos = dataset.table(run).query("status == 'ok'")
    truth = truth_tables.frames(run)
    if truth is None:
        videos, with_face = videos.head(VIDEOS_WITHOUT_TRUTH), {}
    else:
        videos = videos[videos["label"] == "REAL"]
        with_face = truth.groupby("video")["frame"].agg(set).to_dict()
    rows = []
    for name, path, length in zip(videos["video"], videos["path"], videos["frames"], strict=True):
        indices = np.arange(length)
        has_face = np.isin(indices, list(with_face.get(name, ())))
        kinds = [(True, indices[has_face], FRAMES_PER_VIDEO), (False, indices[~has_face], FACELESS_PER_VIDEO)]
        if truth is None:
            kinds = [(pd.NA, indices, FRAMES_WITHOUT_TRUTH)]
        for face, places, most in kinds:
            wanted = places[video.spread(len(places), min(most, len(places)))]
            rows += [(name, path, index, face) for index in wanted]
    table = pd.DataFrame(rows, columns=["video", "path", "frame", "face"])
    return table.astype({"face": "boolean", "frame": "int64"})


def detections(run: Run, names: tuple[str, ...] | None = None) -> pd.DataFrame:
    """Run detectors over the frames that `frames` chooses.

    Parameters
    ----------
    run : Run
        The run.
    names : tuple of str, optional
        The detectors; by default those `COMPARED`, and without truth only the `MTCNNS`, whose agreement can
        still be measured.

    Returns
    -------
    DataFrame
        One row for each detection: detector, scale, video, frame, x0 y0 x1 y1 (pixels of the frame, at any
        scale), score, the landmarks, reason. With truth the frames are searched at each of `SCALES`. A
        detector that cannot be had is there once, with the reason and no box.
    """
    searched = frames(run)
    has_truth = bool(searched["face"].notna().any())
    scales = SCALES if has_truth else SCALES[:1]
    names = names or (COMPARED if has_truth else MTCNNS)
    files = dataset.hashes(run, searched["path"].unique())
    inputs = [files, searched[["video", "frame"]].values.tolist(), names, scales]

    def measure() -> pd.DataFrame:
        rows = isolated.all_in_processes(run.jobs, names, _search, run.data, searched, scales)
        columns = ["detector", "scale", "video", "frame", *BOX, "score", *LANDMARK_COLUMNS, "reason"]
        return pd.DataFrame(rows, columns=columns)

    return results.keep(run, "detector_detections", __name__, inputs, measure)


def compare(
    frames: pd.DataFrame, detections: pd.DataFrame, truth: pd.DataFrame, lowest: float = SAME_FACE
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hold detections against the truth.

    Parameters
    ----------
    frames : DataFrame
        The frames looked at, as `frames` gives them.
    detections : DataFrame
        As `detections` gives them, of one scale.
    truth : DataFrame
        As `study.truth.faces` gives it.
    lowest : float
        Intersection over union from which a face counts as found.

    Returns
    -------
    true_faces : DataFrame
        One row for each detector and true face: detector, the truth's columns, found, score, iou,
        landmark_error (mean distance of eyes and nose, the three that all give, in inter-ocular distances)
        and landmark_error_5 (of all five). Missing where the face was not found.
    boxes : DataFrame
        One row for each detection: detector, video, frame, score, iou, correct.

    Raises
    ------
    InputError
        If no detector could be used, with their reasons.
    """
    truth = frames[["video", "frame"]].merge(truth, on=["video", "frame"])
    if detections["score"].isna().all():
        raise InputError("detectors", f"none could be used: {'; '.join(detections['reason'].dropna())}")
    detections = detections.dropna(subset="score").reset_index(drop=True)
    by_frame = {key: rows.reset_index(drop=True) for key, rows in truth.groupby(["video", "frame"])}
    face_rows, box_rows = [], []
    for name, own in detections.groupby("detector", sort=False):
        in_frame = dict(list(own.groupby(["video", "frame"])))
        for key in zip(frames["video"], frames["frame"], strict=True):
            real, boxes = by_frame.get(key, truth.iloc[:0]), in_frame.get(key, own.iloc[:0])
            places, overlaps = match(
                boxes[BOX].to_numpy(), boxes["score"].to_numpy(), real[BOX].to_numpy(), lowest
            )
            box_rows.append(
                boxes[["detector", "video", "frame", "score"]].assign(iou=overlaps, correct=places >= 0)
            )
            face_rows.append(_true_faces(str(name), real, boxes, places, overlaps))
    return pd.concat(face_rows, ignore_index=True), pd.concat(box_rows, ignore_index=True)


def compare_at_scales(frames: pd.DataFrame, detections: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Hold the detections at each scale against the truth.

    Parameters
    ----------
    frames, detections, truth : DataFrame
        As in `compare`, with the detections of all scales.

    Returns
    -------
    DataFrame
        The first table of `compare` for all scales, with scale and width (of the true face, in pixels of
        the image that was searched).
    """
    tables_at = []
    for scale in sorted(detections["scale"].dropna().unique()):
        true_faces, _ = compare(frames, detections[detections["scale"] == scale], truth)
        width = (true_faces["x1"] - true_faces["x0"]) * scale
        tables_at.append(true_faces.assign(scale=scale, width=width))
    return pd.concat(tables_at, ignore_index=True)


def precision_recall(boxes: pd.DataFrame, count: int) -> pd.DataFrame:
    """Follow precision and recall as the lowest accepted score falls.

    Parameters
    ----------
    boxes : DataFrame
        One detector's detections with score and correct, as `compare` gives them.
    count : int
        Number of true faces in the frames.

    Returns
    -------
    DataFrame
        score, precision, recall; from the highest score down, one row for each score.
    """
    ordered = boxes.sort_values("score", ascending=False, kind="stable")
    correct = ordered["correct"].cumsum().to_numpy()
    table = pd.DataFrame(
        {
            "score": ordered["score"].to_numpy(),
            "precision": correct / np.arange(1, len(ordered) + 1),
            "recall": correct / count,
        }
    )
    # Boxes of one score are accepted together.
    return table.drop_duplicates("score", keep="last").reset_index(drop=True)


def average_precision(
    boxes: pd.DataFrame, true_faces: pd.DataFrame, repeats: int = statistics.REPEATS, seed: int = 0
) -> pd.Series:
    """Compute the area under the steps of precision against recall, with an interval over videos.

    Parameters
    ----------
    boxes, true_faces : DataFrame
        Those of one detector, as `compare` gives them.
    repeats : int
        Draws of the bootstrap.
    seed : int
        Seed of the random draws.

    Returns
    -------
    Series
        mean, low, high, count (true faces), videos, as `study.statistics.share` names them. A face that no
        box found lowers the area, since recall then ends below one.

    References
    ----------
    M. Everingham et al., The PASCAL Visual Object Classes challenge, IJCV 2010.
    """
    videos = pd.Index(true_faces["video"].unique()).union(boxes["video"].unique())
    of_boxes, of_faces = (videos.get_indexer(pd.Index(table["video"])) for table in (boxes, true_faces))
    correct, scores = boxes["correct"].to_numpy(bool), boxes["score"].to_numpy()

    def area(times: np.ndarray) -> float:
        weights, count = times[of_boxes], times[of_faces].sum()
        hits = (weights * correct).sum()
        if count == 0:
            return math.nan
        if hits == 0:
            return 0.0
        return average_precision_score(correct, scores, sample_weight=weights) * hits / count

    low = high = math.nan
    if len(videos) > 1:
        low, high = statistics.bounds(statistics.draws(area, np.arange(len(videos)), repeats, seed))
    facts = {"mean": area(np.ones(len(videos))), "low": low, "high": high}
    return pd.Series(facts | {"count": len(true_faces), "videos": len(videos)}, dtype=object)


def false_alarms(frames: pd.DataFrame, boxes: pd.DataFrame) -> pd.DataFrame:
    """Count what detectors find in frames that are known to have no face.

    Parameters
    ----------
    frames : DataFrame
        As `frames` gives it.
    boxes : DataFrame
        As `compare` gives them.

    Returns
    -------
    DataFrame
        For each detector: detector, boxes (in those frames), best_score (missing without a box), and of the
        share of these frames with a box what `study.statistics.share` gives. No rows without such frames.
    """
    faceless = frames.loc[frames["face"].eq(False), ["video", "frame"]]
    rows = []
    for name, own in boxes.groupby("detector", sort=False) if len(faceless) else ():
        inside = own.merge(faceless, on=["video", "frame"])
        alarms = faceless.merge(inside.drop_duplicates(["video", "frame"]), how="left")
        alarms["alarm"] = alarms["score"].notna()
        facts = {"detector": name, "boxes": len(inside), "best_score": inside["score"].max()}
        rows.append(facts | statistics.share(alarms, "alarm").to_dict())
    return pd.DataFrame(rows)


def landmark_error(points: np.ndarray, true_points: np.ndarray, count: int = 5) -> np.ndarray:
    """Measure how far landmarks lie from where they should be.

    Parameters
    ----------
    points, true_points : ndarray of float, shape (n, 5, 2)
        Landmarks of the same faces, as `study.appearance.landmarks` gives them.
    count : int
        Number of landmarks that count: 3 for the eyes and the nose.

    Returns
    -------
    ndarray of float, shape (n,)
        Mean distance, in inter-ocular distances of `true_points`.
    """
    between_eyes = np.linalg.norm(true_points[:, 0] - true_points[:, 1], axis=-1)
    distances = np.linalg.norm(points[:, :count] - true_points[:, :count], axis=-1)
    return distances.mean(axis=-1) / between_eyes


def _search(
    detector: Detector, data: Path, frames: pd.DataFrame, scales: tuple[float, ...]
) -> Iterator[dict]:
    for name, path, frame in zip(frames["video"], frames["path"], frames["frame"], strict=True):
        image = video.read_frame(data / path, frame).image
        for scale in scales:
            small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            facts = {"scale": scale, "video": name, "frame": frame}
            yield from (facts | face for face in _in_frame(detector.detect([small])[0], scale))


def _in_frame(faces: Detections, scale: float) -> list[dict]:
    """Turn what was found in a resized frame into rows with pixels of the frame."""
    return [
        dict(zip(BOX, (box / scale).tolist(), strict=True))
        | {"score": float(score)}
        | dict(zip(LANDMARK_COLUMNS, (points / scale).ravel().tolist(), strict=True))
        for box, score, points in zip(faces.boxes, faces.scores, faces.landmarks, strict=True)
    ]


def _true_faces(
    name: str, real: pd.DataFrame, boxes: pd.DataFrame, places: np.ndarray, overlaps: np.ndarray
) -> pd.DataFrame:
    """Make the rows of `compare` for the true faces of one detector and frame."""
    result = real.assign(
        detector=name, found=False, score=np.nan, iou=np.nan, landmark_error=np.nan, landmark_error_5=np.nan
    )
    hits = np.flatnonzero(places >= 0)
    rows = places[hits]
    points, true_points = landmarks(boxes.iloc[hits]), landmarks(real.iloc[rows])
    measures = {
        "found": True,
        "score": boxes["score"].to_numpy()[hits],
        "iou": overlaps[hits],
        "landmark_error": landmark_error(points, true_points, count=3),
        "landmark_error_5": landmark_error(points, true_points),
    }
    for column, values in measures.items():
        result.loc[rows, column] = values
    return result
