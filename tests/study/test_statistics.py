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
def test_a_ratio_has_the_interval_of_scipys_bootstrap(videos):
    random = np.random.default_rng(videos)
    table = pd.DataFrame({"video": random.integers(videos, size=300), "hit": random.random(300) < 0.8})
    sums = table.groupby("video")["hit"].agg(["sum", "size"]).astype(float)
    total, size = sums["sum"].to_numpy(), sums["size"].to_numpy()
    expected = scipy.stats.bootstrap(
        (total, size),
        lambda total, size, axis: total.sum(axis=axis) / size.sum(axis=axis),
        n_resamples=1000,
        paired=True,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    ratio = statistics.bootstrap(lambda w: w @ total / (w @ size), sums.index, repeats=1000, seed=0)
    assert ratio.value == pytest.approx(table["hit"].mean())
    assert (ratio.low, ratio.high) == pytest.approx((expected.low, expected.high), rel=1e-12)


def test_a_rate_without_variation_counts_groups_and_not_what_is_in_them():
    groups = np.repeat(np.arange(30), 4)
    assert statistics.rate(np.ones(120, bool), groups) == statistics.proportion(30, 30)
    assert np.isnan(statistics.rate(np.array([np.nan]), np.array(["a"])).value)


def test_a_rate_counts_as_many_draws_as_its_groups_differ():
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 10)
    alike = statistics.rate(np.repeat(random.random(40) < 0.5, 10), groups)
    mixed = statistics.rate(random.random(400) < 0.5, groups)
    alone, all_ = statistics.proportion(20, 40), statistics.proportion(200, 400)
    assert alike.high - alike.low == pytest.approx(alone.high - alone.low, rel=0.1)
    assert mixed.high - mixed.low == pytest.approx(all_.high - all_.low, rel=0.25)


def test_a_share_at_its_end_has_an_interval_with_a_width():
    none, all_ = statistics.proportion(0, 30), statistics.proportion(30, 30)
    assert none.low == 0 and 0.05 < none.high < 0.15
    assert all_.high == 1 and 0.85 < all_.low < 0.95
    assert np.isnan(statistics.proportion(0, 0).value)


def test_a_mean_over_seeds_has_students_interval():
    interval = statistics.mean(np.array([1.0, 2.0, 3.0, np.nan]))
    assert interval.value == 2
    assert interval.high - interval.low == pytest.approx(2 * 4.303 / np.sqrt(3), rel=1e-3)
    assert np.isnan(statistics.mean(np.array([1.0])).value)


def test_a_median_of_few_timings_reaches_from_the_least_to_the_greatest():
    assert statistics.median(np.array([3.0, 1.0, 2.0])) == Interval(2, 1, 3)
    ten = statistics.median(np.arange(10.0))
    assert (ten.low, ten.high) == (1, 8)
    assert np.isnan(statistics.median(np.array([])).value)


def test_a_median_covers_the_truth_as_often_as_it_says():
    random = np.random.default_rng(1)
    covered = [
        interval.low <= 0 <= interval.high
        for interval in (statistics.median(random.normal(size=15)) for _ in range(600))
    ]
    assert np.mean(covered) > 0.93


def test_a_family_without_effect_rarely_shows_one():
    random = np.random.default_rng(3)
    shown = 0
    for _ in range(40):
        values = random.normal(size=(40, 4))
        compared = {str(place): mean_of(column) for place, column in enumerate(values.T)}
        intervals = statistics.family(compared, np.arange(40), repeats=200)
        shown += any(interval.low > 0 or interval.high < 0 for interval in intervals.values())
    assert shown <= 6


def test_a_family_widens_the_clearest_interval_most():
    random = np.random.default_rng(4)
    values = random.normal(size=(60, 3)) + np.array([2.0, 0.0, np.nan])
    compared = {
        name: lambda weights, column=column: weights @ values[:, column] / weights.sum()
        for column, name in enumerate(("clear", "nothing", "missing"))
    }
    intervals = statistics.family(compared, np.arange(60))
    alone = statistics.bootstrap(compared["clear"], np.arange(60), statistics.FAMILY_REPEATS)
    clear = intervals["clear"]
    assert clear.low > 0 and clear.high - clear.low > alone.high - alone.low
    assert np.isnan(intervals["missing"].value)


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        (Interval(0.8412, 0.7812, 0.9012), "0.84 (0.78 to 0.90)"),
        (Interval(0.00123, -0.0012, 0.0031), "0.0012 (-0.0012 to 0.0031)"),
        (Interval(123.4, 100.2, 150.9), "123 (100 to 151)"),
        (Interval(0.19154, 0.19154, 0.19154), "0.1915"),
        (statistics.NOT_COMPUTABLE, "not computable"),
    ],
)
def test_an_interval_shows_the_decimals_that_mean_something(interval, text):
    assert str(interval) == text


def test_the_smallest_effect_follows_from_the_width():
    assert statistics.smallest_effect(Interval(0, -1.96, 1.96)) == pytest.approx(2.80, abs=0.01)


def test_crossed_groups_are_drawn_independently():
    units, trainings = np.repeat(np.arange(20), 6), np.tile(np.arange(6), 20)
    of_trainings = np.random.default_rng(0).normal(size=6)[trainings]

    def spread(crossed):
        drawn = statistics.draws(lambda w: np.average(of_trainings, weights=w), units, crossed=crossed)
        return drawn.std()

    assert spread(None) == pytest.approx(0, abs=1e-9)
    assert spread(trainings) == pytest.approx(of_trainings.std() / 6**0.5, rel=0.15)


def test_a_single_group_gives_no_interval():
    values = np.array([1.0, 2.0, 3.0])
    one = np.zeros(3)
    alone = statistics.bootstrap(lambda weights: np.average(values, weights=weights), one)
    assert str(alone) == "2 (no interval)"
    assert (alone.low, alone.high) == statistics.UNBOUNDED
    several = statistics.family({"a": lambda weights: 0.5, "b": lambda weights: np.nan}, one)
    assert str(several["a"]) == "0.5 (no interval)" and str(several["b"]) == "not computable"
