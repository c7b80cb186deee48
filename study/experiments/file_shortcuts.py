"""Do the files give fakes away: what size, shape and length alone tell of the label."""

import pandas as pd
from matplotlib.figure import Figure

from dfd import dataset, tables
from dfd.run import Run
from study import measuring, plots, scores, truth
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
PROPERTIES = ("pixels in a frame", "seconds", "bytes", "bytes a pixel")
MOST_SOURCES = 2000
"""Source videos whose files are compared, at most, drawn at random."""

FEWEST_SOURCES = 10
"""Source videos of each label that an interval needs."""


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    dataset.table(run)
    return [tables.stored_fingerprint(dataset.path(run)), run.seed]


def obstacle(run: Run) -> str:
    """Say why this run cannot compare its files by label; empty if it can."""
    videos = _readable(run)
    sources = videos.groupby("label")["source"].nunique().reindex(dataset.LABELS, fill_value=0)
    if sources.min() < FEWEST_SOURCES:
        return f"This run does not have originals and fakes of at least {FEWEST_SOURCES} source videos each."
    return ""


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Take the properties of the readable videos; both depths take the same, since nothing is decoded."""
    videos = _readable(run)
    sources = pd.Series(sorted(videos["source"].unique()))
    kept = sources.sample(min(MOST_SOURCES, len(sources)), random_state=run.seed)
    videos = videos[videos["source"].isin(kept)]
    return truth.with_unit(run, videos)[["video", "source", "label", "unit", *PROPERTIES]]


def properties(videos: pd.DataFrame) -> pd.DataFrame:
    """Compute what is known of a video before any frame of it is looked at.

    Parameters
    ----------
    videos : DataFrame
        Readable rows of the videos table.

    Returns
    -------
    DataFrame
        The same rows with the columns `PROPERTIES`.
    """
    area = (videos["width"] * videos["height"]).astype(float)
    values = (area, videos["duration"], videos["bytes"], videos["bytes"] / (area * videos["frames"]))
    return videos.assign(**{name: v.astype(float) for name, v in zip(PROPERTIES, values, strict=True)})


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compute how well each property alone tells fake from real, all as one family, and compare pairs."""
    areas = scores.alone(table, {f"AUC: {name}": table[name] for name in PROPERTIES})
    return areas | {"fakes with more bytes than their original": scores.above_original(table, table["bytes"])}


def draw(result: Result) -> Figure:
    """Draw the area under the ROC curve of each property."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    return plots.intervals(result.estimates, "AUC: ", "AUC of the property alone", line=0.5)


def _readable(run: Run) -> pd.DataFrame:
    videos = dataset.table(run)
    return properties(videos[videos["status"] == "ok"])
