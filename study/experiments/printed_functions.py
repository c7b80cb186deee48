"""Whether the values of Table 3.18 are those of the sigmoid and of softmax (C18)."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.special import expit, softmax

from dfd.run import Run
from study import measuring, plots, records, statistics
from study.records import Depth, Result
from study.statistics import Interval

UNIT = records.FIGURES
LOGITS = (3.2, -5.7, 0.6)
PRINTED = {"sigmoid": (0.96, 0.0033, 0.65), "softmax": (0.93, 0.00013, 0.069)}
"""What Table 3.18 gives for `LOGITS`."""


measure = measuring.of(__name__)


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Compute each value and compare it with the printed one to two significant digits."""
    computed = {"sigmoid": expit(LOGITS), "softmax": softmax(LOGITS)}
    rows = [
        (name, logit, printed, value, float(f"{value:.2g}") == printed)
        for name, values in computed.items()
        for logit, printed, value in zip(LOGITS, PRINTED[name], values, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["function", "logit", "printed", "computed", "same"])
    return table.assign(unit=np.arange(len(table)))


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Count the values that are right, and add those of each function."""
    sums = table.groupby("function")["computed"].sum()
    return {"values that are right": statistics.exactly(table["same"].mean())} | {
        f"sum, {name}": statistics.exactly(value) for name, value in sums.items()
    }


def draw(result: Result) -> Figure:
    """Draw the two functions, and the cross-entropy of a fake, against the logit."""
    logit = np.linspace(-6, 6, 241)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
    left.plot(logit, expit(logit), lw=5, alpha=0.4, label="sigmoid(z)")
    pair = np.stack([np.zeros_like(logit), logit], axis=1)
    left.plot(logit, softmax(pair, axis=1)[:, 1], ls="--", label="softmax(a, b) at b - a = z")
    left.set(xlabel="logit z", ylabel="probability of FAKE")
    left.legend(loc="lower right", fontsize=7)
    right.plot(logit, np.logaddexp(0, -logit), color=plots.LABELS["FAKE"])
    right.set(xlabel="logit z", ylabel="cross-entropy of a fake (nats)")
    return figure
