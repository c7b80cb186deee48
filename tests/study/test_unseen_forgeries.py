import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from study import comparing
from study.experiments import unseen_forgeries
from study.experiments.unseen_forgeries import SEEN, UNSEEN
from study.records import Result


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """A method that carries over to every kind of fake, and one that knows only what it has seen."""
    random = np.random.default_rng(0)
    actors = np.repeat(np.arange(30), 2)
    parts = []
    for method, carries_over in (("general", True), ("narrow", False)):
        for kind in ("swap", "blend"):
            noise = random.normal(size=60)
            for learned in (SEEN, UNSEEN):
                rows = pd.DataFrame({"unit": actors, "label": ["REAL", "FAKE"] * 30})
                rows["video"] = np.where(rows["label"] == "REAL", "original ", kind) + rows["unit"].astype(
                    str
                )
                strength = 2.5 if carries_over or learned == SEEN else 0.0
                rows["logit"] = noise + strength * (rows["label"] == "FAKE")
                about = {"method": method, "kind": kind, "learned": learned, "rotation": 0}
                parts.append(rows.assign(training=(actors % 3).astype(str), **about))
    return pd.concat(parts, ignore_index=True)


def test_what_is_lost_on_unseen_fakes_is_told(table):
    estimates = unseen_forgeries.estimate(table)
    assert estimates["AUC lost on swap: narrow"].low > 0.1
    general = estimates["AUC lost on swap: general"]
    assert general.low <= 0 <= general.high
    narrow = estimates["AUC on swap, unseen: narrow"]
    assert narrow.low < 0.5 < narrow.high


def test_it_is_drawn(table):
    estimates = unseen_forgeries.estimate(table)
    figure = unseen_forgeries.draw(Result("unseen_forgeries", "quick", table, estimates, "actors", 30))
    assert [panel.get_title() for panel in figure.axes] == ["swap", "blend"]
    plt.close(figure)


def test_the_kinds_are_those_of_the_truth(sample):
    assert unseen_forgeries.kinds(sample) == ["autoencoder", "landmark swap", "partial blend"]


def test_without_truth_it_says_why_not(tiny):
    (tiny.data / "truth").unlink()
    assert "not published" in unseen_forgeries.obstacle(tiny)


def test_one_kind_alone_cannot_be_left_out(sample, monkeypatch):
    alike = comparing.divide(sample, comparing.folds(sample, "quick", 1)[0], "quick").assign(forgery="swap")
    monkeypatch.setattr(comparing, "divide", lambda run, fold, depth: alike)
    assert "in the same way" in unseen_forgeries.obstacle(sample)
    monkeypatch.undo()
    assert unseen_forgeries.obstacle(sample) == ""
