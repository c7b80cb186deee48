"""Pictures of pages: plots in space with a page of their own to turn them in, and photographs as JPEG."""

import base64
import io
import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import plotly.io
from matplotlib.figure import Figure
from nbformat import NotebookNode
from PIL import Image

PLOTLY_DATA = "application/vnd.plotly.v1+json"
"""Type of an output that describes a figure of plotly."""

PLOTLY = "../_static/plotly.min.js"
"""Where pages with a plot to turn find plotly, which weighs 5 MB: the book's other pages do without it."""

FOLDER = "interactive"
"""Folder of these pages in the book."""

LARGE = 20_000
"""Bytes from which a picture is made lighter."""

QUALITY = 82
"""Of JPEG, in which photographs are kept."""

WORTH = 0.6
"""Share of a picture's size below which a JPEG takes its place: those of drawings are larger."""

COLOURS = 256
"""Colours of a drawing: more are not seen."""

MARKERS = {"circle": "o", "diamond-open": "D", "cross": "P", "square-open": "s"}
"""Matplotlib's markers for those of `study.space.SYMBOLS`."""


def spaces(notebook: NotebookNode) -> dict[str, go.Figure]:
    """Find the plots in space of an executed notebook.

    Parameters
    ----------
    notebook : NotebookNode
        With outputs.

    Returns
    -------
    dict of str to Figure
        By the name of the cell's figure.
    """
    plots = {}
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if PLOTLY_DATA in output.get("data", {}):
                name = cell.metadata.get("mystnb", {}).get("figure", {}).get("name", f"space-{number}")
                plots[name] = plotly.io.from_json(json.dumps(output["data"][PLOTLY_DATA]))
    return plots


def page(figure: go.Figure, back: str) -> str:
    """Write a page on which a plot can be turned.

    Parameters
    ----------
    figure : Figure
        The plot.
    back : str
        Address of the page that shows its picture.

    Returns
    -------
    str
        HTML; it loads `PLOTLY`.
    """
    layout: Any = figure.layout
    options: dict[str, Any] = {"include_plotlyjs": PLOTLY, "full_html": False, "default_height": "85vh"}
    title, body = layout.title.text or "Plot in space", plotly.io.to_html(figure, **options)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="../_static/favicon.svg" type="image/svg+xml">\n'
        f'<title>{title}</title>\n</head>\n<body style="font-family: sans-serif">\n'
        f'<p><a href="{back}">Back to the chapter</a></p>\n{body}\n</body>\n</html>\n'
    )


def drawn(figure: go.Figure) -> bytes:
    """Draw a plot in space as a picture.

    Parameters
    ----------
    figure : Figure
        With traces of points in three dimensions.

    Returns
    -------
    bytes
        PNG.
    """
    picture = Figure(figsize=(7, 6), layout="constrained")
    ax: Any = picture.add_subplot(projection="3d")
    for trace in figure.data:
        points = [_numbers(trace[axis]) for axis in "xyz"]
        symbol, colour = trace.marker.symbol or "circle", trace.marker.color
        face = "none" if symbol.endswith("-open") else colour
        style = {"marker": MARKERS.get(symbol, "o"), "facecolors": face, "edgecolors": colour}
        ax.scatter(*points, s=9, linewidths=0.6, depthshade=False, label=trace.name, **style)
    layout: Any = figure.layout
    scene = layout.scene
    ax.set(**{f"{axis}label": scene[f"{axis}axis"].title.text or axis for axis in "xyz"})
    ax.tick_params(labelsize="x-small")
    if layout.showlegend is not False and len(figure.data) > 1:
        picture.legend(loc="outside lower center", ncols=5, fontsize="small", markerscale=1.5)
    file = io.BytesIO()
    picture.savefig(file, format="png", dpi=100)
    return file.getvalue()


def lighten(notebook: NotebookNode) -> None:
    """Make an executed notebook light: pictures of plots in space, and photographs as JPEG.

    Parameters
    ----------
    notebook : NotebookNode
        Changed in place. A plot in space becomes its picture, and the caption gets a link to its page, as
        `spaces` names it.
    """
    plots = spaces(notebook)
    for number, cell in enumerate(notebook.cells):
        about = cell.metadata.get("mystnb", {}).get("figure", {})
        name = about.get("name", f"space-{number}")
        outputs = []
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if PLOTLY_DATA in data:
                output.data = NotebookNode({"image/png": base64.b64encode(drawn(plots[name])).decode()})
                link = f'<a href="../{FOLDER}/{name}.html">Turn it in space</a> (a page of 5 MB).'
                about["caption"] = f"{about.get('caption', '')} {link}"
            if "PlotlyConfig" not in output.get("data", {}).get("text/html", ""):
                _make_light(output.get("data", {}))
                outputs.append(output)
        if "outputs" in cell:
            cell.outputs = outputs


def _make_light(data: dict[str, str]) -> None:
    """Keep a large picture as a JPEG if that is far smaller, and with few colours otherwise."""
    png = base64.b64decode(data.get("image/png", ""))
    if len(png) < LARGE:
        return
    with Image.open(io.BytesIO(png)) as image:
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image, mask=image.getchannel("A") if "A" in image.getbands() else None)
    jpeg = _encoded(flat, "JPEG", quality=QUALITY)
    drawing = _encoded(flat.quantize(COLOURS, dither=Image.Dither.NONE), "PNG", optimize=True)
    if len(jpeg) < WORTH * len(png):
        del data["image/png"]
        data["image/jpeg"] = base64.b64encode(jpeg).decode()
    elif len(drawing) < len(png):
        data["image/png"] = base64.b64encode(drawing).decode()


def _encoded(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def _numbers(values: object) -> np.ndarray:
    """Take coordinates as plotly keeps them: a list, an array, or the bytes of an array in base 64."""
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), dtype=np.dtype(values["dtype"]))
    return np.asarray(values, dtype=float)
