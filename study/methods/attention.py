"""A fine-tuned network with a learned map of where to look, after the report's Figure 1.8."""

from typing import Any

import numpy as np
import torch
from torch import nn

from dfd import augment, embedding
from dfd.run import Run
from study.methods import networks

BLOCK = 4
"""Block after which the map is computed, where features are an eighth as wide and high as the picture."""

OPEN = 2.0
"""Logit of the map before training: nearly all passes, as in the network that ImageNet trained."""


class Attended(nn.Module):
    """A block of the backbone, and over what it gives a map of weights from 0 to 1, one for each place.

    Parameters
    ----------
    block : Module
        One of an EfficientNet's.
    channels : int
        That the block gives.

    References
    ----------
    N. Bonettini et al., Video face manipulation detection through ensemble of CNNs, ICPR 2020.
    """

    def __init__(self, block: nn.Module, channels: int) -> None:
        super().__init__()
        self.block = block
        self.look = nn.Conv2d(channels, 1, 1)
        nn.init.zeros_(self.look.weight)
        nn.init.constant_(self.look.bias, OPEN)  # pyright: ignore[reportArgumentType]

    def forward(self, inputs: torch.Tensor, drop_connect_rate: float | None = None) -> torch.Tensor:
        """Weigh the features; shape as that of the block."""
        features = self.block(inputs, drop_connect_rate=drop_connect_rate)
        return features * torch.sigmoid(self.look(features))


def layers(run: Run) -> tuple[nn.Module, int]:
    """Build the backbone with its ImageNet weights, and the map in its midst.

    Parameters
    ----------
    run : Run
        The run, whose backbone it is.

    Returns
    -------
    tuple of Module and int
        The layers and the number of features.
    """
    backbone = embedding.backbone(run)
    blocks: Any = backbone.network._blocks
    channels = blocks[BLOCK]._bn2.num_features
    blocks[BLOCK] = Attended(blocks[BLOCK], channels)
    return backbone, embedding.FEATURES[run.backbone]


def maps(backbone: embedding.Backbone, images: np.ndarray) -> np.ndarray:
    """Compute where the network looks.

    Parameters
    ----------
    backbone : Backbone
        As `layers` builds it, trained.
    images : ndarray of uint8, shape (n, side, side, 3)
        Face crops, RGB.

    Returns
    -------
    ndarray of float, shape (n, side / 8, side / 8)
        0 to 1.
    """
    seen: list[torch.Tensor] = []
    look: Any = backbone.network._blocks[BLOCK].look
    hook = look.register_forward_hook(lambda module, inputs, output: seen.append(torch.sigmoid(output)))
    try:
        with torch.inference_mode():
            backbone(augment.normalise(images))
    finally:
        hook.remove()
    return seen[0][:, 0].numpy()


ATTENTION = networks.method("Lite0 with an attention map", layers, "ImageNet", 5e-4)
