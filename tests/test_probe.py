from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from dfd import faces, probe


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


def test_video_auc_lies_in_its_interval(predictions):
    area = probe.video_auc(predictions)
    assert 0.5 < area.low < area.value < area.high <= 1


def test_auc_is_scikit_learns():
    random = np.random.default_rng(0)
    fake, weights = random.random(200) < 0.3, random.integers(0, 4, 200).astype(float)
    scores = random.integers(0, 30, 200) / 30 + 0.2 * fake
    expected = roc_auc_score(fake, scores, sample_weight=weights)
    assert np.isclose(probe.auc(fake, scores, weights), expected)
    assert np.isnan(probe.auc(fake, scores, weights * fake))


def test_bootstrap_draws_groups_not_rows():
    groups, values = np.repeat(np.arange(20), 50), np.repeat(np.random.default_rng(0).normal(size=20), 50)

    def mean(weights):
        return np.average(values, weights=weights)

    by_group, by_row = probe.bootstrap(mean, groups), probe.bootstrap(mean, np.arange(1000))
    assert by_group.high - by_group.low > 3 * (by_row.high - by_row.low)


def test_gain_over_itself_is_zero(predictions):
    gain = probe.auc_gain(predictions, predictions)
    assert (gain.value, gain.low, gain.high) == (0, 0, 0)


def test_one_class_alone_gives_no_number(predictions):
    assert str(probe.video_auc(predictions[predictions["label"] == "FAKE"])) == "not computable"


def test_linear_probe_predicts_folds_that_it_has_not_seen():
    random = np.random.default_rng(0)
    fake = np.tile([False, True], 60)
    folds = np.repeat(["train", "validation", "test"], 40)
    vectors = random.normal(size=(120, 30))
    chance = probe.linear(vectors, fake, folds)
    vectors[:, 0] += 5 * fake
    assert abs(probe.auc(fake, chance, np.ones(120)) - 0.5) < 0.2
    assert probe.auc(fake, probe.linear(vectors, fake, folds), np.ones(120)) > 0.9


def test_linear_probe_says_nothing_where_a_class_is_missing():
    assert np.isnan(probe.linear(np.eye(4), np.array([True] * 4), np.array(list("aabb")))).all()


def test_linear_probe_is_fitted_only_to_the_faces_that_it_may_see():
    fake = np.tile([False, True], 60)
    folds = np.repeat(["train", "validation", "test"], 40)
    vectors = np.random.default_rng(0).normal(size=(120, 5))
    vectors[:, 0] += 3 * fake
    some = np.arange(120) % 4 < 2
    spoilt = np.where(some[:, None], vectors, -vectors)
    p_fake = probe.linear(spoilt, fake, folds, some)
    assert len(p_fake) == 120 and not np.isnan(p_fake).any()
    assert np.array_equal(p_fake[some], probe.linear(vectors, fake, folds, some)[some])
    assert not np.isclose(p_fake[some], probe.linear(spoilt, fake, folds)[some]).all()


def test_unweighted_linear_probe_prefers_the_larger_class():
    fake = np.arange(120) % 4 > 0
    folds = np.repeat(["train", "test"], 60)
    vectors = np.random.default_rng(0).normal(size=(120, 5))
    weighted, unweighted = (
        probe.linear(vectors, fake, folds, weighted=each).mean() for each in (True, False)
    )
    assert abs(weighted - 0.5) < 0.1 and unweighted > 0.65


def test_identities_are_those_of_the_truth_tables(few):
    known = probe.identities(few, faces.table(few))
    videos = pd.read_parquet(few.truth / "videos.parquet").set_index("video")["actor"]
    assert known["actor"].notna().mean() > 0.95
    first = known[known["person"] == 0]
    assert (first["actor"] == first["video"].map(videos)).mean() > 0.95


def test_identities_are_null_without_truth_tables(few, tmp_path):
    known = probe.identities(replace(few, data=tmp_path), faces.table(few))
    assert known[probe.WHO].isna().all(axis=None)


def test_verification_pairs_only_different_videos():
    random = np.random.default_rng(0)
    who = pd.DataFrame(
        {
            "video": [f"video {n // 3}" for n in range(24)],
            "actor": [f"actor {n // 6}" for n in range(24)],
            "gender": "woman",
            "ancestry": ["asian"] * 12 + ["african"] * 12,
        }
    )
    centres = random.normal(size=(4, 8))[np.arange(24) // 6]
    pairs = probe.verification(centres + 0.1 * random.normal(size=(24, 8)), who)
    assert (pairs["first"] != pairs["second"]).all()
    assert pairs["same"].sum() == 4 * 3 * 3 and pairs["group"].sum() == 2 * (12 * 11 / 2 - 4 * 3)
    assert probe.verification_auc(pairs, repeats=20).value > 0.95
