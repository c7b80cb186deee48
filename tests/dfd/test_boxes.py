"""Boxes: which of them found which face."""

import numpy as np
import pytest

from dfd import boxes

FACE = np.array([[0, 0, 10, 10]], dtype=float)


def shifted(*distances: float) -> np.ndarray:
    return np.array([[d, 0, 10 + d, 10] for d in distances], dtype=float)


def test_match_finds_a_face_only_once() -> None:
    faces, overlaps = boxes.match(shifted(2, 0), np.array([0.9, 0.8]), FACE)
    # Eight of twelve pixel columns are shared. The better box comes second in score, and too late.
    assert faces.tolist() == [0, -1]
    assert overlaps == pytest.approx([8 / 12, 1])


def test_match_needs_half_of_the_union() -> None:
    assert boxes.match(shifted(3.3), np.ones(1), FACE)[0].tolist() == [0]
    assert boxes.match(shifted(3.4), np.ones(1), FACE)[0].tolist() == [-1]


def test_match_gives_each_box_its_own_face() -> None:
    truth = shifted(0, 20)
    faces, _ = boxes.match(shifted(21, 1, 50), np.array([0.1, 0.2, 0.9]), truth)
    assert faces.tolist() == [1, 0, -1]


def test_match_without_boxes_or_faces() -> None:
    none = np.empty((0, 4))
    assert boxes.match(none, np.empty(0), FACE)[0].tolist() == []
    assert boxes.match(FACE, np.ones(1), none)[0].tolist() == [-1]
