"""How long is the vector that the report's listing keeps, and which network gives 512 numbers? (C11)."""

from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from efficientnet_pytorch import EfficientNet
from facenet_pytorch import InceptionResnetV1
from matplotlib.figure import Figure
from torch import nn

from dfd.embedding import Backbone
from dfd.run import Run
from study import measuring, plots, records, statistics
from study.records import Depth, Result
from study.statistics import Interval

UNIT = records.FIGURES
PRINTED = 512
"""Length of the embedding, by the report's section 3.3.1.2."""

LISTED = "model(input), the listing"


def _pooled() -> nn.Module:
    return Backbone(EfficientNet.from_name("efficientnet-b7"))


NETWORKS: dict[tuple[str, str], Callable[[], nn.Module]] = {
    ("EfficientNet-B7", LISTED): lambda: EfficientNet.from_name("efficientnet-b7"),
    ("EfficientNet-B7", "pooled features"): _pooled,
    ("EfficientNet-B0", "pooled features"): lambda: Backbone(EfficientNet.from_name("efficientnet-b0")),
    ("InceptionResnetV1 (facenet-pytorch)", "model(input)"): InceptionResnetV1,
}
"""Network and what is kept of it, and what makes it."""


measure = measuring.of(__name__)


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Run each network on one picture of 240 x 240 pixels, on PyTorch's device for shapes without numbers."""
    rows = []
    for (network, kept), make in NETWORKS.items():
        with torch.device("meta"), torch.no_grad():
            length = make().eval()(torch.empty(1, 3, 240, 240)).shape[1]
        rows.append((network, kept, length, length == PRINTED))
    table = pd.DataFrame(rows, columns=["network", "kept", "numbers", "as printed"])
    return table.assign(unit=np.arange(len(table)))


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Read the length that the listing gives."""
    listed = table[table["kept"] == LISTED]
    return {"length of the vector that the listing gives": statistics.exactly(listed["numbers"].iloc[0])}


def draw(result: Result) -> Figure:
    """Draw the lengths beside the printed one."""
    figure, panel = plt.subplots(figsize=(7, 2.4))
    panel.barh(result.table["network"] + ", " + result.table["kept"], result.table["numbers"])
    panel.axvline(PRINTED, ls="--", color=plots.COLOURS[-1])
    panel.set(xlabel="numbers")
    panel.invert_yaxis()
    return figure
