"""Which rank the report's log loss has among the known scores of the private leaderboard (C22)."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd.run import Run
from study import measuring, plots, records, statistics
from study.records import Depth, Result
from study.statistics import Interval

UNIT = records.FIGURES
REPORTED = 0.48702
KNOWN = {1: 0.42798, 2: 0.42842, 3: 0.43452, 10: 0.45149, 15: 0.46099, 69: 0.49641}
"""Log loss at ranks of the private leaderboard whose scores were published."""


measure = measuring.of(__name__)


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """List the known scores."""
    return pd.DataFrame({"unit": list(KNOWN), "rank": list(KNOWN), "log loss": list(KNOWN.values())})


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Find the known ranks on either side of the report's score, and its place on a line between them."""
    ranks, losses = table["rank"].to_numpy(), table["log loss"].to_numpy()
    better, worse = ranks[losses < REPORTED], ranks[losses > REPORTED]
    place = round(float(np.interp(REPORTED, losses, ranks)))
    return {
        "rank of the reported score": Interval(place, float(better.max()), float(worse.min())),
        "log loss of one half for every video": statistics.exactly(np.log(2)),
    }


def draw(result: Result) -> Figure:
    """Draw the known scores against their ranks, and the ranks that the report's score can have."""
    figure, panel = plt.subplots(figsize=(7, 3.6))
    table, rank = result.table, result.estimates["rank of the reported score"]
    panel.plot(table["rank"], table["log loss"], "o-", label="known scores")
    panel.axhline(REPORTED, color=plots.COLOURS[1], lw=1, label=f"the report's {REPORTED}")
    panel.axvspan(rank.low, rank.high, color=plots.COLOURS[1], alpha=0.15, label="ranks that it can have")
    panel.axvline(50, color="0.4", lw=1, ls="--", label="rank 50")
    panel.set(xlabel="rank on the private leaderboard", ylabel="log loss (nats)")
    panel.legend()
    return figure
