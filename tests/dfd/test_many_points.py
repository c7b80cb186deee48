import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from dfd import many_points, progress
from dfd.errors import InputError
from dfd.gradients import AllPairs, MeshGradient
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
    monkeypatch.setattr(many_points, "JOINT", ((150, 1.0, 0.8),))


def test_nearly_all_neighbours_are_right(vectors):
    indices, distances = many_points.neighbours(vectors, 30, seed=0, jobs=2)
    right = NearestNeighbors(n_neighbors=30).fit(vectors).kneighbors(return_distance=False)
    shared = [len(np.intersect1d(*rows)) / 30 for rows in zip(indices, right, strict=True)]
    assert np.mean(shared) > 0.98
    assert (indices != np.arange(1200)[:, None]).all() and (np.diff(distances, axis=1) >= 0).all()


def test_where_the_nearest_cells_hold_too_few_all_are_looked_into(vectors):
    indices, distances = many_points.neighbours(vectors, 200, seed=0, jobs=2, probes=1)
    assert (indices >= 0).all() and (indices < len(vectors)).all() and np.isfinite(distances).all()


def test_a_point_has_no_more_neighbours_than_there_are_others(vectors):
    assert many_points.neighbours(vectors[:31], 30, seed=0, jobs=1)[0].shape == (31, 30)
    with pytest.raises(InputError, match="31 points have no 31 neighbours"):
        many_points.neighbours(vectors[:31], 31, seed=0, jobs=1)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("count", [20, 40, 90])
def test_few_points_are_placed_too(vectors, count):
    points = many_points.tsne(vectors[:count], (count - 1) / 3, seed=0, jobs=1)
    assert points.shape == (count, 3) and np.isfinite(points).all()


def test_points_in_one_place_are_placed():
    vectors = np.repeat(np.eye(4, 6, dtype=np.float32), 100, axis=0)
    points = many_points.tsne(vectors, 30, seed=0, jobs=2)
    assert np.isfinite(points).all()


@pytest.mark.parametrize("jobs", [1, 2])
def test_gradient_is_that_of_all_pairs(vectors, jobs):
    matrix = many_points.affinities(*many_points.neighbours(vectors, 90, 0, 2), 30, 2)
    points = np.random.default_rng(0).normal(size=(1200, 3)) * 5
    divergence, gradient = MeshGradient(jobs)(points, matrix, should_eval_error=True)
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


def test_points_begin_beside_the_nearest_that_are_placed(vectors):
    drawn = np.arange(0, 1200, 3)
    placed = vectors[drawn, :3].astype(np.float64)
    start = many_points.beside(vectors, drawn, placed, seed=0, jobs=2)
    stretched = 3 ** (1 / 3)
    assert np.abs(start[drawn] - stretched * placed).max() < 6 * many_points.JITTER
    # A group of the fixture is one apart in every direction, and eight from the others.
    groups = np.arange(1200) % 40
    middles = np.stack([start[drawn][groups[drawn] == group].mean(axis=0) for group in groups])
    assert (np.linalg.norm(start - middles, axis=1) < 4 * stretched).mean() > 0.95
    assert len(np.unique(start, axis=0)) == 1200


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("stage", [1, 2])
def test_a_map_that_was_stopped_ends_like_one_that_was_not(vectors, tmp_path, monkeypatch, stage):
    """Stopped among the points that are placed first, or among all."""
    whole = many_points.tsne(vectors, 30, seed=0, jobs=2)
    kept, begun = many_points.CHUNK, []

    def interrupted(of, count, made=True):
        begun.extend([of] if of not in begun else [])
        if made and len(begun) == stage and of.done >= 2 * kept:
            raise KeyboardInterrupt
        of.done += count

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(progress.Stage, "advance", interrupted)
        many_points.tsne(vectors, 30, seed=0, jobs=2, folder=tmp_path)
    files = sorted(tmp_path.iterdir())
    assert [file.stem for file in files] == ["map", "neighbours", "sample"][2 - stage :]
    (tmp_path / "damaged").mkdir()
    for file in files:
        (tmp_path / "damaged" / file.name).write_bytes(file.read_bytes()[:1000])
    assert np.array_equal(many_points.tsne(vectors, 30, 0, 2, folder=tmp_path / "damaged"), whole)
    chunks, optimize = [], many_points.openTSNE.TSNEEmbedding.optimize
    monkeypatch.setattr(
        many_points.openTSNE.TSNEEmbedding,
        "optimize",
        lambda *arguments, **options: chunks.append(1) or optimize(*arguments, **options),
    )
    resumed = many_points.tsne(vectors, 30, seed=0, jobs=2, folder=tmp_path)
    assert np.array_equal(resumed, whole) and len(chunks) == [None, 7 - 3, 7 - 4 - 3][stage]
    assert np.array_equal(many_points.tsne(vectors, 30, seed=0, jobs=2, folder=tmp_path), whole)
    assert len(chunks) == [None, 7 - 3, 7 - 4 - 3][stage]
