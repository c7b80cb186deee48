"""Faces as pictures: what is measured in their pixels."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from dfd.run import Run
from study import appearance, damage, searched
from study import truth as truth_tables

PLAN = searched.Plan(videos=3, frames=2, faceless=0, damaged=0, steps=slice(0))


def test_measured_brightness_and_sharpness_follow_the_picture(
    face: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    image, box, points = face
    plain = appearance.measured(image, box, points)
    darker = appearance.measured(damage.damaged(image, box, "darker", 0.1)[0], box, points)
    softer = appearance.measured(damage.damaged(image, box, "blurred", 0.06)[0], box, points)
    assert darker["brightness"] < plain["brightness"] / 2
    assert softer["sharpness"] < plain["sharpness"]
    assert softer["brightness"] == pytest.approx(plain["brightness"], abs=3)


def test_covered_finds_a_hidden_mouth_and_what_lies_outside(
    face: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    image, box, points = face
    open_face = appearance.measured(image, box, points)["covered"]
    painted, _ = damage.damaged(image, box, "covered", 0.3)
    painted[painted == 128] = 255
    assert appearance.measured(painted, box, points)["covered"] > open_face + 0.1
    half = round((box[0] + box[2]) / 2)
    cut = appearance.measured(image[:, :half], box, points)["covered"]
    assert cut > 0.45
    assert appearance.covered(image, box, points).shape == (
        np.ceil(box[3]) - np.floor(box[1]),
        np.ceil(box[2]) - np.floor(box[0]),
    )


def test_landmark_error_counts_in_distances_between_the_eyes() -> None:
    points = np.array([[[0, 0], [4, 0], [2, 2], [0, 4], [4, 4]]], float)
    moved = points + np.array([0, 1])
    moved[0, 2:] += [3, 3]
    assert appearance.landmark_error(moved, points, count=2) == pytest.approx(0.25)
    assert appearance.landmark_error(moved, points) > 0.25


def test_close_up_keeps_the_face(face: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    image, box, _ = face
    picture, inside = appearance.close_up(image, box)
    x0, y0, x1, y1 = np.floor(inside).astype(int)
    left, top = np.floor(box[:2]).astype(int)
    assert (picture[y0:y1, x0:x1] == image[top : top + y1 - y0, left : left + x1 - x0]).all()
    assert picture.shape[1] < image.shape[1] or picture.shape[0] < image.shape[0]


def test_appearance_has_a_row_for_every_true_face(sample: Run) -> None:
    frames, truth = searched.frames(sample, PLAN), truth_tables.faces(sample)
    looks = appearance.appearance(sample, frames, truth)
    assert len(looks) == len(frames.merge(truth, on=["video", "frame"]))
    assert looks[["exposure", "brightness", "sharpness", "covered", "crf"]].notna().all(axis=None)
    assert looks["covered"].between(0, 1).all()
    plt.close(appearance.draw_extremes(sample, frames, truth, count=2))


def test_portrait_colours_what_is_covered(sample: Run) -> None:
    looks = appearance.appearance(sample, searched.frames(sample, PLAN), truth_tables.faces(sample))
    most = looks.loc[looks["covered"].idxmax()]
    plain, coloured = (appearance.portrait(sample, most, coloured) for coloured in (False, True))
    assert plain.shape == coloured.shape == (150, 120, 3)
    changed = (plain != coloured).any(axis=2).mean()
    # The oval has pi / 4 of the box.
    assert changed == pytest.approx(most["covered"] * np.pi / 4, abs=0.05)
