import numpy as np
import pandas as pd
import pytest

from dfd import training
from dfd.recipe import Recipe
from study import crossfit
from study.experiments import transform_training
from study.records import Result


def pairs(seed: int = 0) -> pd.DataFrame:
    """Two pairs of trainings: without the transform they are too sure of themselves on held-out videos."""
    random = np.random.default_rng(seed)
    rows = [
        (f"training {rotation}", rotation, part, f"{part} {actor}", copy, way)
        for way in transform_training.TRAINED
        for rotation in range(2)
        for part, actors in (("train", 20), ("calibration", 10), ("judged", 30))
        for actor in range(actors)
        for copy in range(2)
    ]
    table = pd.DataFrame(rows, columns=["training", "rotation", "part", "unit", "copy", "way"])
    table["label"] = np.where(table["copy"] == 1, "FAKE", "REAL")
    table["source"], table["video"] = table["unit"], table["unit"] + "-" + table["copy"].astype(str)
    known = np.where(table["part"] == "train", 3.0, 1.0)
    scale = np.where(table["way"] == "without", 6.0, 1.0)
    sign = np.where(table["label"] == "FAKE", 1, -1)
    table[crossfit.POLICY] = scale * (sign * known + random.normal(0, 1.5, len(table)))
    averages = (table["way"] == "with") & (table["part"] == "judged")
    table["averaged"] = (table[crossfit.POLICY] + 0.5 * sign).where(averages)
    return table.drop(columns="copy")


def test_too_sure_a_network_loses_by_its_raw_probabilities_and_not_once_calibrated():
    estimates = transform_training.estimate(pairs())
    assert estimates["gain in log loss"].low > 0
    assert estimates["narrowing of the gap"].low > 0
    calibrated = estimates["gain in log loss, calibrated"]
    assert calibrated.low < 0 < calibrated.high
    assert estimates[transform_training.AVERAGING].low > 0
    without = estimates["without the transform: gap to what was trained on"]
    assert without.value > estimates["with the transform: gap to what was trained on"].value


def test_nothing_gained_where_both_are_the_same():
    table = pairs()
    same = table[table["way"] == "with"]
    estimates = transform_training.estimate(pd.concat([same, same.assign(way="without")]))
    assert estimates["gain in log loss"].value == 0
    assert estimates["gain in AUC"].high == 0


def test_the_figure_has_a_line_for_each_training():
    table = pairs()
    result = Result("x", "quick", table, transform_training.estimate(table), "actors", 30)
    panels = transform_training.draw(result).axes
    assert [len(panel.lines) for panel in panels] == [3, 3]


@pytest.mark.slow
def test_a_pair_is_trained_for_each_fold(extracted, monkeypatch):
    monkeypatch.setitem(transform_training.FACES, "quick", 16)
    monkeypatch.setattr(transform_training, "EPOCHS", 1)
    small = Recipe(size=64, batch=8)
    monkeypatch.setattr(training, "own_recipe", lambda run, **changes: training.replace(small, **changes))
    table = transform_training.collect(extracted, "quick")
    assert set(table["way"]) == {"without", "with"}
    assert set(table["part"]) == {"train", "calibration", "judged"}
    assert table.groupby(["way", "part"])["video"].nunique().eq(4).all()
    judged = table.query("part == 'judged'")
    assert judged.groupby("way")["averaged"].apply(lambda logits: logits.notna().all()).to_dict() == {
        "with": True,
        "without": False,
    }
    assert not list((extracted.build / "classifier").glob("*.pt"))
    assert "gain in log loss" in transform_training.estimate(table)
