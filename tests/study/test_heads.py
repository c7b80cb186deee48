import numpy as np
import pandas as pd
import pytest

from study.experiments import heads
from study.records import Result


def made_up(softmax: float, sigmoid: float, seed: int = 0) -> pd.DataFrame:
    """Thirty actors with an original and two fakes each, judged by both heads with two seeds."""
    random = np.random.default_rng(seed)
    rows = [
        (head, seed, str(actor), copy)
        for head in ("softmax", "sigmoid")
        for seed in range(2)
        for actor in range(30)
        for copy in range(3)
    ]
    table = pd.DataFrame(rows, columns=["head", "seed", "unit", "copy"])
    table["video"] = table["unit"] + "-" + table["copy"].astype(str)
    table["label"] = np.where(table["copy"] > 0, "FAKE", "REAL")
    signal = table["head"].map({"softmax": softmax, "sigmoid": sigmoid})
    noise = pd.Series(random.normal(size=90), table["video"].unique()).reindex(table["video"]).to_numpy()
    logit = np.where(table["copy"] > 0, signal, -signal) + noise + random.normal(0, 0.1, len(table))
    return table.assign(p_fake=1 / (1 + np.exp(-logit)))


def test_a_better_head_is_seen():
    estimates = heads.estimate(made_up(softmax=2.0, sigmoid=0.5))
    assert estimates["log loss: sigmoid less softmax"].low > 0
    assert estimates["AUC: softmax less sigmoid"].low > 0


def test_heads_that_are_alike_come_out_alike():
    estimates = heads.estimate(made_up(softmax=1.0, sigmoid=1.0))
    assert estimates["log loss: sigmoid less softmax"].value == pytest.approx(0, abs=0.01)
    result = Result("heads", "quick", made_up(1.0, 1.0), estimates, "actors", 30)
    assert [len(panel.lines) for panel in heads.draw(result).axes] == [2, 2]


@pytest.mark.slow
def test_both_heads_judge_every_held_out_video(extracted, monkeypatch):
    monkeypatch.setitem(heads.PLANS, "quick", heads.Plan(1, ("test",)))
    monkeypatch.setattr(heads, "EPOCHS", 1)
    assert heads.obstacle(extracted) == ""
    table = heads.collect(extracted, "quick")
    assert table.groupby("head")["video"].nunique().to_dict() == {"sigmoid": 4, "softmax": 4}
    assert table["p_fake"].between(0, 1).all() and table["unit"].notna().all()
