"""Whose face lies nearest to a face, by a network made for objects and by one for faces? (chapter 04)."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd import embedding, faces, tables
from dfd.run import Run
from study import contact_sheets, linear_probe, measuring, plots, statistics, truth
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
MODELS = {"pooled features": "backbone", "dlib": "dlib"}
SOURCES = 60
"""Source videos at most, drawn at random: all of the sample's."""

NEAREST = 5
"""Neighbours that are noted of each face, each of another video."""

SHOWN = ("the same person", "the same gender and ancestry")


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    if obstacle(run):
        return []
    for model in MODELS.values():
        embedding.table(run, model)
    return [tables.stored_fingerprint(embedding.path(run, model)) for model in MODELS.values()] + [run.seed]


def obstacle(run: Run) -> str:
    """Say why this run has no neighbours to show; empty if it has."""
    if "dlib" not in embedding.models(run):
        return "The extra detectors is not installed, which brings the network that was made for faces."
    if (faces.table(run).query("label == 'REAL'")["video"].nunique()) < 2:
        return "This takes faces of two real videos or more."
    return ""


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """List the nearest faces of other videos: one row for each face of a REAL video and embedding.

    It takes a second, so both depths measure the same.
    """
    rows = faces.table(run).query("label == 'REAL'")
    for model in MODELS.values():
        rows = rows.merge(embedding.table(run, model)[["face_id"]], on="face_id")
    rows = linear_probe.some_sources(run, rows, SOURCES)
    people = truth.with_unit(run, truth.identities(run, rows).reset_index(drop=True))
    parts = [_nearest(run, people, model).assign(embedding=name) for name, model in MODELS.items()]
    return pd.concat(parts, ignore_index=True)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compute how often the nearest face of another video shows the same person, or somebody alike."""
    estimates = {}
    for what in SHOWN:
        for name, rows in table.groupby("embedding", sort=False):
            estimates[f"nearest shows {what}, {name}"] = statistics.rate(rows[what], rows["unit"])
        drawn = table[table["embedding"] == table["embedding"].iloc[0]]
        chance = statistics.rate(drawn[f"chance of {what}"], drawn["unit"])
        estimates[f"nearest shows {what}, a face drawn at random"] = chance
    return estimates


def draw(result: Result) -> Figure:
    """Draw how often the nearest face of another video shows the same person."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    if np.isnan(result.estimates[f"nearest shows {SHOWN[0]}, dlib"].value):
        return plots.obstacle_figure("It is not published who is in these videos.")
    return plots.intervals(result.estimates, f"nearest shows {SHOWN[0]}, ", "share of the faces")


def gallery(run: Run, result: Result, rows: int = 4) -> Figure:
    """Show some faces and their neighbours by both embeddings.

    Parameters
    ----------
    run : Run
        The run.
    result : Result
        What `measure` gives.
    rows : int
        Faces whose neighbours are shown, each of another video.

    Returns
    -------
    Figure
        A row for each face: it and its neighbours by the first embedding on the left, by the second on the
        right.
    """
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    firsts = result.table.drop_duplicates(["embedding", "video"])
    if firsts[SHOWN[0]].notna().any():
        firsts = firsts[firsts[SHOWN[0]].notna()]
    who = result.table.dropna(subset=["actor"]).set_index("face_id")["actor"].to_dict()
    sheets, frames = {}, {}
    for name in MODELS:
        part = firsts[firsts["embedding"] == name]
        some = part.iloc[:: max(len(part) // rows, 1)][:rows]
        lines = [[face, *others] for face, others in zip(some["face_id"], some["nearest"], strict=True)]
        sheets[name] = [faces.images(run, line) for line in lines]
        frames[name] = [_frames([who.get(face, "") for face in line]) for line in lines]
    return contact_sheets.side_by_side(sheets, frames)


def _frames(people: list[str]) -> list[str]:
    """Frame the first face of a row, and in another colour those of the same person."""
    same = [plots.COLOURS[2] if person and person == people[0] else "" for person in people]
    return [plots.COLOURS[1], *same[1:]]


def _nearest(run: Run, people: pd.DataFrame, model: str) -> pd.DataFrame:
    vectors = embedding.table(run, model).set_index("face_id").loc[people["face_id"], "vector"]
    unit = np.stack(vectors.to_list())
    unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
    videos = np.asarray(pd.factorize(people["video"])[0])
    own = np.equal.outer(videos, videos)
    order = np.argsort(np.where(own, np.inf, -(unit @ unit.T)), axis=1)
    others = [row[: (~own[place]).sum()] for place, row in enumerate(order)]
    rows = people[["face_id", "video", "unit", "actor"]].copy()
    rows["nearest"] = pd.Series([_of_each_video(people, row) for row in others], rows.index, dtype=object)
    for what, columns in zip(SHOWN, (["actor"], ["gender", "ancestry"]), strict=True):
        # -1 where nobody knows who it is.
        names = people.groupby(columns).ngroup().to_numpy()
        same = np.where(own | (names < 0), np.nan, np.equal.outer(names, names))
        possible = (np.nan_to_num(same).max(axis=1) > 0) & (names >= 0)
        shares = np.nan_to_num(same).sum(axis=1) / np.maximum((~np.isnan(same)).sum(axis=1), 1)
        rows[what] = np.where(possible, same[np.arange(len(same)), order[:, 0]], np.nan)
        rows[f"chance of {what}"] = np.where(possible, shares, np.nan)
    return rows


def _of_each_video(people: pd.DataFrame, order: np.ndarray) -> list[str]:
    return people.iloc[order].drop_duplicates("video")["face_id"].head(NEAREST).to_list()
