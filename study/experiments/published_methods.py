"""Which method is the best of those that FaceForensics++ compares, by its own table (C24)."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd.run import Run
from study import measuring, plots, records, statistics
from study.records import Depth, Result
from study.statistics import Interval

UNIT = records.FIGURES
QUALITIES = ("raw", "c23", "c40")
"""As taken, slightly and strongly compressed."""

ACCURACY = {
    "steganalysis features": (97.63, 70.97, 55.98),
    "Cozzolino et al.": (98.57, 78.45, 58.69),
    "Bayar and Stamm": (98.74, 82.97, 66.84),
    "Rahmouni et al.": (97.03, 79.08, 61.18),
    "MesoNet": (95.23, 83.10, 70.47),
    "XceptionNet": (99.26, 95.73, 81.00),
}
"""Accuracy in percent at each of `QUALITIES`, of detectors trained on all four manipulations together."""

BEST = "XceptionNet"


measure = measuring.of(__name__)


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """List the paper's accuracies."""
    rows = [
        (method, quality, accuracy)
        for method, accuracies in ACCURACY.items()
        for quality, accuracy in zip(QUALITIES, accuracies, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["method", "quality", "accuracy"])
    return table.assign(unit=np.arange(len(table)))


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Count the qualities at which XceptionNet is best, and compute by how much at least."""
    wide = table.pivot(index="method", columns="quality", values="accuracy")
    lead = (wide.loc[BEST] - wide.drop(index=BEST).max()).astype(float).to_dict()
    leads = {f"lead over the second, {q} (points)": statistics.exactly(lead[q]) for q in QUALITIES}
    best = float(np.mean([value > 0 for value in lead.values()]))
    return {f"qualities at which {BEST} is best": statistics.exactly(best)} | leads


def draw(result: Result) -> Figure:
    """Draw the accuracy of each method at each quality."""
    wide = result.table.pivot(index="method", columns="quality", values="accuracy")
    wide = wide.loc[list(ACCURACY), list(QUALITIES)]
    figure, panel = plt.subplots(figsize=(7.5, 3.4))
    for number, quality in enumerate(QUALITIES):
        panel.plot(wide[quality], range(len(wide)), "o", color=plots.COLOURS[number], label=quality)
    panel.set(xlabel="accuracy (%)", yticks=range(len(wide)), yticklabels=wide.index)
    panel.legend(title="quality", loc="upper left", bbox_to_anchor=(1, 1))
    return figure
