"""All experiments at full depth: what is stored and fits is left alone."""

import time
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pyarrow.parquet as pq
import pytest

from study import evidence, full, measuring, results, statistics


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


def test_a_quick_measurement_is_not_stored(tiny, experiment):
    assert full.quick(tiny, "made_up") == "measured"
    assert experiment.calls == ["quick"]
    assert not evidence.stored_folder(tiny).exists()


def test_the_long_ones_come_first_and_one_alone_makes_no_tables(sample, monkeypatch):
    begun = []

    def apart(task, run, name, on_one_core=False):
        begun.append(name)
        return name, "measured", 0.0

    monkeypatch.setattr(full, "_apart", apart)
    monkeypatch.setattr(full, "times", lambda name: False)
    monkeypatch.setattr(full, "needs", lambda name: set())
    monkeypatch.setattr(full, "is_long", lambda name: name == "b")
    list(full.measure_all(replace(sample, jobs=1), ["a", "b"], full.quick))
    assert begun == ["tables", "b", "a"]
    begun.clear()
    list(full.measure_all(replace(sample, jobs=1), ["a"], full.quick))
    assert begun == ["a"]


def test_what_a_run_cannot_have_is_said_and_not_stored(tiny, experiment):
    experiment.obstacle = lambda run: "There is nobody in these videos."
    assert full.store(tiny, "made_up") == "There is nobody in these videos."
    assert experiment.calls == [] and not evidence.stored_folder(tiny).exists()


def test_experiments_have_two_depths_and_a_place_in_a_chapter():
    names = full.experiments()
    assert "heads" in names and len(names) == len(set(names))
    assert "saturation" not in names


def test_timings_come_first_and_alone_and_all_others_side_by_side(sample, monkeypatch):
    spans = {}

    def apart(task, run, name, on_one_core=False):
        begun = time.monotonic()
        time.sleep(0.2)
        spans[name] = begun, time.monotonic(), run.jobs, on_one_core
        return name, "measured", 0.2

    monkeypatch.setattr(full, "_apart", apart)
    monkeypatch.setattr(full, "times", lambda name: name.startswith("t"))
    monkeypatch.setattr(full, "needs", lambda name: set())
    monkeypatch.setattr(full, "is_long", lambda name: name == "b")
    done = [
        name for name, _, _ in full.measure_all(replace(sample, jobs=2), ["a", "t1", "b", "t2"], full.store)
    ]
    assert done[:2] == ["t1", "t2"] and sorted(done[2:]) == ["a", "b"]
    assert spans["t1"][1] <= spans["t2"][0] and spans["t2"][1] <= spans["tables"][0]
    assert spans["tables"][1] <= min(spans["a"][0], spans["b"][0])
    assert max(spans["a"][0], spans["b"][0]) < min(spans["a"][1], spans["b"][1])
    assert spans["t1"][2:] == (2, False) and spans["a"][2:] == (1, True)


def test_an_experiment_waits_for_those_whose_numbers_it_takes(sample, monkeypatch):
    spans = {}

    def apart(task, run, name, on_one_core=False):
        begun = time.monotonic()
        time.sleep(0.1)
        spans[name] = begun, time.monotonic()
        return name, "measured", 0.1

    monkeypatch.setattr(full, "_apart", apart)
    names = ["by_part", "ladder", "fine_tuning", "crop_statistics"]
    done = [name for name, _, _ in full.measure_all(replace(sample, jobs=2), names, full.store)]
    assert sorted(done) == sorted(names)
    assert spans["fine_tuning"][1] <= min(spans["by_part"][0], spans["ladder"][0])
    assert spans["crop_statistics"][1] <= spans["ladder"][0]


def test_no_experiment_waits_for_ever(sample, monkeypatch):
    monkeypatch.setattr(full, "_apart", lambda task, run, name, on_one_core=False: (name, "measured", 0.0))
    names = full.experiments()
    assert sorted(name for name, _, _ in full.measure_all(sample, names, full.quick)) == sorted(names)


def test_an_experiment_that_times_something_says_so():
    stored = [results.FOLDER / "sample" / f"{name}.parquet" for name in full.experiments()]
    with_seconds = {path.stem for path in stored if "seconds" in pq.read_schema(path).names}
    of_clips, roughly = {"crop_statistics", "file_shortcuts"}, {"methods"}
    assert {path.stem for path in stored if full.times(path.stem)} == with_seconds - of_clips - roughly
