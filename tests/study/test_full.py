"""All experiments at full depth: what is stored and fits is left alone."""

from types import SimpleNamespace

import pandas as pd
import pytest

from study import evidence, full, measuring, statistics


@pytest.fixture
def experiment(monkeypatch, tmp_path):
    calls = []

    def collect(run, depth):
        calls.append(depth)
        return pd.DataFrame({"unit": range(5), "value": range(5)})

    module = SimpleNamespace(
        __name__="study.experiments.made_up",
        UNIT="repeats",
        collect=collect,
        estimate=lambda table: {"mean": statistics.mean(table["value"])},
        calls=calls,
    )
    monkeypatch.setattr(evidence, "FOLDER", tmp_path / "results")
    monkeypatch.setattr(measuring, "fingerprint", lambda run, e, depth: depth)
    monkeypatch.setattr(measuring, "estimator", lambda e: "")
    monkeypatch.setattr(full, "_module", lambda name: module)
    return module


def test_an_experiment_is_measured_once_at_full_depth(tiny, experiment):
    assert full.store(tiny, "made_up") == "measured"
    assert full.store(tiny, "made_up") == "stored before"
    assert experiment.calls == ["full"]
    assert evidence.read_stored(tiny, experiment)[0] is not None


def test_what_a_run_cannot_have_is_said_and_not_stored(tiny, experiment):
    experiment.obstacle = lambda run: "There is nobody in these videos."
    assert full.store(tiny, "made_up") == "There is nobody in these videos."
    assert experiment.calls == [] and not evidence.stored_folder(tiny).exists()


def test_experiments_have_two_depths_and_a_place_in_a_chapter():
    names = full.experiments()
    assert "heads" in names and len(names) == len(set(names))
    assert "saturation" not in names
