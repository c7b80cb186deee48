import numpy as np
import pytest

from dfd import clustering, reduction
from dfd.errors import InputError


@pytest.fixture(scope="module")
def blobs():
    """Five well separated clusters of 40 points in three dimensions, and their numbers."""
    random = np.random.default_rng(0)
    codes = np.repeat(np.arange(5), 40)
    return random.uniform(-50, 50, size=(5, 3))[codes] + random.normal(size=(200, 3)), codes


def test_hdbscan_finds_the_clusters_without_their_number(blobs):
    points, codes = blobs
    clusters, probability = clustering.find(points)
    facts = clustering.summary(clusters, codes)
    assert facts["clusters"] == 5 and facts["ARI"] > 0.95
    assert ((probability >= 0) & (probability <= 1)).all()
    assert (probability[clusters == clustering.NOISE] == 0).all()


def test_every_algorithm_finds_them_too(blobs):
    points, codes = blobs
    for name, algorithm in clustering.algorithms(5, clustering.reach(points), seed=0).items():
        assert clustering.summary(algorithm(points), codes)["NMI"] > 0.9, name


def test_few_points_are_all_noise():
    clusters, probability = clustering.find(np.zeros((4, 3)))
    assert clusters.tolist() == [-1] * 4 and probability.tolist() == [0] * 4


def test_reach_is_beyond_the_neighbours_and_short_of_the_next_cluster(blobs):
    assert 0.2 < clustering.reach(blobs[0]) < 10


def test_stability_is_1_for_the_same_clusters_by_other_names():
    assert clustering.stability([np.array([0, 0, 1, 1]), np.array([5, 5, 2, 2])]) == 1


def test_stability_leaves_out_points_that_one_did_not_see():
    assert clustering.stability([np.array([0, 0, 1, 1, -2]), np.array([-2, 3, 4, 4, 4])]) == 1


def test_trials_find_clear_clusters_again(blobs):
    found = clustering.trials(blobs[0], clusters=5, seed=0).pivot(index="algorithm", columns="change")
    assert found.shape == (3, 3)
    assert (found.loc["HDBSCAN"] > 0.95).all()


def test_table_has_a_cluster_for_each_face(few):
    found = clustering.table(few)
    assert found.columns.to_list() == ["face_id", "cluster", "probability"]
    assert found["face_id"].to_list() == reduction.table(few)["face_id"].to_list()
    assert len(clustering.table(few, "vectors")) == len(found)


def test_unknown_space_is_refused(few):
    with pytest.raises(InputError, match="cannot be clustered"):
        clustering.table(few, "pixels")
