"""The backbone with some of its layers trained further, and the others left as ImageNet made them."""

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import nn

from dfd import embedding
from dfd.run import Run
from study.methods import networks

UPPER = 3
"""The upper part is one such share of the blocks."""


def layers(run: Run, trained: Callable[[Any], list[nn.Module]]) -> tuple[nn.Module, int]:
    """Build the backbone and freeze what is not to be trained.

    Normalisation keeps adapting its means and deviations to the faces that it sees, frozen or not.

    Parameters
    ----------
    run : Run
        The run, whose backbone it is.
    trained : callable
        Takes the network; gives those of its modules that are trained.

    Returns
    -------
    tuple of Module and int
        The layers and the number of features.
    """
    backbone = embedding.backbone(run).requires_grad_(False)
    for module in trained(backbone.network):
        module.requires_grad_(True)
    return backbone, embedding.FEATURES[run.backbone]


def _nothing(network: Any) -> list[nn.Module]:
    return []


def _normalisation(network: Any) -> list[nn.Module]:
    return [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]


def _upper(network: Any) -> list[nn.Module]:
    count = len(network._blocks) // UPPER
    return [*network._blocks[-count:], network._conv_head, network._bn1]


HEAD = networks.method("the head alone", partial(layers, trained=_nothing), "ImageNet", 5e-3)
NORMALISATION = networks.method(
    "head and normalisation", partial(layers, trained=_normalisation), "ImageNet", 2e-3
)
UPPER_BLOCKS = networks.method("head and upper third", partial(layers, trained=_upper), "ImageNet", 5e-4)
