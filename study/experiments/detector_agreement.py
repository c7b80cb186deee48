"""Do two detectors find the same: the two MTCNNs, box by box and landmark by landmark, in the same frames."""

import cv2
import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb

from dfd.boxes import BOX, LANDMARKS, match
from study.appearance import close_up, landmarks
from study.experiments.detector_accuracy import landmark_error

COLUMNS = ["video", "frame", "found_by", "both", "width", "score", "iou", "score_difference", "wider"]
COLUMNS += [*(f"{name}_difference" for name in LANDMARKS), "landmark_difference"]


def agreement(detections: pd.DataFrame, one: str, other: str) -> pd.DataFrame:
    """Compare what two detectors found in the same frames.

    Parameters
    ----------
    detections : DataFrame
        As `detector_accuracy.detections` gives them, of one scale.
    one, other : str
        The detectors; the boxes of `one` play the part of the truth.

    Returns
    -------
    DataFrame
        One row for each face that either found: video, frame, found_by (``"both"`` or the detector), both
        (whether both did), width and score (those of `one` where both found it), iou, score_difference
        (absolute), wider (width of the box of `other`, as a share of that of `one`), the distance of each
        landmark in inter-ocular distances of `one`, such as nose_difference, and their mean
        landmark_difference.
    """
    detections = detections.dropna(subset="score")
    groups = {
        name: dict(list(detections[detections["detector"] == name].groupby(["video", "frame"])))
        for name in (one, other)
    }
    rows = []
    for key in sorted(set(groups[one]) | set(groups[other])):
        first, second = (groups[name].get(key, detections.iloc[:0]) for name in (one, other))
        places, overlaps = match(second[BOX].to_numpy(), second["score"].to_numpy(), first[BOX].to_numpy())
        paired = places >= 0
        left, right = first.iloc[places[paired]], second[paired]
        alone = first.drop(left.index)
        rows += [
            _differences(left, right, overlaps[paired]),
            *(_alone(boxes) for boxes in (alone, second[~paired])),
        ]
    rows = [part for part in rows if len(part)]
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=COLUMNS)
    return table.reindex(columns=COLUMNS).astype({"both": bool, "frame": int})


def close_up_of_boxes(
    image: np.ndarray, boxes: pd.DataFrame, colours: dict[str, str], width: int = 300
) -> np.ndarray:
    """Cut the surroundings of boxes out of a picture, and draw the boxes and their landmarks.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    boxes : DataFrame
        Boxes in this image, as `detector_accuracy.detections` gives them; one at least.
    colours : dict of str to str
        Colour of each detector.
    width : int
        Width of the result in pixels.

    Returns
    -------
    ndarray of uint8, shape (height, `width`, 3)
        RGB.
    """
    edges = np.concatenate([boxes[BOX[:2]].min(), boxes[BOX[2:]].max()])
    picture, inside = close_up(image, edges, 0.1)
    scale = width / picture.shape[1]
    picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    corner = edges[:2] - inside[:2]
    for row, (box, points) in enumerate(zip(boxes[BOX].to_numpy(float), landmarks(boxes), strict=True)):
        colour = [round(255 * part) for part in to_rgb(colours[boxes["detector"].iloc[row]])]
        x0, y0, x1, y1 = np.round(scale * (box - np.tile(corner, 2))).astype(int)
        cv2.rectangle(picture, (x0, y0), (x1, y1), colour, 2)
        for point in scale * (points - corner):
            if np.isfinite(point).all():
                cv2.circle(picture, tuple(np.round(point).astype(int).tolist()), 4, colour, 2)
    return picture


def _differences(left: pd.DataFrame, right: pd.DataFrame, overlaps: np.ndarray) -> pd.DataFrame:
    """Make the rows of `agreement` for boxes that belong together."""
    points, others = landmarks(left), landmarks(right)
    between_eyes = np.linalg.norm(points[:, 0] - points[:, 1], axis=-1)[:, None]
    apart = np.linalg.norm(others - points, axis=-1) / between_eyes
    measures = {
        "iou": overlaps,
        "score_difference": np.abs(left["score"].to_numpy() - right["score"].to_numpy()),
        "wider": (right["x1"] - right["x0"]).to_numpy() / (left["x1"] - left["x0"]).to_numpy(),
        "landmark_difference": landmark_error(others, points),
    }
    by_point = dict(zip((f"{name}_difference" for name in LANDMARKS), apart.T, strict=True))
    return _alone(left).assign(found_by="both", both=True, **measures, **by_point)


def _alone(boxes: pd.DataFrame) -> pd.DataFrame:
    """Make the rows of `agreement` for boxes that only one detector found."""
    kept = boxes[["video", "frame", "score"]]
    return kept.assign(found_by=boxes["detector"], both=False, width=boxes["x1"] - boxes["x0"])
