import numpy as np
import pytest

from dfd import embedding, faces, many_points, reduction
from dfd.errors import InputError


@pytest.fixture(scope="module")
def blobs():
    """Four people of 30 faces, well apart in 20 dimensions."""
    random = np.random.default_rng(0)
    people = np.repeat(np.arange(4), 30)
    centres = random.normal(size=(4, 20)) * 10
    return centres[people] + random.normal(size=(120, 20))


@pytest.mark.parametrize("method", reduction.METHODS)
def test_reduce_gives_finite_points_in_three_dimensions_again_and_again(blobs, method):
    vectors = blobs.astype(np.float32)
    points = reduction.reduce(vectors, method, seed=1)
    assert points.shape == (120, 3) and np.isfinite(points).all()
    assert np.allclose(points, reduction.reduce(vectors, method, seed=1), atol=1e-3)


def test_perplexity_is_the_reports_where_there_are_points_enough():
    assert reduction.perplexity(10_000) == 50
    assert reduction.perplexity(31) == 10


def test_too_few_faces_are_an_error():
    with pytest.raises(InputError, match="3 faces are too few"):
        reduction.reduce(np.eye(3), "pca", 0)


def test_unknown_method_is_an_error(few):
    with pytest.raises(InputError, match="no such reduction"):
        reduction.table(few, "umap")


@pytest.mark.parametrize("method", reduction.METHODS)
def test_table_has_a_point_for_each_face(few, method):
    points = reduction.table(few, method)
    assert points.columns.to_list() == ["face_id", "x", "y", "z"]
    assert points["face_id"].to_list() == embedding.table(few)["face_id"].to_list()
    assert faces.table(few)["face_id"].isin(points["face_id"]).all()


def test_vectors_that_are_no_numbers_are_an_error(blobs):
    broken = blobs.copy()
    broken[3, 5] = np.nan
    with pytest.raises(InputError, match="1 of 120 vectors have components that are no numbers"):
        reduction.reduce(broken, "pca+tsne", 0)


def test_vectors_that_are_all_the_same_are_an_error():
    with pytest.raises(InputError, match="all 40 vectors are the same"):
        reduction.reduce(np.ones((40, 20), dtype=np.float32), "pca+tsne", 0)


def test_faces_that_are_repeated_are_placed(blobs):
    points = reduction.reduce(np.repeat(blobs[:4], 30, axis=0).astype(np.float32), "pca+tsne", 0)
    assert points.shape == (120, 3) and np.isfinite(points).all()


def test_from_a_number_on_points_are_placed_with_a_mesh(few, tmp_path, monkeypatch):
    whole, before = reduction.table(few), reduction.path(few).read_bytes()
    monkeypatch.setattr(reduction, "MOST_BARNES_HUT", len(whole) - 1)
    monkeypatch.setattr(many_points, "PHASES", ((50, 12.0, 0.5), (50, 1.0, 0.8)))
    monkeypatch.setattr(reduction, "path", lambda *arguments: tmp_path / "points.parquet")
    points = reduction.table(few)
    assert points["face_id"].equals(whole["face_id"]) and not points.equals(whole)
    assert [path.name for path in tmp_path.iterdir()] == ["points.parquet"], "the steps are gone"
    monkeypatch.undo()
    assert reduction.table(few).equals(whole) and reduction.path(few).read_bytes() == before
