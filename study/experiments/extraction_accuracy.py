"""Does the book's extractor find the faces that the report's detector finds? Both against the truth."""

from functools import lru_cache

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from dfd import dataset, detectors, parallel, search, video
from dfd.boxes import BOX, SAME_FACE, iou, match
from dfd.detectors import Detections
from dfd.errors import InputError
from dfd.run import Run
from study import measuring, plots, rates, statistics, truth
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS

LOOP, HALF, EXTRACTOR = "the report's detector", "the same in half precision", "this book's extractor"
WAYS = (LOOP, HALF, EXTRACTOR)
MEASURES = ("recall", "mean IoU", "boxes on no face")
"""What is estimated of each way."""

EVERY = 4
"""Distance between two frames that are compared."""

SOME: dict[Depth, int] = {"quick": 2, "full": 1000}
"""REAL videos at most."""

LOWEST_SCORE = 0.95
"""Score from which a detection of the report's detector counts; the extractor gives no face that does not."""

SAME_BOX = 0.99
"""Intersection over union from which two boxes count as the same."""


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code: the videos."""
    return [dataset.hashes(run, _videos(run, "full")["path"])]


def obstacle(run: Run) -> str:
    """Say why a run cannot tell whether faces are missed; empty if it can."""
    if not truth.folder(run).is_dir():
        return (
            "Nobody has marked the faces in these videos, so it cannot be counted which of them are missed."
        )
    return ""


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Look for the faces of every fourth frame in each way.

    One row for each way and true face (iou, missing where no box reaches an IoU of 0.5), and one with person
    -1 for each box that hit no face.
    """
    rows = _videos(run, depth).to_dict("records")
    done = dict(parallel.map_unordered(run, _of_video, rows, _lost, "video"))
    table = pd.concat([done[place] for place in sorted(done)], ignore_index=True)
    return table.astype({"frame": "int32", "person": "int8", "iou": "float32", "again": "float32"})


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compute recall, overlap and false boxes of each way, and what the extractor misses."""
    faces = table[table["person"] >= 0]
    keys = ["video", "frame", "person", "unit"]
    hits = faces.assign(hit=faces["iou"].notna()).pivot(index=keys, columns="way", values="hit").astype(float)
    units = hits.index.get_level_values("unit").to_numpy()
    estimates = {f"recall, {way}": statistics.rate(hits[way], units) for way in WAYS}
    more = (hits[EXTRACTOR] - hits[LOOP]).to_numpy()
    gain = statistics.bootstrap(lambda weights: float(np.average(more, weights=weights)), units)
    if gain.low == gain.high:
        gain = rates.difference(*(estimates[f"recall, {way}"] for way in (EXTRACTOR, LOOP)))
    estimates["recall: extractor less the report's detector"] = gain
    for way in WAYS:
        own = faces[(faces["way"] == way) & faces["iou"].notna()]
        overlaps = own["iou"].to_numpy(float)
        estimates[f"mean IoU, {way}"] = statistics.bootstrap(
            lambda weights, overlaps=overlaps: float(np.average(overlaps, weights=weights)), own["unit"]
        )
        false = ((table["way"] == way) & (table["person"] < 0)).sum()
        estimates[f"boxes on no face, {way}"] = statistics.exactly(false)
    moved = faces[(faces["way"] == HALF) & faces["again"].notna()]
    estimates["boxes that half precision moves"] = statistics.rate(moved["again"] < SAME_BOX, moved["unit"])
    return estimates


def draw(result: Result) -> Figure:
    """Show the recall of each way."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    figure, panel = plt.subplots(figsize=(6, 2.4))
    for place, way in enumerate(WAYS):
        recall = result.estimates[f"recall, {way}"]
        panel.hlines(place, recall.low, recall.high, color=plots.COLOURS[place])
        panel.plot(recall.value, place, "o", color=plots.COLOURS[place])
    panel.set(yticks=range(len(WAYS)), yticklabels=WAYS, xlabel="recall", ylim=(len(WAYS) - 0.5, -0.5))
    return figure


def _videos(run: Run, depth: Depth) -> pd.DataFrame:
    real = dataset.table(run).query("status == 'ok' and label == 'REAL'")
    real = real.iloc[video.spread(len(real), min(SOME[depth], len(real)))]
    return truth.with_unit(run, real)[["video", "path", "unit"]]


def _of_video(run: Run, facts: dict) -> pd.DataFrame:
    true_faces = truth.frames(run)
    if true_faces is None:
        raise InputError(truth.folder(run), "no truth tables there")
    own = true_faces[true_faces["video"] == facts["video"]]
    frames = list(video.every(run.data / facts["path"], EVERY))
    loop, half = (_detector(precise) for precise in (True, False))
    found_by = {
        LOOP: [_sure(loop.detect([frame.image])[0]) for frame in frames],
        HALF: [_sure(half.detect([frame.image])[0]) for frame in frames],
        EXTRACTOR: [detections for _, detections in search.find(iter(frames))],
    }
    rows = []
    for way, by_frame in found_by.items():
        for frame, detections, reference in zip(frames, by_frame, found_by[LOOP], strict=True):
            boxes = own.loc[own["frame"] == frame.index, BOX].to_numpy(float)
            rows += [
                (way, facts["video"], frame.index, *row) for row in _held(detections, boxes, reference.boxes)
            ]
    table = pd.DataFrame(rows, columns=["way", "video", "frame", "person", "iou", "again"])
    return table.assign(unit=facts["unit"])


def _held(detections: Detections, boxes: np.ndarray, reference: np.ndarray) -> list[tuple[int, float, float]]:
    """Give for each true face the overlap of its box, and of that with one of the report's detector."""
    places, overlaps = match(detections.boxes, detections.scores, boxes, SAME_FACE)
    again = iou(detections.boxes.astype(float), reference.astype(float)).max(axis=1, initial=0)
    rows = [(person, np.nan, np.nan) for person in range(len(boxes))]
    for place, overlap, same in zip(places, overlaps, again, strict=True):
        if place >= 0:
            rows[place] = (int(place), float(overlap), float(same))
        else:
            rows.append((-1, float(overlap), float(same)))
    return rows


def _sure(detections: Detections) -> Detections:
    kept = detections.scores >= LOWEST_SCORE
    return Detections(detections.boxes[kept], detections.scores[kept], detections.landmarks[kept])


@lru_cache(maxsize=2)
def _detector(precise: bool) -> detectors.Detector:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return detectors.make("facenet-pytorch", device, half=not precise)


def _lost(reason: str) -> pd.DataFrame:
    raise InputError("extraction_accuracy", reason)
