from dataclasses import replace

import numpy as np

from dfd import ablation, embedding


def test_variants_tell_the_listing_from_the_right_way(few):
    found = ablation.table(replace(few, videos=4))
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
