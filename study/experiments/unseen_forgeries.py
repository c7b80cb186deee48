"""What each method loses on fakes of a kind that it has not learned from (chapter 08)."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from dfd import dataset, progress
from dfd.run import Run
from study import comparing, measuring, plots, rotations, truth
from study.experiments import methods
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
LONG = True
SEEN, UNSEEN = "seen", "unseen"


measure = measuring.of(__name__)
inputs = methods.inputs


def obstacle(run: Run) -> str:
    """Say why this run cannot leave out a kind of forgery; empty if it can."""
    if truth.videos(run) is None:
        return "It is not published how these fakes were made, so no kind of forgery can be left out."
    if len(kinds(run)) < 2:
        return "All fakes were made in the same way, so none can be left out."
    return methods.obstacle(run)


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
    compared = methods.METHODS if depth == "full" else methods.QUICK
    tasks = [
        (method, fold, kind)
        for fold in comparing.folds(run, depth)
        for method in compared
        for kind in kinds(run)
    ]
    rows = []
    for method, fold, kind in progress.track(tasks, "leaving forgeries out", len(tasks), "training"):
        for learned, left_out in ((SEEN, ""), (UNSEEN, kind)):
            judged = comparing.judged(run, method, fold, depth, __name__, left_out)
            judged = judged[(judged["part"] == "judged") & judged["forgery"].isin([kind, "original"])]
            rows.append(judged.assign(kind=kind, learned=learned))
    kept = ["method", "kind", "learned", "training", "rotation", "video", "unit", "label", "logit"]
    return pd.concat(rows, ignore_index=True)[kept]


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Score each method on each kind, seen and unseen, and say what it loses; the losses are one family.

    The logits of different trainings are not of one scale, so videos are ranked within their training.
    """
    rank = table.groupby(["method", "kind", "learned", "training"])["logit"].rank(pct=True)
    index = ["training", "rotation", "video", "unit", "label"]
    wide = table.assign(rank=rank).pivot_table(
        index=index, columns=["method", "kind", "learned"], values="rank"
    )
    flat = wide.index.to_frame(index=False)
    estimates, losses = {}, {}
    for method in table["method"].unique():
        for kind in table["kind"].unique():
            own = {}
            for learned in (SEEN, UNSEEN):
                scores = wide[method, kind, learned].to_numpy()
                rows = flat.assign(score=np.nan_to_num(scores))
                area = rotations.mean(rows, "score", rotations.auc, ~np.isnan(scores))
                own[learned] = estimates[f"AUC on {kind}, {learned}: {method}"] = area
            losses[f"AUC lost on {kind}: {method}"] = rotations.difference(own[SEEN], own[UNSEEN])
    return rotations.intervals(flat, estimates) | rotations.family(flat, losses)


def draw(result: Result) -> Figure:
    """Draw each method's area under the ROC curve on each kind of fake, seen and unseen."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    kinds_there, names = (result.table[column].unique() for column in ("kind", "method"))
    figure, axes = plt.subplots(
        1,
        len(kinds_there),
        figsize=(3.6 * len(kinds_there), 0.8 + 0.36 * len(names)),
        sharey=True,
        squeeze=False,
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
    axes[0, 0].legend(handles, ["learned from", "left out"], fontsize=8)
    return figure
