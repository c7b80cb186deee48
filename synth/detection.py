"""Measure how well a face detector's boxes and landmarks agree with the truth."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from facenet_pytorch import MTCNN

from .dataset import LANDMARKS, clip_path, table
from .encode import read


def measure(data: Path) -> dict[str, object]:
    """Compare the detector with the truth on every clip.

    Parameters
    ----------
    data : Path
        Folder of the data set.

    Returns
    -------
    dict
        Number of faces, share found, and the median distance of the landmarks in REAL clips.
    """
    videos = table(data, "videos")
    real = videos.label == "REAL"
    # In a fake the detector sees the landmarks of another face than the truth, which is the target's.
    real_faces = compare(data, videos[real], 8)
    faces = pd.concat([real_faces, compare(data, videos[~real], 24)])
    figures = summary(real_faces) | {"landmark_faces": len(real_faces)}
    return figures | {"faces": len(faces), "share_found": float(faces.found.mean())}


def compare(data: Path, videos: pd.DataFrame, step: int) -> pd.DataFrame:
    """Compare the faces that facenet-pytorch's MTCNN finds with the truth.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    videos : DataFrame
        Clips to look at, rows of the truth table.
    step : int
        Frames from one that is looked at to the next.

    Returns
    -------
    DataFrame
        A row for each true face: video, frame, found (IoU of 0.5 or more), and the distance of each landmark
        from the truth in interocular distances.
    """
    torch.manual_seed(0)
    detector = MTCNN(keep_all=True, post_process=False)
    frames = table(data, "frames")
    rows = []
    for video in videos.itertuples():
        images = read(clip_path(data, video))
        faces = frames[(frames.video == video.video) & (frames.frame % step == step // 2)]
        for frame, people in faces.groupby("frame"):
            boxes, points = _detect(detector, images[frame])
            for person in people.itertuples():
                box = np.array([person.x0, person.y0, person.x1, person.y1])
                overlap = _iou(box, boxes)
                row = {
                    "video": video.video,
                    "frame": frame,
                    "found": overlap.max(initial=0) >= 0.5,
                }
                if row["found"]:
                    row |= _landmark_errors(person, points[overlap.argmax()])
                rows.append(row)
    return pd.DataFrame(rows)


def _detect(detector: MTCNN, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return boxes (n, 4) and landmarks (n, 5, 2), both of float64; n may be 0."""
    boxes, _, points = detector.detect(image, landmarks=True)
    if boxes is None:
        return np.zeros((0, 4)), np.zeros((0, 5, 2))
    return np.array(boxes, float), np.array(points, float)


def _iou(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the intersection over union (n,) of a box and others (n, 4)."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = np.prod(others[:, 2:] - others[:, :2], axis=1)
    return shared / (np.prod(box[2:] - box[:2]) + areas - shared)


def _landmark_errors(truth: pd.Series, points: np.ndarray) -> dict[str, float]:
    """Return the distance of the detector's landmarks (5, 2) from the true ones in interocular distances."""
    true = np.array([[getattr(truth, f"{name}_{axis}") for axis in "xy"] for name in LANDMARKS])
    errors = np.linalg.norm(points - true, axis=1) / np.linalg.norm(true[1] - true[0])
    return dict(zip(LANDMARKS, errors.tolist(), strict=True))


def summary(faces: pd.DataFrame) -> dict[str, object]:
    """Sum up a comparison.

    Parameters
    ----------
    faces : DataFrame
        A row for each true face, as `compare` gives them.

    Returns
    -------
    dict
        Number of faces, share found, and the median distance of the landmarks, of each and of all.
    """
    detected = faces[faces.found]
    medians = {f"median {name}": float(detected[name].median()) for name in LANDMARKS}
    overall = float(np.median(detected[list(LANDMARKS)].to_numpy()))
    return {
        "faces": len(faces),
        "share_found": float(faces.found.mean()),
        "median_landmark": overall,
    } | medians
