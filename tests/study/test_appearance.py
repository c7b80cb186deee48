"""Faces as pictures: what is measured in their pixels."""

import numpy as np
import pytest

from dfd.run import Run
from study import appearance
from study import truth as truth_tables
from study.experiments import detector_accuracy as accuracy
from study.experiments import detector_slices as slices
from study.experiments import detector_stress as stress


def test_measured_brightness_and_sharpness_follow_the_picture(
    face: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    image, box, points = face
    plain = appearance.measured(image, box, points)
    darker = appearance.measured(stress.stressed(image, box, "darker", 0.1), box, points)
    softer = appearance.measured(stress.stressed(image, box, "blurred", 0.06), box, points)
    assert darker["brightness"] < plain["brightness"] / 2
    assert softer["sharpness"] < plain["sharpness"]
    assert softer["brightness"] == pytest.approx(plain["brightness"], abs=3)


def test_covered_finds_a_hidden_mouth_and_what_lies_outside(
    face: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    image, box, points = face
    open_face = appearance.measured(image, box, points)["covered"]
    painted = stress.stressed(image, box, "covered", 0.3)
    painted[painted == 128] = 255
    assert appearance.measured(painted, box, points)["covered"] > open_face + 0.1
    half = round((box[0] + box[2]) / 2)
    cut = appearance.measured(image[:, :half], box, points)["covered"]
    assert cut > 0.45
    assert appearance.covered(image, box, points).shape == (
        np.ceil(box[3]) - np.floor(box[1]),
        np.ceil(box[2]) - np.floor(box[0]),
    )


def test_close_up_keeps_the_face(face: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    image, box, _ = face
    picture, inside = appearance.close_up(image, box)
    x0, y0, x1, y1 = np.round(inside).astype(int)
    left, top = np.round(box[:2]).astype(int)
    assert (picture[y0:y1, x0:x1] == image[top : top + y1 - y0, left : left + x1 - x0]).all()
    assert picture.shape[1] < image.shape[1] or picture.shape[0] < image.shape[0]


def test_appearance_has_a_row_for_every_true_face(tiny: Run) -> None:
    frames, truth = accuracy.frames(tiny), truth_tables.faces(tiny)
    looks = appearance.appearance(tiny, frames, truth)
    assert len(looks) == len(frames.merge(truth, on=["video", "frame"]))
    assert looks[["exposure", "brightness", "sharpness", "covered", "crf"]].notna().all(axis=None)
    assert looks["covered"].between(0, 1).all()
    for column, (source, labels) in appearance.THIRDS.items():
        medians = looks.groupby(column, observed=True)[source].median()
        assert medians.index.tolist() == labels
        assert medians.is_monotonic_increasing
    assert set(slices.SLICES) <= set(looks.columns)


def test_portrait_colours_what_is_covered(tiny: Run) -> None:
    looks = appearance.appearance(tiny, accuracy.frames(tiny), truth_tables.faces(tiny))
    most = looks.loc[looks["covered"].idxmax()]
    plain, coloured = (appearance.portrait(tiny, most, coloured) for coloured in (False, True))
    assert plain.shape == coloured.shape == (150, 120, 3)
    changed = (plain != coloured).any(axis=2).mean()
    # The oval has pi / 4 of the box.
    assert changed == pytest.approx(most["covered"] * np.pi / 4, abs=0.05)
