"""How the faces of a video should give one score: ways to aggregate them, compared with the mean logit."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from dfd.run import Run
from study import crossfit, measuring, plots, rotations, truth
from study.experiments import fine_tuning
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
OTHERS = tuple(policy for policy in fine_tuning.POLICIES if policy != crossfit.POLICY)


measure = measuring.of(__name__)
inputs = fine_tuning.inputs
obstacle = fine_tuning.obstacle


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Take the logits of `fine_tuning`: one row for each training and video, a column for each policy."""
    return fine_tuning.collect(run, depth)[[*crossfit.FACTS, *fine_tuning.POLICIES]]


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Calibrate each policy by itself, and compare it with the mean logit; all comparisons are one family."""
    rows = calibrated(table)
    areas = {p: rotations.mean(rows, p, rotations.auc) for p in fine_tuning.POLICIES}
    losses = {p: rotations.mean(rows, p, rotations.log_loss) for p in fine_tuning.POLICIES}
    usual = crossfit.POLICY
    compared = {f"AUC: {p}, gain": rotations.difference(areas[p], areas[usual]) for p in OTHERS}
    compared |= {f"log loss: {p}, gain": rotations.difference(losses[usual], losses[p]) for p in OTHERS}
    levels = {f"AUC: {usual}": areas[usual], f"log loss: {usual}": losses[usual]}
    return rotations.intervals(rows, levels) | rotations.family(rows, compared)


def draw(result: Result) -> Figure:
    """Draw the gain of each policy over the mean of the logits."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True)
    for panel, name in zip(axes, ("AUC", "log loss"), strict=True):
        gains = [result.estimates[f"{name}: {policy}, gain"] for policy in OTHERS]
        for row, gain in enumerate(gains):
            plots.mark(panel, row, gain)
        panel.axvline(0, color="0.5", lw=1, ls="--", zorder=0)
        panel.set(xlabel=f"gain in {name} over the mean logit", yticks=range(len(OTHERS)), yticklabels=OTHERS)
    axes[0].invert_yaxis()
    return figure


def calibrated(table: pd.DataFrame) -> pd.DataFrame:
    """Calibrate every policy.

    Parameters
    ----------
    table : DataFrame
        As `collect` gives it.

    Returns
    -------
    DataFrame
        The judged videos that have a face, with the calibrated probability in the column of each policy.
    """
    judged = crossfit.calibrated(table)
    columns = {policy: crossfit.calibrated(table, policy)["p_fake"] for policy in fine_tuning.POLICIES}
    return judged.assign(**columns).dropna(subset=["p_fake"])
