import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_curve

from dfd import dataset, evaluation
from dfd.evaluation import Calibration
from study.experiments import video_scores


@pytest.fixture(scope="module")
def predictions():
    """Twenty sources, each with a real and a fake video of three faces; the fakes score higher on average."""
    random = np.random.default_rng(0)
    rows = [
        (f"{source}{label}", f"{source}", label, random.normal(loc=label == "FAKE"))
        for source in range(20)
        for label in ("REAL", "FAKE")
        for _ in range(3)
    ]
    return pd.DataFrame(rows, columns=["video", "source", "label", "p_fake"])


def scored(sources: int = 12, fakes: int = 4, signal: float = 2.0, seed: int = 0) -> pd.DataFrame:
    """A videos table of one REAL and some FAKE videos a source, whose logits overlap."""
    random = np.random.default_rng(seed)
    rows = [
        {"video": f"{source}-{copy}.mp4", "source": f"{source}.mp4", "label": "FAKE" if copy else "REAL"}
        for source in range(sources)
        for copy in range(fakes + 1)
    ]
    table = pd.DataFrame(rows)
    logit = random.normal(np.where(dataset.is_fake(table), signal, -signal), 2.0)
    table = table.assign(split="test", faces=8, logit=logit, status="ok", reason="")
    return evaluation.calibrated(table, Calibration(1.0, 0.0))


def test_video_auc_lies_in_its_interval(predictions):
    area = video_scores.video_auc(predictions)
    assert 0.5 < area.low < area.value < area.high <= 1


def test_auc_gain_over_itself_is_zero(predictions):
    gain = video_scores.auc_gain(predictions, predictions)
    assert (gain.value, gain.low, gain.high) == (0, 0, 0)


def test_one_class_alone_gives_no_number(predictions):
    assert str(video_scores.video_auc(predictions[predictions["label"] == "FAKE"])) == "not computable"
    assert str(video_scores.auc_gain(predictions, predictions.head(0))) == "not computable"


def test_scores_come_with_intervals_over_sources():
    interval = video_scores.scores(scored())["AUC"]
    assert interval.low < interval.value < interval.high <= 1
    wider = video_scores.scores(scored(sources=4))["AUC"]
    assert wider.high - wider.low > interval.high - interval.low
    assert np.isnan(video_scores.scores(scored().head(0))["AUC"].value)
    one_class = scored().query("label == 'FAKE'")
    assert np.isnan(video_scores.scores(one_class)["log loss"].value)


def test_scores_see_that_calibration_repairs_a_network_that_is_too_sure():
    table = scored(sources=60)
    boastful = evaluation.calibrated(table, Calibration(8.0, 3.0))
    line = evaluation.calibrate(dataset.is_fake(boastful), boastful["logit"].to_numpy())
    repaired = evaluation.calibrated(boastful, line)
    losses = [video_scores.scores(version)["log loss"].value for version in (table, boastful, repaired)]
    assert losses[1] > 1.5 * losses[0]
    assert losses[2] < 1.02 * losses[0]
    assert video_scores.calibration_error(repaired) < 0.5 * video_scores.calibration_error(boastful)
    assert video_scores.scores(repaired)["AUC"].value == video_scores.scores(boastful)["AUC"].value


def test_gain_sees_what_is_better():
    table = scored()
    worse = evaluation.calibrated(table, Calibration(-1.0, 0.0))
    assert video_scores.gain(table, worse).low > 0
    assert video_scores.gain(table, table).value == 0


def test_rates_of_a_perfect_verdict_are_1():
    table = scored(signal=20.0)
    cut = evaluation.threshold(dataset.is_fake(table), table["p_fake"].to_numpy())
    assert {rate.value for rate in video_scores.rates(table, cut).values()} == {1}


def test_rates_are_shares_of_each_class():
    rates = video_scores.rates(scored().assign(p_fake=0.9), cut=0.5)
    assert [rates[name].value for name in ("fakes found", "originals cleared", "accuracy")] == [1, 0, 0.5]
    empty = video_scores.rates(scored().assign(p_fake=np.nan), cut=0.5)
    assert {str(rate) for rate in empty.values()} == {"not computable"}


def test_video_without_a_face_is_left_out_of_the_scores():
    table = scored(signal=20.0)
    table.loc[0, ["logit", "p_fake"]] = np.nan
    assert video_scores.scores(table)["AUC"].value == 1


def test_roc_goes_from_corner_to_corner_within_its_band():
    curve = video_scores.roc(scored(), repeats=50)
    assert curve.iloc[0]["true_positive_rate"] == 0
    assert curve.iloc[-1]["true_positive_rate"] == 1
    assert (curve["low"] <= curve["high"]).all()
    area = np.trapezoid(curve["true_positive_rate"], curve["false_positive_rate"])
    assert area == pytest.approx(video_scores.scores(scored())["AUC"].value, abs=0.02)
    assert video_scores.roc(scored().query("label == 'FAKE'")).empty


def test_band_of_the_roc_is_that_of_videos_that_are_drawn_several_times():
    table = scored(sources=6)
    groups = [videos for _, videos in table.groupby("source")]
    random, grid, curves = np.random.default_rng(1), np.linspace(0, 1, 101), []
    for _ in range(20):
        drawn = pd.concat([groups[place] for place in random.integers(6, size=6)])
        false, true, _ = roc_curve(dataset.is_fake(drawn), drawn["logit"])
        curves.append(np.r_[0.0, np.interp(grid[1:], false, true)])
    curve = video_scores.roc(table, repeats=20, seed=1)
    np.testing.assert_allclose(curve[["low", "high"]].T, np.percentile(curves, [2.5, 97.5], axis=0))


def test_reliability_counts_every_video_once():
    table = scored()
    bins = video_scores.reliability(table)
    assert bins["videos"].sum() == len(table)
    assert bins["weight"].sum() == pytest.approx(1)


def test_slices_set_each_method_against_all_originals():
    table = scored()
    methods = np.where(dataset.is_fake(table), np.where(table.index % 2, "even", "odd"), None)
    parts = video_scores.slices(table.assign(method=methods), "method")
    assert parts["part"].tolist() == ["even", "odd"]
    assert (parts["originals"] == 12).all()
    assert parts["fakes"].sum() == 48
