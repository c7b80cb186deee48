"""A data folder in which some clips are damaged in every way that comes to mind."""

import json
from dataclasses import replace

import pytest

from dfd import faces
from study import results
from study.experiments import damaged_clips

pytestmark = pytest.mark.slow

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
EVERY = 6
"""Of so many clips one is damaged."""


@pytest.fixture(scope="module")
def outcome(sample, tmp_path_factory):
    folder = tmp_path_factory.mktemp("damaged")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(damaged_clips, "DAMAGED_SHARE", 1 / EVERY)
        damages = damaged_clips.damaged_set(sample, folder / "data", EVERY * len(EXPECTED))
    run = replace(sample, data=folder / "data", build=folder / "build", faces_per_real=2, jobs=2)
    outcome = faces.status(run)
    return outcome.assign(damage=outcome["video"].map(damages))


def test_every_clip_has_one_status(outcome):
    assert outcome["video"].is_unique
    assert len(outcome) == EVERY * len(EXPECTED)
    assert outcome["status"].notna().all()
    assert (outcome["reason"].str.len() > 0).equals(outcome["status"] != "ok")


def test_damaged_clips_get_the_right_status(outcome):
    damaged = outcome.dropna(subset="damage").set_index("damage")["status"]
    assert damaged.to_dict() == EXPECTED


def test_the_others_are_not_touched_by_it(outcome):
    whole = outcome[outcome["damage"].isna()]
    assert whole["status"].isin(["ok", "no face"]).all()
    assert (whole["status"] == "ok").mean() > 0.95


def test_what_became_of_the_clips_is_stored_with_the_memory(few, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    monkeypatch.setattr(damaged_clips, "PAUSE", 0.05)
    result = damaged_clips.measure(few, count=20)
    assert result == results.read("damaged_clips") == json.loads(capsys.readouterr().out)
    assert (result["clips"], result["damaged"], result["clips_with_one_status"]) == (20, 1, 20)
    assert result["statuses"] == {
        "none": {"ok": 19, "unreadable": 0},
        "truncated": {"ok": 0, "unreadable": 1},
    }
    assert 0 < result["megabytes"]["at_half"] <= result["megabytes"]["most"]
    assert len(result["megabytes"]["every_tenth"]) == 11
    assert not list(few.build.glob("tmp*"))
