import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from dfd import clustering
from study import groupings


@pytest.fixture
def labels():
    """Two groupings of 300 faces, the second with noise, and the ten people whose faces they are."""
    random = np.random.default_rng(0)
    first = random.integers(0, 12, 300)
    second = np.where(random.random(300) < 0.7, first, random.integers(0, 15, 300))
    second[:40] = clustering.NOISE
    return first, second, first % 10


def test_index_is_scikit_learns_with_noise_as_clusters_of_one(labels):
    first, second, people = labels
    expected = adjusted_rand_score(first, clustering.noise_apart(second))
    interval = groupings.index(first, second, people)
    assert interval.value == pytest.approx(expected)
    assert interval.low < interval.value < interval.high


def test_a_weight_of_0_leaves_a_person_out(labels):
    first, second, people = labels
    weights = np.ones(10)
    weights[3] = 0
    rest = people != 3
    expected = adjusted_rand_score(first[rest], clustering.noise_apart(second)[rest])
    assert groupings.pairing(first, second, people).index(weights) == pytest.approx(expected)


def test_same_groups_by_other_names_have_index_1():
    first, second = np.array(["a", "a", "b", "b"]), np.array([5, 5, 2, 2])
    assert groupings.index(first, second, np.array(["x", "y", "x", "y"])).value == 1


def test_mean_is_over_all_pairs_of_groupings(labels):
    first, second, people = labels
    same = (first, first, people)
    both = groupings.mean_index([same, (first, second, people)])
    assert both.value == pytest.approx((1 + groupings.index(first, second, people).value) / 2)


def test_nothing_to_compare_is_not_computable():
    assert np.isnan(groupings.mean_index([]).value)
    everything_noise = np.full(5, clustering.NOISE)
    assert np.isnan(groupings.index(everything_noise, everything_noise, np.arange(5)).value)
