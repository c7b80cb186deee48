"""Which of the methods that section 1.5 names tells fakes from originals best, all else being equal."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dfd import dataset, faces
from dfd.run import Run
from study import comparing, crossfit, measuring, truth
from study.experiments import crop_statistics
from study.methods import attention, fine_tuned, frozen, meso, self_blended, sequences, xception
from study.methods.method import Fitted, Method, of_videos
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
LONG = True
SIMPLE = "crop statistics, regression"
ROTATIONS = 1
"""How often every video is judged at full depth."""


def fit_statistics(run: Run, rows: pd.DataFrame, seed: int) -> Fitted:
    """Fit a logistic regression to light, colour and sharpness of crops.

    Parameters
    ----------
    run : Run
        The run.
    rows : DataFrame
        Faces to learn from.
    seed : int
        Not used: nothing is drawn.

    Returns
    -------
    Fitted
    """

    def numbers(shown: pd.DataFrame) -> np.ndarray:
        return crop_statistics.describe(faces.images(run, shown["face_id"].to_list()))

    model = make_pipeline(
        StandardScaler(),
        LogisticRegression(C=crop_statistics.REGULARISATION, class_weight="balanced", max_iter=2000),
    )
    model.fit(numbers(rows), dataset.is_fake(rows))
    weights = len(crop_statistics.NUMBERS) + 1

    def judge(others: pd.DataFrame) -> pd.Series:
        return of_videos(others, model.decision_function(numbers(others)))

    return Fitted(judge, weights)


QUICK = (
    Method(SIMPLE, "nothing", fit_statistics),
    frozen.LOGISTIC,
    frozen.SVM,
    sequences.RECURRENT,
    sequences.FRAME_ATTENTION,
)
"""Methods that take seconds."""

METHODS = (
    *QUICK,
    meso.MESO4,
    meso.MESOINCEPTION,
    xception.XCEPTION,
    attention.ATTENTION,
    self_blended.SELF_BLENDED,
    fine_tuned.FINE_TUNED,
)
"""All methods. Another one is a `study.methods.method.Method` that is added here."""


measure = measuring.of(__name__)
inputs = crossfit.inputs
obstacle = crossfit.obstacle


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Fit and judge: one row for each method, training and video that calibrates or is judged.

    Of the networks that are trained as a whole, quick depth has one alone: the run's own, which is there.
    """
    compared = METHODS if depth == "full" else (*QUICK, fine_tuned.OWN)
    return comparing.collect(run, depth, compared, __name__, ROTATIONS)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Score each method, and compare it with the crop statistics and with the fine-tuned network."""
    tuned = fine_tuned.FINE_TUNED.name
    names = [method.name for method in METHODS]
    compared = {f"AUC: {name} less {SIMPLE}": (name, SIMPLE) for name in names if name != SIMPLE}
    compared |= {f"AUC: {tuned} less {name}": (tuned, name) for name in names if name not in (tuned, SIMPLE)}
    return comparing.estimate(table, compared)


def draw(result: Result) -> Figure:
    """Draw the area under the ROC curve of each method."""
    return comparing.draw(result)
