"""Which layers of a network to train further, and whether that is worth it at all (chapter 09)."""

import pandas as pd
from matplotlib.figure import Figure

from dfd.run import Run
from study import comparing, crossfit, measuring, truth
from study.experiments import methods
from study.methods import fine_tuned, partly
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
LONG = True
ALL = "all layers"
PARTS = (partly.HEAD, partly.NORMALISATION, partly.UPPER_BLOCKS)


measure = measuring.of(__name__)
inputs = crossfit.inputs
obstacle = crossfit.obstacle


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Train and judge: one row for each choice of layers, training and video that calibrates or is judged."""
    parts = comparing.trained(run, depth, PARTS, __name__, methods.ROTATIONS)
    # All layers are those of the book's own method, which was trained for the comparison of the methods.
    owner = methods.__name__ if depth == "full" else __name__
    tuned = comparing.trained(run, depth, [fine_tuned.FINE_TUNED], owner, methods.ROTATIONS)
    return pd.concat([parts, tuned.assign(method=ALL)], ignore_index=True)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Score each choice of layers, and compare all layers with fewer."""
    return comparing.estimate(table, {f"AUC: {ALL} less {part.name}": (ALL, part.name) for part in PARTS})


def draw(result: Result) -> Figure:
    """Draw the area under the ROC curve by what is trained."""
    return comparing.draw(result)
