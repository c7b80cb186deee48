"""Which picture of a face should a network see: what margin, what size, face or frame? (C04, C26, C32).

The same faces are cut out in several ways, embedded, and a linear probe says what each way is worth.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dfd import dataset, embedding, faces, parallel, tables, video
from dfd.boxes import BOX
from dfd.errors import InputError
from dfd.run import Run
from study import linear_probe, measuring, plots, scores, truth
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
VIDEOS = 8
"""Videos that a process is given at a time."""


@dataclass(frozen=True)
class Picture:
    """One way of showing a face.

    Attributes
    ----------
    margin : float or None
        Share of the face's side added around it; ``None`` for the whole frame.
    size : int
        Side of the picture in pixels.
    padded : bool
        Whether a whole frame keeps its shape, between black bars, or is squeezed into a square.
    """

    margin: float | None
    size: int
    padded: bool = False


STANDARD = "standard"
PICTURES = {
    STANDARD: Picture(0.6, 240),
    "margin 0": Picture(0, 240),
    "margin 0.3": Picture(0.3, 240),
    "margin 1": Picture(1, 240),
    "margin 0, face of 150 px": Picture(0, 150),
    "margin 0.3, face of 150 px": Picture(0.3, 195),
    "face of 50 px": Picture(0.6, 80),
    "face of 75 px": Picture(0.6, 120),
    "face of 100 px": Picture(0.6, 160),
    "face of 200 px": Picture(0.6, 320),
    "face of 240 px": Picture(0.6, 384),
    "whole frame": Picture(None, 240),
    "whole frame, padded": Picture(None, 240, padded=True),
}
"""Pictures compared; the standard one is the report's: a margin of 0.6 and a face of 150 pixels.

A margin changes what is seen, and how many of the 240 pixels are left for the face; the two with a face of
150 pixels change only what is seen.
"""

SIZES = {
    50: "face of 50 px",
    75: "face of 75 px",
    100: "face of 100 px",
    150: STANDARD,
    200: "face of 200 px",
    240: "face of 240 px",
}
"""Pictures that differ in size, by the side of the face in pixels."""

MARGINS = {
    "picture of 240 px": {0: "margin 0", 0.3: "margin 0.3", 0.6: STANDARD, 1: "margin 1"},
    "face of 150 px": {0: "margin 0, face of 150 px", 0.3: "margin 0.3, face of 150 px", 0.6: STANDARD},
}
"""Pictures that differ in margin, by what keeps its size."""

FAMILIES = {
    "margin": {
        "gain: margin 0.6 over 0, picture of 240 px": (STANDARD, "margin 0"),
        "gain: margin 0.6 over 0, face of 150 px": (STANDARD, "margin 0, face of 150 px"),
    },
    "size": {
        f"gain: face of 150 px over {side} px": (STANDARD, name)
        for side, name in SIZES.items()
        if side != 150
    },
    "crop": {
        f"gain: face crop over {frame}": (STANDARD, frame) for frame in ("whole frame", "whole frame, padded")
    },
}
"""Differences that are looked at, in families of which each answers one question."""


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    faces.table(run)
    return [tables.stored_fingerprint(faces.path(run)), run.backbone, run.seed]


def obstacle(run: Run) -> str:
    """Say why this run cannot compare pictures; empty if it can."""
    return linear_probe.obstacle(run)


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Embed the faces in all `PICTURES`: a row for each picture and video, with what the probe says of it."""
    rows = linear_probe.some_faces(run, depth)
    rows = rows.merge(dataset.table(run)[["video", "path"]], on="video", how="left")
    videos = rows["video"].unique()
    pieces = [
        rows[rows["video"].isin(videos[start : start + VIDEOS])] for start in range(0, len(videos), VIDEOS)
    ]
    done = dict(parallel.map_unordered(run, _embed_piece, pieces, _lost, "piece"))
    rows = pd.concat(pieces, ignore_index=True)
    parts = []
    for picture in PICTURES:
        vectors = np.concatenate([done[place][picture] for place in range(len(pieces))])
        parts.append(linear_probe.judge(rows, vectors).assign(picture=picture))
    return pd.concat(parts, ignore_index=True)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Score each picture, and compute the differences of each family."""
    estimates = {f"AUC: {picture}": scores.of(table[table["picture"] == picture]) for picture in PICTURES}
    for compared in FAMILIES.values():
        estimates |= scores.differences(table, "picture", compared)
    return estimates


def draw(result: Result) -> Figure:
    """Draw the area under the ROC curve against margin and size."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
    for number, (label, names) in enumerate(MARGINS.items()):
        _points(left, result, names, number, label)
    left.set(xlabel="margin", ylabel="AUC (video level)")
    left.legend(fontsize=8)
    _points(right, result, SIZES, 0, "margin of 0.6")
    right.set(xlabel="side of the face, pixels")
    for panel in (left, right):
        panel.axhline(0.5, ls="--", color="0.5")
    return figure


def _points(panel: Axes, result: Result, names: dict, number: int, label: str) -> None:
    intervals = [result.estimates[f"AUC: {name}"] for name in names.values()]
    values = np.array([interval.value for interval in intervals])
    reach = [values - [i.low for i in intervals], [i.high for i in intervals] - values]
    places = np.array(list(names)) * (1 + 0.02 * number) + 0.02 * number
    panel.errorbar(places, values, reach, fmt="o:", capsize=3, label=label, color=plots.COLOURS[number])


@lru_cache(maxsize=1)
def _network(run: Run) -> embedding.Backbone:
    return embedding.backbone(run).to(run.device).to(memory_format=torch.channels_last)


def _embed_piece(run: Run, rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """Embed the faces of some videos in all `PICTURES`, in the order of the rows."""
    pictures: dict[str, list[np.ndarray]] = {name: [] for name in PICTURES}
    for _, of_video in rows.groupby("video", sort=False):
        frames = _frames(run, of_video)
        for _, face in of_video.iterrows():
            for name, picture in PICTURES.items():
                pictures[name].append(_cut_out(frames[face["frame"]], face[BOX].to_numpy(float), picture))
    network = _network(run)
    return {name: embedding.embed(network, np.stack(images)) for name, images in pictures.items()}


def _frames(run: Run, rows: pd.DataFrame) -> dict[int, np.ndarray]:
    """Read the frames of one video that its faces are in, by their index."""
    label, path = rows[["label", "path"]].iloc[0]
    count = run.faces_per_fake if label == "FAKE" else run.faces_per_real
    wanted = set(rows["frame"])
    return {
        frame.index: frame.image
        for frame in video.sample_frames(run.data / path, count)
        if frame.index in wanted
    }


def _cut_out(image: np.ndarray, box: np.ndarray, picture: Picture) -> np.ndarray:
    """Make a picture of a face, and compress it once, as the faces stage does."""
    if picture.margin is not None:
        cut = faces.crop(image, box, picture.margin, picture.size)
    elif picture.padded:
        cut = _padded(image, picture.size)
    else:
        cut = cv2.resize(image, (picture.size, picture.size), interpolation=cv2.INTER_AREA)
    return faces.decode(faces.encode(cut))


def _padded(image: np.ndarray, size: int) -> np.ndarray:
    scale = size / max(image.shape[:2])
    width, height = (max(1, round(side * scale)) for side in image.shape[1::-1])
    square = np.zeros((size, size, 3), np.uint8)
    top, left = (size - height) // 2, (size - width) // 2
    square[top : top + height, left : left + width] = cv2.resize(
        image, (width, height), interpolation=cv2.INTER_AREA
    )
    return square


def _lost(reason: str) -> dict[str, np.ndarray]:
    raise InputError("picture_choices", reason)
