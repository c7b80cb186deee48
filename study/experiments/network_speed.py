"""How much longer does EfficientNet-B7 take for a face than the sample's backbone? (chapter 04)."""

import time

import efficientnet_lite_pytorch
import efficientnet_pytorch
import matplotlib.pyplot as plt
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import nn

from dfd import embedding, faces
from dfd.run import Run
from study import measuring, plots, statistics
from study.records import Depth, Result
from study.statistics import Interval

UNIT = "repeats"
TIMES = True
REPEATS: dict[Depth, int] = {"quick": 3, "full": 15}
B7 = "efficientnet-b7"
SMALL = "efficientnet-lite0"
PICTURES = 2
"""Faces of which the vectors in both precisions are compared."""


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    return [run.face_size]


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Time both networks on one picture: one row for each network and repeat.

    The time depends on a network's shape and not on its weights, so B7's can be measured without them.
    """
    networks = {
        B7: efficientnet_pytorch.EfficientNet.from_name(B7),
        SMALL: efficientnet_lite_pytorch.EfficientNet.from_name(SMALL),
    }
    picture = torch.zeros(1, 3, run.face_size, run.face_size).to(memory_format=torch.channels_last)
    rows = []
    for name, network in networks.items():
        network = network.eval().to(memory_format=torch.channels_last)
        _seconds(network, picture)
        rows += [(name, number, _seconds(network, picture)) for number in range(REPEATS[depth])]
    return pd.DataFrame(rows, columns=["network", "unit", "seconds"])


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Take the medians, and the ratio of the two times, repeat by repeat."""
    seconds = table.pivot(index="unit", columns="network", values="seconds")
    estimates = {
        f"seconds a picture, {network}": statistics.median(seconds[network]) for network in (B7, SMALL)
    }
    ratio = statistics.median(seconds[B7] / seconds[SMALL])
    return estimates | {f"{B7}'s time as a multiple of {SMALL}'s": ratio}


def draw(result: Result) -> Figure:
    """Draw the time of each repeat."""
    figure, panel = plt.subplots(figsize=(7, 1.8))
    for row, network in enumerate((B7, SMALL)):
        runs = result.table.loc[result.table["network"] == network, "seconds"]
        panel.plot(runs, [row] * len(runs), "o", color=plots.COLOURS[0], alpha=0.6)
    panel.set(xlabel="seconds a picture", yticks=[0, 1], yticklabels=[B7, SMALL], xlim=(0, None))
    panel.margins(y=0.5)
    return figure


def closeness(run: Run) -> float:
    """Compare the vectors of some faces in full and in half precision.

    Returns
    -------
    float
        The smallest cosine between the vectors of one face in float32 and in bfloat16.
    """
    pictures = faces.images(run, faces.table(run)["face_id"].head(PICTURES).to_list())
    network = embedding.backbone(run)
    whole = torch.from_numpy(embedding.embed(network, pictures))
    with torch.autocast("cpu", torch.bfloat16):
        half = torch.from_numpy(embedding.embed(network, pictures))
    return float(torch.nn.functional.cosine_similarity(whole, half).min())


def _seconds(network: nn.Module, picture: torch.Tensor) -> float:
    with torch.inference_mode():
        start = time.perf_counter()
        network(picture)
        return time.perf_counter() - start
