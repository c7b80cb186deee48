import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from dfd.errors import InputError
from study import evidence, measuring, records, statistics
from study.statistics import Interval


@pytest.fixture
def run(sample, tmp_path):
    return replace(sample, build=tmp_path / "build")


@pytest.fixture
def experiment(monkeypatch, tmp_path):
    """An experiment that measures a mean of normal numbers: more of them at full depth."""
    monkeypatch.setattr(evidence, "FOLDER", tmp_path / "results")
    calls = []

    def collect(run, depth):
        calls.append(depth)
        random = np.random.default_rng(len(depth))
        values = random.normal(1, 0.1, 200 if depth == "full" else 20)
        return pd.DataFrame({"unit": np.arange(len(values)), "value": values})

    module = SimpleNamespace(
        __name__="study.experiments.made_up",
        UNIT="repeats",
        collect=collect,
        estimate=lambda table: {"mean": statistics.mean(table["value"])},
        calls=calls,
    )
    prints = {"code": "one", "estimate": "one"}
    monkeypatch.setattr(measuring, "fingerprint", lambda run, e, depth: f"{prints['code']} {depth}")
    monkeypatch.setattr(measuring, "estimator", lambda e: prints["estimate"])
    module.prints = prints
    return module


def test_a_result_is_measured_once_and_kept(run, experiment):
    first = measuring.measure(run, experiment)
    again = measuring.measure(run, experiment)
    assert experiment.calls == ["quick"]
    assert again.estimates == first.estimates and again.units == 20
    kept = records.read(run, "made_up")
    assert kept is not None and kept.estimates == first.estimates
    experiment.prints["code"] = "two"
    measuring.measure(run, experiment)
    assert experiment.calls == ["quick", "quick"]


def test_an_obstacle_is_a_result_too(run, experiment):
    experiment.obstacle = lambda run: "There is nobody in these videos."
    result = measuring.measure(run, experiment)
    assert not result and experiment.calls == []
    assert "nobody" in result._repr_html_()
    kept = records.read(run, "made_up")
    assert kept is not None and kept.obstacle == result.obstacle
    with pytest.raises(InputError, match="nobody"):
        evidence.store(run, result)


def test_a_stored_result_stands_beside_the_readers_own(run, experiment):
    evidence.store(run, measuring.measure(run, experiment, "full"))
    both = evidence.gather(run, experiment)
    assert both.stored is not None and both.best.units == 200 and both.quick.units == 20
    assert both["mean"] == both.stored.estimates["mean"]
    assert both.agreement.to_dict() == {"mean": True}
    shown = both.shown("mean").frame()
    assert shown.shape == (1, 3) and shown.iloc[0, -1] == "yes"
    noted = json.loads((evidence.FOLDER / "sample" / "made_up.json").read_text())
    assert {"date", "machine", "versions", "fingerprint"} <= set(noted["made"])


def damage(folder):
    path = folder / "made_up.parquet"
    path.write_bytes(path.read_bytes()[:-4] + b"none")


def unreadable(folder):
    (folder / "made_up.json").write_text("{")


def absent(folder):
    (folder / "made_up.json").unlink()


@pytest.mark.parametrize(
    ("harm", "says"),
    [(damage, "damaged"), (unreadable, "cannot be read"), (absent, "No full measurement")],
)
def test_a_damaged_or_absent_result_is_said_and_not_used(run, experiment, harm, says):
    evidence.store(run, measuring.measure(run, experiment, "full"))
    harm(evidence.FOLDER / "sample")
    both = evidence.gather(run, experiment)
    assert both.stored is None and says in both.missing
    assert both.best is both.quick and says in both._repr_html_()


def test_a_stale_result_is_said_and_not_used(run, experiment):
    evidence.store(run, measuring.measure(run, experiment, "full"))
    experiment.prints["code"] = "two"
    both = evidence.gather(run, experiment)
    assert both.stored is None and "other code or data" in both.missing


def test_estimates_are_read_while_the_code_that_made_them_is_the_same(run, experiment):
    evidence.store(run, measuring.measure(run, experiment, "full"))
    before = evidence.gather(run, experiment)["mean"]
    experiment.estimate = lambda table: {"mean": Interval(9.0, 8.9, 9.1)}
    assert evidence.gather(run, experiment)["mean"] == before
    experiment.prints["estimate"] = "two"
    both = evidence.gather(run, experiment)
    assert both["mean"].value == 9 and both.stored is not None
    assert both.stored.made["estimator"] == "two" and len(both.table) == 200


def test_full_depth_uses_nothing_stored(run, experiment, monkeypatch):
    evidence.store(run, measuring.measure(run, experiment, "full"))
    monkeypatch.setenv("DEPTH", "full")
    both = evidence.gather(run, experiment)
    assert both.stored is None and both.quick.units == 200
    monkeypatch.setenv("DEPTH", "deep")
    with pytest.raises(InputError, match="quick, full"):
        evidence.gather(run, experiment)


def test_what_disagrees_is_said(run, experiment):
    evidence.store(run, measuring.measure(run, experiment, "full"))
    both = evidence.gather(run, experiment)
    far = {"mean": Interval(9.0, 8.9, 9.1)}
    apart = evidence.Evidence(replace(both.quick, estimates=far), both.stored)
    assert apart.agreement.to_dict() == {"mean": False}
    assert apart.shown().frame().iloc[0, -1] == "no"
