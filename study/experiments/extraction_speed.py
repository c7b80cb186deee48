"""How much faster than the report's loop faces are found in a clip of your own, and whether all are found.

What the book says of the extractor comes from `detection_pipelines` and `extraction_accuracy`.
"""

import json
import tempfile
import time
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch

from dfd import detectors, faces, search, video
from dfd.boxes import BOX, SAME_FACE, iou
from dfd.detectors import Detections
from dfd.errors import InputError
from dfd.run import Run
from study import clips, results, truth

PACKAGES = ("torch", "facenet-pytorch", "av", "opencv-python-headless")

SHORT_CLIP = "benchmark_1080x1920.mp4"
"""The benchmark clip of the sample that is played forth and back."""

FRAMES, STEP = 300, 10
"""Frames of the clip, and the distance between two that are searched."""

KEY_EVERY = 250
"""Distance between two key frames of the clip, as in DFDC."""

LOWEST_SCORE = 0.95
"""Score from which a detection of the report's loop counts."""

SMALLEST_SIDE = 0.05
"""Side from which a face counts, as a share of the frame's long side."""

REPEATS = 3

FacesOfFrames = dict[int, Detections]
"""Faces of each frame that was searched, by the frame's place in the clip."""


def report_loop(clip: Path, margin: float, size: int) -> FacesOfFrames:
    """Extract faces as the report does: read every frame, and give every tenth whole to a default MTCNN.

    Parameters
    ----------
    clip : Path
        A video of `FRAMES` frames.
    margin : float
        Share of a face's side added for its crop.
    size : int
        Side of the crops in pixels.

    Returns
    -------
    dict of int to Detections
        Faces of each frame searched.

    References
    ----------
    Report, sections 2.2.1 and 3.2.2.3.
    """
    capture, faces_of_frames = cv2.VideoCapture(str(clip)), {}
    for index in range(FRAMES):
        _, image = capture.read()
        image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        if index % STEP == 0:
            faces_of_frames[index] = _default_detector().detect([image])[0]
            for box in faces_of_frames[index].boxes:
                faces.crop(image, box, margin, size)
    capture.release()
    return faces_of_frames


def extractor(clip: Path, margin: float, size: int) -> FacesOfFrames:
    """Extract faces as `dfd.faces` does.

    Parameters
    ----------
    clip : Path
        A video of `FRAMES` frames.
    margin : float
        Share of a face's side added for its crop.
    size : int
        Side of the crops in pixels.

    Returns
    -------
    dict of int to Detections
        Faces of each frame searched, as `report_loop` gives them.
    """
    faces_of_frames = {}
    for frame, detections in search.find(video.every(clip, STEP)):
        faces_of_frames[frame.index] = detections
        for box in detections.boxes:
            faces.crop(frame.image, box, margin, size)
    return faces_of_frames


WAYS = {"loop": report_loop, "extractor": extractor}
"""The two ways that are compared."""


def compare(reference: FacesOfFrames, ours: FacesOfFrames, long_side: int) -> dict[str, float]:
    """Look for the faces of one way among those of the other.

    Parameters
    ----------
    reference, ours : dict of int to Detections
        Faces of each frame.
    long_side : int
        Of the frames, in pixels; faces with sides below `SMALLEST_SIDE` of it do not count.

    Returns
    -------
    dict of str to float
        faces (of the reference that count), found (share of them that `ours` has with an IoU of
        `dfd.boxes.SAME_FACE`) and landmarks (median of the distance in interocular distances over faces and
        landmarks).
    """
    matches, distances = [], []
    for index, detections in reference.items():
        theirs, mine = _sure(detections, SMALLEST_SIDE * long_side), ours[index]
        overlaps = _overlaps(theirs.boxes, mine.boxes)
        matched = _matched(overlaps)
        matches += list(matched)
        for face in np.flatnonzero(matched):
            apart = np.linalg.norm(theirs.landmarks[face] - mine.landmarks[overlaps[face].argmax()], axis=1)
            scale = np.linalg.norm(theirs.landmarks[face, 1] - theirs.landmarks[face, 0])
            distances += list(apart / scale)
    return {
        "faces": len(matches),
        "found": float(np.mean(matches)),
        "landmarks": float(np.median(distances)),
    }


def false_positives(
    detected: FacesOfFrames,
    true_boxes: dict[int, np.ndarray],
    long_side: int,
    lowest_score: float = LOWEST_SCORE,
) -> int:
    """Count faces where there is none.

    Parameters
    ----------
    detected : dict of int to Detections
        Faces of each frame.
    true_boxes : dict of int to ndarray, shape (n, 4)
        Boxes of the true faces of each frame.
    long_side : int
        Of the frames, in pixels; faces with sides below `SMALLEST_SIDE` of it do not count.
    lowest_score : float
        Score from which a detection counts.

    Returns
    -------
    int
    """
    counts = []
    for index, detections in detected.items():
        sure = _sure(detections, SMALLEST_SIDE * long_side, lowest_score)
        counts.append((~_matched(_overlaps(sure.boxes, true_boxes[index]))).sum())
    return int(sum(counts))


def measure(run: Run, clip: str | Path | None = None) -> dict:
    """Time both ways in turn, compare what they find, and store and print the result.

    Parameters
    ----------
    run : Run
        The sample, whose largest benchmark clip is played forth and back until it is long enough. With a
        clip of your own only the run's margin and face size count.
    clip : str or Path, optional
        A video of `FRAMES` frames, to be used instead.

    Returns
    -------
    dict
        As stored under ``"extraction_speed"``, and of a given clip under ``"extraction_speed_given_clip"``:
        clip, seconds (of each way and repeat), speedup (median of the ratios), what `compare` and
        `false_positives` say.

    Raises
    ------
    InputError
        If a clip cannot be read, the given one has not `FRAMES` frames, or none is given and the run has no
        truth tables.
    """
    with tempfile.TemporaryDirectory() as scratch:
        if clip:
            path, places = _of_right_length(Path(clip)), []
        else:
            path = Path(scratch) / "long.mp4"
            places = _long_clip(run.data / "benchmark" / SHORT_CLIP, path)
        detected, seconds = _timed(run, path)
        height, width = video.read_frame(path, 0).image.shape[:2]
    loop, ours = detected["loop"], detected["extractor"]
    if clip:
        # Nobody knows the truth, so what the other way does not see counts as false.
        truths = {"extractor": _boxes(loop), "loop": _boxes(ours)}
    else:
        truths = dict.fromkeys(("extractor", "loop"), _true_boxes(run, places))
    # The extractor decides by itself what is a face, whatever its score.
    lowest = {"loop": LOWEST_SCORE, "extractor": 0.0}
    false = {
        name: false_positives(detected[name], boxes, max(height, width), lowest[name])
        for name, boxes in truths.items()
    }
    ratios = [slow / fast for slow, fast in zip(seconds["loop"], seconds["extractor"], strict=True)]
    result = results.store(
        "extraction_speed_given_clip" if clip else "extraction_speed",
        f"faces of every {STEP}th of {FRAMES} frames: the report's loop against dfd.search",
        PACKAGES,
        clip=f"{'given' if clip else SHORT_CLIP + ', forth and back'}, {width}x{height}",
        seconds={name: [round(elapsed, 3) for elapsed in times] for name, times in seconds.items()},
        speedup=float(np.median(ratios)),
        **compare(loop, ours, max(height, width)),
        false_positives=false,
    )
    print(json.dumps(result, indent=1))
    print(
        f"speedup {result['speedup']:.1f}x, faces found {result['found']:.1%}, "
        f"false positives {false['extractor']} vs {false['loop']}"
    )
    return result


def _timed(run: Run, path: Path) -> tuple[dict[str, FacesOfFrames], dict[str, list[float]]]:
    """Let each way find the faces of a clip several times; gives the faces and the seconds."""
    detected: dict[str, FacesOfFrames] = {}
    seconds: dict[str, list[float]] = {name: [] for name in WAYS}
    for repeat in range(REPEATS + 1):
        for name, way in WAYS.items():
            started = time.perf_counter()
            detected[name] = way(path, run.margin, run.face_size)
            # The first round loads libraries and fills caches.
            if repeat:
                seconds[name].append(time.perf_counter() - started)
    return detected, seconds


@lru_cache(maxsize=1)
def _default_detector() -> detectors.Detector:
    return detectors.make("facenet-pytorch", device="cuda" if torch.cuda.is_available() else "cpu")


def _sure(detections: Detections, smallest_side: float = 0, lowest_score: float = LOWEST_SCORE) -> Detections:
    sides = (detections.boxes[:, 2:] - detections.boxes[:, :2]).max(axis=1, initial=0)
    kept = (detections.scores >= lowest_score) & (sides >= smallest_side)
    return Detections(detections.boxes[kept], detections.scores[kept], detections.landmarks[kept])


def _overlaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    # Detectors give boxes of single precision, the truth has double.
    return iou(boxes.astype(float), others.astype(float))


def _matched(overlaps: np.ndarray) -> np.ndarray:
    return overlaps.max(axis=1, initial=0) >= SAME_FACE


def _boxes(detected: FacesOfFrames) -> dict[int, np.ndarray]:
    return {index: detections.boxes for index, detections in detected.items()}


def _true_faces(run: Run) -> pd.DataFrame:
    true_faces = truth.frames(run)
    if true_faces is None:
        raise InputError(truth.folder(run), "no truth tables there; give a clip, or take the sample")
    return true_faces


def _true_boxes(run: Run, places: list[int]) -> dict[int, np.ndarray]:
    true_faces = _true_faces(run)
    of_clip = true_faces[true_faces["video"] == SHORT_CLIP]
    return {
        index: of_clip.loc[of_clip["frame"] == places[index], BOX].to_numpy()
        for index in range(0, FRAMES, STEP)
    }


def _of_right_length(clip: Path) -> Path:
    frames = len(clips.structure(clip))
    if frames != FRAMES:
        raise InputError(clip, f"has {frames} frames; the comparison is made for {FRAMES}")
    return clip


def _long_clip(short: Path, path: Path) -> list[int]:
    """Write a clip of `FRAMES` frames; gives the place in the short clip that each comes from."""
    clips.lengthened(short, path, FRAMES, KEY_EVERY)
    length = len(clips.structure(short))
    forth_and_back = [*range(length), *range(length - 2, 0, -1)]
    return [forth_and_back[index % len(forth_and_back)] for index in range(FRAMES)]
