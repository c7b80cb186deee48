"""The long stages, made before the chapters."""

import json
from dataclasses import replace

import pytest

from dfd import embedding, faces, model, training
from dfd.recipe import Recipe
from study import stages


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
