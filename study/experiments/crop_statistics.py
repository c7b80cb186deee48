"""Are there fakes that light, colour or sharpness give away: what crude statistics of the crops tell."""

import cv2
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dfd import dataset, embedding, faces, tables
from dfd.run import Run
from study import crossfit, measuring, plots, scores, truth
from study.experiments import file_shortcuts
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
FACES: dict[Depth, int] = {"quick": 3, "full": 8}
"""Faces of every video that are looked at, the same number of an original and of a fake."""

MOST_SOURCES = 500
"""Source videos that are looked at, at most."""

REGULARISATION = 0.1
"""Inverse strength of the penalty, on standardised numbers; without one they would learn videos by heart."""

LIGHT = [f"{what} of {colour}" for what in ("mean", "spread") for colour in ("red", "green", "blue")]
NUMBERS = [f"{name}, {view}" for view in ("whole", "middle") for name in (*LIGHT, "sharpness")]
DIFFERENCE = "sharpness, middle less whole"
NUMBERS.append(DIFFERENCE)

MIDDLE = "sharpness, middle"
SHARPNESS = {MIDDLE: "sharpness of the middle", DIFFERENCE: "difference of sharpness"}
"""Of these two a fake is expected to have *less*, since warping and blending blur; the AUC is of that."""


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    faces.table(run)
    return [
        tables.stored_fingerprint(faces.path(run)),
        tables.stored_fingerprint(dataset.path(run)),
        run.seed,
    ]


def obstacle(run: Run) -> str:
    """Say why this run cannot fit and judge crops by label; empty if it can."""
    reason = crossfit.one_sided(run)
    return reason and f"{reason}, so no fit can be judged on videos new to it."


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Describe each video by its crops, averaged over its faces, and its file; quick looks at fewer faces."""
    crops = dataset.with_source(run, faces.table(run))
    sources = pd.Series(sorted(crops["source"].unique()))
    kept = sources.sample(min(MOST_SOURCES, len(sources)), random_state=run.seed)
    crops = crops[crops["source"].isin(kept)].reset_index(drop=True)
    crops = embedding.spread_faces(crops, dict.fromkeys(dataset.LABELS, FACES[depth]))
    rows = [
        (video, *describe(faces.images(run, rows["face_id"].to_list())).mean(axis=0))
        for video, rows in crops.groupby("video", sort=False)
    ]
    numbers = pd.DataFrame(rows, columns=["video", *NUMBERS])
    videos = file_shortcuts.properties(dataset.table(run))
    table = videos[["video", "source", "label", "split", *file_shortcuts.PROPERTIES]].merge(
        numbers, on="video"
    )
    return truth.with_unit(run, table)


def describe(images: np.ndarray) -> np.ndarray:
    """Measure light, colour and sharpness of face crops.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, height, width, 3)
        RGB.

    Returns
    -------
    ndarray of float, shape (n, 15)
        The `NUMBERS`: of the whole crop and of its middle (half of its height and width) the mean and the
        standard deviation of red, green and blue, and the logarithm of the variance of the Laplacian; and the
        difference of the two sharpnesses.
    """
    height, width = images.shape[1:3]
    middle = images[:, height // 4 : -(height // 4), width // 4 : -(width // 4)]
    whole, inner = (np.array([_statistics(image) for image in views]) for views in (images, middle))
    return np.hstack([whole, inner, inner[:, -1:] - whole[:, -1:]])


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Judge the fits and each number alone, and compare fakes with their own originals.

    Every video is judged by a logistic regression that was fitted to the other splits' videos, which on the
    sample show other people. The fits are one family, the single numbers another.
    """
    light = [name for name in NUMBERS if "sharpness" not in name]
    fits = {
        "all crop statistics": NUMBERS,
        "light and colour": light,
        "light, colour and file": [*light, *file_shortcuts.PROPERTIES],
    }
    judged = scores.alone(
        table, {f"AUC: {name}": cross_fitted(table, columns) for name, columns in fits.items()}
    )
    single = scores.alone(
        table,
        {f"AUC: {label}": -table[name] for name, label in SHARPNESS.items()}
        | {f"AUC: {name}": table[name] for name in NUMBERS if name not in SHARPNESS},
    )
    less = scores.above_original(table, -table[DIFFERENCE])
    return judged | single | {"fakes less sharp in the middle than their original": less}


def draw(result: Result) -> Figure:
    """Draw the area under the ROC curve of the fits and of each number."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    return plots.intervals(result.estimates, "AUC: ", "AUC", line=0.5)


def cross_fitted(table: pd.DataFrame, columns: list[str]) -> np.ndarray:
    """Score each video by a regression on the videos of the other splits.

    Parameters
    ----------
    table : DataFrame
        As `collect` gives it.
    columns : list of str
        Numbers that the regression is given.

    Returns
    -------
    ndarray of float, shape (n,)
        Logit of FAKE of each video.
    """
    values, fake = table[columns].to_numpy(float), dataset.is_fake(table)
    scored = np.full(len(table), np.nan)
    for split in dataset.SPLITS:
        held_out = (table["split"] == split).to_numpy()
        model = make_pipeline(
            StandardScaler(), LogisticRegression(C=REGULARISATION, class_weight="balanced", max_iter=2000)
        )
        model.fit(values[~held_out], fake[~held_out])
        scored[held_out] = model.decision_function(values[held_out])
    return scored


def _statistics(image: np.ndarray) -> np.ndarray:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    sharpness = np.log(cv2.Laplacian(grey, cv2.CV_64F).var() + 1)
    return np.r_[image.mean(axis=(0, 1)), image.std(axis=(0, 1)), sharpness]
