"""Attention-augmented convolution: part of a layer's channels look at the whole picture (report, 5.2.2)."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from dfd import embedding
from dfd.run import Run
from study.methods import networks

HEADS, KEYS, VALUES = 4, 40, 80
"""Of the attention: heads, and numbers of a place's key and of its value, over all heads."""

STRIDE = 16
"""The layer stands where features are so many times less wide and high than the picture."""


class AttentionAugmented(nn.Module):
    """A convolution and, beside it, self-attention over all places of the picture.

    Every place asks all others: its query is compared with their keys, and with how far they lie to the right
    and below; what they answer is averaged with these weights. A convolution sees its window alone.

    Parameters
    ----------
    inputs, outputs : int
        Channels; of the outputs, `values` come from the attention and the others from the convolution.
    keys, values, heads : int
        As `KEYS`, `VALUES` and `HEADS`; `heads` divides both others.
    side : int
        Largest width and height of the input.
    kernel : int
        Side of the convolution's window.

    References
    ----------
    I. Bello et al., Attention augmented convolutional networks, ICCV 2019.
    """

    def __init__(
        self, inputs: int, outputs: int, keys: int, values: int, heads: int, side: int, kernel: int = 3
    ) -> None:
        super().__init__()
        self.keys, self.values, self.heads, self.side = keys, values, heads, side
        self.convolution = nn.Conv2d(inputs, outputs - values, kernel, padding=kernel // 2)
        self.projection = nn.Conv2d(inputs, 2 * keys + values, 1)
        self.mix = nn.Conv2d(values, values, 1)
        scale = (keys // heads) ** -0.5
        self.across = nn.Parameter(scale * torch.randn(2 * side - 1, keys // heads))
        self.down = nn.Parameter(scale * torch.randn(2 * side - 1, keys // heads))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Compute shape (n, outputs, height, width) of shape (n, inputs, height, width)."""
        return torch.cat([self.convolution(inputs), self.mix(self.attention(inputs))], dim=1)

    def attention(self, inputs: torch.Tensor) -> torch.Tensor:
        """Let every place ask all others.

        Parameters
        ----------
        inputs : Tensor, shape (n, inputs, height, width)
            Height and width are `side` at most.

        Returns
        -------
        Tensor, shape (n, values, height, width)
        """
        count, _, height, width = inputs.shape
        parts = self.projection(inputs).split([self.keys, self.keys, self.values], dim=1)
        query, key, value = (part.reshape(count, self.heads, -1, height, width) for part in parts)
        query = query * (self.keys // self.heads) ** -0.5
        likeness = torch.einsum("nhdij,nhdkl->nhijkl", query, key)
        across, down = self._apart(self.across, width), self._apart(self.down, height)
        likeness = likeness + torch.einsum("nhdij,jld->nhijl", query, across)[..., None, :]
        likeness = likeness + torch.einsum("nhdij,ikd->nhijk", query, down)[..., None]
        weights = likeness.flatten(-2).softmax(dim=-1).unflatten(-1, (height, width))
        return torch.einsum("nhijkl,nhdkl->nhdij", weights, value).flatten(1, 2)

    def _apart(self, table: torch.Tensor, length: int) -> torch.Tensor:
        """Look up what each place of a row has to add for each other, by how far it lies after it."""
        places = torch.arange(length, device=table.device)
        return table[places[None] - places[:, None] + self.side - 1]


class Residual(nn.Module):
    """A layer whose result is added to its input; at the beginning it adds nothing.

    Parameters
    ----------
    layer : Module
        Gives `width` channels.
    width : int
        Channels of the layer.
    outputs : int
        Channels of the input.
    """

    def __init__(self, layer: nn.Module, width: int, outputs: int) -> None:
        super().__init__()
        self.layer, self.last = layer, nn.Conv2d(width, outputs, 1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)  # pyright: ignore[reportArgumentType]

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Add the layer's answer; the shape stays."""
        return inputs + self.last(torch.relu(self.layer(inputs)))


class Followed(nn.Module):
    """A block of an EfficientNet, and a layer after it.

    Parameters
    ----------
    block, layer : Module
        The block, and what follows it.
    """

    def __init__(self, block: nn.Module, layer: nn.Module) -> None:
        super().__init__()
        self.block, self.layer = block, layer

    def forward(self, inputs: torch.Tensor, drop_connect_rate: float | None = None) -> torch.Tensor:
        """Compute what both give, one after the other."""
        return self.layer(self.block(inputs, drop_connect_rate=drop_connect_rate))


def layers(run: Run, make: Callable[[int], nn.Module]) -> tuple[nn.Module, int]:
    """Build the backbone with one more layer in its midst.

    Parameters
    ----------
    run : Run
        The run, whose backbone it is.
    make : callable
        Makes the layer, `attention_layer` or `convolution_layer`; takes the channels that it is given.

    Returns
    -------
    tuple of Module and int
        The layers and the number of features.
    """
    backbone = embedding.backbone(run)
    blocks: Any = backbone.network._blocks
    # The first convolution halves the picture, and so does each block of stride 2.
    strides = 2 * np.cumprod([np.max(block._block_args.stride) for block in blocks])
    place = int(np.flatnonzero(strides == STRIDE)[-1])
    blocks[place] = Followed(blocks[place], make(blocks[place]._bn2.num_features))
    return backbone, embedding.FEATURES[run.backbone]


def attention_layer(channels: int) -> Residual:
    """Make the layer: an attention-augmented convolution beside a shortcut.

    Parameters
    ----------
    channels : int
        Of what it is given.

    Returns
    -------
    Residual
    """
    side = networks.SIZE // STRIDE
    return Residual(AttentionAugmented(channels, channels, KEYS, VALUES, HEADS, side), channels, channels)


def convolution_layer(channels: int) -> Residual:
    """Make its control: a convolution beside a shortcut, as wide as costs the same.

    Parameters
    ----------
    channels : int
        Of what it is given.

    Returns
    -------
    Residual
    """
    side = networks.SIZE // STRIDE
    wanted = multiply_adds(attention_layer(channels), channels, side)

    def made(width: int) -> Residual:
        return Residual(nn.Conv2d(channels, width, 3, padding=1), width, channels)

    def apart(width: int) -> int:
        return abs(multiply_adds(made(width), channels, side) - wanted)

    return made(min(range(1, 4 * channels), key=apart))


def multiply_adds(network: nn.Module, channels: int, side: int) -> int:
    """Count the multiplications, each with its addition, that a network or a layer takes for one picture.

    Parameters
    ----------
    network : Module
        What is counted, in the mode it is in.
    channels, side : int
        Of the picture.

    Returns
    -------
    int
    """
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, channels, side, side))
    return counter.get_total_flops() // 2


CONVOLUTION = networks.method(
    "Lite0 and a convolution", partial(layers, make=convolution_layer), "ImageNet", 5e-4
)
AUGMENTED = networks.method(
    "Lite0 and an attention-augmented one", partial(layers, make=attention_layer), "ImageNet", 5e-4
)
