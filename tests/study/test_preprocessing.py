from dataclasses import replace

import numpy as np

from dfd import embedding
from study.experiments import preprocessing


def test_variants_tell_the_listing_from_the_right_way(few):
    table = preprocessing.table(few)
    sizes = table.groupby("variant")["vector"].agg(lambda vectors: len(vectors.iloc[0]))
    assert set(sizes.index) == set(preprocessing.VARIANTS)
    assert sizes["as listed"] == sizes["logits"] == 1000 and sizes[preprocessing.STANDARD] == 1280
    assert table.groupby("variant").size().nunique() == 1


def test_training_mode_leaves_the_network_as_it_was(sample):
    network = embedding.backbone(replace(sample, backbone="efficientnet-lite0"))
    pictures = np.random.default_rng(0).integers(0, 256, (3, 96, 96, 3), dtype=np.uint8)
    before = embedding.embed(network, pictures)
    trained = preprocessing.embed(network, pictures, preprocessing.VARIANTS["training mode"], seed=0)
    assert not np.allclose(trained, before, atol=0.1)
    assert not network.training and np.array_equal(embedding.embed(network, pictures), before)
