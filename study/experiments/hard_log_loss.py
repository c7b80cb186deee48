"""Can the report's listing, which scores answers of 0 and 1, have given its log loss of 0.48702? (C28)."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn import metrics

from dfd.evaluation import SMALLEST_PROBABILITY
from dfd.run import Run
from study import measuring, plots, records, statistics
from study.experiments.leaderboard import REPORTED
from study.records import Depth, Result
from study.statistics import Interval

UNIT = records.FIGURES
BEST = {"black-box test set": 0.6518, "public test set": 0.8256}
"""Highest accuracies that the organisers published."""

VIDEOS = 4000
"""Videos of a made-up test set, half of them fakes."""


measure = measuring.of(__name__)


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Let scikit-learn score hard answers with more and more errors."""
    fake = np.arange(VIDEOS) % 2
    rows = []
    for errors in (0, 1, 10, 40, 57, 100, 200, 400, 700, 1000, 1400, 2000):
        answers = fake.astype(float)
        answers[:errors] = 1 - answers[:errors]
        rows.append((1 - errors / VIDEOS, metrics.log_loss(fake, answers)))
    table = pd.DataFrame(rows, columns=["accuracy", "log loss"])
    return table.assign(unit=np.arange(len(table)))


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compute what an error costs, and the accuracy that the report's score takes with hard answers."""
    wrong = table[table["accuracy"] < 1]
    today = float((wrong["log loss"] / (1 - wrong["accuracy"])).mean())
    then = -np.log(SMALLEST_PROBABILITY)
    return {
        "nats that an error costs, scikit-learn of 2020": statistics.exactly(then),
        "nats that an error costs, scikit-learn here": statistics.exactly(today),
        "accuracy that the score takes with hard answers": statistics.exactly(1 - REPORTED / then),
    } | {f"best published accuracy: {name}": statistics.exactly(value) for name, value in BEST.items()}


def draw(result: Result) -> Figure:
    """Draw the log loss of hard answers against their accuracy."""
    figure, panel = plt.subplots(figsize=(7, 3.6))
    wrong = result.table[result.table["accuracy"] < 1].sort_values("accuracy")
    panel.semilogy(wrong["accuracy"], wrong["log loss"], "o-", label="hard answers, by scikit-learn")
    panel.axhline(REPORTED, color=plots.COLOURS[1], lw=1, label=f"the report's {REPORTED}")
    for number, (name, accuracy) in enumerate(BEST.items()):
        colour = plots.COLOURS[2 + number]
        panel.axvline(accuracy, color=colour, lw=1, ls="--", label=f"best accuracy, {name}")
    panel.set(xlabel="accuracy", ylabel="log loss (nats)")
    panel.legend(fontsize="small")
    return figure
