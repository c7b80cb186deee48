"""What crops that show no face cost a classifier, and whether filtering them out helps (beside C30)."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd import dataset, embedding, faces, parallel, search, tables, video
from dfd.boxes import BOX, iou
from dfd.errors import InputError
from dfd.run import Run
from study import linear_probe, measuring, plots, scores, statistics, truth
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS

SHARES = (0.1, 0.3)
"""Shares of the crops that are replaced by crops of the same size from elsewhere in the frame."""

CLEAN, BESIDE = "faces alone", "no face alone"
"""Two conditions for comparison: every crop shows a face, and none does, as far as the filter can tell."""

VIDEOS = 8
"""Videos that a process is given at a time."""

TRIES = 40
"""Places that are tried for a crop beside the face."""


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    faces.table(run)
    return [tables.stored_fingerprint(faces.path(run)), run.backbone, run.seed]


def obstacle(run: Run) -> str:
    """Say why this run cannot compare them; empty if it can."""
    return linear_probe.obstacle(run)


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Fit and judge with crops of no face among the faces, and without: a row for each way and video."""
    rows = linear_probe.some_faces(run, depth)
    rows = rows.merge(dataset.table(run)[["video", "path"]], on="video", how="left")
    names = rows["video"].unique()
    starts = range(0, len(names), VIDEOS)
    pieces = [rows[rows["video"].isin(names[start : start + VIDEOS])] for start in starts]
    done = dict(parallel.map_unordered(run, _crops, pieces, _lost, "piece"))
    rows = pd.concat([done[place] for place in range(len(pieces))], ignore_index=True)
    random = np.random.default_rng(run.seed).random(len(rows))
    beside, empty = np.stack(rows["beside"].tolist()), ~rows["beside confirmed"].to_numpy(bool)
    parts = [
        linear_probe.judge(rows, np.stack(rows["face"].tolist())).assign(way=CLEAN),
        linear_probe.judge(rows, beside, empty, empty).assign(way=BESIDE),
    ]
    for share in SHARES:
        wrong = random < share
        vectors = np.stack(rows["beside"].where(wrong, rows["face"]).tolist())
        kept = rows["beside confirmed"].where(wrong, rows["face confirmed"]).to_numpy(bool)
        for way, some in ((f"{share:.0%} no face", None), (f"{share:.0%} no face, filtered", kept)):
            parts.append(linear_probe.judge(rows, vectors, some, some).assign(way=way))
    table = pd.concat(parts, ignore_index=True)
    confirmed = rows.groupby("video")[["face confirmed", "beside confirmed"]].mean().reset_index()
    return table.merge(confirmed, on="video", how="left")


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Score each way, and compute what wrong crops cost and what filtering brings back."""
    estimates = {f"AUC: {way}": scores.of(table[table["way"] == way]) for way in table["way"].unique()}
    costs = {f"cost: {share:.0%} no face": (CLEAN, f"{share:.0%} no face") for share in SHARES}
    gains = {
        f"gain: filtering {share:.0%}": (f"{share:.0%} no face, filtered", f"{share:.0%} no face")
        for share in SHARES
    }
    estimates |= scores.differences(table, "way", costs) | scores.differences(table, "way", gains)
    clean = table[table["way"] == CLEAN]
    for what, words in (("face", "faces"), ("beside", "crops of no face")):
        share = clean[f"{what} confirmed"].to_numpy(float)
        estimates[f"kept by the filter: {words}"] = statistics.rate(share, clean["unit"])
    return estimates


def draw(result: Result) -> Figure:
    """Show the area under the ROC curve of each way."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    return plots.intervals(result.estimates, "AUC: ", "AUC (video level)")


def beside(box: np.ndarray, width: int, height: int, random: np.random.Generator) -> np.ndarray:
    """Choose a box of the same size elsewhere in the frame.

    Parameters
    ----------
    box : ndarray of float, shape (4,)
        Left, top, right and bottom edge of the face.
    width, height : int
        Of the frame in pixels.
    random : Generator
        Draws the places.

    Returns
    -------
    ndarray of float, shape (4,)
        Of `TRIES` places the one that overlaps the face least.
    """
    size = np.minimum(box[2:] - box[:2], [width - 1, height - 1])
    corners = random.random((TRIES, 2)) * ([width, height] - size)
    places = np.hstack([corners, corners + size])
    return places[iou(places, box[None].astype(float))[:, 0].argmin()]


def _crops(run: Run, rows: pd.DataFrame) -> pd.DataFrame:
    """Embed each face and a crop from beside it, and ask whether the extractor finds a face in them."""
    embed, parts = embedding.embedder(run, "backbone"), []
    pictures: dict[str, list[np.ndarray]] = {"face": [], "beside": []}
    for path, of_video in rows.groupby("path", sort=False):
        random = np.random.default_rng([run.seed, *str(path).encode()])
        parts.append(of_video)
        for face in of_video.to_dict("records"):
            image = video.read_frame(run.data / str(path), int(face["frame"])).image
            box = np.array([face[edge] for edge in BOX], float)
            other = beside(box, image.shape[1], image.shape[0], random)
            pictures["face"].append(_crop(run, image, box))
            pictures["beside"].append(_crop(run, image, other))
    rows = pd.concat(parts)
    for what, images in pictures.items():
        confirmed = [len(search.search(image)) > 0 for image in images]
        rows = rows.assign(**{what: list(embed(np.stack(images))), f"{what} confirmed": confirmed})
    return rows


def _crop(run: Run, image: np.ndarray, box: np.ndarray) -> np.ndarray:
    # Compressed once, as the faces stage does it.
    return faces.decode(faces.encode(faces.crop(image, box, run.margin, run.face_size)))


def _lost(reason: str) -> pd.DataFrame:
    raise InputError("face_filter", reason)
