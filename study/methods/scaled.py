"""A backbone made wider, deeper or sharper at the same cost, which at first computes what it did before."""

import copy
from bisect import bisect_left
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from dfd import embedding
from dfd.run import Run
from study.methods import fine_tuned, networks
from study.methods.augmented import multiply_adds

SIZE = 80
"""Side of the crops of the network that is not scaled, in pixels."""

FACTOR = 2.0
"""How many times the multiply-adds of that network the scaled ones take."""

SHARPER, SHARPEST = 96, 112
"""Larger sides; with the second, the backbone that is not changed takes `FACTOR` times as much."""

EVENLY = "scaled evenly"
GRID = {
    "wider": (SIZE, 0.0),
    "deeper": (SIZE, 1.0),
    "sharper": (SHARPEST, 0.0),
    "wider and deeper": (SIZE, 0.5),
    "wider and sharper": (SHARPER, 0.0),
    "deeper and sharper": (SHARPER, 1.0),
    EVENLY: (SHARPER, 0.5),
}
"""Side of the crops, and the share of depth in what the crops leave to be spent; the rest goes into width."""


def layers(run: Run, size: int, depth: float) -> tuple[nn.Module, int]:
    """Build a scaled backbone: deeper first, and then as much wider as brings it to its cost.

    Parameters
    ----------
    run : Run
        The run, whose backbone it is.
    size, depth : int and float
        As in `GRID`.

    Returns
    -------
    tuple of Module and int
        The layers and the number of features.

    References
    ----------
    M. Tan and Q. V. Le, EfficientNet: rethinking model scaling for convolutional neural networks, ICML 2019;
    T. Chen, I. Goodfellow, J. Shlens, Net2Net: accelerating learning via knowledge transfer, ICLR 2016.
    """
    backbone = embedding.backbone(run)
    wanted = FACTOR * multiply_adds(backbone, 3, SIZE)
    now = multiply_adds(backbone, 3, size)
    if depth:
        deepen(backbone, size, now * (wanted / now) ** depth)
    if depth < 1:
        widen(backbone, size, wanted)
    return backbone, embedding.FEATURES[run.backbone]


def deepen(backbone: embedding.Backbone, size: int, wanted: float) -> None:
    """Add copies of blocks, spread over the network, until it costs what is wanted.

    A copy's last normalisation gives 0, so that its shortcut alone counts before it is trained.

    Parameters
    ----------
    backbone : Backbone
        Changed in place.
    size : int
        Side of the crops in pixels.
    wanted : float
        Multiply-adds for one crop.
    """
    blocks: list[Any] = list(backbone.network._blocks)
    places = [place for place, block in enumerate(blocks) if _has_shortcut(block)]

    def cost(count: int) -> int:
        copies = np.bincount(np.resize(places, count), minlength=len(blocks))
        backbone.network._blocks = nn.ModuleList(
            layer
            for block, several in zip(blocks, copies, strict=True)
            for layer in (block, *(_nothing_yet(block) for _ in range(several)))
        )
        return multiply_adds(backbone, 3, size)

    counts = range(len(blocks) * round(FACTOR) ** 2)
    above = bisect_left(counts, wanted, key=cost)
    cost(min(above - 1, above, key=lambda count: abs(cost(count) - wanted)))


def widen(backbone: embedding.Backbone, size: int, wanted: float) -> None:
    """Let as many channels within the blocks stand several times as bring the cost to what is wanted.

    Parameters
    ----------
    backbone : Backbone
        Changed in place; one that costs enough stays as it is.
    size : int
        Side of the crops in pixels.
    wanted : float
        Multiply-adds for one crop.
    """
    blocks = backbone.network._blocks

    def cost(share: float) -> int:
        random = np.random.default_rng(0)
        backbone.network._blocks = nn.ModuleList(_wider(block, share, random) for block in blocks)
        return multiply_adds(backbone, 3, size)

    # Every channel within a block costs the same, so that the cost is a straight line.
    none, all_twice = cost(0.0), cost(1.0)
    cost(max((wanted - none) / (all_twice - none), 0.0))


def _has_shortcut(block: Any) -> bool:
    own = block._block_args
    return own.id_skip and np.max(own.stride) == 1 and own.input_filters == own.output_filters


def _nothing_yet(block: Any) -> nn.Module:
    addition = copy.deepcopy(block)
    nn.init.zeros_(addition._bn2.weight)
    nn.init.zeros_(addition._bn2.bias)
    return addition


def _wider(block: Any, share: float, random: np.random.Generator) -> nn.Module:
    """Repeat a share of the channels within a block, and divide at random what each gave among its copies.

    What the block computes stays. As no two copies are weighed alike, they are not trained alike either.
    """
    wider, count = copy.deepcopy(block), block._bn1.num_features
    if block._block_args.expand_ratio == 1:
        return wider
    again = np.resize(random.permutation(count), round(share * count))
    rows = np.concatenate([np.arange(count), again])
    weights = random.uniform(size=(block._bn2.num_features, len(rows)))
    whole = weights @ np.eye(count)[rows]
    parts = torch.from_numpy((weights / whole[:, rows]).astype(np.float32))
    copies = torch.from_numpy(np.bincount(rows)[rows]).float()
    for layer in (wider._expand_conv, wider._depthwise_conv, wider._bn0, wider._bn1):
        _take(layer, rows)
    wider._depthwise_conv.groups = len(rows)
    _set(wider._project_conv, "weight", wider._project_conv.weight[:, rows] * parts[..., None, None])
    if wider.has_se:
        _take(wider._se_expand, rows)
        _set(wider._se_reduce, "weight", wider._se_reduce.weight[:, rows] / copies[:, None, None])
    return wider


def _take(layer: Any, rows: np.ndarray) -> None:
    """Take channels of a layer, some of them several times."""
    for name in ("weight", "bias"):
        if getattr(layer, name) is not None:
            _set(layer, name, getattr(layer, name)[rows])
    for name in ("running_mean", "running_var"):
        if hasattr(layer, name):
            setattr(layer, name, getattr(layer, name)[rows])


def _set(layer: Any, name: str, values: torch.Tensor) -> None:
    setattr(layer, name, nn.Parameter(values.detach().clone()))


NOT_SCALED = networks.method("not scaled", fine_tuned.layers, "ImageNet", 5e-4, size=SIZE)
SCALED = tuple(
    networks.method(name, partial(layers, size=size, depth=depth), "ImageNet", 5e-4, size=size)
    for name, (size, depth) in GRID.items()
)
