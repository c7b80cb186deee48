"""Tables and figures of what detectors find, made of a result of `detector_accuracy`."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from dfd import dataset, video
from dfd.boxes import BOX, SAME_FACE
from dfd.run import Run
from study import appearance, damage, lineup, plots, precision, searched, statistics, truth
from study.experiments import detector_accuracy
from study.experiments.detector_accuracy import MTCNN, OWN, WIDTHS
from study.records import Result
from study.statistics import NOT_COMPUTABLE, Interval

PROPERTIES: dict[str, tuple[str, list[float] | int | None, list[str] | None]] = {
    "exposure": ("light of the frame", 3, ["darkest third", "middle third", "brightest third"]),
    "sharpness": ("sharpness of the face", 3, ["softest third", "middle third", "sharpest third"]),
    "covered": ("covered share", [0, 0.1, 0.25, 1], ["under 10%", "10 to 25%", "over 25%"]),
    "monk": ("skin tone (Monk scale)", [0, 3, 6, 10], ["1 to 3", "4 to 6", "7 to 10"]),
    "ancestry": ("ancestry", None, None),
    "gender": ("gender", None, None),
}
"""What is known of a face: words for it, the edges or number of its parts, and the names of these."""


def accuracy(result: Result) -> pd.DataFrame | Result:
    """Tabulate how well each detector finds the faces of whole frames at full size.

    Parameters
    ----------
    result : Result
        Of `detector_accuracy`.

    Returns
    -------
    DataFrame or Result
        One row for each detector: recall from an IoU of 0.5 and from one of 0.3, precision (the share of its
        boxes that hit a face), and the median distance of the eyes in inter-ocular distances; the result
        itself if there is an obstacle, which it says. A detector that could not be had has the reason in its
        first cell.
    """
    if result.obstacle:
        return result
    whole = _whole(result.table).query("scale == 1")
    rows = {}
    for name, own in whole.groupby("detector"):
        faces, boxes = (
            own[own["kind"] == "face"],
            own[own["kind"].isin(["face", "false"]) & own["score"].notna()],
        )
        rows[name] = {
            "recall (IoU 0.5)": statistics.rate(faces["iou"] >= SAME_FACE, faces["unit"]),
            "recall (IoU 0.3)": statistics.rate(faces["score"].notna(), faces["unit"]),
            "precision": statistics.rate(boxes["kind"] == "face", boxes["unit"]),
            "eyes off by": "" if faces["eyes"].isna().all() else f"{faces['eyes'].median():.3f}",
        }
    reasons = result.table.dropna(subset="reason").groupby("detector")["reason"].first()
    missing = {name: {"recall (IoU 0.5)": reason} for name, reason in reasons.items()}
    return lineup.titled(pd.DataFrame.from_dict(rows | missing, orient="index").fillna("").astype(str))


def empty_frames(result: Result) -> pd.DataFrame | Result:
    """Tabulate what detectors see in frames that are known to have no face.

    Parameters
    ----------
    result : Result
        Of `detector_accuracy`.

    Returns
    -------
    DataFrame or Result
        One row for each detector: frames, videos, the share of frames with a box, and the best score of one;
        the result itself if there is an obstacle.
    """
    if result.obstacle:
        return result
    rows = {}
    for name, own in result.table[result.table["kind"] == "frame"].groupby("detector"):
        share = statistics.rate(own["score"].notna(), own["video"])
        best = "" if own["score"].isna().all() else f"{own['score'].max():.2f}"
        counts = {"frames": len(own), "videos": own["video"].nunique()}
        rows[name] = counts | {"with a false face": str(share), "its best score": best}
    if not rows:
        return pd.DataFrame({"": ["None of the videos searched has frames that are known to have no face."]})
    return lineup.titled(pd.DataFrame.from_dict(rows, orient="index"))


def draw_precision_recall(result: Result) -> Figure:
    """Draw precision against recall of whole frames at all scales, as the lowest accepted score falls.

    Parameters
    ----------
    result : Result
        Of `detector_accuracy`.

    Returns
    -------
    Figure
        The legend gives each average precision with its interval over units.
    """
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    whole = _whole(result.table)
    figure, panel = plt.subplots(figsize=(8, 4.6))
    for name in (name for name in lineup.SEARCHING if name in set(whole["detector"])):
        own = whole[whole["detector"] == name]
        curve = precision.curve(own)
        label = f"{lineup.TITLES[name]}: {average_precision(own)}"
        panel.step(curve["recall"], curve["precision"], where="pre", color=lineup.COLOURS[name], label=label)
        panel.plot(*curve[["recall", "precision"]].tail(1).to_numpy().T, "o", color=lineup.COLOURS[name])
    panel.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.04))
    figure.legend(loc="outside lower center", ncols=2, title="average precision")
    return figure


def average_precision(rows: pd.DataFrame) -> Interval:
    """Compute the area under the steps of precision against recall, with an interval over units.

    Parameters
    ----------
    rows : DataFrame
        One detector's rows of a result: kind, score, unit.

    Returns
    -------
    Interval
        A face that no box hit lowers the area, since recall then ends below one.

    References
    ----------
    M. Everingham et al., The PASCAL Visual Object Classes challenge, IJCV 2010.
    """
    rows = rows[rows["kind"].isin(["face", "false"])]
    rows = rows.sort_values("score", ascending=False, kind="stable")
    face = (rows["kind"] == "face").to_numpy()
    if not face.any():
        return NOT_COMPUTABLE
    area = statistics.bootstrap(partial(precision.area, face, rows["score"].to_numpy()), rows["unit"])
    # Where nothing varies, all boxes hit and precision is 1: the area is the recall.
    return statistics.rate(rows["score"].notna()[face], rows["unit"][face]) if area.low == area.high else area


def draw_damages(result: Result) -> Figure:
    """Draw the share of faces that are still found as pictures of them are damaged step by step.

    Parameters
    ----------
    result : Result
        Of `detector_accuracy`.

    Returns
    -------
    Figure
        One panel for each kind of damage.
    """
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    rows = result.table[(result.table["kind"] == "face") & (result.table["stress"] != damage.NONE)]
    names = [name for name in lineup.SEARCHING if name in set(rows["detector"])]
    figure, axes = plt.subplots(2, 3, figsize=(9, 5.6), sharey=True)
    for panel, (kind, (amounts, words)) in zip(axes.flat, damage.STRESSES.items(), strict=True):
        own = rows[rows["stress"] == kind]
        done = [amount for amount in amounts if np.isclose(own["amount"], amount).any()]
        for place, name in enumerate(names):
            steps = [own[(own["detector"] == name) & np.isclose(own["amount"], amount)] for amount in done]
            rates = [statistics.rate(step["score"].notna(), step["unit"]) for step in steps]
            spots = np.arange(len(rates)) + 0.07 * (place - 2)
            _points(panel, spots, rates, lineup.COLOURS[name], lineup.TITLES[name])
        panel.set(title=kind, xticks=range(len(done)), xticklabels=[f"{amount:g}" for amount in done])
        panel.set_xlabel(words.replace(", ", ",\n"), fontsize="small")
    axes[0, 0].set_ylim(-0.03, 1.05)
    figure.supylabel(f"share found of {rows['unit'].nunique()} faces")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def draw_properties(result: Result, name: str = MTCNN) -> Figure:
    """Draw one detector's recall and landmark error by what is known of the faces.

    Parameters
    ----------
    result : Result
        Of `detector_accuracy`.
    name : str
        The detector.

    Returns
    -------
    Figure
        A line for each part of each of `PROPERTIES`. The recall is that of damaged faces, all of about one
        size; the landmarks are those of whole frames.
    """
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    faces = result.table[(result.table["detector"] == name) & (result.table["kind"] == "face")]
    faces = faces[(faces["stress"] != damage.ROLLED) & (faces["setting"] == OWN)]
    slices = by_property(faces[faces["width"] >= WIDTHS["small"][0]])
    figure, (recall, error) = plt.subplots(1, 2, figsize=(9, 0.27 * len(slices) + 1), sharey=True)
    heights = np.arange(len(slices))
    for panel, column, label in (
        (recall, "recall", "recall"),
        (error, "error", "eyes off by (inter-ocular)"),
    ):
        values = np.array([[rate.value, rate.low, rate.high] for rate in slices[column]]).reshape(-1, 3)
        panel.hlines(heights, values[:, 1], values[:, 2], color=plots.COLOURS[0])
        panel.plot(values[:, 0], heights, "o", color=plots.COLOURS[0])
        panel.set_xlabel(label)
        for place in np.flatnonzero(slices["property"].ne(slices["property"].shift()))[1:]:
            panel.axhline(place - 0.5, color="lightgrey")
    recall.set(yticks=heights, yticklabels=slices["part"])
    recall.invert_yaxis()
    return figure


def by_property(faces: pd.DataFrame) -> pd.DataFrame:
    """Take the recall and the landmark error of faces apart by what is known of them.

    Parameters
    ----------
    faces : DataFrame
        One detector's rows of kind ``"face"``.

    Returns
    -------
    DataFrame
        property, part (with the number of units in it), recall (of damaged faces) and error (of the eyes in
        whole frames), both as intervals over units.
    """
    rows = []
    for column, (words, parts, names) in PROPERTIES.items():
        values = faces[column]
        if isinstance(parts, int):
            values = pd.qcut(values.rank(method="first"), parts, labels=names)
        elif parts is not None:
            values = pd.cut(values.abs(), parts, labels=names, include_lowest=True)
        for value, own in faces.groupby(values, observed=True):
            part = f"{words}: {value} ({own['unit'].nunique()})"
            hurt = own[own["stress"] != damage.NONE]
            recall = statistics.rate(hurt["score"].notna(), hurt["unit"])
            rows.append((words, part, recall, _mean(own["eyes"], own["unit"])))
    return pd.DataFrame(rows, columns=["property", "part", "recall", "error"])


def draw_boxes(run: Run, result: Result, count: int = 4) -> Figure:
    """Show some frames with the boxes that detectors drew and the true ones.

    Parameters
    ----------
    run : Run
        The run whose videos they are.
    result : Result
        Of `detector_accuracy`.
    count : int
        Frames.

    Returns
    -------
    Figure
    """
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    whole = _whole(result.table).query("scale == 1 and kind == 'face'")
    videos = whole["video"].unique()
    videos = videos[video.spread(len(videos), min(count, len(videos)))]
    paths = dataset.table(run).set_index("video")["path"]
    true_faces = truth.frames(run)
    names = [name for name in lineup.SEARCHING if name in set(whole["detector"])]
    figure, axes = plt.subplots(1, len(videos), figsize=(2.5 * len(videos), 3.6), squeeze=False)
    for panel, name in zip(axes.flat, videos, strict=True):
        own = whole[whole["video"] == name]
        own = own[own["frame"] == own["frame"].iloc[0]]
        panel.imshow(video.read_frame(run.data / paths[name], int(own["frame"].iloc[0])).image)
        panel.set_axis_off()
        if true_faces is not None:
            real = true_faces[(true_faces["video"] == name) & (true_faces["frame"] == own["frame"].iloc[0])]
            _outline(panel, real, "white", "--")
        for detector in names:
            _outline(
                panel, own[own["detector"] == detector].dropna(subset="score"), lineup.COLOURS[detector], "-"
            )
    lines = [Line2D([], [], color=lineup.COLOURS[name], label=lineup.TITLES[name]) for name in names]
    figure.legend(handles=lines, loc="outside lower center", ncols=3)
    return figure


def draw_looks(run: Run) -> Figure:
    """Show faces from the least to the most light, sharpness and covered share.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    Figure
        Of `study.appearance.draw_extremes`, over the frames of a quick measurement.
    """
    true_faces = truth.faces(run)
    if true_faces is None:
        return plots.obstacle_figure(detector_accuracy.obstacle(run))
    return appearance.draw_extremes(run, _quick(run), true_faces)


def draw_damaged_face(run: Run) -> Figure:
    """Show one face in every kind and step of damage.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    Figure
    """
    true_faces = truth.faces(run)
    if true_faces is None:
        return plots.obstacle_figure(detector_accuracy.obstacle(run))
    frames = _quick(run)
    face = frames[frames["damaged"]].merge(true_faces, on=["video", "frame"]).iloc[-1]
    image = video.read_frame(run.data / face["path"], int(face["frame"])).image
    return plots.gallery(*damage.shown(image, face), columns=6)


def _quick(run: Run) -> pd.DataFrame:
    return searched.frames(run, detector_accuracy.PLANS["quick"])


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    """Take the rows of whole frames as they are, searched with the packages' own settings."""
    return table[(table["stress"] == damage.NONE) & (table["setting"] == OWN) & (table["kind"] != "frame")]


def _mean(values: pd.Series, units: pd.Series) -> Interval:
    there = values.notna()
    if not there.any():
        return NOT_COMPUTABLE
    numbers = values[there].to_numpy(float)
    return statistics.bootstrap(lambda weights: float(np.average(numbers, weights=weights)), units[there])


def _points(panel: Axes, spots: np.ndarray, rates: list[Interval], colour: str, label: str) -> None:
    values = np.array([[rate.value, rate.low, rate.high] for rate in rates]).reshape(-1, 3)
    panel.vlines(spots, values[:, 1], values[:, 2], color=colour, alpha=0.6)
    panel.plot(spots, values[:, 0], "o-", color=colour, markersize=4, label=label)


def _outline(panel: Axes, boxes: pd.DataFrame, colour: str, dash: str) -> None:
    for x0, y0, x1, y1 in boxes[BOX].to_numpy(float):
        look = {"fill": False, "color": colour, "linestyle": dash, "linewidth": 1.5}
        panel.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, **look))
