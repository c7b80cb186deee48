"""Intervals from the one bootstrap, and the area under the ROC curve."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from sklearn.metrics import roc_auc_score

from study import statistics
from study.statistics import Interval


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(0).normal(size=200)


def mean_of(values):
    return lambda weights: np.average(values, weights=weights) if weights.any() else np.nan


def width(interval):
    return interval.high - interval.low


def test_an_interval_holds_its_value(values):
    interval = statistics.bootstrap(mean_of(values), np.arange(200))
    assert interval.value == values.mean()
    assert interval.low < interval.value < interval.high


def test_an_interval_is_as_wide_as_theory_has_it(values):
    interval = statistics.bootstrap(mean_of(values), np.arange(200), repeats=2000)
    assert width(interval) == pytest.approx(2 * 1.96 * values.std() / np.sqrt(200), rel=0.05)


def test_fewer_groups_give_a_wider_interval(values):
    groups = np.arange(200) // 20
    between = np.repeat(values[:10], 20)
    many = statistics.bootstrap(mean_of(between), np.arange(200))
    few = statistics.bootstrap(mean_of(between), groups)
    assert width(few) > 3 * width(many)


def test_bootstrap_draws_groups_not_rows():
    groups, values = np.repeat(np.arange(20), 50), np.repeat(np.random.default_rng(0).normal(size=20), 50)
    by_group = statistics.bootstrap(mean_of(values), groups)
    by_row = statistics.bootstrap(mean_of(values), np.arange(1000))
    assert width(by_group) > 3 * width(by_row)


def test_every_draw_takes_whole_groups_and_as_many_as_there_are():
    groups = np.array(["b", "a", "b", "c", "a", "b"])
    weights = statistics.draws(lambda weights: weights, groups, repeats=50)
    assert weights.shape == (50, 6)
    for name in "abc":
        of_group = weights[:, groups == name]
        assert (of_group == of_group[:, :1]).all()
    _, first = np.unique(groups, return_index=True)
    assert (weights[:, first].sum(axis=1) == 3).all()


def test_groups_may_be_a_column(values):
    column = pd.Series(np.arange(200) // 4, index=np.arange(200) + 7)
    assert statistics.bootstrap(mean_of(values), column) == statistics.bootstrap(
        mean_of(values), column.to_numpy()
    )


def test_the_same_seed_draws_the_same(values):
    intervals = [statistics.bootstrap(mean_of(values), np.arange(200), seed=seed) for seed in (1, 1, 2)]
    assert intervals[0] == intervals[1] != intervals[2]


def test_what_cannot_be_computed_has_no_interval():
    interval = statistics.bootstrap(lambda weights: np.nan, np.arange(5))
    assert np.isnan([interval.value, interval.low, interval.high]).all()
    assert str(interval) == "not computable"
    assert interval.verdict == "not testable here"


def test_draws_in_which_it_cannot_be_computed_are_left_out():
    # Where the first of two groups is not drawn, there is no mean of the first row.
    interval = statistics.bootstrap(lambda weights: 1.0 if weights[0] else np.nan, np.arange(2))
    assert (interval.value, interval.low, interval.high) == (1, 1, 1)


def test_bounds_leave_missing_numbers_out():
    numbers = np.arange(101, dtype=float)
    assert statistics.bounds(numbers) == (2.5, 97.5)
    assert statistics.bounds(np.append(numbers, [np.nan] * 50)) == (2.5, 97.5)


def test_bounds_of_arrays_are_those_of_each_number():
    numbers = np.random.default_rng(0).random((100, 3))
    low, high = statistics.bounds(numbers)
    for place in range(3):
        assert (low[place], high[place]) == statistics.bounds(numbers[:, place])


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.1, 0.3, "reproduced"), (-0.3, -0.1, "not reproduced"), (-0.1, 0.3, "depends")],
)
def test_the_sign_of_an_interval_is_the_verdict(low, high, verdict):
    assert Interval((low + high) / 2, low, high).verdict == verdict


def test_an_interval_is_written_with_two_decimals():
    assert str(Interval(0.876, 0.804, 0.951)) == "0.88 (0.80 to 0.95)"


def test_auc_is_scikit_learns():
    random = np.random.default_rng(0)
    fake, weights = random.random(200) < 0.3, random.integers(0, 4, 200).astype(float)
    scores = random.integers(0, 30, 200) / 30 + 0.2 * fake
    expected = roc_auc_score(fake, scores, sample_weight=weights)
    assert np.isclose(statistics.auc(fake, scores, weights), expected)


def test_auc_needs_both_classes():
    random = np.random.default_rng(0)
    fake, scores = random.random(50) < 0.3, random.random(50)
    assert np.isnan(statistics.auc(fake, scores, fake.astype(float)))
    assert np.isnan(statistics.auc(fake, scores, (~fake).astype(float)))


@pytest.mark.parametrize("videos", [2, 7, 40])
def test_a_share_has_the_interval_of_scipys_bootstrap(videos):
    random = np.random.default_rng(videos)
    table = pd.DataFrame(
        {
            "video": random.integers(videos, size=300).astype(str),
            "found": np.where(random.random(300) < 0.1, np.nan, random.random(300) < 0.8),
        }
    )
    share = statistics.share(table, "found")
    sums = table.dropna().groupby("video")["found"].agg(["sum", "size"]).astype(float)
    expected = scipy.stats.bootstrap(
        (sums["sum"].to_numpy(), sums["size"].to_numpy()),
        lambda total, size, axis: total.sum(axis=axis) / size.sum(axis=axis),
        n_resamples=1000,
        paired=True,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    assert share["mean"] == pytest.approx(table["found"].mean())
    assert (share["low"], share["high"]) == pytest.approx((expected.low, expected.high), rel=1e-12)
    assert (share["count"], share["videos"]) == (table["found"].notna().sum(), videos)


def test_a_share_of_one_video_has_no_interval():
    one = statistics.share(pd.DataFrame({"video": "a", "found": [True, False]}), "found")
    assert one["mean"] == 0.5
    assert np.isnan(one["low"]) and np.isnan(one["high"])
    nothing = statistics.share(pd.DataFrame({"video": "a", "found": [np.nan]}), "found")
    assert np.isnan(nothing["mean"])
    assert (nothing["count"], nothing["videos"]) == (0, 0)


def test_a_share_draws_videos_not_frames():
    table = pd.DataFrame({"video": ["a"] * 50 + ["b"] * 50, "found": [True] * 50 + [False] * 50})
    result = statistics.share(table, "found")
    assert result["mean"] == 0.5
    # With two videos the draws are all of one, all of the other, or half and half.
    assert (result["low"], result["high"]) == (0, 1)
    assert (result["count"], result["videos"]) == (100, 2)
