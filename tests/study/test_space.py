"""Points in space, to be turned on a page."""

import subprocess
import sys

import numpy as np
import pandas as pd
import plotly.io
import pytest

from study import plots, space


@pytest.fixture(autouse=True)
def own_style():
    default = plotly.io.templates.default
    yield
    plotly.io.templates.default = default


def test_points_in_space_have_titled_axes_and_a_legend():
    points = np.random.default_rng(0).normal(size=(2000, 3))
    people = pd.Series([f"actor {number % 10}" for number in range(1999)] + [None])
    figure = space.plot(points, people, "a map", hover=people.index.astype(str).to_series(), axes="abc")
    assert sum(len(trace.x) for trace in figure.data) == space.MOST_POINTS
    assert {trace.name for trace in figure.data} <= {"unknown", *people.dropna()}
    assert len({(trace.marker.color, trace.marker.symbol) for trace in figure.data}) == len(figure.data)
    scene = figure.layout.scene
    assert [axis.title.text for axis in (scene.xaxis, scene.yaxis, scene.zaxis)] == ["a", "b", "c"]
    assert figure.layout.showlegend
    assert list(figure.layout.template.layout.colorway) == plots.COLOURS
    assert not space.plot(points, pd.Series(range(2000)), "too many groups for a legend").layout.showlegend


def test_a_page_is_not_held_by_a_figure_that_it_scrolls_past():
    figure = space.plot(np.zeros((3, 3)), pd.Series(list("aab")), "a map")
    html = plotly.io.renderers["book"].to_mimebundle(figure.to_dict())["text/html"]
    assert '"scrollZoom": false' in html
    assert html.count("<script") < 6 and len(html) < 20_000


def test_most_chapters_do_without_plotly():
    code = "import sys; from study import evidence, ledger, plots; sys.exit('plotly' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
