"""A frozen network's features, and on them a logistic regression or a support vector machine."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from dfd import dataset, embedding
from dfd.run import Run
from study.methods.method import Fitted, Method, of_videos

STRENGTHS = {"logistic": (1e-4, 1e-3, 1e-2), "svm": (0.1, 1.0, 10.0)}
"""Values of scikit-learn's C to choose from, within the faces to learn from."""

PARTS = 3
"""Parts of the people by which C is chosen."""


def features(run: Run, faces: pd.DataFrame) -> np.ndarray:
    """Look up the frozen backbone's vectors of faces.

    Parameters
    ----------
    run : Run
        The run, whose embeddings are made if they are not there.
    faces : DataFrame
        Rows of the faces table.

    Returns
    -------
    ndarray of float32, shape (n, features)
        NaN where a face was not among those that are embedded.
    """
    table = embedding.table(run, "backbone").set_index("face_id")["vector"]
    vectors = table.reindex(faces["face_id"])
    unknown = np.full(len(table.iloc[0]), np.nan, np.float32)
    return np.stack([unknown if vector is None or np.isscalar(vector) else vector for vector in vectors])


def fit(run: Run, faces: pd.DataFrame, seed: int, kind: str) -> Fitted:
    """Fit a linear or a kernel classifier to frozen features.

    Parameters
    ----------
    run : Run
        The run.
    faces : DataFrame
        To learn from: face_id, video, label, unit.
    seed : int
        Not used: nothing is drawn.
    kind : str
        ``"logistic"`` or ``"svm"`` (with a Gaussian kernel).

    Returns
    -------
    Fitted
    """
    vectors, fake = features(run, faces), dataset.is_fake(faces)
    there = np.isfinite(vectors).all(axis=1)
    groups = faces["unit"].to_numpy()[there]
    model: ClassifierMixin = (
        LogisticRegression(class_weight="balanced", max_iter=500)
        if kind == "logistic"
        else SVC(class_weight="balanced")
    )
    name = type(model).__name__.lower()
    pipeline = make_pipeline(StandardScaler(), model)
    best: Any = _strongest(pipeline, f"{name}__C", STRENGTHS[kind], vectors[there], fake[there], groups)

    def judge(others: pd.DataFrame) -> pd.Series:
        shown = features(run, others)
        embedded = np.isfinite(shown).all(axis=1)
        return of_videos(pd.DataFrame(others[embedded]), best.decision_function(shown[embedded]))

    learned = best[-1]
    count = learned.coef_.size + 1 if kind == "logistic" else learned.dual_coef_.size + 1
    return Fitted(judge, int(count))


def _strongest(
    pipeline: Pipeline,
    name: str,
    values: tuple[float, ...],
    vectors: np.ndarray,
    fake: np.ndarray,
    groups: np.ndarray,
) -> Pipeline:
    """Fit with the value that does best on people left out; with the middle one where they are too few."""
    parts = min(PARTS, len(np.unique(groups)))
    divisions = list(GroupKFold(parts).split(vectors, fake, groups)) if parts > 1 else []
    if not divisions or any(len(np.unique(fake[rows])) < 2 for division in divisions for rows in division):
        return pipeline.set_params(**{name: values[len(values) // 2]}).fit(vectors, fake)
    search = GridSearchCV(pipeline, {name: values}, scoring="roc_auc", cv=divisions)
    return search.fit(vectors, fake).best_estimator_


LOGISTIC = Method("frozen Lite0, logistic regression", "ImageNet", partial(fit, kind="logistic"))
SVM = Method("frozen Lite0, SVM", "ImageNet", partial(fit, kind="svm"))
