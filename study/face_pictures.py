"""What chapter 02 shows of frames and faces: how frames are stored, boxes, crops, and random changes."""

import copy
from collections.abc import Iterable
from pathlib import Path

import albumentations as A
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from facenet_pytorch.models.utils.detect_face import extract_face
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from dfd import dataset, faces, video
from dfd.boxes import BOX, LANDMARKS
from dfd.run import Run
from study import plots

SHOWN = 60
"""Frames of a clip whose storage is drawn."""

LARGE = 150
"""Side in pixels that the report wants a face to have."""


def example_clip(run: Run) -> Path:
    """Take the clip whose storage the chapter looks at.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    Path
        The sample's benchmark clip of 1080 x 1920 pixels, or the first video that can be read.
    """
    benchmark = run.data / "benchmark" / "benchmark_1080x1920.mp4"
    if benchmark.is_file():
        return benchmark
    return run.data / dataset.table(run).query("status == 'ok'")["path"].iloc[0]


def storage(frames: pd.DataFrame, step: int = 10) -> Figure:
    """Draw how the first frames of a video are stored, and those that one gets by taking every tenth.

    Parameters
    ----------
    frames : DataFrame
        As `study.clips.structure` gives it.
    step : int
        Distance of the frames that are marked.

    Returns
    -------
    Figure
    """
    frames = frames.head(SHOWN)
    kinds = np.select(
        [frames["key"].astype(bool), frames["reference"].astype(bool)],
        ["key frame", "others refer to it"],
        "can be left out",
    )
    figure, panel = plt.subplots(figsize=(8, 2.8))
    colours = (plots.COLOURS[1], plots.COLOURS[5], plots.COLOURS[7])
    for kind, colour in zip(("key frame", "others refer to it", "can be left out"), colours, strict=True):
        rows = frames[kinds == kind]
        panel.bar(rows.index, rows["bytes"] / 1000, color=colour, label=kind)
    bottom, wanted = frames["bytes"].min() / 2000, range(0, len(frames), step)
    panel.plot(wanted, [bottom] * len(wanted), "^", color="black", label=f"every {step}th", clip_on=False)
    panel.set(xlabel="frame", ylabel="kB (log scale)", yscale="log", ylim=(bottom, None))
    panel.legend(ncol=4, fontsize=8, loc="upper right")
    return figure


def sampled(run: Run) -> Figure:
    """Show the frames that are sampled from a fake, and as many of those of its original.

    Parameters
    ----------
    run : Run
        The run; of its first fake with an original that can be read, or else of its first video.

    Returns
    -------
    Figure
        Each frame under its label and its number.
    """
    readable = dataset.table(run).query("status == 'ok'")
    pairs = readable[(readable["label"] == "FAKE") & readable["original"].isin(readable["video"])]
    names = [pairs["video"].iloc[0], pairs["original"].iloc[0]] if len(pairs) else readable["video"][:1]
    pictures, titles, colours = [], [], []
    for row in readable.set_index("video").loc[names].itertuples():
        label = str(row.label)
        count = run.faces_per_fake if label == "FAKE" else run.faces_per_real
        for frame in list(video.sample_frames(run.data / str(row.path), count))[:8]:
            pictures.append(frame.image)
            titles.append(f"{label}, frame {frame.index}")
            colours.append(plots.LABELS[label])
    return plots.gallery(pictures, titles, columns=8, side=1.15, colours=colours)


def detections(run: Run) -> Figure:
    """Show boxes and landmarks: in the frame with most faces, in a REAL and a FAKE video, and where none is.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    Figure
        The last frame is one that was looked at without finding a face, if there is one.
    """
    rows = faces.table(run)
    fullest = rows.groupby(["video", "frame"], as_index=False).size().nlargest(1, "size")
    frames = pd.concat([fullest, rows.drop_duplicates("label")])[["video", "frame"]]
    shown = list(frames.itertuples(index=False, name=None))
    shown += _without_face(run, rows)
    paths = dataset.table(run).set_index("video")["path"]
    figure, axes = plt.subplots(1, len(shown), figsize=(2.6 * len(shown), 3.4), squeeze=False)
    for panel, (name, number) in zip(axes[0], shown, strict=True):
        panel.imshow(video.read_frame(run.data / paths[name], int(number)).image)
        here = rows[(rows["video"] == name) & (rows["frame"] == number)]
        for face in here.to_dict("records"):
            left, top, right, bottom = (face[edge] for edge in BOX)
            box = Rectangle((left, top), right - left, bottom - top, fill=False, color="#f0e442", lw=2)
            panel.add_patch(box)
            points = np.array([[face[f"{point}_{axis}"] for axis in "xy"] for point in LANDMARKS])
            panel.plot(*points.T, ".", color="#56b4e9")
        label = here["label"].iloc[0] if len(here) else "no face"
        panel.set_title(f"{label}, frame {number}", fontsize=8)
        panel.set_axis_off()
    return figure


def example(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Take the face that the chapter cuts out and changes: REAL, large, with room around it, and the surest.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    image : ndarray of uint8, shape (height, width, 3)
        A frame, RGB.
    box : ndarray of float, shape (4,)
        The face in it.
    """
    rows = squares(run)
    for wish in ("label == 'REAL'", "room >= 2", f"side >= {LARGE}"):
        rows = rows.query(wish) if len(rows.query(wish)) else rows
    face = rows.nlargest(1, "score").iloc[0]
    path = dataset.table(run).set_index("video")["path"][face["video"]]
    return video.read_frame(run.data / path, int(face["frame"])).image, face[BOX].to_numpy(float)


def squares(run: Run) -> pd.DataFrame:
    """Tell how the faces of a run lie in their frames.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    DataFrame
        The faces table with side (pixels, of the longer side of the box), tall (height for one of width) and
        room (side of the largest square around the box's centre that is in the frame, in sides).
    """
    rows = faces.table(run)
    sizes = dataset.table(run).set_index("video").loc[rows["video"], ["width", "height"]].to_numpy(float)
    left, top, right, bottom = (rows[edge].to_numpy(float) for edge in BOX)
    side = np.maximum(right - left, bottom - top)
    x, y = (left + right) / 2, (top + bottom) / 2
    reach = np.min([x, y, sizes[:, 0] - x, sizes[:, 1] - y], axis=0)
    return rows.assign(side=side, tall=(bottom - top) / (right - left), room=2 * reach / side)


def sides(run: Run) -> Figure:
    """Draw how large the faces of a run are in their frames, and the 150 pixels of the report.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    Figure
    """
    rows = squares(run)
    figure, panel = plt.subplots(figsize=(8, 3))
    groups = [rows.loc[rows["label"] == label, "side"] for label in plots.LABELS]
    colours = list(plots.LABELS.values())
    panel.hist(groups, bins=30, label=list(plots.LABELS), color=colours, density=True)
    panel.axvline(LARGE, color="black", ls="--")
    panel.set(xlabel="longer side of the box, pixels of the frame", ylabel="density")
    panel.legend()
    return figure


def as_facenet_pytorch(image: np.ndarray, box: np.ndarray, size: int, margin: float) -> np.ndarray:
    """Cut out a face as facenet-pytorch's ``MTCNN(image_size=size, margin=margin)`` does.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        The frame, RGB.
    box : ndarray of float, shape (4,)
        The face.
    size : int
        Side of the result in pixels.
    margin : float
        In pixels of the result.

    Returns
    -------
    ndarray of uint8, shape (size, size, 3)
    """
    face = extract_face(image, box, size, margin)  # pyright: ignore[reportArgumentType]: it computes with fractions too
    return face.permute(1, 2, 0).numpy().astype(np.uint8)


def steps(transform: A.BaseCompose, seed: int | None = None) -> dict[str, A.BasicTransform]:
    """Take a transform apart.

    Parameters
    ----------
    transform : albumentations.Compose
        As `dfd.augment.report` and `dfd.augment.training` build it.
    seed : int, optional
        Makes the changes of each step the same each time.

    Returns
    -------
    dict of str to albumentations.BasicTransform
        Each step by its name in albumentations, in order, applied for certain; where one of several is
        drawn, each of them.
    """
    alone = {}
    for step in _flat(transform.transforms):
        # A copy, so that the transform goes on as before.
        certain = copy.deepcopy(step)
        certain.p = 1.0
        certain.set_random_seed(seed)
        alone[type(certain).__name__] = certain
    return alone


def _flat(transforms: Iterable[A.BasicTransform | A.BaseCompose]) -> list[A.BasicTransform]:
    flat = []
    for one in transforms:
        flat += _flat(one.transforms) if isinstance(one, A.BaseCompose) else [one]
    return flat


def _without_face(run: Run, rows: pd.DataFrame) -> list[tuple[str, int]]:
    """Name a frame that was looked at without finding a face, in a video in which there are others."""
    outcome = faces.status(run)
    short = outcome[(outcome["status"] == "ok") & (outcome["faces"] < outcome["sampled"])].head(1)
    lengths = dataset.table(run).set_index("video")["frames"]
    for row in short.to_dict("records"):
        looked_at = video.spread(int(lengths[row["video"]]), row["sampled"])
        empty = set(looked_at.tolist()) - set(rows.loc[rows["video"] == row["video"], "frame"])
        return [(row["video"], frame) for frame in sorted(empty)[:1]]
    return []
