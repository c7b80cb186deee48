"""For whom and in which light does a detector fail: its shares taken apart by what is known of each face."""

import math
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from study.statistics import share

SOME = [-math.inf, 0, math.inf], ["none", "some"]
SLICES = {
    "width": ("width of the face in pixels", [0, 30, 45, 60, 90, 120, math.inf], None),
    "yaw": ("head turned by", [0, 10, 25, math.inf], ["under 10°", "10 to 25°", "over 25°"]),
    "light": ("light of the frame", None, None),
    "shade": ("brightness of the face", None, None),
    "focus": ("sharpness of the face", None, None),
    "blur": ("blur added", *SOME),
    "covered": ("covered share of the face", [0, 0.1, 0.25, 1], ["under 10%", "10 to 25%", "over 25%"]),
    "crf": ("H.264 rate factor", [0, 20, 22, 51], ["up to 20", "21 and 22", "over 22"]),
    "jpeg": ("JPEG compression added", *SOME),
    "noise": ("noise added", *SOME),
    "monk": ("skin tone (Monk scale)", [0, 3, 6, 10], ["1 to 3", "4 to 6", "7 to 10"]),
    "ancestry": ("ancestry", None, None),
    "gender": ("gender", None, None),
}
"""Properties by which the truth is sliced: column, words for it, and for numbers the bins and their names."""


def slices(true_faces: pd.DataFrame, column: str) -> pd.DataFrame:
    """Take the share of a column apart by what the truth knows of each face.

    Parameters
    ----------
    true_faces : DataFrame
        As `detector_accuracy.compare` gives them.
    column : str
        Column to average, such as found or landmark_error.

    Returns
    -------
    DataFrame
        One row for each detector, property of `SLICES` that the truth has, and value of it: detector,
        property, value, and what `study.statistics.share` gives.
    """
    rows = []
    for key, (name, edges, labels) in SLICES.items():
        if key not in true_faces:
            continue
        values = true_faces[key]
        if edges is not None:
            labels = labels or _ranges(edges)
            values = pd.cut(values.abs(), edges, labels=labels, include_lowest=True)
        # Values first, so that they keep the order of their bins in every detector's rows.
        for (value, detector), group in true_faces.groupby([values, "detector"], observed=True):
            facts = {"detector": detector, "property": name, "value": value}
            rows.append(facts | share(group, column).to_dict())
    return pd.DataFrame(rows)


def beside_faces(boxes: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Give each box the properties of the largest true face in its frame, so that precision can be sliced.

    Parameters
    ----------
    boxes : DataFrame
        As `detector_accuracy.compare` gives them.
    truth : DataFrame
        As `study.appearance.appearance` or `study.truth.faces` gives it.

    Returns
    -------
    DataFrame
        The boxes in frames with a face, with the columns of `SLICES` that the truth has.
    """
    sizes = truth.assign(width=truth["x1"] - truth["x0"]).sort_values("width", ascending=False)
    largest = sizes.drop_duplicates(["video", "frame"])
    properties = [column for column in SLICES if column in largest]
    return boxes.merge(
        largest[["video", "frame", *properties]], on=["video", "frame"], validate="many_to_one"
    )


def draw_slices(
    sliced: pd.DataFrame, colours: dict[str, str], titles: dict[str, str], label: str, columns: int = 3
) -> Figure:
    """Draw slices as points with intervals, one panel for each property and one colour for each detector.

    Parameters
    ----------
    sliced : DataFrame
        As `slices` gives it.
    colours, titles : dict of str to str
        Colour and name of each detector.
    label : str
        What was averaged.
    columns : int
        Panels beside each other.

    Returns
    -------
    Figure
    """
    properties = {name: part for name, part in sliced.groupby("property", sort=False)}
    lines = math.ceil(len(properties) / columns)
    most = sliced.groupby("property")["value"].nunique().max()
    size = 3.4 * columns, (0.75 + 0.36 * most) * lines + 0.5
    figure, axes = plt.subplots(lines, columns, figsize=size, squeeze=False, sharex=True)
    for ax in axes.flat[len(properties) :]:
        ax.remove()
    for ax, (name, part) in zip(axes.flat, properties.items(), strict=False):
        _draw_property(ax, part, colours, titles)
        ax.set_title(name)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    # As the legend's title, since a label of the figure would lie below the legend.
    figure.legend(handles, labels, title=label, loc="outside lower center", ncols=len(labels), fontsize=9)
    return figure


def _draw_property(ax: Axes, part: pd.DataFrame, colours: dict[str, str], titles: dict[str, str]) -> None:
    values = list(part["value"].unique())
    names = [name for name in titles if name in set(part["detector"])]
    for place, detector in enumerate(names):
        own = part[part["detector"] == detector].set_index("value").reindex(values)
        height = np.arange(len(values)) + 0.14 * (place - (len(names) - 1) / 2)
        mean, low, high = (own[column].astype(float) for column in ("mean", "low", "high"))
        ax.hlines(height, low, high, color=colours[detector])
        ax.plot(mean, height, "o", color=colours[detector], markersize=4, label=titles[detector])
    counts = part.groupby("value", observed=True)["count"].max()
    ax.set(yticks=range(len(values)), ylim=(len(values) - 0.5, -0.5))
    ax.set_yticklabels([f"{value} ({counts[value]})" for value in values], fontsize=9)
    ax.tick_params(axis="x", labelbottom=True)


def _ranges(edges: list[float]) -> list[str]:
    """Name the bins between edges, of which the first and the last are open."""
    inner = [f"{low:g} to {high:g}" for low, high in pairwise(edges[1:-1])]
    return [f"under {edges[1]:g}", *inner, f"over {edges[-2]:g}"]
