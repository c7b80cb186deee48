"""What every figure of the book shares: its style, its colours, and the line that says what made the page."""

import math
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pandas.io.formats.style import Styler

import study.provenance
from dfd.run import Run
from study.statistics import Interval

COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#f0e442", "#4d4d4d"]
"""Okabe and Ito's colours, which readers with any kind of colour vision can tell apart."""

LABELS = {"REAL": COLOURS[0], "FAKE": COLOURS[1]}
"""The colour of each label, the same in every figure."""

PACKAGES = ("torch", "torchvision", "facenet-pytorch", "scikit-learn", "pandas", "dfd")
"""The packages that the results depend on most."""


def use_style() -> None:
    """Give matplotlib and seaborn the book's style: white background, readable text, `COLOURS`."""
    sns.set_theme(
        context="notebook",
        style="ticks",
        palette=COLOURS,
        rc={
            "figure.figsize": (8, 4.5),
            "figure.dpi": 100,
            "figure.facecolor": "white",
            "figure.constrained_layout.use": True,
            "savefig.facecolor": "white",
            "axes.facecolor": "white",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.alpha": 0.3,
            "axes.titlesize": "medium",
            "image.interpolation": "nearest",
        },
    )


def gallery(
    images: Sequence[np.ndarray],
    titles: Sequence[str] = (),
    columns: int = 6,
    side: float = 1.7,
    colours: Sequence[str] = (),
) -> Figure:
    """Show pictures in rows, without axes.

    Parameters
    ----------
    images : sequence of ndarray of uint8, shape (height, width, 3)
        RGB pictures.
    titles : sequence of str
        One for each picture, or none.
    columns : int
        Pictures in a row.
    side : float
        Width and height of a picture in inches.
    colours : sequence of str
        Colours of the titles; black by default.

    Returns
    -------
    Figure
    """
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    height = side + (0.2 if titles else 0)
    figure, axes = plt.subplots(rows, columns, figsize=(side * columns, height * rows), squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, image in zip(axes.flat, images, strict=False):
        ax.imshow(image)
    for number, (ax, title) in enumerate(zip(axes.flat, titles, strict=False)):
        ax.set_title(title, fontsize=8, color=colours[number] if colours else "black")
    return figure


def provenance(run: Run) -> Styler:
    """Say what a page was made with: data, machine and package versions.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    Styler
        A table of two columns, without paths of the machine; its caption says whose faces these are.
    """
    subset = [
        "all parts" if run.parts is None else f"parts {', '.join(map(str, run.parts))}",
        "all videos" if run.videos is None else f"at most {run.videos} videos",
    ]
    rows = {
        "profile": f"{run.name} ({', '.join(subset)})",
        "backbone": run.backbone,
        "machine": study.provenance.machine(),
        "packages": packages(),
    }
    table = pd.DataFrame({"what": list(rows), "this page": list(rows.values())})
    whose = {
        "sample": "Made from the synthetic actors of the sample data set: nothing here is a DFDC result.",
        "dfdc": "Made from DFDC videos. Figures, tables and verdicts are of this run; the sentences that say "
        "what came out were written about the sample, and need not hold here.",
    }
    styler = table.style.hide(axis="index").set_caption(whose[run.name])
    return styler.set_uuid("provenance").map(lambda _: "text-align: left;")


def packages() -> str:
    """Say which versions of Python and of `PACKAGES` are installed.

    Returns
    -------
    str
        Such as ``"Python 3.11.7, torch 2.14.1, ..."``.
    """
    return ", ".join(f"{name} {version}" for name, version in study.provenance.versions(PACKAGES).items())


def obstacle_figure(reason: str) -> Figure:
    """Show why a run has no figure here.

    Parameters
    ----------
    reason : str
        The obstacle, as one sentence.

    Returns
    -------
    Figure
        With the sentence in empty axes: a notebook does not show a figure that has none.
    """
    figure = plt.figure(figsize=(7, 1))
    figure.add_axes((0, 0, 1, 1)).axis("off")
    figure.text(0.5, 0.5, reason, ha="center", va="center", wrap=True)
    return figure


def intervals(
    estimates: Mapping[str, Interval], prefix: str, label: str, line: float | None = None
) -> Figure:
    """Show estimates with their 95% intervals below each other.

    Parameters
    ----------
    estimates : mapping of str to Interval
        As a result has them.
    prefix : str
        Only estimates whose names begin so are shown, by the rest of their names.
    label : str
        What is measured, for the axis.
    line : float, optional
        Where a dashed line stands for comparison, such as chance.

    Returns
    -------
    Figure
    """
    shown = {name.removeprefix(prefix): i for name, i in estimates.items() if name.startswith(prefix)}
    figure, panel = plt.subplots(figsize=(7.5, 0.6 + 0.36 * max(len(shown), 1)))
    interval_rows(panel, shown, label, line)
    return figure


def interval_rows(panel: Axes, shown: Mapping[str, Interval], label: str, line: float | None = None) -> None:
    """Draw estimates with their 95% intervals below each other into a panel.

    Parameters
    ----------
    panel : Axes
        Where to draw.
    shown : mapping of str to Interval
        By the names beside them.
    label, line : str and float, optional
        As `intervals` takes them.
    """
    for row, interval in enumerate(shown.values()):
        mark(panel, row, interval)
    if line is not None:
        panel.axvline(line, ls="--", color="0.5", zorder=0)
    panel.set(xlabel=label, yticks=range(len(shown)), yticklabels=list(shown), ylim=(len(shown) - 0.4, -0.6))


def mark(panel: Axes, row: float, interval: Interval, colour: str = COLOURS[0]) -> None:
    """Draw an estimate with its 95% interval into a row of a panel.

    Parameters
    ----------
    panel : Axes
        Where to draw.
    row : float
        The height.
    interval : Interval
        What is drawn; one that could not be computed is called unknown.
    colour : str
        Of point and line.
    """
    if np.isnan(interval.value):
        aside = panel.get_yaxis_transform()
        panel.text(0.03, row, "unknown", transform=aside, va="center", color="0.5", fontsize="small")
        return
    panel.plot([interval.low, interval.high], [row, row], color=colour)
    panel.plot(interval.value, row, "o", color=colour)
