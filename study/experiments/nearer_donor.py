"""Whom does a face network see in a fake: the donor of the face, or the person filmed? (chapter 04)."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd import dataset, embedding, faces, tables
from dfd.run import Run
from study import measuring, plots, statistics, truth
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
FACES = 8
"""Faces of each FAKE video at full depth, as many as the book keeps; the run's table has one of each."""


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    if obstacle(run):
        return []
    embedding.table(run, "dlib")
    return [tables.stored_fingerprint(embedding.path(run, "dlib"))]


def obstacle(run: Run) -> str:
    """Say why this run cannot compare a fake with its donor; empty if it can."""
    if not truth.folder(run).is_dir():
        return "It is not published whose face was put into these fakes."
    if "dlib" not in embedding.models(run):
        return "The extra detectors is not installed, which brings the network that was made for faces."
    return ""


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Measure, for each FAKE video, the distance of its faces to the donor and to the person filmed."""
    vectors = embedding.table(run, "dlib")[["face_id", "vector"]]
    rows = truth.identities(run, faces.table(run)).dropna(subset=["actor"])
    real = rows[rows["label"] == "REAL"].merge(vectors, on="face_id")
    fakes = rows[dataset.is_fake(rows)]
    if depth == "full":
        fakes = embedding.spread_faces(fakes, dict.fromkeys(dataset.LABELS, FACES))
        pictures = faces.images(run, fakes["face_id"].to_list())
        fakes = fakes.assign(vector=list(embedding.embedder(run, "dlib")(pictures)))
    else:
        fakes = fakes.merge(vectors, on="face_id")
    people = real.groupby("actor")["vector"].agg(lambda several: np.mean(list(several), axis=0))
    made = truth.videos(run)
    swapped = fakes if made is None else fakes.merge(_swaps(made), on=["video", "person"])
    swapped = swapped[swapped["donor"].isin(people.index) & swapped["actor"].isin(people.index)]
    for role in ("donor", "actor"):
        away = swapped["vector"].to_numpy() - people.loc[swapped[role]].to_numpy()
        swapped = swapped.assign(**{f"to {role}": [float(np.linalg.norm(vector)) for vector in away]})
    of_videos = swapped.groupby(["video", "method", "actor"])[["to donor", "to actor"]].mean().reset_index()
    return of_videos.rename(columns={"actor": "unit"})


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compute by method how many videos are nearer the donor, and by how much they are."""
    estimates = {}
    for method, rows in table.groupby("method"):
        nearer = rows["to actor"].to_numpy() - rows["to donor"].to_numpy()
        estimates[f"nearer the donor, {method}"] = statistics.rate(nearer > 0, rows["unit"])
        estimates[f"nearer by, {method}"] = statistics.bootstrap(partial(_mean, nearer), rows["unit"])
    return dict(sorted(estimates.items(), reverse=True))


def draw(result: Result) -> Figure:
    """Draw the distance of each fake to the person filmed against that to the donor."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    figure, panel = plt.subplots(figsize=(5.6, 4.6))
    for colour, (method, rows) in zip(plots.COLOURS, result.table.groupby("method"), strict=False):
        panel.plot(rows["to donor"], rows["to actor"], "o", ms=4, alpha=0.7, color=colour, label=method)
    ends = [0, float(result.table[["to donor", "to actor"]].to_numpy().max()) * 1.05]
    panel.plot(ends, ends, ls="--", color="0.5")
    panel.set(xlabel="distance to the donor", ylabel="distance to the person filmed", xlim=ends, ylim=ends)
    panel.legend(loc="lower right")
    return figure


def _swaps(made: pd.DataFrame) -> pd.DataFrame:
    return made.dropna(subset=["donor"])[["video", "person", "donor", "method"]]


def _mean(values: np.ndarray, weights: np.ndarray) -> float:
    return float(values @ weights / weights.sum())
