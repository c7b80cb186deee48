import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from dfd import training
from dfd.recipe import Recipe
from study import crossfit
from study.experiments import aggregation, calibration, fine_tuning
from study.records import Result


def judged_videos(signal: float = 2.0, scale: float = 1.0, rotations: int = 2, seed: int = 0) -> pd.DataFrame:
    """Thirty actors with an original and two fakes each, of whom ten calibrate, in several rotations."""
    random = np.random.default_rng(seed)
    rows = [
        (f"training {rotation}", rotation, actor, copy)
        for rotation in range(rotations)
        for actor in range(30)
        for copy in range(3)
    ]
    table = pd.DataFrame(rows, columns=["training", "rotation", "actor", "copy"])
    table["part"] = np.where(table["actor"] < 10, "calibration", "judged")
    table["label"] = np.where(table["copy"] > 0, "FAKE", "REAL")
    table["unit"] = table["source"] = table["actor"].astype(str)
    table["video"] = table["unit"] + "-" + table["copy"].astype(str)
    logits = random.normal(np.where(table["copy"] > 0, signal, -signal), 2.0)
    noise = random.normal(0, 0.3, (len(fine_tuning.POLICIES), len(table)))
    columns = dict(zip(fine_tuning.POLICIES, scale * (logits + noise), strict=True))
    return table[crossfit.FACTS].assign(**columns)


def result(table: pd.DataFrame, experiment) -> Result:
    return Result("made up", "quick", table, experiment.estimate(table), "actors", 30)


def test_scores_are_those_of_the_judged_videos_alone():
    table = judged_videos(rotations=1)
    estimates = fine_tuning.estimate(table)
    judged = table[table["part"] == "judged"]
    assert estimates["AUC"].value == pytest.approx(
        roc_auc_score(judged["label"] == "FAKE", judged["mean logit"])
    )
    assert estimates["AUC"].low < estimates["AUC"].value < estimates["AUC"].high
    rates = [estimates[name].value for name in fine_tuning.RATES]
    assert estimates["accuracy, each class one half"].value == pytest.approx(np.mean(rates))


def test_a_perfect_network_still_has_an_interval_for_its_rates():
    estimates = fine_tuning.estimate(judged_videos(signal=40.0))
    assert estimates["fakes called FAKE"].value == 1
    assert estimates["fakes called FAKE"].low < 1


def test_a_video_without_a_face_is_counted_and_not_scored():
    table = judged_videos(signal=40.0, rotations=1)
    place = table.index[(table["part"] == "judged") & (table["label"] == "REAL")][0]
    table.loc[place, list(fine_tuning.POLICIES)] = np.nan
    estimates = fine_tuning.estimate(table)
    assert estimates["videos without a face"].value == pytest.approx(1 / 60)
    counts = fine_tuning.confusion(crossfit.calibrated(table))
    assert counts.loc["REAL"].tolist() == [19, 0, 1]
    assert counts.loc["FAKE"].tolist() == [0, 40, 0]
    assert fine_tuning.draw(result(table, fine_tuning))


def test_calibration_repairs_a_network_that_is_too_sure():
    estimates = calibration.estimate(judged_videos(scale=6.0))
    assert estimates["gain of calibration"].low > 0
    assert estimates["scale of the calibrated logits"].value < 0.5
    assert estimates["log loss: calibrated"].value < np.log(2)
    constant = estimates["log loss, classes as they come: their share for every video"]
    assert constant.value == pytest.approx(0.6365, abs=0.001)
    assert estimates["log loss, classes as they come: calibrated and moved"].value < constant.value


def test_a_network_that_knows_nothing_gets_the_loss_of_a_constant():
    estimates = calibration.estimate(judged_videos(signal=0.0, scale=4.0))
    assert estimates["log loss: calibrated"].value == pytest.approx(np.log(2), abs=0.1)
    assert estimates["log loss: as the network gives it"].value > 1


def test_reliability_counts_every_video_once():
    scored = crossfit.calibrated(judged_videos())
    bins = calibration.reliability(scored, "p_fake")
    assert bins["weight"].sum() == pytest.approx(1)
    assert bins[["predicted", "happened"]].stack().between(0, 1).all()
    assert calibration.draw(result(judged_videos(), calibration))


def test_a_policy_that_knows_more_gains():
    table = judged_videos()
    table["median"] += np.where(table["label"] == "FAKE", 3.0, -3.0)
    estimates = aggregation.estimate(table)
    assert estimates["AUC: median, gain"].low > 0
    assert estimates["log loss: median, gain"].low > 0
    assert estimates["AUC: maximum, gain"].low < 0.05
    assert aggregation.draw(result(table, aggregation))


@pytest.mark.slow
def test_folds_are_trained_and_judged_and_kept(extracted, monkeypatch):
    monkeypatch.setattr(crossfit, "ROTATIONS", 1)
    small = Recipe(name="small", size=64, epochs=1, faces=16, batch=8)
    monkeypatch.setattr(training, "own_recipe", lambda run, **changes: training.replace(small, **changes))
    assert fine_tuning.obstacle(extracted) == ""
    quick, full = fine_tuning.collect(extracted, "quick"), fine_tuning.collect(extracted, "full")
    assert set(quick["part"]) == {"calibration", "judged"}
    assert full.query("part == 'judged'")["video"].is_unique
    assert full.query("part == 'judged'")["video"].nunique() == 12
    assert full[list(fine_tuning.POLICIES)].notna().all(axis=None)
    assert fine_tuning.estimate(full)["AUC"].value >= 0
    monkeypatch.setattr(training, "train", lambda *arguments: pytest.fail("it was trained again"))
    pd.testing.assert_frame_equal(fine_tuning.collect(extracted, "full"), full)
