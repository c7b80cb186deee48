import cv2
import numpy as np
import pytest

from dfd import faces
from study import alignment


def test_landmarks_come_to_their_places(sample):
    rows = faces.table(sample).head(4)
    marks = alignment.in_crop(sample, rows)
    assert ((marks > 0) & (marks < sample.face_size)).all()
    moved = np.stack(
        [cv2.transform(m[None], t)[0] for m, t in zip(marks, alignment.matrices(marks, 64), strict=True)]
    )
    assert np.abs(moved - 64 * alignment.TEMPLATE).mean() < 4


def test_a_similarity_is_undone_exactly():
    turn, scale = 0.4, 1.7
    rotation = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    marks = (64 * alignment.TEMPLATE) @ rotation.T + [20, -7]
    matrix = alignment.matrices(marks[None], 64)[0]
    np.testing.assert_allclose(cv2.transform(marks[None], matrix)[0], 64 * alignment.TEMPLATE, atol=1e-9)
    assert np.linalg.det(matrix[:, :2]) == pytest.approx(1 / scale**2)


def test_faces_are_cut_out_at_the_wanted_size(sample):
    assert alignment.aligned(sample, faces.table(sample).head(2), 48).shape == (2, 48, 48, 3)


def test_the_mask_is_whole_inside_and_nothing_at_the_border():
    mask = alignment.mask(64)
    assert mask[36, 32] == pytest.approx(1, abs=1e-3) and mask.max() <= 1
    assert max(mask[0].max(), mask[:, 0].max(), mask[-1].max()) < 0.05
