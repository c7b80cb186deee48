"""Meso4 and MesoInception: small networks for what lies between pixels and faces."""

import torch
from torch import nn

from dfd.run import Run
from study.methods import networks

FEATURES = 16


class Inception(nn.Module):
    """Looks at its input through four windows of growing reach, side by side.

    Parameters
    ----------
    inputs : int
        Channels of the input.
    widths : tuple of int
        Channels of each of the four: 1 x 1, then 3 x 3 with a dilation of 1, 2 and 3.
    """

    def __init__(self, inputs: int, widths: tuple[int, int, int, int]) -> None:
        super().__init__()
        point, *others = widths
        self.branches = nn.ModuleList([nn.Conv2d(inputs, point, 1)])
        for reach, width in enumerate(others, start=1):
            window = nn.Conv2d(width, width, 3, padding=reach, dilation=reach)
            self.branches.append(nn.Sequential(nn.Conv2d(inputs, width, 1), nn.ReLU(), window))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Stack what the four windows give, shape (n, sum of the widths, height, width)."""
        return torch.cat([branch(inputs) for branch in self.branches], dim=1)


def meso4(run: Run) -> tuple[nn.Module, int]:
    """Build Meso4: four convolutions, each followed by pooling.

    Parameters
    ----------
    run : Run
        Not used: the weights are random.

    Returns
    -------
    tuple of Module and int
        The layers and the number of features.

    References
    ----------
    D. Afchar et al., MesoNet: a compact facial video forgery detection network, WIFS 2018.
    """
    return _stages(nn.Conv2d(3, 8, 3, padding=1), 8, nn.Conv2d(8, 8, 5, padding=2), 8)


def mesoinception(run: Run) -> tuple[nn.Module, int]:
    """Build MesoInception4: the first two convolutions of Meso4 are replaced by `Inception`.

    Parameters
    ----------
    run : Run
        Not used: the weights are random.

    Returns
    -------
    tuple of Module and int
        The layers and the number of features.

    References
    ----------
    As for `meso4`.
    """
    return _stages(Inception(3, (1, 4, 4, 2)), 11, Inception(11, (2, 4, 4, 2)), 12)


def _stages(first: nn.Module, width: int, second: nn.Module, wider: int) -> tuple[nn.Module, int]:
    layers = [
        *(first, nn.ReLU(), nn.BatchNorm2d(width), nn.MaxPool2d(2)),
        *(second, nn.ReLU(), nn.BatchNorm2d(wider), nn.MaxPool2d(2)),
        *(nn.Conv2d(wider, 16, 5, padding=2), nn.ReLU(), nn.BatchNorm2d(16), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 16, 5, padding=2), nn.ReLU(), nn.BatchNorm2d(16), nn.MaxPool2d(4)),
    ]
    last = (networks.SIZE // 32) ** 2 * 16
    return nn.Sequential(
        *layers, nn.Flatten(), nn.Dropout(0.5), nn.Linear(last, FEATURES), nn.LeakyReLU(0.1)
    ), 16


MESO4 = networks.method("Meso4", meso4, "random", 2e-3)
MESOINCEPTION = networks.method("MesoInception4", mesoinception, "random", 2e-3)
