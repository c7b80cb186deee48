import numpy as np
import pytest

from dfd import reduction
from study.experiments import reduction_methods


@pytest.fixture(scope="module")
def blobs():
    """Four people, each filmed in two videos of 15 faces, well apart in 20 dimensions."""
    random = np.random.default_rng(0)
    people = np.repeat(np.arange(4), 30)
    videos = np.repeat(np.arange(8), 15)
    centres = random.normal(size=(4, 20)) * 10
    return centres[people] + random.normal(size=(120, 20)), videos, people


def test_tsne_keeps_neighbours(blobs):
    vectors, videos, people = blobs
    points, noise = reduction.reduce(vectors, "pca+tsne", 1), np.random.default_rng(2).normal(size=(120, 3))
    kept, shuffled = (reduction_methods.quality(vectors, some, videos) for some in (points, noise))
    assert reduction_methods.neighbour_votes(points, people, apart=videos).mean() > 0.9
    assert kept["video"] > shuffled["video"]
    assert kept["trustworthiness"] > 0.9 > shuffled["trustworthiness"]
    assert kept["silhouette"] > shuffled["silhouette"]


def test_neighbour_votes_leave_out_the_own_group(blobs):
    points, videos, people = blobs
    assert (reduction_methods.neighbour_votes(points, people, apart=videos) == 1).all()
    assert np.isnan(reduction_methods.neighbour_votes(points, videos, apart=videos)).all()


def test_candidates_reduce_to_three_dimensions(blobs):
    for name, candidate in reduction_methods.candidates(seed=0).items():
        assert np.shape(candidate(blobs[0])) == (120, 3), name


def test_times_are_measured_once(few, monkeypatch):
    monkeypatch.setattr(reduction_methods, "candidates", lambda seed, jobs: {"mean": np.mean})
    times = reduction_methods.times(few, sizes=(10, 20))
    assert times["n"].to_list() == [10, 20] and (times["seconds"] > 0).all()
    assert reduction_methods.times(few, sizes=(10, 20)).equals(times)
