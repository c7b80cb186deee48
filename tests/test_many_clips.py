"""A data folder in which some clips are damaged in every way that comes to mind."""

from dataclasses import replace

import pytest

from benchmarks import thousand_clips
from dfd import faces

EXPECTED = {
    "truncated": "unreadable",
    "empty": "empty",
    "text": "unreadable",
    "audio_only": "no video stream",
    "faceless": "no face",
    "one_pixel": "no face",
    "rotated": "ok",
    "variable_frame_rate": "ok",
}


@pytest.fixture(scope="module")
def outcome(sample, tmp_path_factory):
    folder = tmp_path_factory.mktemp("damaged")
    damages = thousand_clips.damaged_set(sample, folder / "data", 20 * len(EXPECTED))
    run = replace(sample, data=folder / "data", build=folder / "build", faces_per_real=2, jobs=2)
    outcome = faces.status(run)
    return outcome.assign(damage=outcome["video"].map(damages))


def test_every_clip_has_one_status(outcome):
    assert outcome["video"].is_unique
    assert len(outcome) == 20 * len(EXPECTED)
    assert outcome["status"].notna().all()
    assert (outcome["reason"].str.len() > 0).equals(outcome["status"] != "ok")


def test_damaged_clips_get_the_right_status(outcome):
    damaged = outcome.dropna(subset="damage").set_index("damage")["status"]
    assert damaged.to_dict() == EXPECTED


def test_the_others_are_not_touched_by_it(outcome):
    whole = outcome[outcome["damage"].isna()]
    assert whole["status"].isin(["ok", "no face"]).all()
    assert (whole["status"] == "ok").mean() > 0.95
