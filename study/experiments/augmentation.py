"""What each random change of the report's transform does to a probe that is fitted to changed faces."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd import augment, embedding, faces, parallel, tables
from dfd.errors import InputError
from dfd.run import Run
from study import face_pictures, linear_probe, measuring, plots, scores, truth
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS

NONE, WHOLE = "none", "the whole transform"

LEFT_OUT = ("PadIfNeeded",)
"""Steps that change nothing: every crop has the full size already."""

PIECE = 64
"""Faces that a process is given at a time."""


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    faces.table(run)
    return [tables.stored_fingerprint(faces.path(run)), run.backbone, run.seed]


def obstacle(run: Run) -> str:
    """Say why this run cannot compare random changes; empty if it can."""
    return linear_probe.obstacle(run)


def changes(run: Run, depth: Depth) -> list[str]:
    """Name the changes that are compared.

    Parameters
    ----------
    run : Run
        The run; its seed and face size count.
    depth : str
        ``"quick"`` has no single steps.

    Returns
    -------
    list of str
        None, the whole transform with the probabilities of its steps, and each step for certain.
    """
    steps = face_pictures.steps(augment.training(run.face_size), run.seed) if depth == "full" else ()
    return [NONE, WHOLE, *(name for name in steps if name not in LEFT_OUT)]


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Fit to faces changed in each way and judge them unchanged: a row for each change and video."""
    rows = linear_probe.some_faces(run, depth)
    names = changes(run, depth)
    pieces = [(rows.iloc[start : start + PIECE], names) for start in range(0, len(rows), PIECE)]
    done = dict(parallel.map_unordered(run, _embedded, pieces, _lost, "piece"))
    vectors = {name: np.concatenate([done[place][name] for place in range(len(pieces))]) for name in names}
    both = pd.concat([rows, rows], ignore_index=True)
    changed = np.arange(len(both)) < len(rows)
    parts = []
    for name in vectors:
        stacked = np.concatenate([vectors[name], vectors[NONE]])
        parts.append(linear_probe.judge(both, stacked, changed, ~changed).assign(change=name))
    return pd.concat(parts, ignore_index=True)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Score each change, and compare it with none."""
    names = [str(name) for name in table["change"].unique()]
    estimates = {f"AUC: {name}": scores.of(table[table["change"] == name]) for name in names}
    compared = {f"gain: {name}": (name, NONE) for name in names if name != NONE}
    return estimates | scores.differences(table, "change", compared)


def draw(result: Result) -> Figure:
    """Show the gain of each change over none."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    return plots.intervals(result.estimates, "gain: ", "gain in AUC over unchanged faces", line=0)


def _embedded(run: Run, piece: tuple[pd.DataFrame, list[str]]) -> dict[str, np.ndarray]:
    rows, names = piece
    pictures = faces.images(run, rows["face_id"].to_list())
    embed = embedding.embedder(run, "backbone")
    # Every piece draws its own changes, the same in every run.
    seed = run.seed + int(rows.index[0])
    whole = augment.training(run.face_size, seed)
    ways = {WHOLE: whole} | face_pictures.steps(augment.training(run.face_size), seed)
    vectors = {NONE: embed(pictures)}
    for name in names[1:]:
        vectors[name] = embed(np.stack([ways[name](image=picture)["image"] for picture in pictures]))
    return vectors


def _lost(reason: str) -> dict[str, np.ndarray]:
    raise InputError("augmentation", reason)
