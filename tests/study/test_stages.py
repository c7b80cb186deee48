"""The long stages, made before the chapters."""

import json
from dataclasses import replace

import pytest

from dfd import embedding, faces, model, status, training
from dfd.recipe import Recipe
from study import own_video, stages


@pytest.mark.slow
def test_all_is_made_that_a_run_can_have(tiny, monkeypatch):
    small = Recipe(size=64, epochs=1, faces=16, batch=8)
    monkeypatch.setattr(training, "own_recipe", lambda run, **changes: replace(small, **changes))
    run = replace(tiny, faces_per_fake=2, faces_per_real=3)
    stages.make(run)
    made = [faces.path(run), training.path(run), model.folder(run.build)]
    made += [embedding.path(run, name) for name in embedding.models(run)]
    assert all(path.exists() for path in made)


@pytest.mark.slow
def test_a_run_that_cannot_train_goes_without_a_classifier(tiny):
    listed = next(tiny.data.glob("*/metadata.json"))
    entries = json.loads(listed.read_text())
    listed.write_text(json.dumps({name: e for name, e in entries.items() if e["label"] == "REAL"}))
    run = replace(tiny, faces_per_fake=2, faces_per_real=1)
    stages.make(run)
    assert embedding.path(run, "backbone").is_file()
    assert not training.path(run).exists()


@pytest.mark.slow
@pytest.mark.parametrize(("split", "calibrated"), [("test", True), ("validation", False)])
def test_a_run_may_lack_a_split(tiny, monkeypatch, capsys, tmp_path, split, calibrated):
    """With a handful of sources a split can come out empty, in a folder that says of none where it is."""
    small = Recipe(size=64, epochs=1, faces=16, batch=8)
    monkeypatch.setattr(training, "own_recipe", lambda run, **changes: replace(small, **changes))
    listed = next(tiny.data.glob("*/metadata.json"))
    entries = json.loads(listed.read_text())
    listed.write_text(json.dumps({name: e for name, e in entries.items() if e["split"] != split}))
    run = replace(tiny, faces_per_fake=2, faces_per_real=3)
    stages.make(run)
    assert training.path(run).exists()
    assert model.folder(run.build).is_dir() == calibrated
    assert ("no model is made: No video of the validation split" in capsys.readouterr().err) != calibrated
    said = next(str(state) for state in status.look(run) if state.name == "model")
    assert ("nothing: no video of the validation split" in said) != calibrated
    page = own_video.answer(run, tmp_path)
    assert page.startswith("This run has no model: No video of the validation") != calibrated
    assert page.startswith("No video of this run's test split") == calibrated


@pytest.fixture
def undivided(tiny):
    """A run whose metadata put all videos in one split, as DFDC's do."""
    file = next(tiny.data.glob("*/metadata.json"))
    entries = json.loads(file.read_text())
    file.write_text(json.dumps({name: entry | {"split": "train"} for name, entry in entries.items()}))
    return tiny


def test_people_are_recognised_before_the_faces_are_made(undivided, tiny, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(stages.identities, "table", asked.append)
    stages._make_people(undivided)
    assert asked == [undivided]
    faces.status_path(undivided).parent.mkdir(parents=True)
    faces.status_path(undivided).touch()
    stages._make_people(undivided)
    assert len(asked) == 1
    assert "divided by source alone: there are faces already" in capsys.readouterr().err


def test_without_an_embedding_of_people_it_is_said(undivided, monkeypatch, capsys):
    monkeypatch.setattr(stages.identities, "model", lambda run: "")
    stages._make_people(undivided)
    assert "divided by source alone: no embedding is at hand" in capsys.readouterr().err


def test_metadata_that_divide_need_no_people(tiny, monkeypatch, capsys):
    monkeypatch.setattr(stages.identities, "table", pytest.fail)
    stages._make_people(tiny)
    assert capsys.readouterr().err == ""
