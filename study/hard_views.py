"""Tables and figures of the hard faces, made of a result of `hard_detection`."""

from collections.abc import Hashable

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd import search, weights
from dfd.boxes import BOX
from dfd.errors import InputError
from study import hard_faces, lineup, plots, results
from study.experiments import hard_detection
from study.lineup import EXTRACTOR, MTCNN
from study.records import Result
from study.statistics import Interval

SURROUNDINGS = 1.2
"""What is shown around a face, as a share of its side."""

TILE = 160
"""Side in pixels of a picture of a face or a still."""

OF_DETECTORS = {
    "yunet": "yunet",
    "centerface": "centerface",
    "blazeface": "blazeface",
    "dlib-cnn": "dlib-cnn",
    "landmarks of both dlibs": "dlib-landmarks",
}
"""What `dfd.weights.PACKAGED` holds for detectors, by whom it is for."""


def gallery() -> Figure:
    """Show a still of every kind.

    Returns
    -------
    Figure
        With the boxes of its faces.
    """
    stills, faces = hard_faces.stills(), hard_faces.faces()
    pictures, titles = [], []
    for kind, own in stills.groupby("stratum", sort=False):
        for place in (len(own) // 3, 2 * len(own) // 3):
            name = own["image"].iloc[place]
            picture = hard_faces.image(name).copy()
            for box in faces.loc[faces["image"] == name, BOX].to_numpy():
                _outline(picture, box, (255, 255, 255))
            pictures.append(_square(picture))
            titles.append(str(kind))
    return plots.gallery(pictures, titles, columns=8, side=1.2)


def scores(result: Result) -> pd.DataFrame | Result:
    """Tabulate how well each detector does on all hard faces.

    Parameters
    ----------
    result : Result
        Of `hard_detection`.

    Returns
    -------
    DataFrame or Result
        One row for each detector: average precision, its difference from facenet-pytorch's, recall at one
        false box in 100 stills, and how far the eyes are off; the result itself if there is an obstacle.
    """
    names = {
        "average precision": "AP: {}",
        "less facenet-pytorch's": f"AP: {{}} less {lineup.TITLES[MTCNN]}",
        "recall at 1 false box in 100 stills": "recall at 1 false box in 100 stills: {}",
        "eyes off by (sides of the face)": "eyes off by: {}",
    }
    return _columns(result, names)


def by_tone(result: Result) -> pd.DataFrame | Result:
    """Tabulate what each detector finds in the dark by its own settings, and what it takes for a face.

    Parameters
    ----------
    result : Result
        Of `hard_detection`.

    Returns
    -------
    DataFrame or Result
        One row for each detector: recall by tone of skin, the share of the stills without a face in which it
        sees one, and boxes in a thousand of them; the result itself if there is an obstacle.
    """
    names = {f"dark, {tone}": f"dark, {tone}: {{}}" for tone in hard_faces.TONES}
    names |= {"faceless stills with a box": "faceless stills with a box: {}"}
    return _columns(
        result, names | {"boxes in a thousand of them": "boxes in a thousand faceless stills: {}"}
    )


def unseen(result: Result) -> pd.DataFrame | Result:
    """Set the extractor's figures beside those on stills that nobody looked at while it was made.

    Parameters
    ----------
    result : Result
        Of `hard_detection`.

    Returns
    -------
    DataFrame or Result
        A row for each figure; columns for the extractor on both sets of stills, and for others on the unseen
        ones. The result itself if there is an obstacle.

    Raises
    ------
    InputError
        If nothing is stored of the unseen stills, or what is stored is of another extractor.
    """
    if result.obstacle:
        return result
    stored = results.read("unseen_stills")
    if stored is None:
        raise InputError(results.FOLDER / "unseen_stills.json", "no such result; measure unseen_stills")
    if stored["search"] != search.VERSION:
        raise InputError(results.FOLDER / "unseen_stills.json", "of another extractor; measure unseen_stills")
    other = {name: Interval(*figures) for name, figures in stored["estimates"].items()}
    columns = {"extractor, these stills": (result.estimates, EXTRACTOR)}
    columns |= {f"{lineup.TITLES[name]}, other people": (other, name) for name in (EXTRACTOR, *lineup.RIVALS)}
    rows = {"average precision": "AP: {}"}
    rows |= {f"recall, dark, {tone}": f"dark, {tone}: {{}}" for tone in hard_faces.TONES}
    rows |= {"faceless stills with a box": "faceless stills with a box: {}"}
    rows |= {"boxes in a thousand faceless stills": "boxes in a thousand faceless stills: {}"}
    rows |= {"eyes off by (sides of the face)": "eyes off by: {}"}
    return pd.DataFrame(
        {
            column: {row: str(figures[words.format(lineup.TITLES[name])]) for row, words in rows.items()}
            for column, (figures, name) in columns.items()
        }
    )


def front(hard: Result, speed: Result, size: str = "540x960") -> Figure:
    """Draw accuracy against speed: who is above and to the right is better in both.

    Parameters
    ----------
    hard : Result
        Of `hard_detection`.
    speed : Result
        Of `detector_speed`.
    size : str
        Of the frames whose speed counts.

    Returns
    -------
    Figure
        The line joins the detectors that no other beats in both.
    """
    if hard.obstacle or speed.obstacle:
        return plots.obstacle_figure(hard.obstacle or speed.obstacle)
    points = {}
    for name in lineup.ALL:
        title = lineup.TITLES[name]
        rate, area = speed.estimates.get(f"frames/s: {title}, {size}"), hard.estimates.get(f"AP: {title}")
        if rate and area:
            points[name] = (rate, area)
    figure, panel = plt.subplots(figsize=(8, 4.4))
    for name, (rate, area) in points.items():
        colour = lineup.COLOURS[name]
        panel.hlines(area.value, rate.low, rate.high, color=colour)
        panel.vlines(rate.value, area.low, area.high, color=colour)
        panel.plot(rate.value, area.value, "o", color=colour)
        others = [(r.value, a.value) for other, (r, a) in points.items() if other != name]
        below = any(_in_the_way((rate.value, area.value), other) for other in others)
        place = {"textcoords": "offset points", "xytext": (6, -13 if below else 5), "fontsize": 9}
        panel.annotate(lineup.TITLES[name], (rate.value, area.value), **place)
    best = unbeaten({name: (rate.value, area.value) for name, (rate, area) in points.items()})
    ends = np.array([[points[name][0].value, points[name][1].value] for name in best])
    panel.plot(*ends.T, color="0.6", lw=1, zorder=0)
    panel.set(xscale="log", xlabel=f"frames of {size.replace('x', ' x ')} a second (log scale)")
    panel.set(ylabel="average precision on the hard faces")
    panel.xaxis.set_major_formatter("{x:g}")
    return figure


def _in_the_way(point: tuple[float, float], other: tuple[float, float]) -> bool:
    """Tell whether another point lies where a name to the right of this one would be written."""
    (x, y), (other_x, other_y) = point, other
    return 0 < np.log10(other_x / x) < 0.6 and abs(other_y - y) < 0.008


def unbeaten(points: dict[str, tuple[float, float]]) -> list[str]:
    """Name the points that no other beats in both numbers.

    Parameters
    ----------
    points : dict of str to tuple of float
        Two numbers of each, the larger the better.

    Returns
    -------
    list of str
        By the first number, rising.
    """
    return sorted(
        (
            name
            for name, (x, y) in points.items()
            if not any(a >= x and b >= y and (a, b) != (x, y) for a, b in points.values())
        ),
        key=lambda name: points[name][0],
    )


def failures(result: Result, count: int = 6) -> Figure:
    """Show where each detector fails: faces that it misses and most others find, and what it takes for one.

    Each has the lowest score that its package asks for.

    Parameters
    ----------
    result : Result
        Of `hard_detection`.
    count : int
        Pictures of each detector; the last ones are stills without a face in which it sees one, if there
        are any.

    Returns
    -------
    Figure
        A row for each detector.
    """
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    rows = {str(name): hard_detection.usual(own) for name, own in result.table.groupby("detector")}
    faces = pd.concat([own[own["kind"] == "face"] for own in rows.values()])
    hits = faces.pivot_table(index=["image", "face"], columns="detector", values="hit", aggfunc="first")
    truth = hard_faces.faces().set_index(["image", "face"])
    pictures, titles = [], []
    for name in (name for name in (*lineup.ALL, EXTRACTOR) if name in hits):
        missed = hits[hits[name] == 0].drop(columns=name).mean(axis=1)
        missed = missed.sort_values(ascending=False, kind="stable")
        wrong = rows[name].query("kind == 'false' and stratum == 'faceless'")
        wrong = wrong.sort_values("score", ascending=False)
        seen = wrong.drop_duplicates("image")["image"].head(count // 3).tolist()
        words = lineup.TITLES[name].replace(" ", "\n", 1)
        tiles = [(f"{words}\nmisses", _face(truth, key)) for key in missed.index[: count - len(seen)]]
        tiles += [(f"{words}\nsees a face", _square(hard_faces.image(image))) for image in seen]
        tiles += [("", np.full((TILE, TILE, 3), 255, np.uint8))] * (count - len(tiles))
        titles += [title for title, _ in tiles]
        pictures += [picture for _, picture in tiles]
    return plots.gallery(pictures, titles, columns=count, side=1.3)


def weight_files() -> pd.DataFrame:
    """List the weights of detectors that come as files in packages.

    Returns
    -------
    DataFrame
        detector, package, licence, kB, SHA-256 (its first 16 digits).
    """
    rows = []
    for words, name in OF_DETECTORS.items():
        model = weights.PACKAGED[name]
        size = weights.in_package(name).stat().st_size / 1000
        rows.append((words, model.package, model.licence, round(size), model.sha256[:16]))
    return pd.DataFrame(rows, columns=["detector", "package", "licence", "kB", "SHA-256"])


def _columns(result: Result, names: dict[str, str]) -> pd.DataFrame | Result:
    if result.obstacle:
        return result
    rows, there = {}, set(result.table["detector"])
    for name in (name for name in (*lineup.ALL, EXTRACTOR) if name in there):
        estimates = {
            column: result.estimates.get(words.format(lineup.TITLES[name])) for column, words in names.items()
        }
        rows[name] = {column: str(value) if value else "" for column, value in estimates.items()}
    reasons = result.table.dropna(subset="reason").groupby("detector")["reason"].first()
    for name, reason in reasons.items():
        rows[name] = dict.fromkeys(names, "") | {next(iter(names)): reason}
    return lineup.titled(pd.DataFrame.from_dict(rows, orient="index"))


def _face(truth: pd.DataFrame, key: Hashable) -> np.ndarray:
    face = truth.loc[[key]]
    image, box = hard_faces.image(str(face.index[0][0])), face[BOX].to_numpy(float)[0]
    side = (1 + SURROUNDINGS) * max(box[2] - box[0], box[3] - box[1])
    left, top = np.maximum(((box[:2] + box[2:]) / 2 - side / 2).round().astype(int), 0)
    return _square(image[top : top + round(side), left : left + round(side)])


def _square(image: np.ndarray) -> np.ndarray:
    """Bring a picture into a white square."""
    scale = TILE / max(image.shape[:2])
    size = [max(1, round(side * scale)) for side in image.shape[1::-1]]
    square = np.full((TILE, TILE, 3), 255, np.uint8)
    square[: size[1], : size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return square


def _outline(image: np.ndarray, box: np.ndarray, colour: tuple[int, int, int]) -> None:
    left, top, right, bottom = (int(edge) for edge in box.round())
    cv2.rectangle(image, (left, top), (right, bottom), colour, 2)
