"""Do the report's ratio and share of fakes of the DFDC follow from the published counts? (C01, C02)."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd import dataset, tables
from dfd.run import Run
from study import measuring, plots, records, statistics
from study.records import Depth, Result
from study.statistics import Interval

UNIT = records.FIGURES
TRAINING_SET = "DFDC, training set"
PREVIEW = "DFDC Preview"
PUBLISHED = (
    ("Celeb-DF (version 1)", 0.51, 1203, 795, 408, "DeepfakeBench"),
    ("FaceForensics", 1.00, 2008, 1004, 1004, "its authors"),
    ("FaceForensics++", 0.25, 5000, 4000, 1000, "DeepfakeBench"),
    ("DeepFakeDetection", 0.12, 3363, 3000, 363, "DeepfakeBench"),
    (TRAINING_SET, 0.28, 119_154, 100_000, 19_154, "its authors"),
    ("DFDC, all three sets", np.nan, np.nan, 104_500, 23_654, "its authors"),
    (PREVIEW, np.nan, np.nan, 4119, 1131, "DeepfakeBench"),
)
"""Table 2.1 of the report (originals for each tampered video, and videos) beside the published counts of
tampered and original videos, with who gives them; the last two rows are not in the report."""


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    dataset.table(run)
    return [tables.stored_fingerprint(dataset.path(run))]


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Put the report's figures, the published counts and those of this run together, and compute ratios."""
    columns = ["dataset", "report: 1 to", "report: videos", "tampered", "original", "source"]
    table = pd.DataFrame(PUBLISHED, columns=columns)
    labels = dataset.table(run)["label"].value_counts()
    fake, real = (int(labels.get(label, 0)) for label in ("FAKE", "REAL"))
    table.loc[len(table)] = [f"this run ({run.name})", np.nan, np.nan, fake, real, "its metadata"]
    videos = table["tampered"] + table["original"]
    table = table.assign(videos=videos, fakes=table["tampered"] / videos)
    table["1 to"] = table["original"] / table["tampered"].where(table["tampered"] > 0)
    # The claims are about the whole training set, so only a run that has all of it can speak for it.
    size = videos[table["dataset"] == TRAINING_SET].iloc[0]
    table["decides"] = table["dataset"] == TRAINING_SET
    if run.name == "dfdc" and fake + real == size:
        table["decides"] = table["source"] == "its metadata"
    return table.assign(unit=table["dataset"])


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Take the ratio and the share of the training set, from this run where it has all of it."""
    decides, rows = table[table["decides"]].iloc[0], table.set_index("dataset")
    here = table[table["source"] == "its metadata"].iloc[0]
    return {
        "originals for each fake of the DFDC's training set": statistics.exactly(float(decides["1 to"])),
        "share of fakes in the DFDC's training set": statistics.exactly(float(decides["fakes"])),
        "originals for each fake of the DFDC Preview": statistics.exactly(float(rows["1 to"][PREVIEW])),
        "share of fakes in this run": statistics.exactly(float(here["fakes"])),
    }


def comparison(table: pd.DataFrame) -> str:
    """Say how this run's own counts stand to those that decide the claims.

    Parameters
    ----------
    table : DataFrame
        As `collect` gives it.

    Returns
    -------
    str
        One or two sentences.
    """
    here, decides = table[table["source"] == "its metadata"].iloc[0], table[table["decides"]].iloc[0]
    lists = f"This run lists {here['videos']:,} videos, of which {here['fakes']:.1%} are fake."
    if here["decides"]:
        return f"{lists} It is the whole training set, so the claims are judged by its own counts."
    return (
        f"{lists} The claims are about the DFDC's whole training set, {decides['videos']:,} videos, which "
        f"this run does not have: they are judged by the published counts, {decides['fakes']:.1%} fake."
    )


def draw(result: Result) -> Figure:
    """Draw videos by label: those of this run, and those of the training set as published (Figure 2.3)."""
    table = result.table.set_index("dataset")
    here = table.index[table["source"] == "its metadata"][0]
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.5))
    for panel, name in zip(axes, (here, TRAINING_SET), strict=True):
        row = table.loc[[name]].iloc[0]
        counts = {"REAL": int(row["original"]), "FAKE": int(row["tampered"])}
        bars = panel.bar(list(counts), list(counts.values()), color=[plots.LABELS[label] for label in counts])
        total = max(sum(counts.values()), 1)
        panel.bar_label(bars, labels=[f"{count:,}\n{count / total:.1%}" for count in counts.values()])
        panel.set(title=name, ylabel="videos", ylim=(0, max(counts.values()) * 1.2 or 1))
    return figure
