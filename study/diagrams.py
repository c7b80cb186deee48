"""Diagrams of boxes and arrows: how networks are put together, and where in the pipeline a chapter is."""

import itertools
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from study import plots

Place = tuple[float, float]

CHAPTERS = {
    "00_how_deepfakes_are_made": ("forgeries", (0, 1)),
    "01_data_analysis": ("videos", (1, 1)),
    "02_preprocessing": ("frames,\ncrops", (2, 1)),
    "03_detector_benchmark": ("face\ndetectors", (2, 0)),
    "04_embedding": ("embeddings", (3, 1)),
    "05_dimension_reduction": ("points", (4, 1)),
    "06_clustering": ("clusters", (5, 1)),
    "07_sigmoid_vs_softmax": ("head,\nloss", (3, 0)),
    "08_evaluation": ("predictions", (4, 0)),
}
"""What each chapter is about, and where it stands in the picture of the pipeline."""

FLOW = (
    ("00_how_deepfakes_are_made", "01_data_analysis"),
    ("01_data_analysis", "02_preprocessing"),
    ("03_detector_benchmark", "02_preprocessing"),
    ("02_preprocessing", "04_embedding"),
    ("04_embedding", "05_dimension_reduction"),
    ("05_dimension_reduction", "06_clustering"),
    ("02_preprocessing", "07_sigmoid_vs_softmax"),
    ("07_sigmoid_vs_softmax", "08_evaluation"),
)
"""Which chapter's outcome goes into which."""


def pipeline(chapter: str) -> Figure:
    """Draw the pipeline of the report with the place of a chapter marked.

    Parameters
    ----------
    chapter : str
        Name of its notebook, one of `CHAPTERS`.

    Returns
    -------
    Figure
    """
    names = {key: f"{key[:2]}  {name}" for key, (name, _) in CHAPTERS.items()}
    places = {names[key]: place for key, (_, place) in CHAPTERS.items()}
    arrows = [(names[start], names[end]) for start, end in FLOW]
    return boxes(places, arrows, size=(9.5, 1.9), marked=[names[chapter]])


def autoencoder() -> Figure:
    """Draw the autoencoder, the report's Figure 1.2, and the swap, its Figure 1.3.

    Returns
    -------
    Figure
        Left how it is trained, right how it is used.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 2.6))
    training = {
        "face of A": (0, 1),
        "face of B": (0, 0),
        "encoder": (1, 0.5),
        "decoder A": (2, 1),
        "decoder B": (2, 0),
        "A again": (3, 1),
        "B again": (3, 0),
    }
    wires = [
        ("face of A", "encoder"),
        ("face of B", "encoder"),
        ("encoder", "decoder A"),
        ("encoder", "decoder B"),
        ("decoder A", "A again"),
        ("decoder B", "B again"),
    ]
    _draw(left, training, wires, ["encoder"])
    left.set_title("training", fontsize=10)
    use = {"face of A": (0, 1), "encoder": (1, 0.5), "decoder B": (2, 0), "B, doing\nwhat A does": (3, 0)}
    names = list(use)
    _draw(right, use, list(itertools.pairwise(names)), ["decoder B"])
    right.set_title("swap", fontsize=10)
    return figure


def adversaries() -> Figure:
    """Draw a generative adversarial network, the report's Figure 1.4.

    Returns
    -------
    Figure
    """
    places = {
        "noise": (0, 1),
        "generator": (1, 1),
        "drawing": (2, 1),
        "photographs": (1, 0),
        "photograph": (2, 0),
        "discriminator": (3, 0.5),
        "photograph\nor drawing?": (4, 0.5),
    }
    arrows = [
        ("noise", "generator"),
        ("generator", "drawing"),
        ("photographs", "photograph"),
        ("drawing", "discriminator"),
        ("photograph", "discriminator"),
        ("discriminator", "photograph\nor drawing?"),
    ]
    return boxes(places, arrows, size=(9, 2.2), marked=["generator", "discriminator"])


def classifier() -> Figure:
    """Draw a classifier on a convolutional base, the report's Figure 1.5.

    Returns
    -------
    Figure
    """
    return chain(["face crop", "convolutional\nbase", "features", "classifier", "REAL or FAKE"], [1, 3])


def chain(steps: Sequence[str], marked: Sequence[int] = ()) -> Figure:
    """Draw steps that follow each other.

    Parameters
    ----------
    steps : sequence of str
        Their names.
    marked : sequence of int
        Places of those that stand out.

    Returns
    -------
    Figure
    """
    places = {name: (place, 0) for place, name in enumerate(steps)}
    arrows = list(itertools.pairwise(steps))
    return boxes(places, arrows, size=(9.5, 1.2), marked=[steps[place] for place in marked])


def boxes(
    places: Mapping[str, Place],
    arrows: Sequence[tuple[str, str]],
    size: tuple[float, float],
    marked: Sequence[str] = (),
) -> Figure:
    """Draw boxes and the arrows between them.

    Parameters
    ----------
    places : mapping of str to tuple of float
        Across and up, by the text in the box.
    arrows : sequence of tuple of str
        From which box to which.
    size : tuple of float
        Width and height in inches.
    marked : sequence of str
        Boxes that stand out.

    Returns
    -------
    Figure
    """
    figure, panel = plt.subplots(figsize=size)
    _draw(panel, places, arrows, marked)
    return figure


def _draw(
    panel: Axes, places: Mapping[str, Place], arrows: Sequence[tuple[str, str]], marked: Sequence[str]
) -> None:
    texts = {}
    for name, (x, y) in places.items():
        face, ink = (plots.COLOURS[0], "white") if name in marked else ("white", "black")
        style = {"boxstyle": "round,pad=0.45", "facecolor": face, "edgecolor": plots.COLOURS[0]}
        texts[name] = panel.text(x, y, name, ha="center", va="center", fontsize=9, color=ink, bbox=style)
    for start, end in arrows:
        panel.annotate(
            "",
            places[end],
            places[start],
            arrowprops={
                "arrowstyle": "-|>",
                "color": "0.35",
                "patchA": texts[start].get_bbox_patch(),
                "patchB": texts[end].get_bbox_patch(),
                "shrinkA": 2,
                "shrinkB": 2,
            },
        )
    across, up = zip(*places.values(), strict=True)
    panel.set(xlim=(min(across) - 0.5, max(across) + 0.5), ylim=(min(up) - 0.5, max(up) + 0.5))
    panel.axis("off")
