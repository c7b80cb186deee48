"""Does facenet-pytorch find more faces than dlib (C08)? Does dlib find turned heads (C33)? On hard pictures.

The sample's faces are large, and were accepted because MTCNN finds them. So the same frames are also searched
at a half, a quarter and an eighth of their size, and faces are damaged and rolled step by step.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dfd import dataset, video
from dfd.boxes import BOX, match
from dfd.detectors import Detections, Detector
from dfd.run import Run
from study import appearance, damage, isolated, lineup, measuring, plots, rates, searched, statistics, truth
from study.records import Depth, Result
from study.searched import Plan
from study.statistics import NOT_COMPUTABLE, Interval

UNIT = truth.ACTORS

SCALES = (1.0, 0.5, 0.25, 0.125)
"""Scales at which frames are searched, to see how small a face may be."""

OWN, SAME = "the package's own", "20 px"
"""Smallest face that a detector looks for: the package's own setting, or as small as MTCNN's."""

SMALLEST = 20.0
"""Side of the smallest face that MTCNN looks for by itself, in pixels."""

SAME_AT = 0.25
"""Scale at which detectors are also asked for faces of `SMALLEST`; a large frame would take dlib minutes."""

LOWEST_IOU = truth.LOWEST_IOU
"""From here a box counts as the face's: dlib draws its boxes smaller than the truth does."""

WIDTHS = {"small": (15.0, 40.0), "middle": (40.0, 80.0), "large": (80.0, np.inf)}
"""Widths of faces in pixels of the picture that is searched."""

TURNED = 15.0
"""Degrees of yaw from which a head counts as turned."""

PLANS: dict[Depth, Plan] = {
    "quick": Plan(videos=4, frames=2, faceless=1, damaged=2, steps=slice(None, None, 2)),
    "full": Plan(videos=48, frames=5, faceless=4, damaged=30, steps=slice(None)),
}

YAW = "largest yaw of a head in the frames (degrees)"

DLIB = ("dlib-hog", "dlib-cnn")
MTCNN = "facenet-pytorch"
COMPARED = (
    "large faces",
    "middle faces",
    "small faces",
    "small faces, all asked for 20 px",
    "damaged faces",
    "hard pictures",
    "hard pictures, small faces asked of all",
)
"""Conditions under which facenet-pytorch is compared with dlib."""

DIFFERENCES = tuple(f"recall, {condition}: {lineup.TITLES[MTCNN]} less" for condition in COMPARED)
ANGLES = tuple(
    f"recall, {condition}: dlib" for condition in ("frontal heads", "turned heads", "rolled pictures")
)
"""How the names of estimates begin that belong together."""

WHO = ["yaw", "exposure", "sharpness", "covered", "monk", "ancestry", "gender"]
"""What is known of each face besides its width."""

COLUMNS = ["detector", "scale", "setting", "stress", "amount", "video", "frame", "person", "kind", "width"]
COLUMNS += ["score", "iou", "eyes", *BOX, "reason"]


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code: the videos that are searched at full depth."""
    return [dataset.hashes(run, searched.frames(run, PLANS["full"])["path"].unique())]


def obstacle(run: Run) -> str:
    """Say why a run cannot tell what detectors miss; empty if it can."""
    if not truth.folder(run).is_dir():
        return (
            "Nobody has marked the faces in these videos, so it cannot be counted how many a detector finds."
        )
    return ""


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Let every detector search, and hold what it finds against the truth.

    One row for each true face, with the box that found it or none; for each box that hit no face (kind
    ``"false"``); and for each frame that is known to have no face (kind ``"frame"``, with the best score
    there).
    """
    plan = PLANS[depth]
    frames = searched.frames(run, plan)
    true_faces = truth.faces(run)
    if true_faces is None:
        return pd.DataFrame(columns=[*COLUMNS, *WHO, "unit"])
    looks = appearance.appearance(run, frames, true_faces)
    names = lineup.SEARCHING
    rows = isolated.all_in_processes(run.jobs, names, _search, run.data, frames, looks, plan.steps)
    table = pd.DataFrame(rows, columns=COLUMNS).astype({"video": "str"})
    facts = looks.rename(columns={"width": "width_in_frame"})[["video", "frame", "person", *WHO]]
    table = table.merge(facts, on=["video", "frame", "person"], how="left")
    table = table.merge(frames[["video", "frame", "unit"]], on=["video", "frame"], how="left")
    return _small(table)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compute recalls, and how much more facenet-pytorch finds than dlib, all of it from an IoU of 0.3 on."""
    faces = recalled(table)
    estimates: dict[str, Interval] = {
        f"recall, {condition}: {lineup.TITLES[name]}": statistics.rate(rows[name], rows["unit"])
        for condition, rows in conditions(faces).items()
        for name in lineup.SEARCHING
        if name in rows
    }
    estimates[YAW] = statistics.exactly(table["yaw"].abs().max())
    return estimates | _differences(faces)


def draw(result: Result) -> Figure:
    """Draw recall against the width of the face, one line for each detector."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    faces = recalled(result.table)
    faces = faces[faces["stress"] == damage.NONE]
    edges = np.array([11, 15, 22, 30, 42, 60, 84, 120, 170])
    figure, panel = plt.subplots(figsize=(8, 4.4))
    for place, name in enumerate(name for name in lineup.SEARCHING if name in faces):
        look = {"color": lineup.COLOURS[name], "label": lineup.TITLES[name]}
        own, same = faces[faces["setting"] == OWN], faces[faces["setting"] == SAME]
        _line(panel, own, name, edges * 1.02 ** (place - 2), {**look, "marker": "o"})
        if name in DLIB:
            _line(
                panel,
                same,
                name,
                edges * 1.02 ** (place - 2),
                {**look, "marker": "x", "ls": "--", "label": None},
            )
    panel.set(xscale="log", xlabel="width of the face (pixels)", ylabel="recall", ylim=(-0.03, 1.03))
    panel.set_xticks(edges, [str(edge) for edge in edges], minor=False)
    panel.minorticks_off()
    panel.plot([], [], "x--", color="grey", label="asked for faces from 20 px")
    figure.legend(*panel.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def recalled(table: pd.DataFrame) -> pd.DataFrame:
    """Put side by side which detector found each face of each picture.

    Parameters
    ----------
    table : DataFrame
        As `collect` gives it.

    Returns
    -------
    DataFrame
        One row for each face: scale, setting, stress, amount, video, frame, person, width, yaw, unit, and a
        column of true and false for each detector that could be had. Only faces that all of them searched
        for.
    """
    faces = table[table["kind"] == "face"]
    faces = faces.assign(found=faces["score"].notna(), amount=faces["amount"].fillna(-1.0))
    keys = ["scale", "setting", "stress", "amount", "video", "frame", "person", "width", "yaw", "unit"]
    wide = faces.pivot_table(index=keys, columns="detector", values="found", aggfunc="first", observed=True)
    return wide.dropna().astype(float).rename_axis(columns=None).reset_index()


def conditions(faces: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Divide faces by what makes them hard.

    Parameters
    ----------
    faces : DataFrame
        As `recalled` gives them.

    Returns
    -------
    dict of str to DataFrame
        The rows of each condition, by its name.
    """
    plain = faces[(faces["stress"] == damage.NONE) & (faces["setting"] == OWN)]
    sizes = {
        f"{name} faces": plain[plain["width"].between(low, high, inclusive="left")]
        for name, (low, high) in WIDTHS.items()
    }
    same = faces[(faces["setting"] == SAME) & (faces["width"] >= WIDTHS["small"][0])]
    damaged = faces[~faces["stress"].isin([damage.NONE, damage.ROLLED])]
    whole = plain[plain["scale"] == 1]
    rolled = faces[(faces["stress"] == damage.ROLLED) & (faces["amount"] == 90)]
    return sizes | {
        "small faces, all asked for 20 px": same,
        "damaged faces": damaged,
        "hard pictures": pd.concat([sizes["middle faces"], sizes["small faces"], damaged]),
        "hard pictures, small faces asked of all": pd.concat([same, damaged]),
        "frontal heads": whole[whole["yaw"].abs() < searched.YAW_BIN],
        "turned heads": whole[whole["yaw"].abs() > TURNED],
        "rolled pictures": rolled,
    }


def _differences(faces: pd.DataFrame) -> dict[str, Interval]:
    names = {
        f"recall, {condition}: {lineup.TITLES[MTCNN]} less {lineup.TITLES[dlib]}": (condition, dlib)
        for condition in COMPARED
        for dlib in DLIB
    }
    if faces.empty:
        return dict.fromkeys(names, NOT_COMPUTABLE)
    places = {condition: rows.index.to_numpy() for condition, rows in conditions(faces).items()}
    compared: dict[str, Callable[[np.ndarray], float]] = {}
    for name, (condition, dlib) in names.items():
        there = {MTCNN, dlib} <= set(faces.columns)
        more = (faces[MTCNN] - faces[dlib]).to_numpy() if there else np.full(len(faces), np.nan)
        compared[name] = partial(_mean, more, places[condition])
    intervals = statistics.family(compared, faces["unit"])
    for name, (condition, dlib) in names.items():
        if intervals[name].low == intervals[name].high:
            rows = faces.loc[places[condition]]
            one, other = (statistics.rate(rows[detector], rows["unit"]) for detector in (MTCNN, dlib))
            intervals[name] = rates.difference(one, other)
    return intervals


def _mean(more: np.ndarray, places: np.ndarray, weights: np.ndarray) -> float:
    total = weights[places].sum()
    return float(weights[places] @ more[places] / total) if total else np.nan


def _line(panel: Axes, faces: pd.DataFrame, name: str, edges: np.ndarray, look: dict) -> None:
    bins = pd.cut(faces["width"], edges.tolist())
    rates = {
        np.sqrt(span.left * span.right): statistics.rate(rows[name], rows["unit"])
        for span, rows in faces.groupby(bins, observed=True)
    }
    widths, values = list(rates), np.array([[rate.value, rate.low, rate.high] for rate in rates.values()])
    if len(values):
        panel.plot(widths, values[:, 0], markersize=5, **look)
        panel.vlines(widths, values[:, 1], values[:, 2], color=look["color"], alpha=0.6)


def _search(
    detector: Detector, data: Path, frames: pd.DataFrame, faces: pd.DataFrame, steps: slice
) -> Iterator[dict]:
    by_frame = dict(list(faces.groupby(["video", "frame"])))
    for frame in frames.to_dict("records"):
        image = video.read_frame(data / frame["path"], frame["frame"]).image
        own = by_frame.get((frame["video"], frame["frame"]), faces.iloc[:0])
        for row in _in_frame(detector, image, own, frame, steps):
            yield {"video": frame["video"], "frame": frame["frame"]} | row


def _in_frame(
    detector: Detector, image: np.ndarray, own: pd.DataFrame, frame: dict, steps: slice
) -> Iterator[dict]:
    boxes, points = own[BOX].to_numpy(float), appearance.landmarks(own)
    settings = [(scale, OWN) for scale in SCALES] + [(SAME_AT, SAME)] if frame["face"] else [(1.0, OWN)]
    for scale, setting in settings:
        detector.min_face_size = SMALLEST if setting == SAME else None
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        detections = detector.detect([small])[0]
        facts = {"scale": scale, "setting": setting, "stress": damage.NONE, "amount": np.nan}
        yield from (facts | row for row in held(detections, scale * boxes, scale * points, scale == 1))
    detector.min_face_size = None
    if frame["damaged"]:
        part, box = appearance.close_up(image, boxes[0])
        # The picture as it is has been searched with its whole frame.
        for kind, amount in damage.steps(steps)[1:]:
            picture, moved = damage.damaged(part, box, kind, amount)
            rows = held(detector.detect([picture])[0], moved[None], np.full((1, 5, 2), np.nan))
            facts = {"scale": 1.0, "setting": OWN, "stress": kind, "amount": amount}
            yield from (facts | row for row in rows if row["kind"] == "face")


def held(
    detections: Detections, boxes: np.ndarray, points: np.ndarray, with_boxes: bool = False
) -> list[dict]:
    """Hold what was found in one picture against the truth.

    Parameters
    ----------
    detections : Detections
        What was found.
    boxes : ndarray of float, shape (n, 4)
        The true faces.
    points : ndarray of float, shape (n, 5, 2)
        Their landmarks.
    with_boxes : bool
        Whether the rows have the detected boxes.

    Returns
    -------
    list of dict
        A row for each true face (kind ``"face"``: person, width, and if it was found score, iou and eyes, the
        mean distance of the eyes from where they are, in inter-ocular distances), and for each box that hit
        none (kind ``"false"``: score, iou). Without a true face one row of kind ``"frame"``, with the best
        score.
    """
    if not len(boxes):
        best = float(detections.scores[0]) if len(detections) else np.nan
        return [{"kind": "frame", "person": -1, "score": best}]
    places, overlaps = match(detections.boxes, detections.scores, boxes, LOWEST_IOU)
    rows: list[dict] = [
        {"kind": "face", "person": person, "width": box[2] - box[0]} for person, box in enumerate(boxes)
    ]
    errors = appearance.landmark_error(
        detections.landmarks[places >= 0], points[places[places >= 0]], count=2
    )
    for place, hit, error in zip(places[places >= 0], np.flatnonzero(places >= 0), errors, strict=True):
        rows[place] |= {"score": float(detections.scores[hit]), "iou": overlaps[hit], "eyes": error}
        rows[place] |= dict(zip(BOX, detections.boxes[hit], strict=True)) if with_boxes else {}
    for wrong in np.flatnonzero(places < 0):
        rows.append(
            {"kind": "false", "person": -1, "score": float(detections.scores[wrong]), "iou": overlaps[wrong]}
        )
    return rows


def _small(table: pd.DataFrame) -> pd.DataFrame:
    """Write numbers as short as they are known, so that the table can be stored."""
    table = table.fillna({"frame": -1, "person": -1}).astype({"frame": "int32", "person": "int8"})
    numbers = [
        "scale",
        "amount",
        "width",
        "score",
        "iou",
        "eyes",
        *BOX,
        "yaw",
        "exposure",
        "sharpness",
        "covered",
        "monk",
    ]
    table[numbers] = table[numbers].astype("float32").round(3)
    # Boxes need no more than a tenth of a pixel.
    table[BOX] = table[BOX].round(1)
    return table
