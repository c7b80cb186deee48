import numpy as np
import pytest

from dfd import embedding, faces, reduction
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


def test_of_too_many_faces_those_of_whole_videos_are_reduced(few, tmp_path, monkeypatch):
    rows, whole = faces.table(few), reduction.table(few)
    before = reduction.path(few).read_bytes()
    monkeypatch.setattr(reduction, "LARGEST", len(rows) // 2)
    monkeypatch.setattr(reduction, "path", lambda *arguments: tmp_path / "points.parquet")
    points = reduction.table(few)
    assert 0 < len(points) <= reduction.LARGEST < len(whole)
    drawn = rows[rows["face_id"].isin(points["face_id"])]
    assert drawn["face_id"].to_list() == points["face_id"].to_list()
    assert len(drawn) == rows["video"].isin(drawn["video"]).sum()
    monkeypatch.undo()
    assert reduction.table(few).equals(whole) and reduction.path(few).read_bytes() == before
