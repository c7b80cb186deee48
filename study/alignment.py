"""Aligned faces: turned, scaled and shifted so that eyes, nose and mouth lie at fixed places of a square."""

import cv2
import numpy as np
import pandas as pd

from dfd import faces
from dfd.boxes import BOX, LANDMARK_COLUMNS
from dfd.run import Run

TEMPLATE = np.array([(0.33, 0.38), (0.67, 0.38), (0.5, 0.57), (0.37, 0.76), (0.63, 0.76)])
"""Where the five landmarks lie in an aligned face, as shares of its side."""

CENTRE, HALF_AXES = (0.5, 0.53), (0.36, 0.44)
"""The ellipse of an aligned face within which a swap replaces it, as shares of the side."""


def in_crop(run: Run, rows: pd.DataFrame) -> np.ndarray:
    """Say where the landmarks of faces lie in their crops.

    Parameters
    ----------
    run : Run
        The run, whose margin and crop size count.
    rows : DataFrame
        Of the faces table: boxes and landmarks in pixels of the frame.

    Returns
    -------
    ndarray of float, shape (n, 5, 2)
        x and y in pixels of the crop.
    """
    boxes = rows[BOX].to_numpy(float)
    marks = rows[LANDMARK_COLUMNS].to_numpy(float).reshape(-1, 5, 2)
    sides = (1 + run.margin) * (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    corners = (boxes[:, :2] + boxes[:, 2:] - sides[:, None]) / 2
    return (marks - corners[:, None]) * (run.face_size / sides)[:, None, None]


def matrices(landmarks: np.ndarray, side: int) -> np.ndarray:
    """Fit, for each face, the similarity that brings its landmarks to those of `TEMPLATE`.

    Parameters
    ----------
    landmarks : ndarray of float, shape (n, 5, 2)
        Pixels of the crop.
    side : int
        Of the aligned face in pixels.

    Returns
    -------
    ndarray of float, shape (n, 2, 3)
        Affine matrices from crop to aligned face: rotation, one scale, shift; by least squares.

    References
    ----------
    S. Umeyama, Least-squares estimation of transformation parameters between two point patterns, 1991.
    """
    wanted = side * TEMPLATE
    # Each point gives two equations for a = scale * cos, b = scale * sin and the shift (u, v).
    x, y, ones = landmarks[..., 0], landmarks[..., 1], np.ones(landmarks.shape[:2])
    across = np.stack([x, -y, ones, 0 * ones], axis=-1)
    down = np.stack([y, x, 0 * ones, ones], axis=-1)
    equations = np.concatenate([across, down], axis=1)
    right = np.concatenate([wanted[:, 0], wanted[:, 1]])
    a, b, u, v = (np.linalg.pinv(equations) @ right).T
    return np.stack([np.stack([a, -b, u], axis=-1), np.stack([b, a, v], axis=-1)], axis=1)


def align(crops: np.ndarray, transforms: np.ndarray, side: int) -> np.ndarray:
    """Cut aligned faces out of crops.

    Parameters
    ----------
    crops : ndarray of uint8, shape (n, size, size, 3)
        RGB.
    transforms : ndarray of float, shape (n, 2, 3)
        As `matrices` gives them for this side.
    side : int
        Of the aligned faces in pixels.

    Returns
    -------
    ndarray of uint8, shape (n, side, side, 3)
        RGB.
    """
    return np.stack(
        [
            cv2.warpAffine(crop, matrix, (side, side), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
            for crop, matrix in zip(crops, transforms, strict=True)
        ]
    )


def aligned(run: Run, rows: pd.DataFrame, side: int) -> np.ndarray:
    """Read faces of the faces table and align them.

    Parameters
    ----------
    run : Run
        The run.
    rows : DataFrame
        Of the faces table.
    side : int
        Of the aligned faces in pixels.

    Returns
    -------
    ndarray of uint8, shape (n, side, side, 3)
        RGB.
    """
    crops = faces.images(run, rows["face_id"].to_list())
    return align(crops, matrices(in_crop(run, rows), side), side)


def mask(side: int, soft: float = 0.08) -> np.ndarray:
    """Mark the face in an aligned picture: an ellipse from forehead to chin, with a soft edge.

    Parameters
    ----------
    side : int
        Of the picture in pixels.
    soft : float
        Width of the edge as a share of the side.

    Returns
    -------
    ndarray of float32, shape (side, side)
        1 inside, 0 outside.
    """
    centre = tuple(round(side * share) for share in CENTRE)
    axes = tuple(round(side * (share - soft)) for share in HALF_AXES)
    filled = cv2.ellipse(np.zeros((side, side), np.float32), centre, axes, 0, 0, 360, 1, cv2.FILLED)
    return cv2.GaussianBlur(filled, (0, 0), side * soft / 2)
