"""The frames that detectors search when it is measured what they find."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dfd import dataset, video
from dfd.run import Run
from study import truth

YAW_BIN = 10.0
"""Degrees of one bin of yaw: of a video, frames from several bins are taken."""


@dataclass(frozen=True)
class Plan:
    """How much is searched.

    Attributes
    ----------
    videos : int
        REAL videos, each of another actor as far as there are enough.
    frames : int
        Frames with a face of a video, each from another bin of yaw.
    faceless : int
        Frames of a video that are known to have no face.
    damaged : int
        Videos of which the face of one frame is also damaged, each of another actor as far as there are
        enough.
    steps : slice
        Which of the steps of each damage.
    """

    videos: int
    frames: int
    faceless: int
    damaged: int
    steps: slice


def frames(run: Run, plan: Plan) -> pd.DataFrame:
    """Choose frames of REAL videos whose faces are known.

    Parameters
    ----------
    run : Run
        The run; it must have truth tables.
    plan : Plan
        How many.

    Returns
    -------
    DataFrame
        video, path, frame, unit, face (whether there is one), damaged (whether it is also damaged). Of each
        video the most frontal frame comes first, then the most turned one and frames in between, then those
        without a face.
    """
    videos = _one_of_each(_readable(run).query("label == 'REAL'"), plan.videos)
    faces = truth.frames(run)
    faces = pd.DataFrame(columns=["video", "frame", "person", "yaw"]) if faces is None else faces
    first = faces[faces["person"] == 0]
    with_face = faces.groupby("video")["frame"].agg(set).to_dict()
    rows = []
    for name, length in zip(videos["video"], videos["frames"], strict=True):
        turned = _by_yaw(first[first["video"] == name], plan.frames)
        without = np.setdiff1d(np.arange(length), list(with_face.get(name, ())))
        without = without[video.spread(len(without), min(plan.faceless, len(without)))]
        rows += [(name, frame, True, place == 0) for place, frame in enumerate(turned)]
        rows += [(name, int(frame), False, False) for frame in without]
    table = pd.DataFrame(rows, columns=["video", "frame", "face", "damaged"])
    table = table.merge(videos[["video", "path", "unit"]], on="video")
    kept = _one_of_each(table[table["damaged"]], plan.damaged)
    return table.assign(damaged=table.index.isin(kept.index))


def any_frames(run: Run, videos: int, of_each: int) -> pd.DataFrame:
    """Choose frames of videos of which nothing is known.

    Parameters
    ----------
    run : Run
        The run.
    videos : int
        Videos at most, each of another unit as far as there are enough.
    of_each : int
        Frames of each.

    Returns
    -------
    DataFrame
        video, path, frame, unit.
    """
    rows = [
        (row["video"], row["path"], int(frame), row["unit"])
        for row in _one_of_each(_readable(run), videos).to_dict("records")
        for frame in video.spread(row["frames"], min(of_each, row["frames"]))
    ]
    return pd.DataFrame(rows, columns=["video", "path", "frame", "unit"])


def _readable(run: Run) -> pd.DataFrame:
    videos = dataset.table(run).query("status == 'ok'")
    return truth.with_unit(run, videos).reset_index(drop=True)


def _one_of_each(table: pd.DataFrame, most: int) -> pd.DataFrame:
    """Take rows of as many units as there are, before a second row of any."""
    turn = table.groupby("unit").cumcount()
    first = table[turn == 0]
    if most <= len(first):
        return first.iloc[video.spread(len(first), most)]
    return table.loc[turn.sort_values(kind="stable").index].head(most).sort_index()


def _by_yaw(faces: pd.DataFrame, most: int) -> list[int]:
    """Give frames of one video: of the most frontal bin, of the most turned one, and of those between."""
    if faces.empty:
        return []
    bins = (faces["yaw"].abs() // YAW_BIN).astype(int)
    middle = faces["frame"].groupby(bins).apply(lambda frames: frames.iloc[len(frames) // 2])
    order = [middle.index[0], *middle.index[:0:-1]]
    return [int(middle[place]) for place in order[:most]]
