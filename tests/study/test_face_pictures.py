import numpy as np
import pytest

from dfd import augment
from study import clips, face_pictures


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 256, (240, 240, 3), dtype=np.uint8)


def test_the_example_is_a_real_face_with_room_around_it(few):
    image, box = face_pictures.example(few)
    assert image.ndim == 3 and image.dtype == np.uint8
    rows = face_pictures.squares(few)
    row = rows[np.isclose(rows["x0"], box[0]) & np.isclose(rows["y0"], box[1])].iloc[0]
    assert row["label"] == "REAL"
    height, width = image.shape[:2]
    left, top, right, bottom = box
    side = max(right - left, bottom - top)
    middle = (left + right) / 2, (top + bottom) / 2
    reach = min(middle[0], middle[1], width - middle[0], height - middle[1])
    assert row["side"] == pytest.approx(side) and row["room"] == pytest.approx(2 * reach / side)


def test_figures_of_frames_have_a_picture_for_each(few):
    sampled = face_pictures.sampled(few)
    titles = [ax.get_title() for ax in sampled.axes if ax.images]
    assert titles[0].startswith("FAKE") and titles[-1].startswith("REAL")
    detections = face_pictures.detections(few)
    assert all(ax.images for ax in detections.axes)
    assert face_pictures.sides(few).axes


def test_storage_marks_every_tenth_frame(few):
    figure = face_pictures.storage(clips.structure(face_pictures.example_clip(few)))
    marks = figure.axes[0].lines[0].get_xdata()
    assert list(marks) == list(range(0, 48, 10))


def test_steps_take_a_transform_apart_and_leave_it_as_it_was(picture):
    whole, untouched = augment.training(240, seed=3), augment.training(240, seed=3)
    steps = face_pictures.steps(whole, seed=3)
    assert len(steps) == 10 and set(face_pictures.steps(augment.report(240))) < set(steps)
    changed = {name: step(image=picture)["image"] for name, step in steps.items()}
    assert [name for name, result in changed.items() if np.array_equal(result, picture)] == ["PadIfNeeded"]
    again = face_pictures.steps(whole, seed=3)
    assert all(np.array_equal(again[name](image=picture)["image"], changed[name]) for name in steps)
    for _ in range(5):
        assert np.array_equal(whole(image=picture)["image"], untouched(image=picture)["image"])
