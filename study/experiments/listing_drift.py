"""What does the forgotten ``eval()`` do to the vectors and to the network that makes them? (chapter 04)."""

import copy

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from dfd import embedding, faces, tables
from dfd.run import Run
from study import measuring, plots, statistics
from study.experiments.network_modes import SCALES
from study.records import Depth, Result
from study.statistics import Interval

UNIT = "repeats"
REPEATS: dict[Depth, int] = {"quick": 3, "full": 10}
"""Draws of faces and of the dropout."""

FACES = 16
"""Faces of different videos that the listing sees, twice."""

MEASURED = ("the same face twice", "two different faces", "the published network and the drifted one")
"""Pairs of vectors of which the cosine is taken."""


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    faces.table(run)
    return [tables.stored_fingerprint(faces.path(run)), run.backbone]


def obstacle(run: Run) -> str:
    """Say why this run cannot run the listing; empty if it can."""
    return "" if faces.table(run)["video"].nunique() > 1 else "This takes faces of two videos or more."


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Run the listing twice over some faces, again and again: the cosines and the change of each layer."""
    of_videos = faces.table(run).drop_duplicates("video")
    published = embedding.backbone(run).to(run.device).to(memory_format=torch.channels_last)
    parts = []
    for seed in range(REPEATS[depth]):
        drawn = of_videos.sample(min(FACES, len(of_videos)), random_state=seed)
        pictures = faces.images(run, drawn["face_id"].to_list())
        parts.append(_listed_twice(published, pictures, seed).assign(unit=seed))
    return pd.concat(parts, ignore_index=True)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Average the cosines and the changes over the repeats."""
    cosines, layers = table[table["layer"] < 0], table[table["layer"] >= 0]
    by_name = cosines.pivot(index="unit", columns="what", values="value")
    changes = layers.pivot(index="unit", columns="layer", values="value")
    estimates = {f"cosine, {name}": statistics.mean(by_name[name]) for name in MEASURED}
    return estimates | {
        "change of the stored means, first layer": statistics.mean(changes[0]),
        "change of the stored means, median layer": statistics.mean(changes.median(axis=1)),
    }


def draw(result: Result) -> Figure:
    """Draw how far the stored means of each layer have moved, one line for each repeat."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    layers = result.table[result.table["layer"] >= 0].pivot(index="layer", columns="unit", values="value")
    figure, panel = plt.subplots(figsize=(8, 3))
    panel.plot(layers, color=plots.COLOURS[0], lw=0.8, alpha=0.5)
    panel.set(
        xlabel="batch normalisation layer, from input to output", ylabel="relative change", yscale="log"
    )
    return figure


def _listed_twice(published: embedding.Backbone, pictures: np.ndarray, seed: int) -> pd.DataFrame:
    """Keep ``model(input)`` of each picture as the listing does, twice, and look at the network again."""
    model = copy.deepcopy(published.network).train()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        first, second = (embedding.embed(model, pictures, SCALES["unit"], batch=1) for _ in range(2))
    right = embedding.embed(published, pictures)
    drifted = embedding.embed(embedding.Backbone(model.eval()), pictures)
    pairs = [(first, second), (first, np.roll(second, 1, axis=0)), (right, drifted)]
    rows = [(name, -1, _cosine(*pair)) for name, pair in zip(MEASURED, pairs, strict=True)]
    buffers = zip(published.network.named_buffers(), model.named_buffers(), strict=True)
    means = [(before, after) for (name, before), (_, after) in buffers if name.endswith("running_mean")]
    for layer, (before, after) in enumerate(means):
        rows.append(("layer", layer, float((after - before).norm() / before.norm())))
    return pd.DataFrame(rows, columns=["what", "layer", "value"])


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(((one * other).sum(axis=1) / lengths).mean())
