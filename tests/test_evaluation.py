import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from dfd import evaluation
from dfd.evaluation import Calibration


def scored(sources: int = 12, fakes: int = 4, signal: float = 2.0, seed: int = 0) -> pd.DataFrame:
    """A videos table of one REAL and some FAKE videos a source, whose logits overlap."""
    random = np.random.default_rng(seed)
    rows = [
        {"video": f"{source}-{copy}.mp4", "source": f"{source}.mp4", "label": "FAKE" if copy else "REAL"}
        for source in range(sources)
        for copy in range(fakes + 1)
    ]
    table = pd.DataFrame(rows)
    logit = random.normal(np.where(evaluation.is_fake(table), signal, -signal), 2.0)
    return Calibration(1.0, 0.0)(table.assign(split="test", faces=8, logit=logit, status="ok", reason=""))


def test_log_loss_is_scikit_learns():
    table = scored()
    fake, p_fake = evaluation.is_fake(table), table["p_fake"].to_numpy()
    assert evaluation.log_loss(fake, p_fake) == pytest.approx(metrics.log_loss(fake, p_fake))
    assert evaluation.log_loss(fake, np.full(len(fake), 0.5)) == pytest.approx(np.log(2))
    assert evaluation.log_loss(np.array([True]), np.array([0.0])) == pytest.approx(-np.log(1e-15))


def test_balanced_weights_give_each_class_one_half():
    fake = np.array([True, True, True, False])
    weights = evaluation.balanced_weights(fake)
    assert weights[fake].sum() == pytest.approx(0.5) == pytest.approx(weights[~fake].sum())
    assert np.isnan(evaluation.balanced_weights(np.array([True, True]))).any()


def test_calibration_repairs_a_network_that_is_too_sure():
    table = scored(sources=60)
    boastful = Calibration(8.0, 3.0)(table)
    repaired = evaluation.calibrate(boastful)(boastful)
    losses = [evaluation.scores(each)["log loss"].value for each in (table, boastful, repaired)]
    assert losses[1] > 1.5 * losses[0]
    assert losses[2] < 1.02 * losses[0]
    assert evaluation.calibration_error(repaired) < 0.5 * evaluation.calibration_error(boastful)
    assert evaluation.scores(repaired)["AUC"].value == evaluation.scores(boastful)["AUC"].value


def test_calibration_needs_both_classes():
    table = scored()
    assert evaluation.calibrate(table[table["label"] == "FAKE"]) == Calibration(1.0, 0.0)


def test_calibration_shifts_for_another_share_of_fakes():
    table = scored()
    shifted = Calibration(1.0, 0.0)(table, fakes=0.8)
    np.testing.assert_allclose(shifted["logit"] - table["logit"], np.log(4))


def test_scores_come_with_intervals_over_sources():
    interval = evaluation.scores(scored())["AUC"]
    assert interval.low < interval.value < interval.high <= 1
    wider = evaluation.scores(scored(sources=4))["AUC"]
    assert wider.high - wider.low > interval.high - interval.low
    assert np.isnan(evaluation.scores(scored().head(0))["AUC"].value)
    one_class = scored().query("label == 'FAKE'")
    assert np.isnan(evaluation.scores(one_class)["log loss"].value)


def test_gain_sees_what_is_better():
    table = scored()
    worse = Calibration(-1.0, 0.0)(table)
    assert evaluation.gain(table, worse).low > 0
    assert evaluation.gain(table, table).value == 0


def test_threshold_and_confusion():
    table = scored(signal=20.0)
    cut = evaluation.threshold(table)
    assert table.loc[table["label"] == "REAL", "p_fake"].max() < cut
    counts = evaluation.confusion(table, cut)
    assert counts.to_numpy().tolist() == [[12, 0, 0], [0, 48, 0]]
    assert evaluation.rates(table, cut)["accuracy"].value == 1
    assert evaluation.threshold(table[table["label"] == "REAL"]) == 0.5


def test_video_without_a_face_is_an_outcome_of_its_own():
    table = scored(signal=20.0)
    table.loc[0, ["logit", "p_fake"]] = np.nan
    counts = evaluation.confusion(table, 0.5)
    assert counts.loc["REAL"].tolist() == [11, 0, 1]
    assert evaluation.scores(table)["AUC"].value == 1


def test_roc_goes_from_corner_to_corner_within_its_band():
    curve = evaluation.roc(scored(), repeats=50)
    assert curve.iloc[0]["true_positive_rate"] == 0
    assert curve.iloc[-1]["true_positive_rate"] == 1
    assert (curve["low"] <= curve["high"]).all()
    area = np.trapezoid(curve["true_positive_rate"], curve["false_positive_rate"])
    assert area == pytest.approx(evaluation.scores(scored())["AUC"].value, abs=0.02)


def test_reliability_counts_every_video_once():
    table = scored()
    bins = evaluation.reliability(table)
    assert bins["videos"].sum() == len(table)
    assert bins["weight"].sum() == pytest.approx(1)


def test_policies_agree_on_equal_faces_and_differ_on_two_people():
    same = pd.DataFrame({"face_id": ["a-0000-0", "a-0001-0"], "logit": [1.5, 1.5]})
    for policy in evaluation.POLICIES.values():
        assert policy(same) == pytest.approx(1.5)
    people = pd.DataFrame({"face_id": ["a-0000-0", "a-0000-1"], "logit": [4.0, -4.0]})
    assert evaluation.POLICIES["most suspicious person"](people) == 4.0
    assert evaluation.POLICIES["mean logit"](people) == 0.0


def test_slices_set_each_method_against_all_originals():
    table = scored()
    methods = np.where(evaluation.is_fake(table), np.where(table.index % 2, "even", "odd"), None)
    parts = evaluation.slices(table.assign(method=methods), "method")
    assert parts["part"].tolist() == ["even", "odd"]
    assert (parts["originals"] == 12).all()
    assert parts["fakes"].sum() == 48
