"""What is a leak worth? One classifier, judged by folds of frames, of videos, of sources and of people."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.special import expit

from dfd import dataset, embedding, faces, tables
from dfd.run import Run
from study import linear_probe, measuring, plots, scores, truth
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS

FOLDS = 3
"""Parts of which each is judged by a probe that was fitted to the others."""

PEOPLE = "people"
APART = {"frames": "face_id", "videos": "video", "sources": "source", PEOPLE: "unit"}
"""What no two folds share, and the column that names it: from the worst leak to none."""

REPEATS: dict[Depth, int] = {"quick": 1, "full": 5}
"""Random divisions into folds."""


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    embedding.table(run, "backbone")
    return [
        tables.stored_fingerprint(faces.path(run)),
        tables.stored_fingerprint(embedding.path(run, "backbone")),
        run.seed,
    ]


def obstacle(run: Run) -> str:
    """Say why this run cannot compare splits; empty if it can."""
    return linear_probe.obstacle(run)


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Judge every video under each way of dividing: a row for each division, way and video."""
    embedded = faces.table(run).merge(embedding.table(run, "backbone")[["face_id", "vector"]], on="face_id")
    rows = linear_probe.some_faces(run, depth, embedded)
    vectors = embedding.vectors(rows)
    parts = [
        _judged(rows, vectors, column, run.seed + repeat).assign(apart=what, repeat=repeat)
        for repeat in range(REPEATS[depth])
        for what, column in APART.items()
    ]
    return pd.concat(parts, ignore_index=True)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Score each way of dividing, and compare it with folds that share nobody."""
    estimates = {f"AUC, {what} apart": scores.of(table[table["apart"] == what]) for what in APART}
    compared = {f"AUC: {what} apart less people apart": (what, PEOPLE) for what in APART if what != PEOPLE}
    return estimates | scores.differences(table, "apart", compared)


def draw(result: Result) -> Figure:
    """Show the area under the ROC curve that each way of dividing promises."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    return plots.intervals(result.estimates, "AUC, ", "AUC (video level)", line=0.5)


def folds(names: pd.Series, seed: int) -> np.ndarray:
    """Divide rows at random into `FOLDS` parts of about as many names.

    Parameters
    ----------
    names : Series
        What no two parts share.
    seed : int
        Other seeds divide otherwise.

    Returns
    -------
    ndarray of int, shape (n,)
        The part of each row.
    """
    several = np.sort(names.unique())
    order = np.random.default_rng(seed).permutation(len(several))
    parts = dict(zip(several, order % FOLDS, strict=True))
    return names.map(parts).to_numpy()


def _judged(rows: pd.DataFrame, vectors: np.ndarray, column: str, seed: int) -> pd.DataFrame:
    parts = folds(rows[column], seed)
    # The regularisation too is decided by whoever does not notice the leak: on what the folds keep apart.
    logits = linear_probe.predicted(vectors, dataset.is_fake(rows), parts, rows[column].to_numpy())
    facts = ["video", "source", "unit", "label"]
    videos = rows.assign(logit=logits).groupby(facts, sort=False)["logit"].mean().reset_index()
    return videos.assign(p_fake=expit(videos["logit"])).drop(columns="logit")
