"""Which detector finds hard faces, whose are missed, and what is taken for a face that is none (C08)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from dfd import detectors, search
from dfd.boxes import BOX, match
from dfd.detections import Detections
from dfd.detectors import Detector
from dfd.run import Run
from study import hard_faces, isolated, lineup, measuring, plots, statistics, truth
from study.lineup import EXTRACTOR, MTCNN
from study.precision import area
from study.records import Depth, Result
from study.statistics import NOT_COMPUTABLE, Interval

UNIT = "drawn actors"
LONG = True

EVERY: dict[Depth, int] = {"quick": 60, "full": 1}
"""One still out of how many is searched."""

LOWEST_IOU = truth.LOWEST_IOU
"""From here a box counts as the face's, as in `detector_accuracy`: dlib draws its boxes smaller."""

SLOW, SLOWER = ("dlib-cnn",), 3
"""A detector that takes seconds for a still, asked for faces as small as the others look for, and of how many
of the stills it searches one. What it is compared with is taken of the same stills."""

FALSE_RATE = 0.01
"""False boxes for each still at which the recalls of all detectors are compared."""

SMALLEST = 20.0
"""Width in pixels of the smallest face that MTCNN looks for, and that dlib is asked for."""

STRATA = {
    "small": ("width", 0, 36),
    "frontal": ("yaw", 0, 30),
    "half turned": ("yaw", 30, 60),
    "in profile": ("yaw", 60, 91),
    "looking up or down": ("pitch", 20, 91),
    "rolled 30 to 60": ("roll", 30, 60),
    "rolled 60 to 90": ("roll", 60, 91),
}
"""Parts of the faces, by a number that is known of them; yaw, pitch and roll in degrees, width in pixels."""

GROUPS = ("occlusion", "dark", "backlight", "blur", "compression", "crowd")
"""Strata of stills that are parts by themselves."""

COLUMNS = ["detector", "image", "face", "kind", "score", "iou", "eyes", "reason"]
FACTS = ["stratum", "light", "tone", "occlusion", "width", "yaw", "pitch", "roll", "unit"]


@dataclass
class Extractor:
    """The search of `dfd.search` in the form of a detector."""

    name: str = EXTRACTOR
    device: str = "cpu"
    min_face_size: float | None = None

    def detect(self, images: list[np.ndarray]) -> list[Detections]:
        """Find the faces in images; see `dfd.detectors.Detector.detect`."""
        return [search.search(image) for image in images]


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code: the stills."""
    return hard_faces.inputs()


def obstacle(run: Run) -> str:
    """Say why detectors cannot be compared on hard faces; empty if they can."""
    return "" if hard_faces.FOLDER.is_dir() else "The hard faces, a part of the repository, are not there."


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Let every detector search the stills, and hold what it finds against the truth.

    One row for each true face (kind ``"face"``, with score, iou and eyes if it was found), one for each box
    that hit none (kind ``"false"``), and one for each still (kind ``"still"``). The eyes are off by their
    mean distance from where they are, in sides of the face.
    """
    return searched(run.jobs, (*lineup.ALL, EXTRACTOR), hard_faces.FOLDER, EVERY[depth])


def searched(jobs: int, names: tuple[str, ...], folder: Path, every: int = 1) -> pd.DataFrame:
    """Let detectors search stills, and hold what they find against the truth.

    Parameters
    ----------
    jobs : int
        Processes at a time.
    names : tuple of str
        The detectors: names of `study.lineup`.
    folder : Path
        Of the stills.
    every : int
        One still out of how many is searched.

    Returns
    -------
    DataFrame
        As `collect` describes it.
    """
    stills, faces = hard_faces.stills(folder), hard_faces.faces(folder)
    images, rows = stills["image"].iloc[::every].tolist(), []
    for some, own in ((set(names) - set(SLOW), images), (set(names) & set(SLOW), images[::SLOWER])):
        ordered = tuple(name for name in names if name in some)
        rows += isolated.all_in_processes(jobs, ordered, _search, own, faces, folder, load=_load)
    table = pd.DataFrame(rows, columns=COLUMNS).astype({"image": "str"})
    table = table.merge(faces[["image", "face", *FACTS]], on=["image", "face"], how="left")
    return _with_still(table, stills, faces)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compute average precisions and recalls by group, and differences from facenet-pytorch and from dlib."""
    there = [name for name in (*lineup.ALL, EXTRACTOR) if (table["detector"] == name).sum() > 1]
    own = {name: table[table["detector"] == name] for name in there}
    estimates = {f"AP: {lineup.TITLES[name]}": average_precision(own[name]) for name in there}
    for name in there:
        title, faces = lineup.TITLES[name], usual(own[name])
        faces = faces[faces["kind"] == "face"]
        at_rate = faces_at(own[name], FALSE_RATE)
        estimates[f"recall at 1 false box in 100 stills: {title}"] = _rate(at_rate)
        for tone in hard_faces.TONES:
            dark = faces[(faces["light"] == "dark") & (faces["tone"] == tone)]
            estimates[f"dark, {tone}: {title}"] = _rate(dark)
        boxes = _boxes(usual(own[name]))
        estimates[f"boxes in a thousand faceless stills: {title}"] = _per_thousand(boxes)
        estimates[f"faceless stills with a box: {title}"] = statistics.proportion(
            int((boxes > 0).sum()), len(boxes)
        )
        eyes = faces.dropna(subset="eyes")
        estimates[f"eyes off by: {title}"] = _mean(eyes["eyes"].to_numpy(float), eyes["unit"])
    return estimates | _differences(own)


def draw(result: Result) -> Figure:
    """Show which share of each kind of hard faces each detector finds, at as many false boxes of all."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    shares = by_part(result.table)
    figure, panel = plt.subplots(figsize=(9.5, 4.6))
    shown = {"annot": True, "fmt": ".2f", "cmap": "viridis", "vmin": 0, "vmax": 1}
    sns.heatmap(shares, ax=panel, cbar_kws={"label": "recall"}, annot_kws={"size": 8}, **shown)
    panel.set(xlabel="", ylabel="")
    panel.tick_params(axis="x", rotation=45)
    plt.setp(panel.get_xticklabels(), ha="right", rotation_mode="anchor")
    return figure


def by_part(table: pd.DataFrame) -> pd.DataFrame:
    """Compute recalls at `FALSE_RATE` by what makes faces hard.

    Parameters
    ----------
    table : DataFrame
        As `collect` gives it.

    Returns
    -------
    DataFrame
        One row for each detector and a column for each part, with the number of its faces in the name
        (one that searched fewer stills has fewer).
    """
    parts = {name: dict(_parts(faces_at(own, FALSE_RATE))) for name, own in table.groupby("detector")}
    there = [words for words in (*STRATA, *GROUPS) if any(len(part[words]) for part in parts.values())]
    counts = {words: max(len(part[words]) for part in parts.values()) for words in there}
    rows = {
        name: {f"{words} ({count})": part[words]["hit"].mean() for words, count in counts.items()}
        for name, part in parts.items()
        if any(len(faces) for faces in part.values())
    }
    return lineup.titled(pd.DataFrame.from_dict(rows, orient="index"))


def usual(rows: pd.DataFrame) -> pd.DataFrame:
    """Take the boxes that a detector gives by default.

    Parameters
    ----------
    rows : DataFrame
        One detector's rows of `collect`.

    Returns
    -------
    DataFrame
        The same rows with the column hit, without false boxes that score less than its package asks for.
    """
    if rows.empty:
        return rows.assign(hit=pd.Series(dtype=float))
    return _above(rows, lineup.USUAL.get(str(rows["detector"].iloc[0]), -np.inf))


def faces_at(rows: pd.DataFrame, false_rate: float) -> pd.DataFrame:
    """Take the faces that a detector finds where it may make so many mistakes.

    Parameters
    ----------
    rows : DataFrame
        One detector's rows of `collect`.
    false_rate : float
        False boxes for each still, at most.

    Returns
    -------
    DataFrame
        Its rows of kind ``"face"`` with the column hit.
    """
    wrong = np.sort(rows.loc[rows["kind"] == "false", "score"].to_numpy(float))[::-1]
    allowed = int(false_rate * (rows["kind"] == "still").sum())
    lowest = np.nextafter(wrong[allowed], np.inf) if len(wrong) > allowed else -np.inf
    rows = _above(rows, lowest)
    return rows[rows["kind"] == "face"]


def average_precision(rows: pd.DataFrame) -> Interval:
    """Compute the area under precision against recall, with an interval over actors and faceless stills.

    Parameters
    ----------
    rows : DataFrame
        One detector's rows of `collect`.

    Returns
    -------
    Interval
    """
    statistic, groups = _area(rows)
    area_under = statistics.bootstrap(statistic, groups)
    # Where nothing varies, all boxes hit and precision is 1: the area is the recall.
    faces = rows[rows["kind"] == "face"]
    return _rate(_above(faces, -np.inf)) if area_under.low == area_under.high else area_under


def _load(name: str) -> Detector:
    if name == EXTRACTOR:
        return Extractor()
    # dlib's would look for much larger ones; the others look for faces as small by themselves, or smaller.
    return detectors.make(name, min_face_size=SMALLEST if name in lineup.DLIB else None)


def _search(detector: Detector, images: list[str], faces: pd.DataFrame, folder: Path) -> Iterator[dict]:
    by_image = dict(list(faces.groupby("image")))
    for name in images:
        own = by_image.get(name, faces.iloc[:0])
        detections = detector.detect([hard_faces.image(name, folder)])[0]
        yield from ({"image": name} | row for row in _held(detections, own))


def _held(detections: Detections, own: pd.DataFrame) -> Iterator[dict]:
    places, overlaps = match(detections.boxes, detections.scores, own[BOX].to_numpy(float), LOWEST_IOU)
    points, numbers = hard_faces.landmarks(own)[:, :2], own["face"].to_numpy()
    sides = np.sqrt(((own["x1"] - own["x0"]) * (own["y1"] - own["y0"])).to_numpy(float))
    yield {"face": -1, "kind": "still"}
    for box in np.flatnonzero(places < 0):
        yield {"face": -1, "kind": "false", "score": float(detections.scores[box]), "iou": overlaps[box]}
    for place, number in enumerate(numbers):
        row = {"face": number, "kind": "face"}
        for box in np.flatnonzero(places == place):
            apart = np.linalg.norm(detections.landmarks[box, :2] - points[place], axis=1).mean()
            row |= {
                "score": float(detections.scores[box]),
                "iou": overlaps[box],
                "eyes": apart / sides[place],
            }
        yield row


def _with_still(table: pd.DataFrame, stills: pd.DataFrame, faces: pd.DataFrame) -> pd.DataFrame:
    """Give rows that are no face what their still is, and the first actor in it as unit."""
    about = stills.set_index("image")
    first = faces.groupby("image")["unit"].first()
    for column in ("stratum", "light"):
        table[column] = table[column].fillna(table["image"].map(about[column]))
    table["unit"] = table["unit"].fillna(table["image"].map(first))
    table = table.fillna({"face": -1}).astype({"face": "int8"})
    numbers = ["score", "iou", "eyes", "width", "yaw", "pitch", "roll"]
    table[numbers] = table[numbers].astype("float32").round(4)
    return table


def _above(rows: pd.DataFrame, lowest: float) -> pd.DataFrame:
    rows = rows.assign(hit=(rows["score"] >= lowest).astype(float))
    return rows[(rows["kind"] != "false") | (rows["hit"] == 1)]


def _parts(faces: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    for words, (column, low, high) in STRATA.items():
        values = faces[column].abs()
        yield words, faces[(values >= low) & (values < high)]
    for stratum in GROUPS:
        yield stratum, faces[faces["stratum"] == stratum]


def _area(rows: pd.DataFrame) -> tuple[Callable[[np.ndarray], float], pd.Series]:
    rows = rows[rows["kind"] != "still"].sort_values("score", ascending=False, kind="stable")
    groups = rows["unit"].fillna(rows["image"])
    return partial(area, (rows["kind"] == "face").to_numpy(), rows["score"].to_numpy(float)), groups


def _rate(faces: pd.DataFrame) -> Interval:
    return statistics.rate(faces["hit"], faces["unit"])


def _mean(values: np.ndarray, units: pd.Series) -> Interval:
    if not len(values):
        return NOT_COMPUTABLE
    return statistics.bootstrap(lambda weights: float(np.average(values, weights=weights)), units)


def _boxes(rows: pd.DataFrame) -> pd.Series:
    """Count the boxes in each still without a face."""
    faceless = rows[rows["stratum"] == "faceless"]
    stills = faceless.loc[faceless["kind"] == "still", "image"]
    counts = faceless.loc[faceless["kind"] == "false", "image"].value_counts()
    return counts.reindex(stills, fill_value=0).astype(float)


def _per_thousand(boxes: pd.Series) -> Interval:
    """Count boxes in a thousand stills; of none, the upper bound is that of a share of the stills."""
    if boxes.empty:
        return NOT_COMPUTABLE
    counted = _mean(boxes.to_numpy(), boxes.index.to_series())
    share = statistics.proportion(int((boxes > 0).sum()), len(boxes))
    low, high = min(counted.low, share.low), max(counted.high, share.high)
    return Interval(1000 * counted.value, 1000 * low, 1000 * high)


def _differences(own: dict[str, pd.DataFrame]) -> dict[str, Interval]:
    """Compare average precisions with facenet-pytorch's, and its recall with dlib's."""
    others = [name for name in own if name != MTCNN]
    if MTCNN not in own:
        return {}
    names = {name: f"AP: {lineup.TITLES[name]} less {lineup.TITLES[MTCNN]}" for name in others}
    joined = pd.concat([own[name].assign(detector=name) for name in own], ignore_index=True)
    groups = joined["unit"].fillna(joined["image"])
    compared = {}
    for name, title in names.items():
        same = joined["image"].isin(own[name]["image"])
        areas = (_area_of(joined[same], other) for other in (name, MTCNN))
        compared[title] = partial(_less, *areas)
    differences = statistics.family(compared, groups)
    for dlib in (name for name in lineup.DLIB if name in own):
        name = f"recall of faces from {SMALLEST:.0f} px: {lineup.TITLES[MTCNN]} less {lineup.TITLES[dlib]}"
        differences[name] = _paired(own[MTCNN], own[dlib])
    return differences


def _area_of(joined: pd.DataFrame, name: str) -> Callable[[np.ndarray], float]:
    rows = joined[(joined["detector"] == name) & (joined["kind"] != "still")]
    rows = rows.sort_values("score", ascending=False, kind="stable")
    places, face = rows.index.to_numpy(), (rows["kind"] == "face").to_numpy()
    scores = rows["score"].to_numpy(float)
    return lambda weights: area(face, scores, weights[places])


def _less(
    one: Callable[[np.ndarray], float], other: Callable[[np.ndarray], float], weights: np.ndarray
) -> float:
    return one(weights) - other(weights)


def _paired(one: pd.DataFrame, other: pd.DataFrame) -> Interval:
    """Compare recalls face by face, where both make as many mistakes as the one that makes fewer."""
    one = one[one["image"].isin(other["image"])]
    stills = (one["kind"] == "still").sum()
    rate = min((rows["kind"] == "false").sum() for rows in (one, other)) / stills
    keys = ["image", "face"]
    hits = [faces_at(rows, rate).set_index(keys)[["hit", "unit", "width"]] for rows in (one, other)]
    both = hits[0].join(hits[1]["hit"].rename("other"))
    both = both[both["width"] >= SMALLEST]
    more = (both["hit"] - both["other"]).to_numpy(float)
    return _mean(more, both["unit"])
