from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from dfd import ablation, embedding, faces


def test_variants_tell_the_listing_from_the_right_way(few):
    found = ablation.table(few)
    sizes = found.groupby("variant")["vector"].agg(lambda vectors: len(vectors.iloc[0]))
    assert set(sizes.index) == set(ablation.VARIANTS)
    assert sizes["as listed"] == sizes["logits"] == 1000 and sizes[ablation.STANDARD] == 1280
    assert found.groupby("variant").size().nunique() == 1


def test_training_mode_leaves_the_network_as_it_was(sample):
    network = embedding.backbone(replace(sample, backbone="efficientnet-lite0"))
    faces = np.random.default_rng(0).integers(0, 256, (3, 96, 96, 3), dtype=np.uint8)
    before = embedding.embed(network, faces)
    trained = ablation.embed(network, faces, ablation.VARIANTS["training mode"], seed=0)
    assert not np.allclose(trained, before, atol=0.1)
    assert not network.training and np.array_equal(embedding.embed(network, faces), before)


def test_samplings_judge_the_same_videos_after_fits_to_other_faces(few):
    found = ablation.sampling(few)
    by_sampling = found.groupby("sampling")
    assert set(by_sampling.groups) == set(ablation.SAMPLINGS)
    assert by_sampling["video"].agg(frozenset).nunique() == 1
    fitted = by_sampling[["real", "fake"]].first()
    known = faces.table(few)
    assert fitted.loc["1 face a video"].tolist() == [
        known.loc[known["label"] == label, "video"].nunique() for label in ("REAL", "FAKE")
    ]
    assert fitted.loc["8 and 40 faces, no weights", "real"] == (known["label"] == "REAL").sum()


def test_augmentation_is_judged_on_the_face_as_it_is_and_on_changed_ones(few):
    found = ablation.augmentation(few)
    assert set(found["fitted"]) == {"no", "once", "anew"}
    assert found.groupby(["fitted", "face_id"])["draw"].agg(sorted).map(tuple).unique().tolist() == [
        tuple(range(ablation.DRAWS + 1))
    ]


def test_larger_crops_cost_more_and_leave_the_frame_more_often(few):
    costs = ablation.costs(few)
    assert len(costs) == len(ablation.PICTURES) * faces.table(few)["video"].nunique()
    by_size = costs[costs["margin"] == 0.6].groupby("size")["bytes"].mean()
    assert by_size.is_monotonic_increasing
    by_margin = costs[costs["size"] == 240].groupby("margin")[["outside", "scale"]].mean()
    assert by_margin["outside"][1] > by_margin["outside"][0] and by_margin["scale"].is_monotonic_decreasing
    assert costs["outside"].between(0, 1).all()


def test_cost_of_a_crop_that_leaves_the_frame():
    image = np.zeros((100, 200, 3), np.uint8)
    found = ablation._cost(image, np.array([0.0, 20, 60, 80]), 1.0, 240)
    # The square has 120 pixels and its centre at (30, 50): 30 are left of the frame, 10 above and 10 below.
    assert found["outside"] == pytest.approx(1 - 90 * 100 / 120**2)
    assert found["scale"] == 2


def test_recall_gap_counts_videos_judged_rightly():
    said = pd.DataFrame(
        {
            "video": list("abcdefgh"),
            "source": list("aabbccdd"),
            "label": ["REAL", "FAKE"] * 4,
            "p_fake": [0.7, 0.9, 0.2, 0.8, 0.9, 0.6, 0.6, 0.3],
        }
    )
    real, fake, gap = ablation.recall_gap(said)
    assert (real.value, fake.value, gap.value) == (0.25, 0.75, 0.5)
    assert gap.low <= 0.5 <= gap.high
    nothing = ablation.recall_gap(said.assign(p_fake=np.nan))
    assert all(np.isnan(interval.value) for interval in nothing)


def test_saved_time_is_paired_by_round():
    half = ablation.saved(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0]))
    assert (half.value, half.low, half.high) == (0.5, 0.5, 0.5)
    assert ablation.saved(np.array([3.0, 2.0]), np.array([2.0, 2.0])).value == -0.25
