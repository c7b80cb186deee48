import numpy as np
import pytest

from dfd import augment
from study.experiments import augmentations


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 256, (240, 240, 3), dtype=np.uint8)


def test_augmentation_is_judged_on_the_face_as_it_is_and_on_changed_ones(few):
    table = augmentations.table(few)
    assert set(table["fitted"]) == {"no", "once", "anew"}
    assert table.groupby(["fitted", "face_id"])["draw"].agg(sorted).map(tuple).unique().tolist() == [
        tuple(range(augmentations.DRAWS + 1))
    ]


def test_steps_take_a_transform_apart_and_leave_it_as_it_was(picture):
    whole, untouched = augment.training(240, seed=3), augment.training(240, seed=3)
    steps = augmentations.steps(whole, seed=3)
    assert len(steps) == 10 and set(augmentations.steps(augment.report(240))) < set(steps)
    changed = {name: step(image=picture)["image"] for name, step in steps.items()}
    assert [name for name, result in changed.items() if np.array_equal(result, picture)] == ["PadIfNeeded"]
    again = augmentations.steps(whole, seed=3)
    assert all(np.array_equal(again[name](image=picture)["image"], changed[name]) for name in steps)
    for _ in range(5):
        assert np.array_equal(whole(image=picture)["image"], untouched(image=picture)["image"])
