"""Does a deepfake detector depend on its face detector (C34)? Crops of several, judged by one probe."""

from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from dfd import dataset, detectors, embedding, faces, parallel, tables, video
from dfd.errors import InputError
from dfd.run import Run
from study import linear_probe, lineup, measuring, plots, scores, statistics, truth
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS

COMPARED = ("facenet-pytorch", "dlib-hog", "opencv-haar", "yunet")
"""Detectors whose crops are judged: the report's choice, the dlib that it timed, and OpenCV's old and new."""

SHAKEN = {f"shaken by {amount:.0%}": amount for amount in (0.05, 0.1, 0.2, 0.4)}
"""The first one's boxes, moved and scaled at random: the deviation as a share of the box's side."""

NO_FACE = 0.5
"""Probability of FAKE of a video in which a detector finds no face."""

VIDEOS = 8
"""Videos that one process takes at a time."""


@dataclass(frozen=True)
class Plan:
    """How much is judged.

    Attributes
    ----------
    sources : int
        Source videos of each split at most, drawn at random.
    fakes : int
        Fakes of each source at most.
    frames : int
        Frames of every video, REAL or FAKE.
    """

    sources: int
    fakes: int
    frames: int


PLANS: dict[Depth, Plan] = {"quick": Plan(5, 1, 1), "full": Plan(200, 10, 8)}


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    dataset.table(run)
    return [tables.stored_fingerprint(dataset.path(run)), run.backbone, run.seed]


def obstacle(run: Run) -> str:
    """Say why a run cannot compare the detectors; empty if it can."""
    if find_spec("dlib") is None:
        return "dlib is not installed, so its crops cannot be compared with those of other detectors."
    classes = videos(run, PLANS["full"]).groupby("split")["label"].nunique()
    if (classes == len(dataset.LABELS)).sum() < 2:
        return "A probe needs REAL and FAKE videos in two splits at least, one to fit and one to judge."
    return ""


def videos(run: Run, plan: Plan) -> pd.DataFrame:
    """Draw source videos, equally many of each split, with some of their fakes.

    Parameters
    ----------
    run : Run
        The run; its seed counts.
    plan : Plan
        How many.

    Returns
    -------
    DataFrame
        Rows of the videos table with source and unit.
    """
    readable = dataset.table(run).query("status == 'ok'")
    sources = readable.drop_duplicates("source").sample(frac=1, random_state=run.seed)
    kept = sources.groupby("split").head(plan.sources)["source"]
    own = readable[readable["source"].isin(kept)]
    most = own["label"].map({"REAL": 1, "FAKE": plan.fakes})
    own = own[own.groupby(["source", "label"]).cumcount() < most]
    return truth.with_unit(run, own).reset_index(drop=True)


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Cut out and embed what each detector finds, and judge: one row for each detector and video."""
    plan = PLANS[depth]
    listed = videos(run, plan)
    pieces = [(listed.iloc[start : start + VIDEOS], plan.frames) for start in range(0, len(listed), VIDEOS)]
    done = dict(parallel.map_unordered(run, _embedded, pieces, _lost, "piece", on_gpu=False))
    crops = pd.concat([done[place] for place in sorted(done)], ignore_index=True)
    names = (*COMPARED, *SHAKEN)
    return pd.concat(
        [_judged(listed, crops[crops["detector"] == name], name) for name in names], ignore_index=True
    )


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Score the crops of each detector, compare them, and count the frames in which each finds a face."""
    estimates = {}
    for name in COMPARED:
        own = table[table["detector"] == name]
        title = lineup.TITLES[name]
        estimates[f"AUC, crops of {title}"] = scores.of(own)
        estimates[f"frames with a face, {title}"] = statistics.rate(own["share"], own["unit"])
    first, *others = COMPARED
    compared = {
        f"AUC: {lineup.TITLES[first]} less {lineup.TITLES[other]}": (first, other) for other in others
    }
    estimates |= scores.differences(table, "detector", compared)
    for name in SHAKEN:
        estimates[f"AUC, boxes {name}"] = scores.of(table[table["detector"] == name])
    shaken = {f"AUC: boxes as they are less {name}": (first, name) for name in SHAKEN}
    return estimates | scores.differences(table, "detector", shaken)


def draw(result: Result) -> Figure:
    """Show the AUC of each detector's crops, and of boxes shaken more and more."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    return plots.intervals(result.estimates, "AUC, ", "AUC of a linear probe on the crops (video level)")


def _judged(listed: pd.DataFrame, crops: pd.DataFrame, name: str) -> pd.DataFrame:
    facts = ["video", "source", "unit", "label", "split"]
    rows = crops.dropna(subset="vector").merge(listed[facts], on="video").reset_index(drop=True)
    judged = pd.DataFrame(columns=["video", "p_fake"]).astype({"video": "str", "p_fake": float})
    if len(rows):
        judged = linear_probe.judge(rows, embedding.vectors(rows))[["video", "p_fake"]]
    share = crops.drop_duplicates(["video", "frame"]).assign(share=lambda table: table["vector"].notna())
    table = listed[facts].merge(judged, on="video", how="left")
    table = table.merge(share.groupby("video")["share"].mean().reset_index(), on="video", how="left")
    return table.assign(detector=name, p_fake=table["p_fake"].mask(table["share"] == 0, NO_FACE))


def _embedded(run: Run, piece: tuple[pd.DataFrame, int]) -> pd.DataFrame:
    """Embed the crops of every box in some frames; a frame without a box has a row without vector."""
    listed, count = piece
    rows, images = [], []
    for facts in listed.to_dict("records"):
        for frame in video.sample_frames(run.data / facts["path"], count):
            for name, boxes in _boxes(run, facts["video"], frame).items():
                images += [faces.crop(frame.image, box, run.margin, run.face_size) for box in boxes]
                rows += [(facts["video"], frame.index, name, True)] * len(boxes)
                rows += [] if len(boxes) else [(facts["video"], frame.index, name, False)]
    table = pd.DataFrame(rows, columns=["video", "frame", "detector", "vector"])
    vectors = iter(embedding.embed(_network(run), np.stack(images)) if images else ())
    table["vector"] = [next(vectors) if there else None for there in table["vector"]]
    return table


def _boxes(run: Run, name: str, frame: video.Frame) -> dict[str, np.ndarray]:
    """Let every detector search a frame, and shake the boxes of the first, the same in every run."""
    boxes = {detector: _usual(detector, frame.image) for detector in COMPARED}
    random = np.random.default_rng([run.seed, frame.index, *name.encode()])
    shaken = {condition: _shaken(boxes[COMPARED[0]], amount, random) for condition, amount in SHAKEN.items()}
    return boxes | shaken


def _usual(name: str, image: np.ndarray) -> np.ndarray:
    detections = _detector(name).detect([image])[0]
    return detections.boxes[detections.scores >= lineup.USUAL.get(name, -np.inf)]


def _shaken(boxes: np.ndarray, amount: float, random: np.random.Generator) -> np.ndarray:
    middles, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    middles = middles + amount * sides * random.standard_normal(middles.shape)
    sides = sides * np.exp(amount * random.standard_normal((len(sides), 1)))
    return np.hstack([middles - sides / 2, middles + sides / 2])


@lru_cache(maxsize=len(COMPARED))
def _detector(name: str) -> detectors.Detector:
    return detectors.make(name)


@lru_cache(maxsize=1)
def _network(run: Run) -> embedding.Backbone:
    return embedding.backbone(run).to(memory_format=torch.channels_last)


def _lost(reason: str) -> pd.DataFrame:
    raise InputError("detector_choice", reason)
