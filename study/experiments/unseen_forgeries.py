"""What each method loses on fakes of a kind that it has not learned from (chapter 08)."""

from functools import partial

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from dfd import dataset, progress
from dfd.run import Run
from study import comparing, measuring, plots, rotations, truth
from study.crossfit import Fold
from study.experiments import methods
from study.methods import attention, self_blended, xception
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
LONG = True
SEEN, UNSEEN = "seen", "unseen"
SLOW = (xception.XCEPTION, attention.ATTENTION)
COMPARED = tuple(method for method in methods.METHODS if method not in SLOW)
"""Those that take longest to train are left out: three more trainings for each kind would take an hour."""


measure = measuring.of(__name__)
inputs = methods.inputs


def obstacle(run: Run) -> str:
    """Say why this run cannot leave out a kind of forgery; empty if it can."""
    if truth.videos(run) is None:
        return "It is not published how these fakes were made, so no kind of forgery can be left out."
    if reason := methods.obstacle(run):
        return reason
    videos = comparing.divide(run, comparing.folds(run, "quick", 1)[0], "quick")
    learned = videos[(videos["part"] == "train") & (videos["label"] == "FAKE")]
    if learned["forgery"].nunique() < 2:
        return "All fakes to learn from were made in the same way, so none can be left out."
    return ""


def kinds(run: Run) -> list[str]:
    """List the kinds of forgery of a run.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    list of str
    """
    videos = dataset.table(run)
    names = comparing.forgeries(run, videos.loc[dataset.is_fake(videos), "video"])
    return sorted(set(names) - {"original"})


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Judge each kind of fake by methods that have seen it and by methods that have not."""
    compared = COMPARED if depth == "full" else methods.QUICK
    tasks = [
        (method, fold, kind)
        for fold in comparing.folds(run, depth, methods.ROTATIONS)
        for method in compared
        for kind in kinds(run)
    ]
    rows = []
    for method, fold, kind in progress.track(tasks, "leaving forgeries out", len(tasks), "training"):
        # What has learned from all kinds was fitted for the comparison of the methods already.
        seen = comparing.judged(run, method, fold, depth, methods.__name__)
        if method is self_blended.SELF_BLENDED:
            # It learns from no fake at all, so that nothing changes when some are left out.
            unseen = seen
        else:
            unseen = comparing.judged(run, method, fold, depth, __name__, kind, partial(_without, kind))
        for learned, judged in ((SEEN, seen), (UNSEEN, unseen)):
            judged = judged[(judged["part"] == "judged") & judged["forgery"].isin([kind, "original"])]
            rows.append(judged.assign(kind=kind, learned=learned))
    kept = ["method", "kind", "learned", "training", "rotation", "video", "unit", "label", "logit"]
    return pd.concat(rows, ignore_index=True)[kept]


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Score each method on each kind, seen and unseen, and say what it loses; the losses are one family."""
    rows, areas = comparing.ranked(table, ["method", "kind", "learned"])
    titles = {way: f"AUC on {way[1]}, {way[2]}: {way[0]}" for way in areas}
    losses = {
        f"AUC lost on {kind}: {method}": rotations.difference(
            areas[method, kind, SEEN], areas[method, kind, UNSEEN]
        )
        for method, kind, learned in areas
        if learned == SEEN
    }
    wanted = {titles[way]: area for way, area in areas.items()}
    return rotations.intervals(rows, wanted) | rotations.family(rows, losses)


def draw(result: Result) -> Figure:
    """Draw each method's area under the ROC curve on each kind of fake, seen and unseen."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    kinds_there, names = (result.table[column].unique() for column in ("kind", "method"))
    figure, axes = plt.subplots(
        1,
        len(kinds_there),
        figsize=(3.6 * len(kinds_there), 0.8 + 0.36 * len(names)),
        sharex=True,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for panel, kind in zip(axes[0], kinds_there, strict=True):
        for row, name in enumerate(names):
            pair = [result.estimates[f"AUC on {kind}, {learned}: {name}"] for learned in (SEEN, UNSEEN)]
            panel.plot([i.value for i in pair], [row, row], color="0.6", zorder=1)
            for interval, colour in zip(pair, plots.COLOURS, strict=False):
                panel.plot(interval.value, row, "o", color=colour, zorder=2)
        panel.axvline(0.5, ls="--", color="0.5", zorder=0)
        panel.set(
            title=kind,
            xlabel="AUC",
            yticks=range(len(names)),
            yticklabels=names,
            ylim=(len(names) - 0.5, -0.5),
        )
    handles = [Line2D([], [], marker="o", ls="", color=colour) for colour in plots.COLOURS[:2]]
    figure.legend(handles, ["learned from", "left out"], loc="outside upper right", ncols=2, fontsize=8)
    return figure


def _without(kind: str, videos: pd.DataFrame, fold: Fold) -> pd.DataFrame:
    """Learn from no fake of a kind; judge as before."""
    return videos[(videos["part"] != "train") | (videos["forgery"] != kind)]
