"""Do the two MTCNNs give the same output (C07)? Box by box and landmark by landmark, in the same frames."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from dfd import dataset, video
from dfd.boxes import BOX, LANDMARK_COLUMNS, LANDMARKS, match
from dfd.detectors import Detector
from dfd.run import Run
from study import isolated, lineup, measuring, plots, searched, statistics, truth
from study.appearance import close_up, landmark_error, landmarks
from study.records import Depth, Result
from study.statistics import NOT_COMPUTABLE, Interval

UNIT = truth.ACTORS

SCALES = (1.0, 0.5, 0.25)
"""Scales at which the frames are searched."""

SAME_BOX = 0.99
"""Intersection over union above which two boxes count as the same."""

FRAMES: dict[Depth, tuple[int, int]] = {"quick": (5, 2), "full": (96, 4)}
"""Videos, and frames of each."""

ONE, OTHER = lineup.MTCNNS

COLUMNS = ["video", "frame", "scale", "unit", "found_by", "both", "width", "score", "iou", "score_difference"]
COLUMNS += ["wider", *(f"{name}_difference" for name in LANDMARKS), "landmark_difference"]


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code: the videos that are searched."""
    return [dataset.hashes(run, searched.any_frames(run, *FRAMES["full"])["path"].unique())]


def obstacle(run: Run) -> str:
    """Say why a run cannot compare the detectors; empty if it can."""
    if searched.any_frames(run, 1, 1).empty:
        return "There is no readable video in which the two MTCNNs could be compared."
    return ""


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Let both search the same frames: one row for each box, in pixels of the frame at any scale."""
    frames = searched.any_frames(run, *FRAMES[depth])
    rows = isolated.all_in_processes(run.jobs, lineup.MTCNNS, _search, run.data, frames)
    columns = ["detector", "scale", "video", "frame", *BOX, "score", *LANDMARK_COLUMNS, "reason"]
    table = (
        pd.DataFrame(rows, columns=columns)
        .astype({"video": "str"})
        .merge(frames[["video", "frame", "unit"]], on=["video", "frame"], how="left")
    )
    table[["score", "scale"]] = table[["score", "scale"]].astype("float32")
    table[[*BOX, *LANDMARK_COLUMNS]] = table[[*BOX, *LANDMARK_COLUMNS]].astype("float32").round(3)
    return table


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Count the faces on which both agree, and say how far apart they are where both found one."""
    faces = agreement(table)
    if table["detector"][table["score"].notna()].nunique() < 2:
        # One of the packages is missing, which is no disagreement.
        faces = faces.head(0)
    both = faces[faces["both"]]
    estimates = {
        "faces on which both MTCNNs agree": statistics.rate(faces["iou"] > SAME_BOX, faces["unit"]),
        "faces that both find": statistics.rate(faces["both"], faces["unit"]),
    }
    medians = {
        "median overlap of their boxes (IoU)": "iou",
        "median distance of their landmarks (inter-ocular)": "landmark_difference",
        "median difference of their scores": "score_difference",
    }
    return estimates | {name: _median(both[column], both["unit"]) for name, column in medians.items()}


def draw(result: Result) -> Figure:
    """Draw how much boxes, landmarks and scores differ."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    both = agreement(result.table).query("both")
    figure, axes = plt.subplots(1, 3, figsize=(9, 3.2))
    panels = {
        "iou": "overlap of the boxes (IoU)",
        "landmark_difference": "distance of landmarks\n(inter-ocular distances)",
        "score_difference": "difference of scores",
    }
    for panel, (column, label) in zip(axes, panels.items(), strict=True):
        panel.hist(both[column].astype(float), bins=25, color=plots.COLOURS[0])
        panel.set(xlabel=label)
    axes[0].set(ylabel="faces")
    axes[0].axvline(SAME_BOX, color="black", ls="--")
    return figure


def agreement(detections: pd.DataFrame) -> pd.DataFrame:
    """Compare what the two detectors found in the same frames.

    Parameters
    ----------
    detections : DataFrame
        As `collect` gives them.

    Returns
    -------
    DataFrame
        One row for each face that either found: video, frame, scale, unit, found_by (``"both"`` or the
        detector), both (whether both did), width and score (those of `ONE` where both found it), iou,
        score_difference (absolute), wider (width of the box of `OTHER`, as a share of that of `ONE`), the
        distance of each landmark in inter-ocular distances of `ONE`, such as nose_difference, and their mean
        landmark_difference.
    """
    detections = detections.dropna(subset="score").reset_index(drop=True)
    boxes, scores = detections[BOX].to_numpy(), detections["score"].to_numpy()
    of_one = (detections["detector"] == ONE).to_numpy()
    left, right, overlaps = [], [], []
    for in_picture in detections.groupby(["scale", "video", "frame"]).indices.values():
        place = np.asarray(in_picture)
        first, second = place[of_one[place]], place[~of_one[place]]
        partners, shares = match(boxes[second], scores[second], boxes[first])
        paired = partners >= 0
        left.append(first[partners[paired]])
        right.append(second[paired])
        overlaps.append(shares[paired])
    rows = []
    if left:
        ones, others = np.concatenate(left), np.concatenate(right)
        rows = [
            _differences(detections.iloc[ones], detections.iloc[others], np.concatenate(overlaps)),
            _alone(detections.drop([*ones, *others])),
        ]
    rows = [part for part in rows if len(part)]
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=COLUMNS)
    return table.reindex(columns=COLUMNS).astype({"both": bool})


def differences(result: Result) -> pd.DataFrame | Result:
    """Tabulate, for each scale, which faces both find and how far apart they are.

    Parameters
    ----------
    result : Result
        As `measure` gives it.

    Returns
    -------
    DataFrame or Result
        A column for each scale; the result itself if there is an obstacle.
    """
    if result.obstacle:
        return result
    columns = {}
    for scale, faces in agreement(result.table).groupby("scale", sort=False):
        both, by = faces[faces["both"]], faces["found_by"].value_counts()
        facts = {"faces": len(faces), "found by both": by.get("both", 0)}
        facts |= {f"only by {lineup.TITLES[name]}": by.get(name, 0) for name in (ONE, OTHER)}
        texts = {name: f"{count:d}" for name, count in facts.items()}
        medians = {"width, TensorFlow to PyTorch": both["wider"].median()}
        medians |= {
            f"{name.replace('_', ' ')} apart": both[f"{name}_difference"].median() for name in LANDMARKS
        }
        columns[f"scale {scale:g}"] = texts | {name: f"{value:.3f}" for name, value in medians.items()}
    return pd.DataFrame(columns).iloc[:, ::-1]


def draw_odd(run: Run, result: Result, count: int = 6) -> Figure:
    """Show the faces on which the two detectors disagree the most, at full size.

    Parameters
    ----------
    run : Run
        The run whose videos they are.
    result : Result
        As `measure` gives it.
    count : int
        Faces.

    Returns
    -------
    Figure
    """
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    detections = result.table[result.table["scale"] == 1]
    faces = agreement(detections)
    order = faces.assign(apart=faces["landmark_difference"].fillna(np.inf)).sort_values(
        "apart", ascending=False
    )
    paths = dataset.table(run).set_index("video")["path"]
    pictures, titles = [], []
    for face in order.head(count).to_dict("records"):
        image = video.read_frame(run.data / paths[face["video"]], int(face["frame"])).image
        in_frame = (detections["video"] == face["video"]) & (detections["frame"] == face["frame"])
        pictures.append(close_up_of_boxes(image, detections[in_frame], lineup.COLOURS))
        apart = f"{face['landmark_difference']:.3f} apart"
        titles.append(apart if face["both"] else f"only {lineup.TITLES[face['found_by']]}")
    if not pictures:
        return plots.obstacle_figure("Neither detector found a face.")
    return plots.gallery(pictures, titles, columns=count)


def close_up_of_boxes(
    image: np.ndarray, boxes: pd.DataFrame, colours: dict[str, str], width: int = 300
) -> np.ndarray:
    """Cut the surroundings of boxes out of a picture, and draw the boxes and their landmarks.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    boxes : DataFrame
        Boxes in this image, as `collect` gives them; one at least.
    colours : dict of str to str
        Colour of each detector.
    width : int
        Width of the result in pixels.

    Returns
    -------
    ndarray of uint8, shape (height, `width`, 3)
        RGB.
    """
    edges = np.concatenate([boxes[BOX[:2]].min(), boxes[BOX[2:]].max()])
    picture, inside = close_up(image, edges, 0.1)
    scale = width / picture.shape[1]
    picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    corner = edges[:2] - inside[:2]
    for row, (box, points) in enumerate(zip(boxes[BOX].to_numpy(float), landmarks(boxes), strict=True)):
        colour = [round(255 * part) for part in to_rgb(colours[boxes["detector"].iloc[row]])]
        x0, y0, x1, y1 = np.round(scale * (box - np.tile(corner, 2))).astype(int)
        cv2.rectangle(picture, (x0, y0), (x1, y1), colour, 2)
        for point in scale * (points - corner):
            if np.isfinite(point).all():
                cv2.circle(picture, tuple(np.round(point).astype(int).tolist()), 4, colour, 2)
    return picture


def _search(detector: Detector, data: Path, frames: pd.DataFrame) -> Iterator[dict]:
    for frame in frames.to_dict("records"):
        image = video.read_frame(data / frame["path"], frame["frame"]).image
        for scale in SCALES:
            small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            faces = detector.detect([small])[0]
            facts = {"scale": scale, "video": frame["video"], "frame": frame["frame"]}
            for box, score, points in zip(faces.boxes, faces.scores, faces.landmarks, strict=True):
                yield (
                    facts
                    | dict(zip(BOX, (box / scale).tolist(), strict=True))
                    | {"score": float(score)}
                    | dict(zip(LANDMARK_COLUMNS, (points / scale).ravel().tolist(), strict=True))
                )


def _differences(left: pd.DataFrame, right: pd.DataFrame, overlaps: np.ndarray) -> pd.DataFrame:
    """Make the rows of `agreement` for boxes that belong together."""
    points, others = landmarks(left), landmarks(right)
    between_eyes = np.linalg.norm(points[:, 0] - points[:, 1], axis=-1)[:, None]
    apart = np.linalg.norm(others - points, axis=-1) / between_eyes
    measures = {
        "iou": overlaps,
        "score_difference": np.abs(left["score"].to_numpy() - right["score"].to_numpy()),
        "wider": (right["x1"] - right["x0"]).to_numpy() / (left["x1"] - left["x0"]).to_numpy(),
        "landmark_difference": landmark_error(others, points),
    }
    by_point = dict(zip((f"{name}_difference" for name in LANDMARKS), apart.T, strict=True))
    return _alone(left).assign(found_by="both", both=True, **measures, **by_point)


def _alone(boxes: pd.DataFrame) -> pd.DataFrame:
    """Make the rows of `agreement` for boxes that only one detector found."""
    kept = boxes[["video", "frame", "scale", "unit", "score"]]
    return kept.assign(found_by=boxes["detector"], both=False, width=boxes["x1"] - boxes["x0"])


def _median(values: pd.Series, units: pd.Series) -> Interval:
    """Compute a median with an interval over units."""
    if values.empty:
        return NOT_COMPUTABLE
    numbers = values.to_numpy(float)
    return statistics.bootstrap(
        lambda weights: float(np.median(np.repeat(numbers, weights.astype(int)))), units
    )
