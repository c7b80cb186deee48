"""Whether attention within a layer helps where a convolution of the same cost would do (chapter 09)."""

import pandas as pd
from matplotlib.figure import Figure

from dfd.run import Run
from study import comparing, crossfit, measuring, truth
from study.experiments import methods
from study.methods import augmented, fine_tuned
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
LONG = True
ROTATIONS = 1
PLAIN = "no further layer"
LAYERS = (augmented.CONVOLUTION, augmented.AUGMENTED)


measure = measuring.of(__name__)
inputs = crossfit.inputs
obstacle = crossfit.obstacle


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Train and judge: one row for each network, training and video that calibrates or is judged."""
    layers = comparing.trained(run, depth, LAYERS, __name__, ROTATIONS)
    # The network without another layer was trained for the comparison of the methods.
    owner = methods.__name__ if depth == "full" else __name__
    without = comparing.trained(run, depth, [fine_tuned.FINE_TUNED], owner, ROTATIONS)
    return pd.concat([layers, without.assign(method=PLAIN)], ignore_index=True)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Score the networks, and compare the one with attention with both others."""
    attention, convolution = augmented.AUGMENTED.name, augmented.CONVOLUTION.name
    return comparing.estimate(
        table,
        {
            "AUC: attention less convolution": (attention, convolution),
            "AUC: attention less no further layer": (attention, PLAIN),
        },
    )


def draw(result: Result) -> Figure:
    """Draw the area under the ROC curve of each network."""
    return comparing.draw(result)
