"""Which network does the report's table of an architecture (its Figure 3.6) describe? (C12)."""

import math

import efficientnet_pytorch
import matplotlib.pyplot as plt
import pandas as pd
import torch
from efficientnet_pytorch.utils import get_model_params, round_filters, round_repeats
from matplotlib.figure import Figure

from dfd.run import Run
from study import measuring, plots, records, statistics
from study.records import Depth, Result
from study.statistics import Interval

UNIT = records.FIGURES
NETWORKS = {"B0": "efficientnet-b0", "B7": "efficientnet-b7"}
COLUMNS = ["operator", "resolution", "channels", "layers"]
PRINTED = (
    ("Conv3x3", 224, 32, 1),
    ("MBConv1, k3x3", 112, 16, 1),
    ("MBConv6, k3x3", 112, 24, 2),
    ("MBConv6, k5x5", 56, 40, 2),
    ("MBConv6, k3x3", 28, 80, 3),
    ("MBConv6, k5x5", 14, 112, 3),
    ("MBConv6, k5x5", 14, 192, 4),
    ("MBConv6, k3x3", 7, 320, 1),
    ("Conv1x1 & Pooling & FC", 7, 1280, 1),
)
"""The nine rows of the report's Figure 3.6: `COLUMNS`."""


measure = measuring.of(__name__)


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Derive the stages of B0 and of B7, and compare each with the printed row."""
    parts = [architecture(name).assign(network=network) for network, name in NETWORKS.items()]
    table = pd.concat(parts, ignore_index=True)
    rows = table[COLUMNS].itertuples(index=False, name=None)
    printed = PRINTED * len(NETWORKS)
    same = [row == other for row, other in zip(rows, printed, strict=True)]
    return table.assign(same=same, unit=table["stage"])


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Count the printed rows that are those of each network."""
    shares = table.groupby("network", sort=False)["same"].mean()
    return {
        f"share of the rows that are those of EfficientNet's {network}": statistics.exactly(share)
        for network, share in shares.items()
    }


def draw(result: Result) -> Figure:
    """Draw channels and layers of both networks, stage by stage."""
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.2))
    for panel, column in zip(axes, ("channels", "layers"), strict=True):
        for colour, (network, rows) in zip(plots.COLOURS, result.table.groupby("network"), strict=False):
            panel.plot(rows["stage"], rows[column], "o-", color=colour, label=network)
        panel.set(xlabel="stage", ylabel=column, xticks=range(1, len(PRINTED) + 1))
    axes[0].legend()
    return figure


def beside(table: pd.DataFrame) -> pd.DataFrame:
    """Put the stages of the networks beside each other.

    Parameters
    ----------
    table : DataFrame
        As `collect` gives it.

    Returns
    -------
    DataFrame
        One row for each stage: its operator; and below each network resolution (side of what comes in,
        pixels), channels and layers.
    """
    stages = table.set_index(["stage", "operator"]).groupby("network")
    return pd.concat({network: rows[COLUMNS[1:]] for network, rows in stages}, axis=1)


def architecture(name: str) -> pd.DataFrame:
    """Derive the stages of an EfficientNet from its width and depth coefficients.

    Parameters
    ----------
    name : str
        ``"efficientnet-b0"`` to ``"efficientnet-b7"``.

    Returns
    -------
    DataFrame
        stage, operator, resolution (side of what comes in, pixels), channels, layers: the columns of
        Table 1 in the paper and of the report's Figure 3.6.

    References
    ----------
    M. Tan and Q. V. Le, EfficientNet, ICML 2019, Table 1 and section 3.3.
    """
    blocks, settings = get_model_params(name, {})
    side = settings.image_size
    rows = [("Conv3x3", side, round_filters(32, settings), 1)]
    side = math.ceil(side / 2)
    for block in blocks:
        operator = f"MBConv{block.expand_ratio}, k{block.kernel_size}x{block.kernel_size}"
        channels = round_filters(block.output_filters, settings)
        rows.append((operator, side, channels, round_repeats(block.num_repeat, settings)))
        side = math.ceil(side / block.stride[0])
    rows.append(("Conv1x1 & Pooling & FC", side, round_filters(1280, settings), 1))
    stages = pd.DataFrame(rows, columns=COLUMNS)
    stages.insert(0, "stage", range(1, len(stages) + 1))
    return stages


def parameters(name: str) -> int:
    """Count the parameters of an EfficientNet, without making room for them.

    Parameters
    ----------
    name : str
        ``"efficientnet-b0"`` to ``"efficientnet-b7"``.

    Returns
    -------
    int
        The last layer's for 1,000 classes among them.
    """
    with torch.device("meta"):
        network = efficientnet_pytorch.EfficientNet.from_name(name)
    return sum(parameter.numel() for parameter in network.parameters())
