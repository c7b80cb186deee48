"""What share of held-out fakes has a relative in the training data, by how the videos are divided."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd import dataset, tables
from dfd.run import Run
from study import measuring, plots, records, statistics, truth
from study.records import Depth, Result
from study.statistics import Interval

UNIT = records.FIGURES
DIVISIONS = 100
"""Divisions of each kind that are drawn: the shares are expectations, worked out from the list of videos."""

AS_LISTED = "as this run divides them"
BY_SOURCE = "by source"
BY_VIDEO = "video by video"
WAYS = (BY_VIDEO, BY_SOURCE, AS_LISTED)
LEAKS = {"source": "same source", "person": "same person"}
"""What a held-out fake may have in the training data: its original or another fake of it, or a video in which
the same person was filmed or lends the face."""


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    dataset.table(run)
    return [tables.stored_fingerprint(dataset.path(run)), run.seed]


def obstacle(run: Run) -> str:
    """Say why this run cannot divide its videos; empty if it can."""
    videos = dataset.table(run)
    if not (videos["label"] == "FAKE").any():
        return "This run has no fakes, so no division of them can be judged."
    if videos["split"].nunique() < len(dataset.SPLITS):
        return "Not all three splits of this run have videos, so no division of its fakes can be judged."
    return ""


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Divide the videos again and again: one row for each way and division, with the leaks of each kind."""
    videos = dataset.table(run).dropna(subset="source").astype({"source": "category"})
    people = _people(run, videos)
    rows = [_row(AS_LISTED, 0, videos, videos["split"], people)]
    for number in range(DIVISIONS):
        seed = run.seed + number
        random = np.random.default_rng(seed)
        drawn = pd.Series(random.choice(dataset.SPLITS, len(videos), p=dataset.FRACTIONS), videos.index)
        rows.append(_row(BY_VIDEO, number, videos, drawn, people))
        rows.append(_row(BY_SOURCE, number, videos, dataset.assign_splits(videos, seed), people))
    return pd.DataFrame(rows)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Average the share of held-out fakes with each kind of leak over the divisions of a way."""
    shares = table.groupby("way")[list(LEAKS)].mean()
    return {
        f"{words}: {way}": statistics.exactly(float(shares[leak][way]))
        for leak, words in LEAKS.items()
        for way in WAYS
    }


def draw(result: Result) -> Figure:
    """Draw the share of held-out fakes with a leak, by way of dividing and kind of leak."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    figure, axes = plt.subplots(1, 2, figsize=(8.5, 2.4), sharex=True, sharey=True)
    for panel, words in zip(axes, LEAKS.values(), strict=True):
        for row, way in enumerate(WAYS):
            share = result.estimates[f"{words}: {way}"].value
            bar = panel.barh(row, np.nan_to_num(share), color=plots.COLOURS[row], height=0.6)
            panel.bar_label(bar, [f"{share:.0%}" if np.isfinite(share) else "unknown"], padding=3)
        panel.set(title=words, yticks=range(len(WAYS)), yticklabels=WAYS, xlim=(0, 1.15))
        panel.set_xlabel("share of held-out fakes")
    axes[0].invert_yaxis()
    return figure


def _people(run: Run, videos: pd.DataFrame) -> pd.DataFrame | None:
    """List who is in which video, as filmed or as the donor of the face; none where nobody knows."""
    made = truth.videos(run)
    if made is None:
        return None
    rows = videos[["video"]].merge(made[["video", "actor", "second_actor", "donor"]], on="video")
    return rows.melt(id_vars="video", value_name="person").dropna()[["video", "person"]]


def _row(
    way: str, number: int, videos: pd.DataFrame, split: pd.Series, people: pd.DataFrame | None
) -> dict[str, object]:
    training = split == "train"
    held_out = (split == "test") & (videos["label"] == "FAKE")
    # Numbers are compared ten times as fast as names, which counts with DFDC's videos and all divisions.
    source = videos["source"].cat.codes
    shares: dict[str, object] = {"source": source[held_out].isin(source[training]).mean()}
    if people is not None:
        seen = people[people["video"].isin(videos.loc[training, "video"])]["person"]
        leaked = people[people["person"].isin(seen)]["video"]
        shares["person"] = videos["video"].isin(leaked)[held_out].mean()
    return {"way": way, "unit": number, "source": np.nan, "person": np.nan} | shares
