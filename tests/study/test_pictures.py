"""Pictures of pages."""

import base64
import io

import numpy as np
import plotly.graph_objects as go
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from study import pictures


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


@pytest.fixture
def space():
    random = np.random.default_rng(0)
    figure = go.Figure(layout={"title": {"text": "A title"}})
    for name, symbol in (("one", "circle"), ("two", "diamond-open")):
        x, y, z = random.normal(size=(3, 20)).astype(np.float32)
        figure.add_scatter3d(
            x=x, y=y, z=z, name=name, mode="markers", marker={"color": "red", "symbol": symbol}
        )
    return figure


def notebook(*bundles):
    cell = new_code_cell(
        "draw()", metadata={"mystnb": {"figure": {"name": "fig-space", "caption": "A caption."}}}
    )
    cell.outputs = [new_output("display_data", bundle) for bundle in bundles]
    return new_notebook(cells=[cell])


def test_a_plot_in_space_becomes_a_picture_and_a_page_of_its_own(space):
    description = space.to_plotly_json()
    made = notebook(
        {"text/html": "<script>window.PlotlyConfig = {};</script>"},
        {"text/html": "<div>a plot</div>", pictures.PLOTLY_DATA: description},
    )
    plots = pictures.spaces(made)
    assert list(plots) == ["fig-space"] and len(plots["fig-space"].data) == 2
    page = pictures.page(plots["fig-space"], "../notebooks/05_x.html#fig-space")
    assert pictures.PLOTLY in page and "../notebooks/05_x.html#fig-space" in page and 'src="https' not in page
    pictures.lighten(made)
    (picture,) = made.cells[0].outputs
    (kind,) = picture.data
    assert base64.b64decode(picture.data[kind]).startswith(
        {"image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8"}[kind]
    )
    caption = made.cells[0].metadata["mystnb"]["figure"]["caption"]
    assert caption.startswith("A caption. <a ") and f"../{pictures.FOLDER}/fig-space.html" in caption


def test_photographs_become_jpegs_and_plots_stay_as_they_are():
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    plain = np.full((300, 300, 3), 255, np.uint8)
    made = notebook({"image/png": png(noise)}, {"image/png": png(plain)})
    pictures.lighten(made)
    photograph, plot = made.cells[0].outputs
    assert "image/png" not in photograph.data
    with Image.open(io.BytesIO(base64.b64decode(photograph.data["image/jpeg"]))) as image:
        assert image.size == (300, 300)
    assert list(plot.data) == ["image/png"]
