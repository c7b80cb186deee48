"""Heat maps of a network with its ImageNet weights."""

import numpy as np
import pytest

from dfd import classifier, explain


@pytest.fixture(scope="module")
def network(sample):
    return classifier.make(sample).eval()


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3), dtype=np.uint8)


def test_heat_maps_do_not_depend_on_the_batch(network, pictures, monkeypatch):
    heat = explain.heatmaps(network, pictures)
    assert heat.shape == (5, 64, 64) and heat.min() >= 0 and heat.max() <= 1
    monkeypatch.setattr(explain, "BATCH", 2)
    assert np.allclose(explain.heatmaps(network, pictures), heat, atol=1e-4)


def test_only_the_last_layers_keep_what_a_gradient_needs(network, pictures):
    network.backbone.network._conv_stem.weight.requires_grad_(False)
    explain.heatmaps(network, pictures)
    trainable = [name for name, parameter in network.named_parameters() if parameter.requires_grad]
    assert len(trainable) == len(list(network.parameters())) - 1, "as it was before"
    gradients = [name for name, parameter in network.named_parameters() if parameter.grad is not None]
    assert gradients and all("_bn1" in name for name in gradients)
