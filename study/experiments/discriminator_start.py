"""What the weights of a GAN's discriminator are worth as the start of a detector (chapter 09)."""

import pandas as pd
from matplotlib.figure import Figure

from dfd.run import Run
from study import comparing, crossfit, measuring, truth
from study.methods import adversarial
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
LONG = True
ROTATIONS = 1
METHODS = (
    adversarial.RANDOM_DISCRIMINATOR,
    adversarial.DISCRIMINATOR,
    adversarial.RANDOM,
    adversarial.IMAGENET,
)


measure = measuring.of(__name__)
inputs = crossfit.inputs
obstacle = crossfit.obstacle


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Train and judge: one row for each start, training and video that calibrates or is judged."""
    return comparing.trained(run, depth, METHODS, __name__, ROTATIONS)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Score each start, and compare those of the same layers, and both that were trained before."""
    learned, layers = adversarial.DISCRIMINATOR.name, adversarial.RANDOM_DISCRIMINATOR.name
    imagenet, random = adversarial.IMAGENET.name, adversarial.RANDOM.name
    return comparing.estimate(
        table,
        {
            "AUC: GAN start less random start": (learned, layers),
            "AUC: ImageNet start less random start": (imagenet, random),
            "AUC: GAN start less ImageNet start": (learned, imagenet),
        },
    )


def draw(result: Result) -> Figure:
    """Draw the area under the ROC curve of each start."""
    return comparing.draw(result)
