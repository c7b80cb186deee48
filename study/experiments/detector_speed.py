"""Is the batched MTCNN the fastest detector (C06)? Frames per second at the report's three sizes."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dfd import detectors
from dfd.run import Run
from study import lineup, measuring, plots, statistics, timing
from study.experiments import published_speeds
from study.records import Depth, Result
from study.statistics import NOT_COMPUTABLE, Interval
from study.timing import Trial

UNIT = "repeats"
TIMES = True

BATCHED = "facenet-pytorch-batched"
OTHERS = ("facenet-pytorch", "dlib-hog", "tensorflow-mtcnn")
"""The report's other three; its "dlib" is the HOG detector."""

RATIO = "batched, in multiples of the fastest other"


measure = measuring.of(__name__)
obstacle = timing.obstacle
inputs = timing.inputs


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Time every detector at every size, each in a process of its own, with the package's defaults."""
    return timing.timed(trials(timing.clips(run), depth), str(run.device), timing.PACES[depth])


def trials(clips: pd.DataFrame, depth: Depth) -> list[Trial]:
    """List what is timed: every detector at every size.

    Parameters
    ----------
    clips : DataFrame
        As `study.timing.clips` gives them.
    depth : str
        ``"quick"`` has the smallest size alone.

    Returns
    -------
    list of Trial
    """
    settings = list(zip(clips["size"], clips["path"], strict=True))
    most = 1 if depth == "quick" else len(settings)
    return [Trial(name, size, path) for name in detectors.NAMES for size, path in settings[:most]]


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compute frames per second of each setting, and how the batched detector does against the others."""
    measured = table.dropna(subset="seconds")
    estimates = {
        f"frames/s: {lineup.TITLES[str(name)]}, {size}": timing.rate(rows["seconds"])
        for (name, size), rows in measured.groupby(["detector", "size"], sort=False)
    }
    for machine, speeds in published_speeds.PUBLISHED.items():
        ratios = speeds.T[BATCHED] / speeds.loc[list(OTHERS)].max()
        estimates[f"{RATIO}, {machine}"] = statistics.exactly(_geometric_mean(ratios))
    estimates[f"{RATIO}, here"] = _ratio_here(measured)
    return estimates | {"processes for each core": timing.load(table)}


def draw(result: Result) -> Figure:
    """Show the report's Figure 3.1 again: both published machines and this one, on a logarithmic axis."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    figure, axes = plt.subplots(1, 3, figsize=(9.5, 3.8), sharex=True, sharey=True)
    panels = {"P100 (published)": "P100", "laptop's CPU (published)": "laptop", "measured here": ""}
    names = [name for name in lineup.TITLES if name != lineup.EXTRACTOR]
    for panel, (title, machine) in zip(axes, panels.items(), strict=True):
        for place, size in enumerate(timing.SIZES):
            _draw_size(panel, result, machine, size, place)
        panel.set(title=title, xscale="log", xlabel="frames per second")
    axes[0].set(yticks=range(len(names)), yticklabels=[lineup.TITLES[name] for name in names])
    axes[0].invert_yaxis()
    axes[0].xaxis.set_major_formatter("{x:g}")
    figure.legend(*axes[2].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def speeds(result: Result) -> pd.DataFrame | Result:
    """Write the speeds as a table with one row for each detector.

    Parameters
    ----------
    result : Result
        As `measure` gives it.

    Returns
    -------
    DataFrame or Result
        A column of frames per second for each size, and the most memory in MiB; the result itself if there is
        an obstacle, which it says. A detector that could not be timed has the reason in its first cell.
    """
    if result.obstacle:
        return result
    measured = result.table.dropna(subset="seconds")
    medians = measured.assign(fps=1 / measured["seconds"]).pivot_table(
        index="detector", columns="size", values="fps", aggfunc="median"
    )
    shown = medians.reindex(columns=list(timing.SIZES)).map(
        lambda fps: f"{fps:.3g}" if fps > 0 else "not timed"
    )
    shown["memory (MiB)"] = measured.groupby("detector")["memory"].max().map("{:.0f}".format)
    reasons = result.table.dropna(subset="reason").groupby("detector")["reason"].first()
    return lineup.titled(pd.concat([shown, reasons.to_frame(next(iter(timing.SIZES)))]).fillna(""))


def _ratio_here(measured: pd.DataFrame) -> Interval:
    fps = measured.assign(fps=1 / measured["seconds"]).pivot_table(
        index=["unit", "size"], columns="detector", values="fps"
    )
    others = fps.columns.intersection(list(OTHERS))
    if BATCHED not in fps or others.empty:
        return NOT_COMPUTABLE
    ratios = (fps[BATCHED] / fps[others].max(axis=1)).unstack("size").dropna()
    return statistics.median(np.array([_geometric_mean(ratios.loc[repeat]) for repeat in ratios.index]))


def _geometric_mean(ratios: pd.Series) -> float:
    return float(np.exp(np.log(ratios).mean()))


def _draw_size(panel: Axes, result: Result, machine: str, size: str, place: int) -> None:
    look: dict[str, Any] = {
        "color": plots.COLOURS[place],
        "marker": "osD"[place],
        "linestyle": "",
        "label": size,
    }
    for row, (name, title) in enumerate(lineup.TITLES.items()):
        height = row + 0.2 * (place - 1)
        if machine and name in published_speeds.REPORT_FPS.index:
            panel.plot([published_speeds.PUBLISHED[machine][size][name]], [height], **look)
        elif not machine and (fps := result.estimates.get(f"frames/s: {title}, {size}")):
            panel.plot([fps.value], [height], **look)
            panel.hlines(height, fps.low, fps.high, color=plots.COLOURS[place])
        look["label"] = None
