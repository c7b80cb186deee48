"""Whether a logistic regression can read from frozen vectors of faces which of them are fake.

An instrument more than an experiment: `preprocessing`, `samplings` and `augmentations` compare with it what
the choices of chapter 02 are worth, without training a network for each.
"""

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dfd import dataset
from dfd.run import Run

REGULARISATION = 1e-3
SOURCES = {"sample": 24, "dfdc": 60}
"""Source videos that are taken at most, by the name of the run."""


def linear(
    vectors: np.ndarray,
    fake: np.ndarray,
    folds: np.ndarray,
    fitted: np.ndarray | None = None,
    weighted: bool = True,
) -> np.ndarray:
    """Predict REAL or FAKE with a logistic regression, each fold by one fitted on the other folds.

    Parameters
    ----------
    vectors : ndarray, shape (n, features)
        Frozen embeddings.
    fake : ndarray of bool, shape (n,)
        The class of each face.
    folds : ndarray of str, shape (n,)
        The fold of each face. The splits serve well: no source, and on the sample no actor, is in two.
    fitted : ndarray of bool, shape (n,), optional
        Which faces may be fitted to; all by default. All are predicted.
    weighted : bool
        Whether the classes count the same in a fit, however many faces they have.

    Returns
    -------
    ndarray of float, shape (n,)
        Probability of FAKE; NaN for folds whose complement lacks a class.
    """
    p_fake = np.full(len(vectors), np.nan)
    fitted = np.ones(len(vectors), bool) if fitted is None else fitted
    weights = "balanced" if weighted else None
    for fold in np.unique(folds):
        held_out = folds == fold
        others = fitted & ~held_out
        if len(np.unique(fake[others])) == 2:
            model = make_pipeline(
                StandardScaler(), LogisticRegression(C=REGULARISATION, class_weight=weights, max_iter=500)
            )
            model.fit(vectors[others], fake[others])
            p_fake[held_out] = model.predict_proba(vectors[held_out])[:, 1]
    return p_fake


def some_sources(run: Run, faces: pd.DataFrame) -> pd.DataFrame:
    """Keep the faces of some source videos, drawn at random, and of their fakes.

    Parameters
    ----------
    run : Run
        The run; of at most `SOURCES` sources the faces are kept.
    faces : DataFrame
        With the column video.

    Returns
    -------
    DataFrame
        Rows of `faces` in the same order, with the column source.
    """
    faces = dataset.with_source(run, faces)
    sources = pd.Series(faces["source"].unique())
    kept = sources.sample(min(SOURCES[run.name], len(sources)), random_state=run.seed)
    return faces[faces["source"].isin(kept)].reset_index(drop=True)
