import numpy as np
import pytest

from dfd import clustering, faces, reduction
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


def test_few_points_are_all_noise():
    clusters, probability = clustering.find(np.zeros((4, 3)))
    assert clusters.tolist() == [-1] * 4 and probability.tolist() == [0] * 4


def test_table_has_a_cluster_for_each_face(few):
    found = clustering.table(few)
    assert found.columns.to_list() == ["face_id", "cluster", "probability"]
    assert found["face_id"].to_list() == reduction.table(few)["face_id"].to_list()
    assert len(clustering.table(few, "vectors")) == len(found)


def test_of_too_many_vectors_those_of_whole_videos_are_clustered(few, tmp_path, monkeypatch):
    rows = faces.table(few)
    monkeypatch.setattr(clustering, "MOST_VECTORS", len(rows) // 2)
    monkeypatch.setattr(clustering, "path", lambda *arguments: tmp_path / "clusters.parquet")
    clusters = clustering.table(few, "vectors")
    assert 0 < len(clusters) <= clustering.MOST_VECTORS < len(rows)
    drawn = rows[rows["face_id"].isin(clusters["face_id"])]
    assert drawn["face_id"].to_list() == clusters["face_id"].to_list()
    assert len(drawn) == rows["video"].isin(drawn["video"]).sum()


def test_unknown_space_is_refused(few):
    with pytest.raises(InputError, match="cannot be clustered"):
        clustering.table(few, "pixels")


def test_a_person_whose_faces_are_all_noise_lowers_the_score():
    people = np.repeat(["a", "b", "c", "d", "e"], 10)
    clusters = np.where(people == "e", clustering.NOISE, np.repeat(np.arange(5), 10))
    facts = clustering.summary(clusters, people)
    assert facts["clusters"] == 4 and facts["noise"] == 0.2 and facts["ARI"] < 0.95
    assert clustering.noise_apart(clusters).max() == 3 + 10
