"""Points in space, plotted by plotly for a page to turn and zoom.

plotly takes seconds to import, so only what plots in space imports this module.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import plotly.io
from plotly.io.base_renderers import HtmlRenderer

from study import plots

SYMBOLS = ("circle", "diamond-open", "cross", "square-open")
"""Markers of a plot in space: with `study.plots.COLOURS` they tell 32 groups apart."""

MOST_POINTS = 1500
"""Points that a plot in space draws at most, so that a page stays small and turns smoothly."""


def plot(
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
    _use_style()
    figure = go.Figure()
    for number, name in enumerate(several):
        rows = drawn[names[drawn] == name]
        x, y, z = xyz[rows].round(2).T
        symbol = SYMBOLS[number // len(plots.COLOURS) % len(SYMBOLS)]
        marker = {
            "size": 3,
            "color": plots.COLOURS[number % len(plots.COLOURS)],
            "symbol": symbol,
            "line": {"width": 0},
        }
        about = {"text": texts[rows].tolist(), "hovertemplate": f"{name}<br>%{{text}}<extra></extra>"}
        figure.add_scatter3d(x=x, y=y, z=z, name=name, mode="markers", marker=marker, **about)
    titles = {f"{axis}axis": {"title": label} for axis, label in zip("xyz", axes, strict=True)}
    figure.update_layout(
        title={"text": title, "font": {"size": 15}},
        scene=titles | {"aspectmode": "cube", "bgcolor": "white"},
        showlegend=len(several) <= len(plots.COLOURS) * len(SYMBOLS),
        legend={"orientation": "h", "y": 0, "yanchor": "top", "itemsizing": "constant", "font": {"size": 10}},
        paper_bgcolor="white",
        height=600,
        margin={"l": 0, "r": 0, "t": 40, "b": 0},
    )
    return figure


def _use_style() -> None:
    """Give plotly the book's style, and notebooks its way of showing a figure."""
    template = plotly.io.templates["plotly_white"]
    template.update(layout={"colorway": plots.COLOURS})
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
