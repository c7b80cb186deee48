"""Where the classifier fails: its scores by method and strength of fakes, and by who was filmed."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd import dataset, faces
from dfd.run import Run
from study import crossfit, measuring, plots, rotations, truth
from study.experiments import fine_tuning
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
CUTS = ("method", "strength", "gender", "ancestry")
OF_FAKES = ("method", "strength")
"""What only fakes have: each part of them is scored against all originals."""

STRENGTHS = ("fine", "middling", "crude")
"""Thirds of the fakes, by the strength with which they were made."""


measure = measuring.of(__name__)
inputs = fine_tuning.inputs


def obstacle(run: Run) -> str:
    """Say why this run cannot be scored by parts; empty if it can."""
    if truth.videos(run) is None:
        return "These data have no truth tables, so nothing is known of methods and people."
    return fine_tuning.obstacle(run)


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Take the calibrated scores of `fine_tuning`, with what the truth tables know of each video."""
    judged = crossfit.calibrated(fine_tuning.collect(run, depth)).dropna(subset=["p_fake"])
    rows = truth.of_videos(run, judged)
    if rows is None:
        return judged.iloc[:0]
    videos = rows.drop_duplicates("video").dropna(subset=["strength"]).set_index("video")["strength"]
    thirds = pd.qcut(videos.rank(method="first"), len(STRENGTHS), labels=list(STRENGTHS)).astype(object)
    facts = ["training", "rotation", "video", "unit", "label", "p_fake", *CUTS]
    return rows.assign(strength=rows["video"].map(thirds))[facts]


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Score each part, and compare it with the rest of its kind; the comparisons are one family."""
    areas, compared = {}, {}
    for cut in CUTS:
        for part in sorted(table[cut].dropna().unique()):
            inside, outside = _rows(table, cut, part), _rows(table, cut, part, others=True)
            name = f"{cut} {part}"
            areas[f"AUC: {name}"] = area = _area(table, inside)
            compared[f"less the others: {name}"] = rotations.difference(area, _area(table, outside))
    return rotations.intervals(table, areas) | rotations.family(table, compared)


def draw(result: Result) -> Figure:
    """Draw the area under the ROC curve of each part, with the number of its videos."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    table = result.table
    names = [name for name in result.estimates if name.startswith("AUC: ")]
    figure, panel = plt.subplots(figsize=(8, 0.6 + 0.38 * len(names)))
    labels = []
    for row, name in enumerate(names):
        cut, part = name.removeprefix("AUC: ").split(" ", 1)
        colour, area = plots.COLOURS[CUTS.index(cut)], result.estimates[name]
        plots.mark(panel, row, area, colour)
        rows = table[_rows(table, cut, part)]
        videos = rows.drop_duplicates("video")["label"].value_counts()
        people = rows.loc[rows["label"] == "FAKE", "unit"].nunique()
        counts = f"{videos.get('FAKE', 0)} : {videos.get('REAL', 0)} videos, {people} {result.unit}"
        labels.append(f"{cut}: {part} ({counts})")
    everything = float(_area(table, np.ones(len(table), bool))(np.ones((1, len(table))))[0])
    panel.axvline(everything, color="0.6", lw=1, ls="--", zorder=0)
    panel.set(xlabel="AUC (dashed: all videos)", yticks=range(len(names)), yticklabels=labels)
    panel.invert_yaxis()
    return figure


def mistakes(run: Run, table: pd.DataFrame, count: int = 6) -> Figure:
    """Show the fakes that looked most real, and the originals that looked most fake.

    Parameters
    ----------
    run : Run
        The run, for the pictures.
    table : DataFrame
        As `study.experiments.fine_tuning` collects it.
    count : int
        Videos of each kind.

    Returns
    -------
    Figure
    """
    if table.empty:
        return plots.obstacle_figure(fine_tuning.obstacle(run) or "No video has been judged.")
    judged = crossfit.calibrated(table).dropna(subset=["p_fake"])
    videos = judged.groupby(["video", "label"])["p_fake"].mean().sort_values().reset_index()
    fakes, originals = videos[dataset.is_fake(videos)], videos[~dataset.is_fake(videos)]
    shown = pd.concat([fakes.head(count), originals.tail(count)[::-1]])
    crops = faces.table(run, videos=set(shown["video"]))
    middle = crops.groupby("video")["face_id"].apply(lambda ids: ids.iloc[len(ids) // 2])
    images = faces.images(run, middle[shown["video"]].to_list())
    made = truth.videos(run)
    methods = {} if made is None else made.set_index("video")["method"].dropna().to_dict()
    titles = [
        f"{row.label} {row.p_fake:.2f}\n{methods.get(str(row.video), '')}"
        for row in shown.itertuples(index=False)
    ]
    return plots.gallery(
        list(images), titles, columns=count, colours=[plots.LABELS[x] for x in shown["label"]]
    )


def _rows(table: pd.DataFrame, cut: str, part: str, others: bool = False) -> np.ndarray:
    """Choose the rows of a part (or of all other parts); with parts of fakes, all originals."""
    inside = (table[cut] != part if others else table[cut] == part) & table[cut].notna()
    if cut in OF_FAKES:
        inside |= table["label"] == "REAL"
    return inside.to_numpy()


def _area(table: pd.DataFrame, mask: np.ndarray) -> rotations.Statistic:
    return rotations.mean(table, "p_fake", rotations.auc, mask)
