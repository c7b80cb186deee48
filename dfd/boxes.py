"""Bounding boxes: the names of their columns, how much two overlap, and which box found which face."""

import numpy as np
import torch
from torchvision.ops import box_iou

BOX = ["x0", "y0", "x1", "y1"]
"""Columns of a box with its left, top, right and bottom edge in pixels."""

LANDMARKS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
"""The five points of a face, in order; left and right are those of the image, not of the person."""

LANDMARK_COLUMNS = [f"{name}_{axis}" for name in LANDMARKS for axis in "xy"]

SAME_FACE = 0.5
"""Intersection over union from which a box counts as having found a face (Everingham et al., 2010)."""


def iou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Compute the intersection over union of every box with every other.

    Parameters
    ----------
    boxes : ndarray of float, shape (n, 4)
        Left, top, right and bottom edge.
    others : ndarray of float, shape (m, 4)
        The same.

    Returns
    -------
    ndarray of float, shape (n, m)
        0 (apart) to 1 (equal), in the precision of the boxes.

    Examples
    --------
    >>> import numpy as np
    >>> from dfd import boxes
    >>> boxes.iou(np.array([[0.0, 0.0, 2.0, 2.0]]), np.array([[0.0, 0.0, 2.0, 1.0], [5.0, 5.0, 6.0, 6.0]]))
    array([[0.5, 0. ]])
    """
    first, second = (torch.from_numpy(np.array(rows)) for rows in (boxes, others))
    return box_iou(first, second).numpy()


def match(
    boxes: np.ndarray, scores: np.ndarray, truth: np.ndarray, lowest: float = SAME_FACE
) -> tuple[np.ndarray, np.ndarray]:
    """Give each detection in an image the true face that it found.

    The detection with the best score comes first, and takes the free true face that it overlaps most. A
    face can be found only once, so a second box on it is a false positive.

    Parameters
    ----------
    boxes : ndarray, shape (n, 4)
        Detections: left, top, right and bottom edge.
    scores : ndarray, shape (n,)
        Their scores.
    truth : ndarray, shape (m, 4)
        True faces.
    lowest : float
        Intersection over union from which a face counts as found.

    Returns
    -------
    faces : ndarray of int, shape (n,)
        Row of the true face; -1 for a false positive.
    overlaps : ndarray of float, shape (n,)
        Intersection over union with it; of a false positive the largest with any true face, 0 if there is
        none.

    References
    ----------
    M. Everingham et al., The PASCAL Visual Object Classes challenge, IJCV 2010.
    """
    faces, overlaps = np.full(len(boxes), -1), np.zeros(len(boxes))
    if len(boxes) == 0 or len(truth) == 0:
        return faces, overlaps
    overlap = iou(np.asarray(boxes, dtype=float), np.asarray(truth, dtype=float))
    free = np.ones(len(truth), dtype=bool)
    for row in np.argsort(-np.asarray(scores), kind="stable"):
        best = int(np.argmax(np.where(free, overlap[row], -1)))
        if free[best] and overlap[row, best] >= lowest:
            faces[row], overlaps[row], free[best] = best, overlap[row, best], False
        else:
            overlaps[row] = overlap[row].max()
    return faces, overlaps
