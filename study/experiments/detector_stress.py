"""When does a detector lose a face: a picture made darker, blurred, compressed or covered step by step."""

import math
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from dfd import dataset, video
from dfd.boxes import BOX, match
from dfd.detectors import Detector
from dfd.errors import InputError
from dfd.run import Run
from study import isolated, results, truth
from study.appearance import close_up
from study.experiments import detector_accuracy

STRESSES = {
    "darker": ([0.3, 0.1, 0.03], "share of the light left"),
    "blurred": ([0.03, 0.06, 0.12], "standard deviation of the blur, in face widths"),
    "compressed": ([30, 10, 3], "JPEG quality"),
    "covered": ([0.25, 0.5, 0.75], "share of the face covered, from below"),
}
"""What `stressed` does to a picture: amounts from mild to strong, and words for the amount."""

STRESS_VIDEOS = 4


def stress(run: Run, names: tuple[str, ...] = detector_accuracy.COMPARED) -> pd.DataFrame:
    """Damage pictures of faces step by step and see when each detector loses them.

    The sample's films are mild, and what is rare in them cannot be measured by slicing. Here one face each
    of `STRESS_VIDEOS` videos, with some of its surroundings (`study.appearance.MARGIN`), is searched as it
    is and in each way and amount of `STRESSES`, so that nothing else differs.

    Parameters
    ----------
    run : Run
        The run; it must have truth tables.
    names : tuple of str
        The detectors.

    Returns
    -------
    DataFrame
        One row for each detector and picture: detector, video, stress (``"none"`` for the picture as it is),
        amount, found, reason. A detector that cannot be had is there once, with the reason.

    Raises
    ------
    InputError
        If there are no truth tables.
    """
    true_faces = truth.faces(run)
    if true_faces is None:
        raise InputError(truth.folder(run), "no such folder; without truth nobody knows where the faces are")
    faces = detector_accuracy.frames(run).merge(true_faces, on=["video", "frame"]).drop_duplicates("video")
    faces = faces.iloc[video.spread(len(faces), min(STRESS_VIDEOS, len(faces)))]
    faces = faces[["video", "path", "frame", *BOX]]
    inputs = [dataset.hashes(run, faces["path"]), faces.values.tolist(), names]

    def measure() -> pd.DataFrame:
        rows = isolated.all_in_processes(run.jobs, names, _search, run.data, faces)
        columns = ["detector", "video", "stress", "amount", "found", "reason"]
        return pd.DataFrame(rows, columns=columns).astype({"found": "boolean"})

    return results.keep(run, "detector_stress", __name__, inputs, measure)


def stressed(image: np.ndarray, box: np.ndarray, kind: str, amount: float) -> np.ndarray:
    """Damage a picture of a face.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    box : ndarray, shape (4,)
        The face: left, top, right and bottom edge.
    kind : str
        One of `STRESSES`, or ``"none"``.
    amount : float
        How much, in the words of `STRESSES`.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        RGB.

    Raises
    ------
    InputError
        If there is no such kind.
    """
    x0, y0, x1, y1 = np.round(box).astype(int).clip(0)
    match kind:
        case "none":
            return image
        case "darker":
            # Pixel values are about the light to the power of 1 / 2.2.
            return np.round(image * amount ** (1 / 2.2)).astype(np.uint8)
        case "blurred":
            return cv2.GaussianBlur(image, (0, 0), amount * (x1 - x0))
        case "compressed":
            _, stored = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(amount)])
            return np.ascontiguousarray(np.asarray(cv2.imdecode(stored, cv2.IMREAD_COLOR))[..., ::-1])
        case "covered":
            image = image.copy()
            image[round(y1 - amount * (y1 - y0)) : y1, x0:x1] = 128
            return image
    raise InputError(f"stress {kind!r}", f"no such stress; there are {', '.join(STRESSES)}")


def _search(detector: Detector, data: Path, faces: pd.DataFrame) -> Iterator[dict]:
    steps = [("none", math.nan)]
    steps += [(kind, amount) for kind, (amounts, _) in STRESSES.items() for amount in amounts]
    columns = faces["video"], faces["path"], faces["frame"], faces[BOX].to_numpy(float)
    for name, path, frame, box in zip(*columns, strict=True):
        image, inside = close_up(video.read_frame(data / path, frame).image, box)
        for kind, amount in steps:
            detections = detector.detect([stressed(image, inside, kind, amount)])[0]
            places, _ = match(detections.boxes, detections.scores, inside[None])
            facts = {"video": name, "stress": kind, "amount": amount}
            yield facts | {"found": bool((places >= 0).any())}
