import pytest
import torch

from dfd import embedding
from study.methods import scaled
from study.methods.augmented import multiply_adds


@pytest.fixture(scope="module")
def once(sample) -> int:
    """Multiply-adds of the backbone that is not scaled."""
    return multiply_adds(embedding.backbone(sample), 3, scaled.SIZE)


@pytest.mark.parametrize("name", scaled.GRID)
def test_a_scaled_network_costs_twice_as_much_and_computes_the_same_at_first(sample, once, name):
    size, depth = scaled.GRID[name]
    network, features = scaled.layers(sample, size, depth)
    assert multiply_adds(network, 3, size) == pytest.approx(scaled.FACTOR * once, rel=0.06)
    pictures = torch.randn(2, 3, scaled.SIZE, scaled.SIZE)
    with torch.inference_mode():
        torch.testing.assert_close(
            network(pictures), embedding.backbone(sample)(pictures), atol=1e-4, rtol=1e-4
        )
    assert features == 1280


def test_a_deeper_network_has_more_blocks_and_a_wider_one_more_weights(sample):
    def size(network):
        return len(network.network._blocks), sum(weights.numel() for weights in network.parameters())

    blocks, weights = size(embedding.backbone(sample))
    wider, deeper = (size(scaled.layers(sample, *scaled.GRID[name])[0]) for name in ("wider", "deeper"))
    assert wider[0] == blocks < deeper[0]
    assert weights < min(wider[1], deeper[1])


def test_copies_of_a_channel_are_trained_apart(sample):
    torch.manual_seed(0)
    backbone = embedding.backbone(sample)
    block = scaled._wider(backbone.network._blocks[4], 1.0, scaled.np.random.default_rng(0))
    inputs = torch.randn(2, 40, 8, 8)
    (block(inputs) * torch.randn(2, 40, 8, 8)).sum().backward()
    gradient = block._depthwise_conv.weight.grad.flatten(1)
    # The second half holds the copies, in a drawn order: no row of one half is one of the other, but for
    # channels that the activation cuts off, which have no gradient at all.
    first, second = (half[half.norm(dim=1) > 0] for half in (gradient[:240], gradient[240:]))
    apart = torch.cdist(first, second, compute_mode="donot_use_mm_for_euclid_dist")
    assert len(first) > 100
    assert apart.min() > 0


def test_squeeze_and_excitation_is_widened_too():
    network = embedding.architecture("efficientnet-b7").network
    block = next(b for b in network._blocks if b._block_args.expand_ratio > 1)
    wider = scaled._wider(block, 0.5, scaled.np.random.default_rng(0))
    inputs = torch.randn(1, block._block_args.input_filters, 12, 12)
    with torch.inference_mode():
        torch.testing.assert_close(wider.eval()(inputs), block.eval()(inputs), atol=1e-5, rtol=1e-4)
