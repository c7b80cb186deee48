"""Originals beside the fakes that were made from them, as pictures."""

import pandas as pd
from matplotlib.figure import Figure

from dfd import video
from dfd.run import Run
from study import plots

COLUMNS = 4
"""Pictures in a row: an original and up to three of its fakes."""


def gallery(run: Run, videos: pd.DataFrame, rows: int = 4) -> Figure:
    """Show the middle frame of some originals and of their fakes, one source in a row.

    Parameters
    ----------
    run : Run
        The run.
    videos : DataFrame
        Readable rows of the videos table.
    rows : int
        Sources that are shown, of different frame sizes where there are such, those with most fakes first.

    Returns
    -------
    Figure
    """
    counts = videos["source"].map(videos["source"].value_counts())
    ranked = videos.assign(count=counts).sort_values(["count", "label"], ascending=False, kind="stable")
    sources = ranked.drop_duplicates(["width", "height"])["source"].head(rows)
    shown = pd.concat([ranked[ranked["source"] == source].head(COLUMNS) for source in sources])
    images = [next(video.sample_frames(run.data / path, 1)).image for path in shown["path"]]
    return plots.gallery(
        images,
        titles=(shown["label"] + " " + shown["video"]).tolist(),
        colours=shown["label"].map(plots.LABELS).tolist(),
        columns=COLUMNS,
        side=2.3,
    )
