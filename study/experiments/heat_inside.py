"""Whether Grad-CAM's heat lies where the fake was changed: against the area there, and against controls."""

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import nn

from dfd import augment, classifier, dataset, embedding, explain, faces, loading, training
from dfd.boxes import BOX
from dfd.run import Run
from study import crossfit, measuring, plots, rotations, statistics, truth
from study.crossfit import Fold
from study.experiments import fine_tuning
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
TRAINED, RANDOM = "trained", "random weights"
FACES: dict[Depth, int] = {"quick": 1, "full": 2}
"""Faces of each video, spread over it."""

FAKES: dict[Depth, int] = {"quick": 2, "full": 5}
"""Fakes of each source at most."""

MOST = {"judged": 60}
"""Source videos at most."""

BATCH = 16
OUTLINE = (255, 255, 255)


measure = measuring.of(__name__)
inputs = fine_tuning.inputs
obstacle = fine_tuning.obstacle


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Share out the heat of judged faces: one row for each network (trained, random) and face."""
    once = [fold for fold in crossfit.folds(run, depth) if fold.rotation == 0]
    return pd.concat([_shares(run, fold, depth) for fold in once], ignore_index=True)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Average the shares of heat in the face's box and in the changed region; differences are one family."""
    fake = table["label"] == "FAKE"
    own, random = table["network"] == TRAINED, table["network"] == RANDOM
    means = {
        "heat in the box: fakes": ("in_box", own & fake),
        "heat in the box: originals": ("in_box", own & ~fake),
        "heat in the box: fakes, random weights": ("in_box", random & fake),
        "heat in the changed region: fakes": ("in_changed", own & fake),
        "heat in the changed region: fakes, random weights": ("in_changed", random & fake),
        "area of the changed region": ("changed_area", own & fake),
    }
    table = table.assign(rotation=0)
    mean = {
        name: rotations.mean(table, column, rotations.plain_mean, (rows & table[column].notna()).to_numpy())
        for name, (column, rows) in means.items()
    }
    box, changed = "heat in the box", "heat in the changed region"
    compared = {
        f"{box}: fakes less originals": (f"{box}: fakes", f"{box}: originals"),
        f"{box}: trained less random weights": (f"{box}: fakes", f"{box}: fakes, random weights"),
        f"{changed}: heat less area": (f"{changed}: fakes", "area of the changed region"),
        f"{changed}: trained less random weights": (f"{changed}: fakes", f"{changed}: fakes, random weights"),
    }
    estimates = {"area of the box": statistics.exactly(table["box_area"].mean())}
    estimates |= rotations.intervals(table, mean)
    differences = {name: rotations.difference(mean[a], mean[b]) for name, (a, b) in compared.items()}
    return estimates | rotations.family(table, differences)


def draw(result: Result) -> Figure:
    """Draw the shares of heat beside the areas that a heat without preference would give."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    figure, axes = plt.subplots(1, 2, figsize=(9, 2.8))
    areas = {"heat in the box": "area of the box", "heat in the changed region": "area of the changed region"}
    for panel, (prefix, area) in zip(axes, areas.items(), strict=True):
        shares = {
            name.removeprefix(f"{prefix}: "): share
            for name, share in result.estimates.items()
            if name.startswith(prefix) and " less " not in name
        }
        for row, share in enumerate(shares.values()):
            plots.mark(panel, row, share)
        panel.axvline(result.estimates[area].value, color="0.5", lw=1, ls="--")
        panel.set(
            xlabel=f"{prefix}\n(dashed: its share of the area)",
            yticks=range(len(shares)),
            yticklabels=list(shares),
        )
        panel.set(xlim=(0, 0.8), ylim=(len(shares) - 0.5, -0.5))
    return figure


def share_inside(heat: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Measure how much of the heat lies in a region.

    Parameters
    ----------
    heat : ndarray, shape (n, size, size)
        As `dfd.explain.heatmaps` gives it.
    mask : ndarray of bool, shape (size, size) or (n, size, size)
        The region.

    Returns
    -------
    ndarray of float, shape (n,)
        0 to 1; NaN for a picture without any heat. A heat without preference has the region's share of the
        area.
    """
    total = heat.sum(axis=(1, 2))
    inside = (heat * mask).sum(axis=(1, 2))
    return np.divide(inside, total, out=np.full(len(heat), np.nan), where=total > 0)


def box_mask(size: int, margin: float) -> np.ndarray:
    """Mark the box that the detector drew, which fills the middle of a crop.

    Parameters
    ----------
    size : int
        Side of the crop in pixels.
    margin : float
        Margin that it was cut out with, as a share of the face's side.

    Returns
    -------
    ndarray of bool, shape (size, size)
    """
    edge = round(size * margin / (1 + margin) / 2)
    mask = np.zeros((size, size), bool)
    mask[edge : size - edge, edge : size - edge] = True
    return mask


def polygon_in_crop(polygon: np.ndarray, box: np.ndarray, margin: float, size: int) -> np.ndarray:
    """Carry a polygon of the frame over into the crop that `dfd.faces.crop` makes of a box.

    Parameters
    ----------
    polygon : ndarray of int, shape (2 n,)
        x and y by turns, in pixels of the frame.
    box : ndarray of float, shape (4,)
        Left, top, right and bottom of the face in pixels of the frame.
    margin : float
        As in `dfd.faces.crop`.
    size : int
        Side that the crop is scaled to.

    Returns
    -------
    ndarray of int32, shape (n, 2)
        In pixels of the crop.
    """
    left, top, right, bottom = np.asarray(box, dtype=float)
    side = max(round(max(right - left, bottom - top) * (1 + margin)), 1)
    corner = np.array([round((left + right - side) / 2), round((top + bottom - side) / 2)])
    return np.round((np.asarray(polygon).reshape(-1, 2) - corner) * size / side).astype(np.int32)


def examples(run: Run, count: int = 5) -> Figure:
    """Show fakes of the test split with what was changed and where the heat lies, below their originals.

    Parameters
    ----------
    run : Run
        The run; its own classifier is asked.
    count : int
        Fakes to show.

    Returns
    -------
    Figure
        Three rows: the original, the fake with the outline of what was changed, the heat with the face's box.
    """
    if reason := obstacle(run):
        return plots.obstacle_figure(reason)
    fold, size = Fold("test", 0, run.seed), training.own_recipe(run).size
    rows = _faces(run, fold, "quick")
    rows = rows[rows["label"] == "FAKE"]
    rows = rows.iloc[np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(int)]
    crops = loading.resized(faces.images(run, rows["face_id"].to_list()), size)
    heat = explain.heatmaps(training.train(run), crops)
    figure, axes = plt.subplots(3, len(rows), figsize=(1.9 * len(rows), 5.8), squeeze=False)
    box = box_mask(size, run.margin).astype(np.uint8)
    for column, (row, crop, own) in enumerate(zip(rows.to_dict("records"), crops, heat, strict=True)):
        outlined = crop.copy()
        if row["polygon"] is not None:
            outline = polygon_in_crop(row["polygon"], _box(row), run.margin, size)
            cv2.polylines(outlined, [outline], isClosed=True, color=OUTLINE, thickness=1)
        axes[0, column].imshow(_nearest(run, row))
        axes[1, column].imshow(outlined)
        axes[2, column].imshow(crop)
        axes[2, column].imshow(own, cmap="inferno", alpha=0.5, vmin=0, vmax=1)
        axes[2, column].contour(box, levels=[0.5], colors="white", linewidths=1)
    for name, panel in zip(("original", "fake, outlined", "heat"), axes[:, 0], strict=True):
        panel.set_ylabel(name)
    for panel in axes.flat:
        panel.set(xticks=[], yticks=[])
        panel.grid(visible=False)
    return figure


def _shares(run: Run, fold: Fold, depth: Depth) -> pd.DataFrame:
    rows, size = _faces(run, fold, depth), training.own_recipe(run).size
    some = loading.resized(faces.images(run, rows["face_id"].iloc[:BATCH].to_list()), size)
    networks = {
        TRAINED: fine_tuning.network(run, fold, depth),
        RANDOM: _with_random_weights(run, some, fold.seed),
    }
    box = box_mask(size, run.margin)
    changed = [
        None
        if row["polygon"] is None
        else _filled(polygon_in_crop(row["polygon"], _box(row), run.margin, size), size)
        for row in rows.to_dict("records")
    ]
    facts = rows[["face_id", "video", "unit", "label"]].assign(box_area=box.mean())
    facts["changed_area"] = [np.nan if mask is None else mask.mean() for mask in changed]
    parts = {name: _in_regions(run, network, rows, size, box, changed) for name, network in networks.items()}
    return pd.concat([facts.assign(network=name, **shares) for name, shares in parts.items()])


def _in_regions(
    run: Run,
    network: classifier.Classifier,
    rows: pd.DataFrame,
    size: int,
    box: np.ndarray,
    changed: list[np.ndarray | None],
) -> dict[str, np.ndarray]:
    in_box, in_changed = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    for start in range(0, len(rows), BATCH):
        places = slice(start, start + BATCH)
        crops = loading.resized(faces.images(run, rows["face_id"].iloc[places].to_list()), size)
        heat = explain.heatmaps(network, crops)
        in_box[places] = share_inside(heat, box)
        for place, own in enumerate(heat, start):
            mask = changed[place]
            if mask is not None:
                in_changed[place] = share_inside(own[None], mask)[0]
    return {"in_box": in_box, "in_changed": in_changed}


def _faces(run: Run, fold: Fold, depth: Depth) -> pd.DataFrame:
    """Choose judged faces; of a fake whose truth is known, those of the person who was changed."""
    videos = crossfit.divide(run, fold, depth, MOST)
    videos = crossfit.fewer(videos[videos["part"] == "judged"], "judged", FAKES[depth], fold.seed)
    rows = faces.table(run, videos=set(videos["video"])).merge(videos[["video", "unit"]], on="video")
    changes = truth.changes(run)
    if changes is None:
        rows["polygon"] = None
    else:
        rows = truth.identities(run, rows).merge(
            changes[["video", "frame", "person", "polygon"]], on=["video", "frame", "person"], how="left"
        )
        rows["polygon"] = rows["polygon"].astype(object).where(rows["polygon"].notna(), None)
        rows = rows[(rows["label"] == "REAL") | rows["polygon"].notna()].reset_index(drop=True)
    return embedding.spread_faces(rows, dict.fromkeys(dataset.LABELS, FACES[depth])).reset_index(drop=True)


def _nearest(run: Run, row: dict) -> np.ndarray:
    """Read the face of the original that is nearest in time to one of its fake; black where there is none."""
    videos = dataset.table(run).set_index("video")["source"]
    there = faces.table(run, videos=[videos[row["video"]]])
    if there.empty:
        return np.zeros((run.face_size, run.face_size, 3), np.uint8)
    centre = (there["x0"] + there["x1"] - row["x0"] - row["x1"]).abs()
    nearest = (1000 * (there["frame"] - row["frame"]).abs() + centre).idxmin()
    return faces.images(run, [str(there.loc[nearest, "face_id"])])[0]


def _box(row: dict) -> np.ndarray:
    return np.array([row[side] for side in BOX], dtype=float)


def _with_random_weights(run: Run, crops: np.ndarray, seed: int) -> classifier.Classifier:
    """Build a network that has learned nothing; its batch norms are fitted to pictures, to pass signals."""
    network = classifier.make(run)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(seed)
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.Linear | nn.BatchNorm2d):
                module.reset_parameters()
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 1.0
        network.train()(augment.normalise(crops))
    return network.eval()


def _filled(outline: np.ndarray, size: int) -> np.ndarray:
    return cv2.fillPoly(np.zeros((size, size), np.uint8), [outline], 1).astype(bool)
