"""The hard faces: what the plan promises, what the stills show, and that a part is made again."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from synth import faceless, hard, hard_plan, occluders, still
from synth.hard_plan import Face, Still

DATA = Path(__file__).parents[2] / "data" / "hard_faces"
EQUAL = 38.0
"""Peak signal-to-noise ratio (dB) from which two pictures count as the same."""


@pytest.fixture(scope="module")
def planned():
    return hard.plan()


@pytest.fixture(scope="module")
def truth():
    return {name: pd.read_parquet(DATA / "truth" / f"{name}.parquet") for name in ("stills", "faces")}


def drawn(cast, **changes):
    """A still of one face, drawn."""
    face = Face(actor=0, width=90, x=180, y=120, yaw=0, pitch=0)
    own = {name: changes.pop(name) for name in list(changes) if hasattr(face, name)}
    made = Still("test", (360, 280), 5, (replace(face, **own),), **changes)
    return still.draw(cast, made)


def test_enough_of_everything_is_planned(planned):
    _, stills = planned
    faces = [(made, face) for made in stills for face in made.faces]
    assert len(faces) >= 2000 and len({face.actor for _, face in faces}) >= 60
    widths = np.histogram([face.width for _, face in faces], hard_plan.WIDTHS)[0]
    assert widths.min() >= hard_plan.OF_EACH_WIDTH
    yaws = np.histogram([abs(face.yaw) for _, face in faces], range(0, 91, 15))[0]
    assert yaws.min() >= 60
    kinds = Counter(face.occlusion for _, face in faces)
    assert all(kinds[kind] >= 40 for kind in (*occluders.KINDS, hard_plan.BEHIND))
    assert max(len(made.faces) for made in stills) == 12
    assert all(sum(made.thing == thing for made in stills) >= 16 for thing in faceless.KINDS)


def test_darkness_is_crossed_with_skin_tone(planned):
    cast, stills = planned
    dark = Counter(
        (made.grey, tone)
        for made in stills
        if made.light == "dark"
        for face in made.faces
        for tone, (first, last) in hard_plan.TONES.items()
        if first <= cast[face.actor].monk <= last
    )
    assert len(dark) == 4 * 3 and set(dark.values()) == {20}


def test_a_face_is_as_wide_as_planned_and_where_it_is_planned(planned):
    image, (seen,) = drawn(planned[0])
    assert image.shape == (280, 360, 3)
    assert seen.box[2] - seen.box[0] == pytest.approx(90, rel=0.2)
    middle = seen.box.reshape(2, 2).mean(0)
    assert np.abs(middle - [180, 120]).max() < 15
    assert seen.covered < 0.1


def test_a_profile_reaches_to_the_tip_of_the_nose(planned):
    _, (seen,) = drawn(planned[0], yaw=80.0)
    assert seen.box[0] - 1 <= seen.landmarks[2, 0] <= seen.box[2] + 1


@pytest.mark.parametrize("kind", occluders.KINDS)
def test_what_is_before_a_face_hides_a_part_of_it(planned, kind):
    free, _ = drawn(planned[0])
    image, (seen,) = drawn(planned[0], occlusion=kind)
    assert 0.05 < seen.covered < 0.95
    assert (image != free).any()


def test_a_turned_camera_turns_the_eyes(planned):
    _, (seen,) = drawn(planned[0], roll=60.0)
    across = seen.landmarks[1] - seen.landmarks[0]
    assert np.degrees(np.arctan2(-across[1], across[0])) == pytest.approx(60, abs=8)


def test_a_dark_still_is_as_dark_as_planned(planned):
    image, (seen,) = drawn(planned[0], light="dark", grey=28.0)
    assert image.mean() == pytest.approx(28, abs=3) and seen.grey < 120


def test_two_draws_are_the_same(planned):
    assert np.array_equal(drawn(planned[0])[0], drawn(planned[0])[0])


def test_the_committed_stills_are_small_and_as_planned(planned, truth):
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) < 10e6
    assert len(truth["stills"]) == len(planned[1])
    assert truth["faces"]["counts"].sum() >= 2000
    assert {path.name for path in (DATA / "images").iterdir()} == set(truth["stills"]["image"])


def test_some_stills_made_anew_are_those_that_are_committed(planned):
    cast, stills = planned
    for place in np.linspace(0, len(stills) - 1, 4).astype(int):
        image, _ = still.draw(cast, stills[place])
        anew = cv2.imdecode(np.frombuffer(hard.encoded(image), np.uint8), cv2.IMREAD_COLOR)
        committed = cv2.imread(str(DATA / "images" / hard.name(place)))
        error = np.mean((anew.astype(float) - committed) ** 2)
        assert error == 0 or 10 * np.log10(255**2 / error) >= EQUAL, hard.name(place)
