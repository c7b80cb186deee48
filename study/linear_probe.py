"""What a frozen network's vectors tell of REAL and FAKE: the instrument of several experiments.

`picture_choices`, `frame_samples`, `balancing` and `network_modes` compare with it what the choices of
chapters 02 and 04 are worth, without training a network for each.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from dfd import dataset, embedding, evaluation, faces
from dfd.run import Run
from study import truth
from study.records import Depth

GRID = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
"""Values of scikit-learn's C to choose from: the inverse of the regularisation's strength."""

INNER_FOLDS = 3
"""Parts into which the fitted faces are divided, by unit, to choose C."""


@dataclass(frozen=True)
class Plan:
    """How much the probe is given.

    Attributes
    ----------
    sources : int
        Source videos at most, drawn at random.
    fakes : int
        Fakes of each of them at most.
    faces : int
        Faces of every video, REAL or FAKE.
    """

    sources: int
    fakes: int
    faces: int


PLANS: dict[Depth, Plan] = {"quick": Plan(20, 1, 2), "full": Plan(600, 100, 8)}
"""The full one takes all sources of the sample; all of DFDC's would need 950,000 faces."""


def obstacle(run: Run) -> str:
    """Say why the probe cannot be fitted and judged in this run.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    str
        One sentence; empty if it can.
    """
    classes = faces.table(run).groupby("split")["label"].nunique()
    if (classes == len(dataset.LABELS)).sum() < 2:
        return "A probe needs REAL and FAKE faces in two splits at least, one to fit and one to judge."
    return ""


def some_faces(run: Run, depth: Depth, table: pd.DataFrame | None = None) -> pd.DataFrame:
    """Take the faces that the probe is fitted to and judges.

    Parameters
    ----------
    run : Run
        The run.
    depth : str
        Which of `PLANS`.
    table : DataFrame, optional
        Rows of the faces table to draw from; all by default.

    Returns
    -------
    DataFrame
        Rows of `table`, equally many of each video, with the columns source and unit.
    """
    plan = PLANS[depth]
    rows = some_sources(run, faces.table(run) if table is None else table, plan.sources, plan.fakes)
    spread = embedding.spread_faces(rows, dict.fromkeys(dataset.LABELS, plan.faces))
    return truth.with_unit(run, spread).reset_index(drop=True)


def some_sources(run: Run, faces: pd.DataFrame, most: int, fakes: int | None = None) -> pd.DataFrame:
    """Keep the faces of some source videos, drawn at random, and of their fakes.

    Parameters
    ----------
    run : Run
        The run; its seed counts.
    faces : DataFrame
        With the column video.
    most : int
        Sources that are kept at most.
    fakes : int, optional
        Fakes of a source that are kept at most, drawn at random; all by default.

    Returns
    -------
    DataFrame
        Rows of `faces` in the same order, with the column source.
    """
    faces = dataset.with_source(run, faces)
    sources = pd.Series(faces["source"].unique())
    kept = sources.sample(min(most, len(sources)), random_state=run.seed)
    faces = faces[faces["source"].isin(kept)]
    if fakes is not None:
        videos = faces.drop_duplicates("video").sample(frac=1, random_state=run.seed)
        faces = faces[faces["video"].isin(videos.groupby(["source", "label"]).head(fakes)["video"])]
    return faces.reset_index(drop=True)


def judge(
    rows: pd.DataFrame,
    vectors: np.ndarray,
    fitted: np.ndarray | None = None,
    judged: np.ndarray | None = None,
    weighted: bool = True,
    calibrated: bool = True,
) -> pd.DataFrame:
    """Predict videos, those of each split by a probe that was fitted to the other splits.

    Parameters
    ----------
    rows : DataFrame
        One row for each face: video, source, unit, label, split.
    vectors : ndarray, shape (n, features)
        Of the same faces.
    fitted : ndarray of bool, shape (n,), optional
        Which faces may be fitted to; all by default.
    judged : ndarray of bool, shape (n,), optional
        Which faces of a video give its prediction; all by default.
    weighted, calibrated : bool
        As `predicted` takes them.

    Returns
    -------
    DataFrame
        video, source, unit, label, split, p_fake: one row for each video, the probability that of the mean
        logit of its faces; NaN where a class is missing among the faces to fit to.
    """
    fake, folds, units = dataset.is_fake(rows), rows["split"].to_numpy(), rows["unit"].to_numpy()
    logits = predicted(vectors, fake, folds, units, fitted, weighted, calibrated)
    answers = rows.assign(logit=logits)
    answers = answers if judged is None else answers[judged]
    facts = ["video", "source", "unit", "label", "split"]
    videos = answers.groupby(facts, sort=False)["logit"].mean().reset_index()
    return videos.assign(p_fake=expit(videos["logit"])).drop(columns="logit")


def linear(
    vectors: np.ndarray,
    fake: np.ndarray,
    folds: np.ndarray,
    groups: np.ndarray | None = None,
) -> np.ndarray:
    """Give the probability of FAKE where `predicted` gives the logit.

    Parameters
    ----------
    vectors, fake, folds, groups : ndarray
        As for `predicted`.

    Returns
    -------
    ndarray of float, shape (n,)
        NaN for folds whose complement lacks a class.
    """
    return expit(predicted(vectors, fake, folds, groups))


def predicted(
    vectors: np.ndarray,
    fake: np.ndarray,
    folds: np.ndarray,
    groups: np.ndarray | None = None,
    fitted: np.ndarray | None = None,
    weighted: bool = True,
    calibrated: bool = True,
) -> np.ndarray:
    """Predict REAL or FAKE with a logistic regression, each fold by one fitted on the other folds.

    How much to regularise is decided within those other folds: the value of `GRID` with the lowest log loss
    on groups that were left out. What is said of these groups calibrates the regression too, so that the
    logits of all folds are of one scale and can be compared.

    Parameters
    ----------
    vectors : ndarray, shape (n, features)
        Frozen embeddings, or other numbers.
    fake : ndarray of bool, shape (n,)
        The class of each face.
    folds : ndarray of str, shape (n,)
        The fold of each face. The splits serve well: no source, and on the sample no actor, is in two.
    groups : ndarray, shape (n,), optional
        Whose faces stay together when the regularisation is decided: the actor or source of each face; the
        folds by default.
    fitted : ndarray of bool, shape (n,), optional
        Which faces may be fitted to; all by default. All are predicted.
    weighted : bool
        Whether the classes count the same in a fit, however many faces they have.
    calibrated : bool
        Whether the logits are calibrated, for a share of fakes of one half.

    Returns
    -------
    ndarray of float, shape (n,)
        Logit of FAKE; NaN for folds whose complement lacks a class.
    """
    logits = np.full(len(vectors), np.nan)
    fitted = np.ones(len(vectors), bool) if fitted is None else fitted
    groups = folds if groups is None else groups
    # Several threads for such small matrices gain little, and wait for each other on a busy machine.
    with threadpool_limits(1):
        for fold in np.unique(folds):
            held_out = folds == fold
            others = fitted & ~held_out
            if len(np.unique(fake[others])) == 2:
                scaler = StandardScaler().fit(vectors[others])
                seen, unseen = (np.asarray(scaler.transform(vectors[part])) for part in (others, held_out))
                strength, inside = regularisation(seen, fake[others], groups[others], weighted)
                model = _regression(weighted, strength).fit(seen, fake[others])
                line = evaluation.calibrate(fake[others], inside) if calibrated else _unchanged
                logits[held_out] = line(model.decision_function(unseen))
    return logits


def regularisation(
    vectors: np.ndarray, fake: np.ndarray, groups: np.ndarray, weighted: bool = True
) -> tuple[float, np.ndarray]:
    """Decide how much to regularise, by the log loss on groups that were left out of a fit.

    Parameters
    ----------
    vectors : ndarray, shape (n, features)
        To fit to, each feature with a mean of 0 and a deviation of 1.
    fake : ndarray of bool, shape (n,)
        The class of each.
    groups : ndarray, shape (n,)
        What stays together.
    weighted : bool
        Whether the classes count the same in fits and in the log loss.

    Returns
    -------
    strength : float
        One of `GRID`; the middle one where no part of the groups leaves both classes to be fitted to.
    logits : ndarray, shape (n,)
        What regressions of this strength say of each vector whose group they have not seen; NaN where none
        could be fitted.
    """
    logits = np.full((len(GRID), len(vectors)), np.nan)
    parts = min(INNER_FOLDS, len(np.unique(groups)))
    for fit, rest in GroupKFold(parts).split(vectors, groups=groups) if parts > 1 else ():
        if len(np.unique(fake[fit])) == 2:
            for place, strength in enumerate(GRID):
                model = _regression(weighted, strength).fit(vectors[fit], fake[fit])
                logits[place, rest] = model.decision_function(vectors[rest])
    scored = ~np.isnan(logits[0])
    middle = len(GRID) // 2
    if len(np.unique(fake[scored])) < 2:
        return GRID[middle], logits[middle]
    weights = evaluation.balanced_weights(fake[scored]) if weighted else None
    losses = [evaluation.log_loss(fake[scored], _inside(row[scored]), weights) for row in logits]
    best = int(np.argmin(losses))
    return GRID[best], logits[best]


def _regression(weighted: bool, strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength, class_weight="balanced" if weighted else None, max_iter=500)


def _inside(logits: np.ndarray) -> np.ndarray:
    # Probabilities of exactly 0 and 1 would have a logarithm that is infinite.
    return np.clip(expit(logits), 1e-6, 1 - 1e-6)


def _unchanged(logits: np.ndarray) -> np.ndarray:
    return logits
