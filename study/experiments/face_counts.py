"""Do eight faces of each fake and forty of each original balance the classes? (C03)."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd import faces, tables
from dfd.run import Run
from study import measuring, plots, records, statistics
from study.experiments import published_counts
from study.records import Depth, Result
from study.statistics import Interval

UNIT = records.FIGURES
HERE = "this run"


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    faces.table(run)
    return [tables.stored_fingerprint(faces.path(run))]


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Count videos and faces by label: the DFDC's if every video gave all its faces, and this run's own."""
    published = {row[0]: row[3:5] for row in published_counts.PUBLISHED}
    fake, real = published[published_counts.TRAINING_SET]
    used = faces.status(run).query("status == 'ok'")
    own = {label: used[used["label"] == label] for label in ("FAKE", "REAL")}
    rows = [
        ("the DFDC, by its counts", fake, real, fake * run.faces_per_fake, real * run.faces_per_real),
        (HERE, *map(len, own.values()), *(int(videos["faces"].sum()) for videos in own.values())),
    ]
    columns = ["where", "FAKE videos", "REAL videos", "FAKE faces", "REAL faces"]
    table = pd.DataFrame(rows, columns=columns)
    full = int((own["REAL"]["faces"] >= run.faces_per_real).sum())
    return table.assign(
        by_videos=_ratio(table, "videos"),
        by_faces=_ratio(table, "faces"),
        full=[real, full],
        unit=table["where"],
    )


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Divide fake by real, videos and faces."""
    return {
        f"fake {what} for each real one, {row['where']}": statistics.exactly(row[f"by_{what}"])
        for _, row in table.iterrows()
        for what in ("videos", "faces")
    }


def draw(result: Result) -> Figure:
    """Draw this run's videos and faces by label."""
    here = result.table.set_index("where").loc[HERE]
    figure, axes = plt.subplots(1, 2, figsize=(7, 3))
    for panel, what in zip(axes, ("videos", "faces"), strict=True):
        counts = {label: here[f"{label} {what}"] for label in plots.LABELS}
        bars = panel.bar(list(counts), list(counts.values()), color=list(plots.LABELS.values()))
        panel.bar_label(bars)
        panel.set(title=what, ylim=(0, max(counts.values()) * 1.15 or 1))
    return figure


def _ratio(table: pd.DataFrame, what: str) -> pd.Series:
    real = table[f"REAL {what}"].astype(float)
    return table[f"FAKE {what}"] / real.where(real > 0, np.nan)
