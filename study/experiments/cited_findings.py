"""Do the papers say what section 2.2 of the report credits to them: 2.3%, and a smaller gap? (C30, C31)."""

from datetime import date

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.dates import date2num
from matplotlib.figure import Figure

from dfd.run import Run
from study import measuring, plots, records, statistics
from study.records import Depth, Result
from study.statistics import Interval

UNIT = records.FIGURES
CHARITIDIS, PREVIEW = "Charitidis and others, arXiv:2006.07084", "DFDC Preview, arXiv:1910.08854"
VERSIONS = {
    CHARITIDIS: (date(2020, 6, 12), date(2020, 9, 15), date(2020, 10, 19)),
    PREVIEW: (date(2019, 10, 19), date(2019, 10, 23)),
}
"""Days on which the versions of both papers appeared, as arXiv lists them."""

CHALLENGE = (date(2019, 12, 11), date(2020, 3, 31))
"""First and last day of the challenge on Kaggle; before it there was no leaderboard."""

NOT_AT_HAND = "the full text was not at hand"
GAP = "it reduces the gap between cross-validation and leaderboard"
STATEMENTS = (
    (
        CHARITIDIS,
        "its pre-processing improves detectors",
        True,
        'abstract: "measurable improvements" (version 1), "considerable improvements" (version 3)',
    ),
    (CHARITIDIS, "by 2.3% on the DFDC's test set", None, f"abstracts: no number; {NOT_AT_HAND}"),
    (PREVIEW, "a margin of 0.5 to 0.7 beats none", None, f"abstract: nothing on margins; {NOT_AT_HAND}"),
    (PREVIEW, GAP, VERSIONS[PREVIEW][-1] >= CHALLENGE[0], "dates: is there a leaderboard to compare with?"),
)
"""What the report credits to whom, whether the source says so (``None`` if that is not known), and what was
looked up."""

PERCENT: float | None = None
"""Improvement on the DFDC that Charitidis and others report, once somebody has read it in their full text."""


measure = measuring.of(__name__)


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """List the statements with what the sources say of them."""
    columns = ["credited to", "statement", "says so", "looked up"]
    table = pd.DataFrame(STATEMENTS, columns=columns).astype({"says so": "boolean"})
    return table.assign(unit=table["statement"])


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Give the percentage if it is known, and count what the Preview paper can have said."""
    checked = table.loc[table["credited to"] == PREVIEW, "says so"].dropna()
    days = (CHALLENGE[0] - VERSIONS[PREVIEW][-1]).days
    return {
        "improvement in the paper of Charitidis and others": statistics.exactly(
            np.nan if PERCENT is None else PERCENT
        ),
        "credited statements that the Preview paper can have made": statistics.exactly(checked.mean()),
        "days from the Preview paper to the first leaderboard": statistics.exactly(days),
    }


def draw(result: Result) -> Figure:
    """Draw when the papers appeared and when there was a leaderboard."""
    figure, panel = plt.subplots(figsize=(8, 1.8))
    for row, versions in enumerate(VERSIONS.values()):
        panel.plot(list(versions), [row] * len(versions), "D", color=plots.COLOURS[row])
    first, last = date2num(CHALLENGE)
    panel.axvspan(first, last, color=plots.COLOURS[5], alpha=0.4, lw=0)
    panel.text(first, 0.5, " the challenge on Kaggle", va="center", fontsize=8)
    panel.set(yticks=range(len(VERSIONS)), yticklabels=list(VERSIONS), ylim=(-0.6, len(VERSIONS) - 0.4))
    return figure
