"""Find faces in the frames of a video: search a whole frame now and then, and follow the faces in between."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import islice

import cv2
import numpy as np
import torch

from dfd import boxes, detectors
from dfd.detectors import Detections
from dfd.video import Frame

VERSION = 1
"""Raised when the code of this module delivers other faces than before."""

DETECTOR = "facenet-pytorch"

SHORT_SIDE = 360
"""Side in pixels to which the short side of a frame is shrunk before it is searched."""

SMALLEST_FACE = 1 / 12
"""Side of the smallest face looked for, as a share of the frame's short side."""

LOWEST_SCORE = 0.9
"""Score from which a detection is kept as a face."""

SEARCH_EVERY = 5
"""Frames from one search of the whole frame to the next, so that newcomers are seen."""

LONGEST_STEP = 0.5
"""Seconds from one frame to the next after which a face may be anywhere."""

SURROUNDINGS = 2.0
"""Side of the square in which a followed face is looked for, in sides of the face."""

FOLLOWED_SIDE = 80
"""Side in pixels to which a followed face is shrunk; the last network looks at 48."""

SMALLEST_CHANGE = 0.6
"""Share of its last side that a followed face has at least."""

SURE = 0.99
"""Score below which a followed face is not believed, and the frame searched whole."""

SAME_FACE = 0.3
"""Intersection over union above which two followed boxes are taken for the same face."""

READ_AHEAD = 8
GPU_BATCH = 16


def find(frames: Iterable[Frame]) -> Iterator[tuple[Frame, Detections]]:
    """Find the faces in frames of one video.

    On a CPU a frame is searched whole, reduced in size, only once in `SEARCH_EVERY` frames. In between the
    same detector looks only around the faces of the frame before; where it is not sure to have each of them
    again, the frame is searched whole after all. On a GPU every frame is searched, in batches, since small
    images cost as much there as large ones. Meanwhile another thread decodes the next frames, unless this
    process has only one core to itself, as Dask's workers have: then that thread would be in the way.

    Parameters
    ----------
    frames : iterable of Frame
        Frames of one video, in the order of display.

    Yields
    ------
    Frame
        Each frame, in the same order.
    Detections
        Its faces with a score of `LOWEST_SCORE` or more, from left to right, in pixels of the frame.

    Examples
    --------
    >>> import dfd.run
    >>> from dfd import tracking, video
    >>> clip = dfd.run.load("sample").data / "benchmark" / "benchmark_540x960.mp4"
    >>> [len(faces) for frame, faces in tracking.find(video.sample_frames(clip, 3))]
    [1, 1, 1]
    """
    on_gpu = torch.cuda.is_available()
    read = _ahead(iter(frames)) if on_gpu or torch.get_num_threads() > 1 else iter(frames)
    return _search_in_batches(read) if on_gpu else _follow(read)


def search(images: list[np.ndarray]) -> list[Detections]:
    """Find the faces worth keeping in whole frames.

    Frames are scaled down to a short side of `SHORT_SIDE`, and no face smaller than `SMALLEST_FACE` of that
    side is looked for, which costs no face in footage of people close to the camera and saves most of the
    time.

    Parameters
    ----------
    images : list of ndarray of uint8, shape (height, width, 3)
        RGB, all of the same size.

    Returns
    -------
    list of Detections
        Faces with a score of `LOWEST_SCORE` or more, from left to right, in pixels of the images.
    """
    short_side = min(images[0].shape[:2])
    scale = min(1.0, SHORT_SIDE / short_side)
    smallest = short_side * scale * SMALLEST_FACE
    return [
        _in_order(faces.boxes / scale, faces.scores, faces.landmarks / scale)
        for faces in _detect([_shrunk(image, scale) for image in images], smallest)
    ]


def _search_in_batches(frames: Iterator[Frame]) -> Iterator[tuple[Frame, Detections]]:
    while batch := list(islice(frames, GPU_BATCH)):
        yield from zip(batch, search([frame.image for frame in batch]), strict=True)


def _follow(frames: Iterator[Frame]) -> Iterator[tuple[Frame, Detections]]:
    last_time, last, followed = 0.0, None, 0
    for frame in frames:
        faces = None
        if last and followed < SEARCH_EVERY and frame.time - last_time <= LONGEST_STEP:
            faces = _find_again(frame.image, last)
        followed = 1 if faces is None else followed + 1
        last_time, last = frame.time, search([frame.image])[0] if faces is None else faces
        yield frame, last


def _find_again(image: np.ndarray, last: Detections) -> Detections | None:
    """Find all of the faces of the frame before once more, or None."""
    parts = [_around(image, box) for box in last.boxes]
    if not all(len(part) for part in parts):
        return None
    edges, scores, landmarks = (
        np.stack([getattr(part, name)[0] for part in parts]) for name in ("boxes", "scores", "landmarks")
    )
    overlaps = boxes.iou(edges, edges)
    if scores.min() < SURE or (overlaps - np.eye(len(edges))).max() > SAME_FACE:
        return None
    return _in_order(edges, scores, landmarks)


def _around(image: np.ndarray, box: np.ndarray) -> Detections:
    """Look for one face in the surroundings of where it was."""
    side = max(box[2:] - box[:2])
    middle = (box[:2] + box[2:]) / 2
    left, top = np.maximum(middle - side * SURROUNDINGS / 2, 0).astype(int)
    right, bottom = (middle + side * SURROUNDINGS / 2).astype(int)
    scale = min(1.0, FOLLOWED_SIDE / side)
    part = _shrunk(image[top : max(bottom, top + 1), left : max(right, left + 1)], scale)
    faces = _detect([part], side * scale * SMALLEST_CHANGE)[0]
    corner = np.array([left, top], np.float32)
    edges = faces.boxes / scale + np.tile(corner, 2)
    # Of several faces in the square, the followed one is that which overlaps most with where it was.
    nearest = np.argsort(-boxes.iou(edges, box[None])[:, 0])[:1]
    return Detections(edges[nearest], faces.scores[nearest], faces.landmarks[nearest] / scale + corner)


def _detect(images: list[np.ndarray], min_face_size: float) -> list[Detections]:
    detector = _detector()
    detector.min_face_size = min_face_size
    # The images are too small to be worth sharing out; the other cores decode meanwhile.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        # GPUs round the inputs of convolutions to TF32 unless told not to, which has no more digits than half
        # precision; the boxes should not depend on the machine.
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            return detector.detect(images)
    finally:
        torch.set_num_threads(threads)


@lru_cache(maxsize=1)
def _detector() -> detectors.FacenetPytorch:
    if torch.cuda.is_available():
        return detectors.FacenetPytorch(f"{DETECTOR}-batched", "cuda", None, GPU_BATCH)
    detector = detectors.FacenetPytorch(DETECTOR, "cpu", None, batch_size=1)
    # With the channels of a pixel side by side, pooling takes much less time on a CPU.
    detector.model.to(memory_format=torch.channels_last)
    return detector


def _shrunk(image: np.ndarray, scale: float) -> np.ndarray:
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image


def _in_order(edges: np.ndarray, scores: np.ndarray, landmarks: np.ndarray) -> Detections:
    kept = np.flatnonzero(scores >= LOWEST_SCORE)
    kept = kept[np.argsort(edges[kept, 0])]
    return Detections(edges[kept], scores[kept], landmarks[kept])


def _ahead(frames: Iterator[Frame]) -> Iterator[Frame]:
    with ThreadPoolExecutor(1) as reader:
        waiting = deque(reader.submit(next, frames, None) for _ in range(READ_AHEAD))
        while (frame := waiting.popleft().result()) is not None:
            waiting.append(reader.submit(next, frames, None))
            yield frame
