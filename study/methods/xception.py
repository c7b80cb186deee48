"""XceptionNet: convolutions that look at space and at channels separately, with shortcuts around them."""

from itertools import pairwise

import torch
from torch import nn

from dfd.run import Run
from study.methods import networks

FEATURES = 2048


class Separable(nn.Sequential):
    """A convolution taken apart: each channel by itself over 3 x 3 pixels, then all channels of each pixel.

    Parameters
    ----------
    inputs, outputs : int
        Channels.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False),
            nn.Conv2d(inputs, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )


class Block(nn.Module):
    """Some separable convolutions, and a shortcut around them.

    Parameters
    ----------
    widths : sequence of int
        Channels before, between and after the convolutions.
    halve : bool
        Whether the result is half as wide and high; the shortcut is then a convolution.
    first : bool
        Whether the block begins with an activation.
    """

    def __init__(self, *widths: int, halve: bool = True, first: bool = True) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for place, (inputs, outputs) in enumerate(pairwise(widths)):
            layers += ([nn.ReLU()] if first or place else []) + [Separable(inputs, outputs)]
        self.around: nn.Module = nn.Identity()
        if halve:
            layers.append(nn.MaxPool2d(3, 2, padding=1))
            self.around = nn.Sequential(
                nn.Conv2d(widths[0], widths[-1], 1, stride=2, bias=False), nn.BatchNorm2d(widths[-1])
            )
        self.through = nn.Sequential(*layers)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Add what comes through to what goes around."""
        return self.through(inputs) + self.around(inputs)


def layers(run: Run) -> tuple[nn.Module, int]:
    """Build XceptionNet: entry, middle and exit flow, and the mean over the picture.

    Parameters
    ----------
    run : Run
        Not used: no package brings its ImageNet weights, so they are random.

    Returns
    -------
    tuple of Module and int
        The layers and the number of features.

    References
    ----------
    F. Chollet, Xception: deep learning with depthwise separable convolutions, CVPR 2017.
    """
    entry = [
        *(nn.Conv2d(3, 32, 3, stride=2, bias=False), nn.BatchNorm2d(32), nn.ReLU()),
        *(nn.Conv2d(32, 64, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU()),
        Block(64, 128, 128, first=False),
        Block(128, 256, 256),
        Block(256, 728, 728),
    ]
    middle = [Block(728, 728, 728, 728, halve=False) for _ in range(8)]
    leaving = [
        Block(728, 728, 1024),
        *(Separable(1024, 1536), nn.ReLU()),
        *(Separable(1536, FEATURES), nn.ReLU()),
    ]
    pooled = [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*entry, *middle, *leaving, *pooled), FEATURES


XCEPTION = networks.method("XceptionNet", layers, "random", 1e-3)
