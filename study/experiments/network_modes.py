"""What do the ways of running a network cost: its layer, its mode and its normalisation? (C11, chapter 04).

The same crops of faces are embedded in several ways, and a linear probe says what each way is worth.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from dfd import augment, embedding, faces, parallel, tables
from dfd.errors import InputError
from dfd.run import Run
from study import linear_probe, measuring, plots, scores, truth
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS

# Faces at a time. In training mode the network drifts from one to the next, so this must not depend on the
# machine.
PIECE = 96

STANDARD = "standard"


@dataclass(frozen=True)
class Mode:
    """One way of making an embedding of a face crop.

    Attributes
    ----------
    scale : str
        What is done to pixel values: ``"imagenet"`` (its mean and deviation), ``"symmetric"`` (-1 to 1) or
        ``"unit"`` (0 to 1, as in the report's listing).
    training : bool
        Whether the network is left in training mode, picture by picture, as in the report's listing.
    logits : bool
        Whether the 1,000 logits are taken, as in the report's listing, and not the pooled features.
    """

    scale: str = "imagenet"
    training: bool = False
    logits: bool = False


MODES = {
    STANDARD: Mode(),
    "pixels from -1 to 1": Mode(scale="symmetric"),
    "no normalisation": Mode(scale="unit"),
    "training mode": Mode(training=True),
    "logits": Mode(logits=True),
    "as listed": Mode(scale="unit", training=True, logits=True),
}
"""Ways compared: each differs from the first in one thing, the last in three."""


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    faces.table(run)
    return [tables.stored_fingerprint(faces.path(run)), run.backbone, run.seed]


def obstacle(run: Run) -> str:
    """Say why this run cannot judge embeddings; empty if it can."""
    return linear_probe.obstacle(run)


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Embed the faces in all `MODES`: one row for each mode and video, with what the probe says of it."""
    rows = linear_probe.some_faces(run, depth)
    pieces = [rows["face_id"].iloc[start : start + PIECE].to_list() for start in range(0, len(rows), PIECE)]
    done = dict(parallel.map_unordered(run, _embed_piece, pieces, _lost, "piece"))
    parts = []
    for mode in MODES:
        vectors = np.concatenate([done[place][mode] for place in range(len(pieces))])
        parts.append(linear_probe.judge(rows, vectors).assign(mode=mode))
    return pd.concat(parts, ignore_index=True)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Score each mode, and compare it with the standard one; the differences are one family."""
    areas = {f"AUC: {mode}": scores.of(table[table["mode"] == mode]) for mode in MODES}
    compared = {f"gain over standard: {mode}": (mode, STANDARD) for mode in MODES if mode != STANDARD}
    return areas | scores.differences(table, "mode", compared)


def draw(result: Result) -> Figure:
    """Show the area under the ROC curve of each mode."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    return plots.intervals(result.estimates, "AUC: ", "AUC (video level)", line=0.5)


def embed(network: embedding.Backbone, images: np.ndarray, mode: Mode, seed: int) -> np.ndarray:
    """Embed pictures in one of the `MODES`.

    Parameters
    ----------
    network : Backbone
        In evaluation mode; stays as it is, since training mode works on a copy.
    images : ndarray of uint8, shape (n, size, size, 3)
        RGB.
    mode : Mode
        How.
    seed : int
        Seed of the dropout that training mode brings.

    Returns
    -------
    ndarray of float32, shape (n, features) or (n, 1000)
    """
    if mode.training:
        network = copy.deepcopy(network).train()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return embedding.embed(
            network.network if mode.logits else network,
            images,
            prepare=SCALES[mode.scale],
            batch=1 if mode.training else None,
        )


def _unit(images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 255


def _symmetric(images: np.ndarray) -> torch.Tensor:
    return 2 * _unit(images) - 1


SCALES: dict[str, Callable[[np.ndarray], torch.Tensor]] = {
    "imagenet": augment.normalise,
    "unit": _unit,
    "symmetric": _symmetric,
}
"""Ways to bring pixel values to the range of a network: each turns pictures into a tensor."""


@lru_cache(maxsize=1)
def _network(run: Run) -> embedding.Backbone:
    return embedding.backbone(run).to(run.device).to(memory_format=torch.channels_last)


def _embed_piece(run: Run, face_ids: list[str]) -> dict[str, np.ndarray]:
    images = faces.images(run, face_ids)
    return {name: embed(_network(run), images, mode, run.seed) for name, mode in MODES.items()}


def _lost(reason: str) -> dict[str, np.ndarray]:
    raise InputError("network_modes", reason)
