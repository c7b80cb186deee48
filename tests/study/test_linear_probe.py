import numpy as np

from dfd import dataset, faces
from study import statistics
from study.experiments import linear_probe


def test_linear_probe_predicts_folds_that_it_has_not_seen():
    random = np.random.default_rng(0)
    fake = np.tile([False, True], 60)
    folds = np.repeat(["train", "validation", "test"], 40)
    vectors = random.normal(size=(120, 30))
    chance = linear_probe.linear(vectors, fake, folds)
    vectors[:, 0] += 5 * fake
    assert abs(statistics.auc(fake, chance, np.ones(120)) - 0.5) < 0.2
    assert statistics.auc(fake, linear_probe.linear(vectors, fake, folds), np.ones(120)) > 0.9


def test_linear_probe_says_nothing_where_a_class_is_missing():
    assert np.isnan(linear_probe.linear(np.eye(4), np.array([True] * 4), np.array(list("aabb")))).all()


def test_linear_probe_is_fitted_only_to_the_faces_that_it_may_see():
    fake = np.tile([False, True], 60)
    folds = np.repeat(["train", "validation", "test"], 40)
    vectors = np.random.default_rng(0).normal(size=(120, 5))
    vectors[:, 0] += 3 * fake
    some = np.arange(120) % 4 < 2
    spoilt = np.where(some[:, None], vectors, -vectors)
    p_fake = linear_probe.linear(spoilt, fake, folds, some)
    assert len(p_fake) == 120 and not np.isnan(p_fake).any()
    assert np.array_equal(p_fake[some], linear_probe.linear(vectors, fake, folds, some)[some])
    assert not np.isclose(p_fake[some], linear_probe.linear(spoilt, fake, folds)[some]).all()


def test_unweighted_linear_probe_prefers_the_larger_class():
    fake = np.arange(120) % 4 > 0
    folds = np.repeat(["train", "test"], 60)
    vectors = np.random.default_rng(0).normal(size=(120, 5))
    weighted, unweighted = (
        linear_probe.linear(vectors, fake, folds, weighted=balanced).mean() for balanced in (True, False)
    )
    assert abs(weighted - 0.5) < 0.1 and unweighted > 0.65


def test_some_sources_come_with_all_their_faces(few, monkeypatch):
    monkeypatch.setitem(linear_probe.SOURCES, "sample", 1)
    rows = faces.table(few)
    kept = linear_probe.some_sources(few, rows)
    assert kept["source"].nunique() == 1
    of_source = dataset.with_source(few, rows).query("source == @kept['source'].iloc[0]")
    assert kept["face_id"].to_list() == of_source["face_id"].to_list()
