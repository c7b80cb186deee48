"""What every figure of the book shares: its style, its colours, and the line that says what made the page."""

import math
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import plotly.io
import seaborn as sns
from matplotlib.figure import Figure
from pandas.io.formats.style import Styler
from plotly.io.base_renderers import HtmlRenderer

import study.provenance
from dfd.run import Run
from study.statistics import Interval

COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#f0e442", "#4d4d4d"]
"""Okabe and Ito's colours, which readers with any kind of colour vision can tell apart."""

LABELS = {"REAL": COLOURS[0], "FAKE": COLOURS[1]}
"""The colour of each label, the same in every figure."""

SYMBOLS = ("circle", "diamond-open", "cross", "square-open")
"""Markers of a plot in space: with `COLOURS` they tell 32 groups apart."""

MOST_POINTS = 1500
"""Points that a plot in space draws at most, so that a page stays small and turns smoothly."""

PACKAGES = ("torch", "torchvision", "facenet-pytorch", "scikit-learn", "pandas", "dfd")
"""The packages that the results depend on most."""


def use_style() -> None:
    """Give matplotlib, seaborn and plotly the book's style: white background, readable text, `COLOURS`."""
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
    template = plotly.io.templates["plotly_white"]
    template.update(layout={"colorway": COLOURS})
    plotly.io.templates["book"] = template
    plotly.io.templates.default = "book"
    # The wheel belongs to the page: a figure that zoomed with it would hold the reader who scrolls past.
    config = {"scrollZoom": False, "displaylogo": False, "responsive": True}
    renderer = HtmlRenderer(
        connected=True,
        include_plotlyjs="cdn",  # pyright: ignore[reportArgumentType]: its annotation knows no address
        config=config,
    )
    plotly.io.renderers["book"] = renderer
    # Pages draw their picture from the description, and turn it on a page of its own (`study.pictures`).
    plotly.io.renderers.default = "plotly_mimetype+book"


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


def space(
    xyz: np.ndarray,
    groups: pd.Series,
    title: str,
    hover: pd.Series | None = None,
    axes: Sequence[str] = ("dimension 1", "dimension 2", "dimension 3"),
) -> go.Figure:
    """Plot points in space, for a page to turn and zoom; dragging turns it, and its buttons zoom.

    Parameters
    ----------
    xyz : ndarray of float, shape (n, 3)
        The points. Of more than `MOST_POINTS` that many are drawn, picked at random.
    groups : Series of str, length n
        Group of each point, such as the person. Up to 32 groups have a colour and marker of their own, and a
        legend whose entries hide and show them; more share them, and are told apart by hovering.
    title : str
        Title of the figure.
    hover : Series of str, length n, optional
        What hovering over a point shows, besides its group.
    axes : sequence of str
        Titles of the three axes.

    Returns
    -------
    Figure
        Of plotly; as the last line of a cell a notebook shows it.
    """
    xyz = np.asarray(xyz, dtype=np.float32)
    names = pd.Series(groups).astype("string").fillna("unknown").to_numpy()
    hover = pd.Series("", range(len(xyz))) if hover is None else pd.Series(hover)
    texts = hover.astype("string").fillna("").to_numpy()
    drawn = np.sort(np.random.default_rng(0).permutation(len(xyz))[:MOST_POINTS])
    several = sorted(set(names[drawn]))
    figure = go.Figure()
    for number, name in enumerate(several):
        rows = drawn[names[drawn] == name]
        x, y, z = xyz[rows].round(2).T
        symbol = SYMBOLS[number // len(COLOURS) % len(SYMBOLS)]
        marker = {"size": 3, "color": COLOURS[number % len(COLOURS)], "symbol": symbol, "line": {"width": 0}}
        about = {"text": texts[rows].tolist(), "hovertemplate": f"{name}<br>%{{text}}<extra></extra>"}
        figure.add_scatter3d(x=x, y=y, z=z, name=name, mode="markers", marker=marker, **about)
    titles = {f"{axis}axis": {"title": label} for axis, label in zip("xyz", axes, strict=True)}
    figure.update_layout(
        title={"text": title, "font": {"size": 15}},
        scene=titles | {"aspectmode": "cube", "bgcolor": "white"},
        showlegend=len(several) <= len(COLOURS) * len(SYMBOLS),
        legend={"orientation": "h", "y": 0, "yanchor": "top", "itemsizing": "constant", "font": {"size": 10}},
        paper_bgcolor="white",
        height=600,
        margin={"l": 0, "r": 0, "t": 40, "b": 0},
    )
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
        "dfdc": "Made from DFDC videos.",
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
        With the sentence and no axes.
    """
    figure = plt.figure(figsize=(7, 1))
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
    for row, interval in enumerate(shown.values()):
        panel.plot([interval.low, interval.high], [row, row], color=COLOURS[0])
        panel.plot(interval.value, row, "o", color=COLOURS[0])
    if line is not None:
        panel.axvline(line, ls="--", color="0.5", zorder=0)
    panel.set(xlabel=label, yticks=range(len(shown)), yticklabels=list(shown), ylim=(len(shown) - 0.4, -0.6))
    return figure
