from dataclasses import replace

import numpy as np
import pytest
from made_up import judged

from dfd import embedding
from study.experiments import network_modes


def test_each_mode_is_scored_and_compared_with_the_standard_one():
    table = judged("mode", network_modes.MODES, better=["standard"])
    estimates = network_modes.estimate(table)
    assert {f"AUC: {mode}" for mode in network_modes.MODES} <= set(estimates)
    assert estimates["AUC: standard"].value > 0.9
    assert estimates["gain over standard: logits"].high < 0
    assert "gain over standard: standard" not in estimates


def test_training_mode_leaves_the_network_as_it_was(sample):
    network = embedding.backbone(replace(sample, backbone="efficientnet-lite0"))
    pictures = np.random.default_rng(0).integers(0, 256, (3, 96, 96, 3), dtype=np.uint8)
    before = embedding.embed(network, pictures)
    trained = network_modes.embed(network, pictures, network_modes.MODES["training mode"], seed=0)
    assert not np.allclose(trained, before, atol=0.1)
    assert not network.training and np.array_equal(embedding.embed(network, pictures), before)
    logits = network_modes.embed(network, pictures, network_modes.MODES["logits"], seed=0)
    assert logits.shape == (3, 1000) and before.shape == (3, 1280)


@pytest.mark.slow
def test_every_video_is_judged_in_every_mode(extracted):
    run = replace(extracted, faces_per_fake=2, faces_per_real=2)
    table = network_modes.collect(run, "quick")
    assert table.groupby("mode")["video"].nunique().to_dict() == dict.fromkeys(network_modes.MODES, 12)
    assert table["p_fake"].between(0, 1).all() and table["unit"].notna().all()
