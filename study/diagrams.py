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
    "09_future_work": ("other\nnetworks", (5, 0)),
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
    ("08_evaluation", "09_future_work"),
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


def recurrent() -> Figure:
    """Draw a detector that follows a face through the frames, the report's Figure 1.6.

    Returns
    -------
    Figure
    """
    places: dict[str, Place] = {"video": (0, 1)}
    arrows = []
    for row, name in enumerate(("first", "next", "last")):
        crop, network, unit = f"{name}\nface", f"CNN\n({name})", f"recurrent\nunit ({name})"
        places |= {crop: (1, 2 - row), network: (2, 2 - row), unit: (3, 2 - row)}
        arrows += [("video", crop), (crop, network), (network, unit)]
    units = [name for name in places if name.startswith("recurrent")]
    places["REAL or FAKE"] = (4, 0)
    arrows += [*itertools.pairwise(units), (units[-1], "REAL or FAKE")]
    return boxes(places, arrows, size=(9, 3.4), marked=units)


def attention_map() -> Figure:
    """Draw a network with a learned map of where to look, the report's Figure 1.8.

    Returns
    -------
    Figure
    """
    places = {
        "face crop": (0, 0),
        "lower blocks": (1, 0),
        "map, 0 to 1\nat each place": (2, 1),
        "features\ntimes map": (3, 0),
        "upper blocks": (4, 0),
        "REAL or FAKE": (5, 0),
    }
    steps = [name for name in places if "map," not in name]
    around = [
        ("lower blocks", "map, 0 to 1\nat each place"),
        ("map, 0 to 1\nat each place", "features\ntimes map"),
    ]
    arrows = [*itertools.pairwise(steps), *around]
    return boxes(places, arrows, size=(9.5, 2.0), marked=["map, 0 to 1\nat each place"])


def transfer() -> Figure:
    """Draw the transfer of a discriminator's weights to a detector, the report's Figure 5.1.

    Returns
    -------
    Figure
    """
    places = {
        "photographs,\ndrawings": (0, 1),
        "layers of the\ndiscriminator": (1, 1),
        "photograph\nor drawing?": (2, 1),
        "originals,\nfakes": (0, 0),
        "the same\nlayers": (1, 0),
        "REAL or FAKE": (2, 0),
    }
    upper, lower = list(places)[:3], list(places)[3:]
    weights = (upper[1], lower[1])
    arrows = [*itertools.pairwise(upper), *itertools.pairwise(lower), weights]
    return boxes(places, arrows, size=(7.5, 2.4), marked=weights)


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
