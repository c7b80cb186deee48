"""What a detector gives: bounding boxes, scores and landmarks of an image, in one convention."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np


@dataclass(frozen=True)
class Detections:
    """The faces found in one image, best score first.

    Attributes
    ----------
    boxes : ndarray of float32, shape (n, 4)
        Left, top, right and bottom edge (x0, y0, x1, y1) in pixels of the image; a box may reach beyond it.
    scores : ndarray of float32, shape (n,)
        How sure the detector is. The MTCNNs give a probability; dlib and OpenCV a number without a fixed
        range, comparable only within that detector.
    landmarks : ndarray of float32, shape (n, 5, 2)
        x and y in pixels of the points in `dfd.boxes.LANDMARKS`, where left and right are those of the image,
        not of the person. NaN where the detector gives none.
    """

    boxes: np.ndarray
    scores: np.ndarray
    landmarks: np.ndarray

    def __len__(self) -> int:
        return len(self.boxes)


def in_order(boxes: Any, scores: Any, landmarks: Any = None) -> Detections:
    """Put what a package gives into one convention, best score first.

    Parameters
    ----------
    boxes : array_like, shape (n, 4)
        Left, top, right and bottom edge in pixels.
    scores : array_like, shape (n,)
        Their scores.
    landmarks : array_like, shape (n, 5, 2), optional
        Their landmarks; NaN by default.

    Returns
    -------
    Detections
    """
    scores = np.asarray(scores, dtype=np.float32).reshape(-1)
    landmarks = np.full((len(scores), 5, 2), np.nan) if landmarks is None else landmarks
    order = np.argsort(-scores, kind="stable")
    return Detections(
        np.asarray(boxes, dtype=np.float32).reshape(-1, 4)[order],
        scores[order],
        np.asarray(landmarks, dtype=np.float32).reshape(-1, 5, 2)[order],
    )


def nothing() -> Detections:
    """Give what a detector gives of an image without a face.

    Returns
    -------
    Detections
        Of length 0.
    """
    return in_order([], [])


def checked(image: np.ndarray) -> np.ndarray:
    """Refuse what is no RGB image.

    Parameters
    ----------
    image : ndarray
        What a detector was given.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        The same.

    Raises
    ------
    ValueError
        If it has another shape or type.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(f"an image must be uint8 (height, width, 3), not {image.dtype} {image.shape}")
    return image


def resized(
    image: np.ndarray, min_face_size: float | None, package_size: float
) -> tuple[np.ndarray, np.ndarray]:
    """Resize an image so that the smallest face wanted is as large as the smallest that a package finds.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    min_face_size : float or None
        Side of the smallest face wanted, in pixels of the image; ``None`` leaves the image as it is.
    package_size : float
        Side of the smallest face that the package finds.

    Returns
    -------
    image : ndarray of uint8, shape (height, width, 3)
        The resized image.
    back : ndarray of float, shape (2,)
        Factors by which x and y in it are multiplied to be those of the image given.
    """
    if min_face_size is None:
        return np.ascontiguousarray(image), np.ones(2)
    scale = package_size / min_face_size
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    smaller = cv2.resize(image, (width, height), interpolation=interpolation)
    return smaller, np.array([image.shape[1] / width, image.shape[0] / height])
