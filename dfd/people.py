"""Which faces of a video are one person's: boxes followed from frame to frame, and joined over gaps."""

import numpy as np
from scipy.optimize import linear_sum_assignment

FARTHEST = 1.5
"""Distance that a face may move between two frames that are looked at, in sides of its box."""

LARGEST_CHANGE = 2.0
"""How many times as large or small it may become."""


def numbers(boxes: list[np.ndarray]) -> list[np.ndarray]:
    """Give each face of a video the number of a person.

    In each frame every face is given the person whose last box is nearest; a person who was not seen for
    some frames is still where they were last. Who has no person near is a new one. Nobody is recognised: a
    person who leaves and comes back elsewhere counts as two.

    Parameters
    ----------
    boxes : list of ndarray of float, shape (n, 4)
        Of each frame, in the order of display: left, top, right and bottom edges in pixels.

    Returns
    -------
    list of ndarray of int, shape (n,)
        The person of each box, from 0.

    Examples
    --------
    >>> import numpy as np
    >>> from dfd import people
    >>> left, right = [0.0, 0.0, 10.0, 10.0], [80.0, 0.0, 90.0, 10.0]
    >>> [row.tolist() for row in people.numbers([np.array([left, right]), np.array([right])])]
    [[0, 1], [1]]
    """
    last = np.empty((0, 4))
    numbered = []
    for row in boxes:
        own = np.full(len(row), -1)
        costs = _distances(last, row)
        for person, face in zip(*linear_sum_assignment(costs), strict=True):
            if costs[person, face] <= 1:
                own[face] = person
        new = np.flatnonzero(own < 0)
        own[new] = len(last) + np.arange(len(new))
        last = np.vstack([last, row[new]])
        last[own] = row
        numbered.append(own)
    return numbered


def _distances(last: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Movement and change of size as shares of what is allowed, shape (people, boxes); above 1 too far."""
    middles, others = ((rows[:, :2] + rows[:, 2:]) / 2 for rows in (last, boxes))
    sides, other_sides = ((rows[:, 2:] - rows[:, :2]).max(axis=1).clip(1) for rows in (last, boxes))
    ratios = other_sides[None] / sides[:, None]
    moved = np.linalg.norm(others[None] - middles[:, None], axis=2)
    moved = moved / np.maximum(sides[:, None], other_sides[None]) / FARTHEST
    return np.maximum(moved, np.abs(np.log(ratios)) / np.log(LARGEST_CHANGE))
