"""How many pixels does a margin add to a face, in the report's formula and in facenet-pytorch's? (C39)."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from dfd.run import Run
from study import measuring, plots, records, statistics
from study.records import Depth, Result
from study.statistics import Interval

UNIT = records.FIGURES
FACE = 150
"""Side of the report's face in pixels."""

MARGINS = (0.0, 0.3, 0.5, 0.6, 0.7, 1.0)


measure = measuring.of(__name__)


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Apply both formulas to a face of `FACE` pixels: one row for each margin."""
    table = pd.DataFrame({"margin": MARGINS})
    side = FACE * (1 + table["margin"])
    # facenet-pytorch adds margin * side / (image_size - margin) pixels of the frame to the side of a face.
    pixels = run.face_size * table["margin"] / (1 + table["margin"])
    cut = FACE * (1 + table["margin"] / (run.face_size - table["margin"]))
    return table.assign(side=side, pixels=pixels, cut=cut, unit=table["margin"])


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Read the side of the picture at the report's margin, and facenet-pytorch's for the same number."""
    row = table.set_index("margin").loc[0.6]
    return {
        "side of the picture at a margin of 0.6": statistics.exactly(row["side"].item()),
        "facenet-pytorch's margin for the same picture": statistics.exactly(row["pixels"].item()),
        "side of the picture with MTCNN(margin=0.6)": statistics.exactly(row["cut"].item()),
    }


def draw(result: Result) -> Figure:
    """Draw the side of the picture against the margin, by both formulas."""
    figure, panel = plt.subplots(figsize=(6, 3))
    for column, label in (("side", "share of the face (report)"), ("cut", "MTCNN(margin=...)")):
        panel.plot(result.table["margin"], result.table[column], "o-", label=label)
    panel.axhline(FACE, color=plots.COLOURS[7], ls="--")
    panel.set(xlabel="margin", ylabel="frame pixels in the picture")
    panel.legend(fontsize=8)
    return figure
