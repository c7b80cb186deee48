"""Two controls of chapter 08's comparison: labels at random, and a split that leaks."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from dfd import dataset, progress
from dfd.run import Run
from study import comparing, measuring, plots, rotations, truth
from study.comparing import Change
from study.crossfit import Fold
from study.experiments import methods
from study.methods import frozen
from study.records import Depth, Result
from study.statistics import Interval, exactly

UNIT = truth.ACTORS
ROTATIONS = 4
AS_THEY_ARE, RANDOM, LEAKING = "as they are", "labels at random", "split that leaks"


measure = measuring.of(__name__)
inputs = methods.inputs
obstacle = methods.obstacle


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Judge under each control: one row for each method, control, training and judged video.

    Leaks is how many sources the book's leak check reports: those of which some videos are learned from and
    others judged.
    """
    folds = comparing.folds(run, depth, ROTATIONS)
    compared = methods.QUICK if depth == "full" else (frozen.LOGISTIC, frozen.SVM)
    tasks = [(control, fold, method) for control in CONTROLS for fold in folds for method in compared]
    rows = []
    for control, fold, method in progress.track(tasks, "controls", len(tasks), "training"):
        change = CONTROLS[control]
        judged = comparing.judged(run, method, fold, depth, __name__, control, change)
        videos = change(comparing.divide(run, fold, depth), fold)
        rows.append(judged.assign(control=control, leaks=leaked(videos)))
    table = pd.concat(rows, ignore_index=True)
    kept = ["method", "control", "leaks", "training", "rotation", "video", "unit", "label", "logit"]
    return table.loc[table["part"] == "judged", kept]


def leaked(videos: pd.DataFrame) -> int:
    """Count the sources of which some videos are learned from and others judged.

    Parameters
    ----------
    videos : DataFrame
        As `study.comparing.divide` gives it.

    Returns
    -------
    int
    """
    apart = videos[videos["part"] != "calibration"].rename(columns={"part": "split"})
    return dataset.leaks(apart)["source"].nunique()


def at_random(videos: pd.DataFrame, fold: Fold) -> pd.DataFrame:
    """Exchange the labels of the videos that are learned from, within each source.

    Parameters
    ----------
    videos : DataFrame
        As `study.comparing.divide` gives it.
    fold : Fold
        Its seed draws them.

    Returns
    -------
    DataFrame
        The calibrating and the judged videos keep their labels.
    """
    random = np.random.default_rng(fold.seed)
    learned = videos[videos["part"] == "train"]
    labels = learned.groupby("source")["label"].transform(lambda own: random.permutation(own))
    return videos.assign(label=labels.reindex(videos.index).fillna(videos["label"]))


def leaking(videos: pd.DataFrame, fold: Fold) -> pd.DataFrame:
    """Learn from a random half of the videos that would be judged, whatever their source.

    Parameters
    ----------
    videos : DataFrame
        As `study.comparing.divide` gives it.
    fold : Fold
        Its seed draws them.

    Returns
    -------
    DataFrame
        With fewer videos that are judged.
    """
    judged = videos[videos["part"] == "judged"]
    moved = judged.sample(frac=0.5, random_state=fold.seed).index
    return videos.assign(part=videos["part"].where(~videos.index.isin(moved), "train"))


def unchanged(videos: pd.DataFrame, fold: Fold) -> pd.DataFrame:
    """Change nothing.

    Parameters
    ----------
    videos : DataFrame
        As `study.comparing.divide` gives it.
    fold : Fold
        Not used.

    Returns
    -------
    DataFrame
        `videos`.
    """
    return videos


CONTROLS: dict[str, Change] = {AS_THEY_ARE: unchanged, RANDOM: at_random, LEAKING: leaking}


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Score each method under each control; what a leak adds is measured on the videos still judged."""
    rows, areas = comparing.ranked(table, ["method", "control"])
    estimates = rotations.intervals(
        rows, {f"AUC, {control}: {name}": area for (name, control), area in areas.items()}
    )
    leaks = table.groupby(["control", "training"])["leaks"].first().groupby("control").mean()
    return estimates | {
        f"sources that the leak check reports, {control}": exactly(float(leaks[control]))
        for control in leaks.index
    }


def draw(result: Result) -> Figure:
    """Draw the area under the ROC curve of each method under each control."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    names = result.table["method"].unique()
    height = 0.9 + 0.36 * len(names)
    figure, axes = plt.subplots(1, len(CONTROLS), figsize=(10, height), sharey=True, sharex=True)
    for panel, control in zip(axes, CONTROLS, strict=True):
        shown = {name: result.estimates[f"AUC, {control}: {name}"] for name in names}
        plots.interval_rows(panel, shown, "AUC (video level)", line=0.5)
        leaks = result.estimates[f"sources that the leak check reports, {control}"].value
        panel.set_title(f"{control}\nleak check: {leaks:.0f} sources", fontsize=9)
    return figure
