import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from dfd import many_points, progress
from dfd.all_pairs import AllPairs
from dfd.reduction import barnes_hut


@pytest.fixture(scope="module")
def vectors():
    """Twelve hundred points of forty groups in ten dimensions."""
    random = np.random.default_rng(0)
    middles = random.normal(size=(40, 10)) * 4
    return (middles[np.arange(1200) % 40] + random.normal(size=(1200, 10))).astype(np.float32)


@pytest.fixture
def short(monkeypatch):
    """Few iterations."""
    monkeypatch.setattr(many_points, "PHASES", ((100, 12.0, 0.5), (100, 1.0, 0.8)))


def test_nearly_all_neighbours_are_right(vectors):
    indices, distances = many_points.neighbours(vectors, 30, seed=0, jobs=2)
    right = NearestNeighbors(n_neighbors=30).fit(vectors).kneighbors(return_distance=False)
    shared = [len(np.intersect1d(*rows)) / 30 for rows in zip(indices, right, strict=True)]
    assert np.mean(shared) > 0.98
    assert (indices != np.arange(1200)[:, None]).all() and (np.diff(distances, axis=1) >= 0).all()


def test_where_the_nearest_cells_hold_too_few_all_are_looked_into(vectors):
    indices, distances = many_points.neighbours(vectors, 200, seed=0, jobs=2, probes=1)
    assert (indices >= 0).all() and (indices < len(vectors)).all() and np.isfinite(distances).all()


def test_points_in_one_place_are_placed():
    vectors = np.repeat(np.eye(4, 6, dtype=np.float32), 100, axis=0)
    points = many_points.tsne(vectors, 30, seed=0, jobs=2)
    assert np.isfinite(points).all()


@pytest.mark.parametrize("jobs", [1, 2])
def test_gradient_is_that_of_all_pairs(vectors, jobs):
    matrix = many_points.affinities(*many_points.neighbours(vectors, 90, 0, 2), 30, 2)
    points = np.random.default_rng(0).normal(size=(1200, 3)) * 5
    divergence, gradient = many_points.MeshGradient(jobs)(points, matrix, should_eval_error=True)
    right, slope = AllPairs("cpu")(points, matrix, should_eval_error=True)
    assert divergence == pytest.approx(right, rel=1e-4)
    assert np.sqrt(((gradient - slope) ** 2).mean() / (slope**2).mean()) < 1e-2


def test_the_map_is_no_worse_than_barnes_and_hut_s(vectors):
    matrix = many_points.affinities(*many_points.neighbours(vectors, 90, 0, 2), 30, 2)
    objective = AllPairs("cpu")
    ours, theirs = (
        objective(points, matrix, should_eval_error=True)[0]
        for points in (many_points.tsne(vectors, 30, 0, 2), barnes_hut(vectors, 0, 2))
    )
    assert ours < 1.03 * theirs


@pytest.mark.usefixtures("short")
def test_a_map_that_was_stopped_ends_like_one_that_was_not(vectors, tmp_path, monkeypatch):
    whole = many_points.tsne(vectors, 30, seed=0, jobs=2)
    kept = many_points.CHUNK

    def interrupted(stage, count, made=True):
        if made and stage.done >= 2 * kept:
            raise KeyboardInterrupt
        stage.done += count

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(progress.Stage, "advance", interrupted)
        many_points.tsne(vectors, 30, seed=0, jobs=2, folder=tmp_path)
    (tmp_path / "damaged").mkdir()
    for name in ("map.npz", "neighbours.npz"):
        (tmp_path / "damaged" / name).write_bytes((tmp_path / name).read_bytes()[:1000])
    assert np.array_equal(many_points.tsne(vectors, 30, 0, 2, folder=tmp_path / "damaged"), whole)
    monkeypatch.setattr(many_points, "neighbours", None)
    resumed = many_points.tsne(vectors, 30, seed=0, jobs=2, folder=tmp_path)
    assert np.array_equal(resumed, whole)
    assert np.array_equal(many_points.tsne(vectors, 30, seed=0, jobs=2, folder=tmp_path), whole)
