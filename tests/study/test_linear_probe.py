import numpy as np
import pandas as pd

from dfd import dataset, evaluation, faces
from study import linear_probe, statistics


def auc(fake, scores):
    return statistics.auc(fake, scores, np.ones(len(fake)))


def test_folds_are_predicted_by_what_was_fitted_to_the_others():
    random = np.random.default_rng(0)
    fake = np.tile([False, True], 60)
    folds = np.repeat(["train", "validation", "test"], 40)
    vectors = random.normal(size=(120, 30))
    chance = linear_probe.linear(vectors, fake, folds)
    vectors[:, 0] += 5 * fake
    assert abs(auc(fake, chance) - 0.5) < 0.2
    p_fake = linear_probe.linear(vectors, fake, folds)
    assert auc(fake, p_fake) > 0.9 and ((p_fake > 0) & (p_fake < 1)).all()


def test_nothing_is_said_where_a_class_is_missing():
    assert np.isnan(linear_probe.linear(np.eye(4), np.array([True] * 4), np.array(list("aabb")))).all()


def test_regularisation_is_weak_for_a_clear_signal_and_strong_for_people_learnt_by_heart():
    random = np.random.default_rng(0)
    people = np.repeat(np.arange(20), 10)
    fake = people % 2 == 1
    by_heart = random.normal(size=(20, 40))[people]
    clear = random.normal(size=(200, 40))
    clear[:, 0] += 4 * fake
    weak, strong = (linear_probe.regularisation(vectors, fake, people)[0] for vectors in (clear, by_heart))
    assert weak > strong
    # Without groups the same people are on both sides, and learning them by heart looks good.
    assert linear_probe.regularisation(by_heart, fake, np.arange(200))[0] > strong
    strength, logits = linear_probe.regularisation(clear, fake, np.zeros(200))
    assert strength in linear_probe.GRID and np.isnan(logits).all()


def test_calibration_brings_folds_to_one_scale():
    random = np.random.default_rng(0)
    fake, folds = np.tile([False, True], 150), np.repeat(["train", "validation", "test"], 100)
    vectors = random.normal(size=(300, 10))
    vectors[:, 0] += 1.5 * fake
    raw, calibrated = (
        linear_probe.predicted(vectors, fake, folds, np.arange(300), calibrated=calibrated)
        for calibrated in (False, True)
    )
    for fold in np.unique(folds):
        assert np.corrcoef(raw[folds == fold], calibrated[folds == fold])[0, 1] > 0.999
    before, after = (abs(np.log(evaluation.calibrate(fake, logits).scale)) for logits in (raw, calibrated))
    assert after < 0.5 < before


def test_only_the_faces_that_may_be_seen_are_fitted_to():
    fake = np.tile([False, True], 60)
    folds = np.repeat(["train", "validation", "test"], 40)
    vectors = np.random.default_rng(0).normal(size=(120, 5))
    vectors[:, 0] += 3 * fake
    some = np.arange(120) % 4 < 2
    spoilt = np.where(some[:, None], vectors, -vectors)
    logits = linear_probe.predicted(spoilt, fake, folds, fitted=some)
    assert len(logits) == 120 and not np.isnan(logits).any()
    assert np.array_equal(logits[some], linear_probe.predicted(vectors, fake, folds, fitted=some)[some])
    assert not np.isclose(logits[some], linear_probe.predicted(spoilt, fake, folds)[some]).all()


def test_an_unweighted_probe_prefers_the_larger_class():
    fake = np.arange(120) % 4 > 0
    folds = np.repeat(["train", "test"], 60)
    vectors = np.random.default_rng(0).normal(size=(120, 5))
    weighted, unweighted = (
        linear_probe.predicted(vectors, fake, folds, weighted=balanced, calibrated=False).mean()
        for balanced in (True, False)
    )
    assert abs(weighted) < 0.4 and unweighted > 0.6


def test_a_video_is_judged_by_the_mean_of_some_of_its_faces():
    count = 120
    rows = pd.DataFrame(
        {"video": np.arange(count) // 4, "label": np.where(np.arange(count) // 4 % 2, "FAKE", "REAL")}
    )
    rows = rows.assign(source=rows["video"] // 2, unit=rows["video"] // 2)
    rows["split"] = np.array(["train", "validation", "test"])[rows["source"] % 3]
    vectors = np.random.default_rng(0).normal(size=(count, 5))
    vectors[:, 0] += 3 * dataset.is_fake(rows)
    judged = np.arange(count) % 4 < 2
    videos = linear_probe.judge(rows, vectors, judged=judged)
    assert videos["video"].to_list() == list(range(30))
    assert auc(dataset.is_fake(videos), videos["p_fake"].to_numpy()) > 0.9
    vectors[~judged] *= -1
    fitted = linear_probe.judge(rows, vectors, fitted=judged, judged=judged)
    assert not np.allclose(fitted["p_fake"], linear_probe.judge(rows, vectors, fitted=judged)["p_fake"])


def test_some_sources_come_with_all_their_faces(few):
    rows = faces.table(few)
    kept = linear_probe.some_sources(few, rows, 1)
    assert kept["source"].nunique() == 1
    of_source = dataset.with_source(few, rows).query("source == @kept['source'].iloc[0]")
    assert kept["face_id"].to_list() == of_source["face_id"].to_list()


def test_as_many_faces_are_taken_of_every_video(few):
    rows = linear_probe.some_faces(few, "quick")
    assert rows.groupby("video").size().unique().tolist() == [linear_probe.PLANS["quick"].faces]
    assert {"source", "unit"} <= set(rows.columns)
    assert linear_probe.some_faces(few, "full").groupby("video").size().max() <= 8
