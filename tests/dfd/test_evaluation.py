import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from dfd import dataset, evaluation
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
    logit = random.normal(np.where(dataset.is_fake(table), signal, -signal), 2.0)
    table = table.assign(split="test", faces=8, logit=logit, status="ok", reason="")
    return evaluation.calibrated(table, Calibration(1.0, 0.0))


def test_log_loss_is_scikit_learns():
    table = scored()
    fake, p_fake = dataset.is_fake(table), table["p_fake"].to_numpy()
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
    boastful = evaluation.calibrated(table, Calibration(8.0, 3.0))
    line = evaluation.calibrate(dataset.is_fake(boastful), boastful["logit"])
    repaired = evaluation.calibrated(boastful, line)
    weights = evaluation.balanced_weights(dataset.is_fake(table))
    before, sure, after = (
        evaluation.log_loss(dataset.is_fake(rows), rows["p_fake"].to_numpy(), weights)
        for rows in (table, boastful, repaired)
    )
    assert sure > 1.5 * before
    assert after < 1.02 * before
    assert (repaired["logit"].rank() == boastful["logit"].rank()).all()


def test_calibration_needs_both_classes():
    fakes = scored().query("label == 'FAKE'")
    assert evaluation.calibrate(dataset.is_fake(fakes), fakes["logit"]) == Calibration(1.0, 0.0)


def test_calibration_shifts_for_another_share_of_fakes():
    logits = scored()["logit"].to_numpy()
    np.testing.assert_allclose(Calibration(1.0, 0.0)(logits, fakes=0.8) - logits, np.log(4))


def test_threshold_and_confusion():
    table = scored(signal=20.0)
    fake, p_fake = dataset.is_fake(table), table["p_fake"]
    cut = evaluation.threshold(fake, p_fake)
    assert p_fake[~fake].max() < cut
    assert evaluation.confusion(fake, p_fake, cut).to_numpy().tolist() == [[12, 0, 0], [0, 48, 0]]
    assert evaluation.threshold(fake[~fake], p_fake[~fake]) == 0.5


def test_video_without_a_face_is_an_outcome_of_its_own():
    table = scored(signal=20.0)
    table.loc[0, ["logit", "p_fake"]] = np.nan
    counts = evaluation.confusion(dataset.is_fake(table), table["p_fake"], 0.5)
    assert counts.loc["REAL"].tolist() == [11, 0, 1]
    assert 0 < evaluation.threshold(dataset.is_fake(table), table["p_fake"]) < 1


def test_log_loss_of_a_missing_class_is_not_a_number():
    fakes = np.array([True, True])
    assert np.isnan(evaluation.log_loss(fakes, np.array([0.4, 0.6]), evaluation.balanced_weights(fakes)))


def test_policies_agree_on_equal_faces_and_differ_on_two_people():
    for policy in evaluation.POLICIES.values():
        assert policy(np.array([1.5, 1.5]), np.array(["0", "0"])) == pytest.approx(1.5)
    logits, persons, videos = np.array([4.0, -4.0]), np.array(["0", "1"]), np.array(["a", "a"])
    assert evaluation.aggregate(logits, videos, "most suspicious person", persons).to_dict() == {"a": 4.0}
    assert evaluation.aggregate(logits, videos).to_dict() == {"a": 0.0}
