import numpy as np
import pytest
import torch

from dfd import embedding
from study.methods import augmented
from study.methods.augmented import AttentionAugmented, Residual

SIDE = augmented.networks.SIZE // augmented.STRIDE


def by_definition(layer: AttentionAugmented, inputs: torch.Tensor) -> torch.Tensor:
    """Compute the attention place by place and head by head, as the paper writes it."""
    count, _, height, width = inputs.shape
    query, key, value = layer.projection(inputs).split([layer.keys, layer.keys, layer.values], dim=1)
    length, size = layer.keys // layer.heads, layer.values // layer.heads
    result = torch.zeros(count, layer.values, height, width)
    places = [(row, column) for row in range(height) for column in range(width)]
    for picture in range(count):
        for head in range(layer.heads):
            keys, values = slice(head * length, (head + 1) * length), slice(head * size, (head + 1) * size)
            for row, column in places:
                asked = query[picture, keys, row, column]
                likeness = []
                for other, beside in places:
                    across = layer.across[beside - column + layer.side - 1]
                    down = layer.down[other - row + layer.side - 1]
                    likeness.append(asked @ (key[picture, keys, other, beside] + across + down) / length**0.5)
                weights = torch.stack(likeness).softmax(dim=0)
                answers = torch.stack([value[picture, values, *place] for place in places])
                result[picture, values, row, column] = weights @ answers
    return result


@pytest.mark.parametrize(("height", "width", "heads"), [(4, 4, 1), (3, 5, 2)])
def test_the_attention_is_that_of_its_definition(height, width, heads):
    torch.manual_seed(0)
    layer = AttentionAugmented(6, 12, keys=8, values=4, heads=heads, side=5)
    inputs = torch.randn(2, 6, height, width)
    with torch.inference_mode():
        np.testing.assert_allclose(layer.attention(inputs), by_definition(layer, inputs), atol=1e-5)
        assert layer(inputs).shape == (2, 12, height, width)


def test_a_far_place_is_heard_by_the_attention_and_not_by_the_convolution():
    torch.manual_seed(0)
    layer = AttentionAugmented(3, 8, keys=4, values=4, heads=2, side=9).eval()
    inputs = torch.zeros(1, 3, 9, 9)
    changed = inputs.clone()
    changed[..., 8, 8] = 5
    with torch.inference_mode():
        apart = (layer(changed) - layer(inputs))[0, :, 0, 0]
    assert (apart[:4] == 0).all() and (apart[4:] != 0).any()


def test_a_residual_layer_starts_as_nothing():
    layer = Residual(torch.nn.Conv2d(4, 6, 1), 6, 4)
    inputs = torch.randn(1, 4, 5, 5)
    torch.testing.assert_close(layer(inputs), inputs)


def test_both_layers_cost_the_same():
    layers = [make(112) for make in (augmented.attention_layer, augmented.convolution_layer)]
    costs = [augmented.multiply_adds(layer, 112, SIDE) for layer in layers]
    assert costs[1] == pytest.approx(costs[0], rel=0.02)


def test_multiply_adds_are_those_of_the_formula():
    assert augmented.multiply_adds(torch.nn.Conv2d(8, 5, 3, padding=1), 8, 7) == 9 * 8 * 5 * 7**2


@pytest.mark.parametrize("make", [augmented.attention_layer, augmented.convolution_layer])
def test_at_the_beginning_the_network_is_the_backbone(sample, make):
    network, features = augmented.layers(sample, make)
    pictures = torch.randn(2, 3, augmented.networks.SIZE, augmented.networks.SIZE)
    with torch.inference_mode():
        torch.testing.assert_close(network.eval()(pictures), embedding.backbone(sample)(pictures))
    assert features == 1280
