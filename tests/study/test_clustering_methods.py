import numpy as np
import pytest

from dfd import clustering
from study.experiments import clustering_methods


@pytest.fixture(scope="module")
def blobs():
    """Five well separated clusters of 40 points in three dimensions, and their numbers."""
    random = np.random.default_rng(0)
    codes = np.repeat(np.arange(5), 40)
    return random.uniform(-50, 50, size=(5, 3))[codes] + random.normal(size=(200, 3)), codes


def test_every_algorithm_finds_the_clusters(blobs):
    points, codes = blobs
    radius = clustering_methods.knee_radius(points)
    for name, algorithm in clustering_methods.algorithms(5, radius, seed=0).items():
        assert clustering.summary(algorithm(points), codes)["NMI"] > 0.9, name


def test_knee_radius_is_beyond_the_neighbours_and_short_of_the_next_cluster(blobs):
    assert 0.2 < clustering_methods.knee_radius(blobs[0]) < 10


def test_stability_is_1_for_the_same_clusters_by_other_names():
    assert clustering_methods.stability([np.array([0, 0, 1, 1]), np.array([5, 5, 2, 2])]) == 1


def test_stability_leaves_out_points_that_one_did_not_see():
    assert clustering_methods.stability([np.array([0, 0, 1, 1, -2]), np.array([-2, 3, 4, 4, 4])]) == 1


def test_trials_find_clear_clusters_again(blobs):
    trials = clustering_methods.trials(blobs[0], clusters=5, seed=0)
    stability = trials.pivot(index="algorithm", columns="change")
    assert stability.shape == (3, 3)
    assert (stability.loc["HDBSCAN"] > 0.95).all()


def test_times_are_measured_once(few, monkeypatch):
    monkeypatch.setattr(clustering_methods, "algorithms", lambda clusters, radius, seed: {"mean": np.mean})
    times = clustering_methods.times(few, sizes=(10, 20))
    assert times["n"].to_list() == [10, 20] and (times["seconds"] > 0).all()
    assert clustering_methods.times(few, sizes=(10, 20)).equals(times)
