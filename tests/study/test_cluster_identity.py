import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from study import measuring
from study.experiments import cluster_identity
from study.experiments.cluster_identity import ALL, SAME, VIDEO


def faces(clusters, group=SAME, name="dlib, map"):
    """Four people, each in two videos with four faces; the clusters of the 32 faces."""
    number = np.arange(32)
    return pd.DataFrame(
        {
            "faces": group,
            "clustering": name,
            "video": [f"video {n}" for n in number // 4],
            "source": [f"video {n}" for n in number // 4],
            "actor": [f"actor {n}" for n in number // 8],
            "unit": [f"actor {n}" for n in number // 8],
            "cluster": clusters,
        }
    )


def test_clusters_of_people_beat_clusters_of_videos():
    number = np.arange(32)
    table = pd.concat([faces(number // 8, ALL), faces(number // 8)], ignore_index=True)
    estimates = cluster_identity.estimate(table)
    assert estimates["people: dlib, map"].value == 1
    assert 0 < estimates[f"people: {VIDEO}"].value < 1
    assert estimates["one person's faces of two videos are together: dlib, map"].value == 1
    assert estimates[f"one person's faces of two videos are together: {VIDEO}"].value == 0
    assert estimates["videos: dlib, map"].value < 1


def test_noise_is_no_person():
    number = np.arange(32)
    lost = np.where(number // 8 == 3, -1, number // 8)
    table = pd.concat([faces(lost, ALL), faces(lost)], ignore_index=True)
    estimates = cluster_identity.estimate(table)
    assert estimates["people: dlib, map"].value < 0.9
    assert estimates["one person's faces of two videos are together: dlib, map"].value == pytest.approx(0.75)
    assert cluster_identity.summary(table).loc[(SAME, "dlib, map"), "noise"] == 0.25


def test_without_people_there_are_videos_and_sources_only(tiny):
    table = faces(np.arange(32) // 8, ALL).assign(actor=None)
    estimates = cluster_identity.estimate(table)
    assert not [name for name in estimates if name.startswith("people")]
    assert np.isnan(estimates["one person's faces of two videos are together"].value)
    plt.close(cluster_identity.draw(measuring.of_table(tiny, cluster_identity, "quick", table, {})))


def test_only_the_largest_clusters_have_names():
    clusters = pd.Series([1, 1, 1, 2, 2, 3, -1])
    names = cluster_identity.largest(clusters, count=2)
    assert names.to_list() == ["cluster 1"] * 3 + ["cluster 2"] * 2 + ["other clusters", "noise"]


@pytest.mark.slow
def test_the_same_real_faces_are_clustered_by_every_embedding(few):
    result = cluster_identity.measure(few)
    same = result.table[result.table["faces"] == SAME]
    counted = same.groupby("clustering")["face_id"].agg(lambda names: tuple(sorted(names)))
    assert counted.nunique() <= 1 and set(same["label"]) <= {"REAL"}
    assert result.table.groupby(["faces", "clustering", "video"]).size().max() <= cluster_identity.FACES
    plt.close(cluster_identity.draw(result))
    plt.close(cluster_identity.sheet(few, result.table[result.table["faces"] == ALL]))
