"""Maps of faces: points in three dimensions with who and what they show."""

import pandas as pd
import plotly.graph_objects as go

from dfd import dataset, faces
from dfd.run import Run
from study import space, truth

XYZ = ["x", "y", "z"]


def named(run: Run, points: pd.DataFrame) -> pd.DataFrame:
    """Add to points whose face each of them is.

    Parameters
    ----------
    run : Run
        The run.
    points : DataFrame
        As `dfd.reduction.table` gives it.

    Returns
    -------
    DataFrame
        The rows of `points` with those of the faces table, group (the actor, or else the video), and about
        (label, video and time, as one phrase).
    """
    rows = dataset.with_source(run, faces.table(run))
    rows = truth.identities(run, rows[rows["face_id"].isin(points["face_id"])])
    rows = points.merge(rows, on="face_id")
    group = rows["video"] if rows["actor"].isna().all() else rows["actor"]
    about = rows["label"] + " " + rows["video"] + " at " + rows["time"].map("{:.1f} s".format)
    return rows.assign(group=group, about=about)


def draw(run: Run, points: pd.DataFrame, title: str, axes: str = "dimension") -> go.Figure:
    """Draw a map of faces to turn, with a colour and marker for each person.

    Parameters
    ----------
    run : Run
        The run.
    points : DataFrame
        As `dfd.reduction.table` gives it.
    title : str
        Title of the figure.
    axes : str
        What the three axes are called, before their number.

    Returns
    -------
    Figure
        As `study.space.plot` gives it; where nobody knows who was filmed, groups are videos.
    """
    rows = named(run, points)
    names = [f"{axes} {number}" for number in (1, 2, 3)]
    return space.plot(rows[XYZ].to_numpy(), rows["group"], title, rows["about"], names)
