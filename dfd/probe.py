"""What a frozen embedding knows: whether a face is fake, and whose it is.

The two questions that the chapters ask of an embedding. Neither trains the network: the first fits a
logistic regression on its vectors, the second only compares distances. This is the one module besides the
evaluation that reads the sample's truth tables.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dfd import dataset, faces
from dfd.claims import Verdict
from dfd.profile import Profile

REGULARISATION = 1e-3
REPEATS = 500
LOWEST_IOU = 0.3
WHO = ["person", "actor", "gender", "ancestry"]


@dataclass(frozen=True)
class Interval:
    """A number and how far chance may have moved it.

    Attributes
    ----------
    value, low, high : float
        The number, and the bounds of its 95% interval; NaN where it cannot be computed.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if np.isnan(self.value):
            return "not computable"
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"

    @property
    def verdict(self) -> Verdict:
        """What a gain says of the claim that there is one.

        If the interval holds both signs, the gain depends on which videos one happens to look at.
        """
        if np.isnan(self.value):
            return "not testable here"
        if self.low > 0:
            return "reproduced"
        return "not reproduced" if self.high < 0 else "depends"


def bootstrap(
    statistic: Callable[[np.ndarray], float], groups: np.ndarray, repeats: int = REPEATS, seed: int = 2020
) -> Interval:
    """Draw whole groups again and again, with replacement, to see how much a statistic moves.

    Parameters
    ----------
    statistic : callable
        Takes a weight for each row (how often its group was drawn) and gives a number, or NaN.
    groups : ndarray, shape (n,)
        The group of each row: source videos, since the faces of one are no independent draws.
    repeats : int
        Number of draws.
    seed : int
        Of the draws.

    Returns
    -------
    Interval
        The statistic with all weights 1, and the 2.5th and 97.5th percentile of the draws.

    References
    ----------
    B. Efron and R. Tibshirani, An Introduction to the Bootstrap, 1993.
    """
    _, codes = np.unique(groups, return_inverse=True)
    random = np.random.default_rng(seed)
    value = statistic(np.ones(len(codes)))
    if np.isnan(value):
        return Interval(np.nan, np.nan, np.nan)
    count = codes.max() + 1
    draws = [
        statistic(np.bincount(random.integers(count, size=count), minlength=count)[codes].astype(float))
        for _ in range(repeats)
    ]
    return Interval(float(value), *(float(bound) for bound in np.nanpercentile(draws, [2.5, 97.5])))


def auc(fake: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> float:
    """Compute the area under the ROC curve, or NaN where a class is missing.

    Parameters
    ----------
    fake : ndarray of bool, shape (n,)
        The class.
    scores : ndarray of float, shape (n,)
        Higher for what is more likely true.
    weights : ndarray of float, shape (n,)
        0 leaves a row out.

    Returns
    -------
    float
    """
    # scikit-learn's roc_auc_score gives the same, at twenty times the time, and a bootstrap calls this
    # thousands of times.
    fake, order = np.asarray(fake, dtype=bool), np.argsort(scores)
    ranked, positive = scores[order], (weights * fake)[order]
    below = np.concatenate([[0], np.cumsum((weights * ~fake)[order])])
    pairs = positive.sum() * below[-1]
    if pairs == 0:
        return np.nan
    left, right = np.searchsorted(ranked, ranked, "left"), np.searchsorted(ranked, ranked, "right")
    return float(positive @ (below[left] + below[right]) / 2 / pairs)


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


def video_auc(predictions: pd.DataFrame, repeats: int = REPEATS, seed: int = 2020) -> Interval:
    """Score predictions at the level of videos: the mean over a video's faces, an interval over sources.

    Parameters
    ----------
    predictions : DataFrame
        video, source, label, p_fake; rows without p_fake are left out.
    repeats, seed : int
        Of `bootstrap`.

    Returns
    -------
    Interval
        Area under the ROC curve.
    """
    predicted = predictions.dropna(subset=["p_fake"])
    if predicted.empty:
        return Interval(np.nan, np.nan, np.nan)
    videos = predicted.groupby(["video", "source", "label"], as_index=False)["p_fake"].mean()
    fake, scores = (videos["label"] == "FAKE").to_numpy(), videos["p_fake"].to_numpy()
    return bootstrap(lambda weights: auc(fake, scores, weights), videos["source"], repeats, seed)


def auc_gain(
    predictions: pd.DataFrame, baseline: pd.DataFrame, repeats: int = REPEATS, seed: int = 2020
) -> Interval:
    """Compare two predictions of the same videos: the difference of their AUCs, drawn together.

    Parameters
    ----------
    predictions, baseline : DataFrame
        As `video_auc` takes them.
    repeats, seed : int
        Of `bootstrap`.

    Returns
    -------
    Interval
        AUC of `predictions` less AUC of `baseline`.
    """
    keys = ["video", "source", "label"]
    ours, theirs = (
        table.dropna(subset=["p_fake"]).groupby(keys)["p_fake"].mean() for table in (predictions, baseline)
    )
    both = pd.concat([ours.rename("ours"), theirs.rename("theirs")], axis=1, join="inner").reset_index()
    if both.empty:
        return Interval(np.nan, np.nan, np.nan)
    fake = (both["label"] == "FAKE").to_numpy()
    first, second = both["ours"].to_numpy(), both["theirs"].to_numpy()
    return bootstrap(
        lambda weights: auc(fake, first, weights) - auc(fake, second, weights), both["source"], repeats, seed
    )


def with_source(profile: Profile, known: pd.DataFrame) -> pd.DataFrame:
    """Add the source video to a table of faces.

    Parameters
    ----------
    profile : Profile
        The run.
    known : DataFrame
        With the column video.

    Returns
    -------
    DataFrame
        With the column source too.
    """
    return known.merge(dataset.table(profile)[["video", "source"]], on="video", how="left")


def identities(profile: Profile, known: pd.DataFrame) -> pd.DataFrame:
    """Look up in the truth tables who each face is; only the sample has them.

    Parameters
    ----------
    profile : Profile
        The run.
    known : DataFrame
        Rows of the faces table.

    Returns
    -------
    DataFrame
        `known` and the columns person (0 or 1, whose face of the frame it is), actor (who was filmed, also
        in a FAKE), gender, ancestry: null where the data have no truth tables or no true face is there.
    """
    if not profile.truth.is_dir():
        return known.assign(**dict.fromkeys(WHO))
    frames = pd.read_parquet(profile.truth / "frames.parquet")[
        ["video", "frame", "person", "actor", *faces.BOX]
    ]
    actors = pd.read_parquet(profile.truth / "actors.parquet")[["actor", "gender", "ancestry"]]
    pairs = known[["face_id", "video", "frame", *faces.BOX]].merge(
        frames, on=["video", "frame"], suffixes=("", "_true")
    )
    pairs["iou"] = _iou(pairs[faces.BOX], pairs[[f"{edge}_true" for edge in faces.BOX]])
    best = pairs[pairs["iou"] >= LOWEST_IOU].sort_values("iou").drop_duplicates("face_id", keep="last")
    who = best[["face_id", "person", "actor"]].merge(actors, on="actor", how="left")
    return known.merge(who, on="face_id", how="left")


def _iou(first: pd.DataFrame, second: pd.DataFrame) -> np.ndarray:
    a, b = first.to_numpy(), second.to_numpy()
    sides = np.clip(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0, None)
    shared = sides.prod(axis=1)
    areas = (a[:, 2:] - a[:, :2]).prod(axis=1) + (b[:, 2:] - b[:, :2]).prod(axis=1)
    return shared / (areas - shared)


def verification(vectors: np.ndarray, who: pd.DataFrame) -> pd.DataFrame:
    """Pair faces of different videos, to see whether distances tell the same person from another.

    Parameters
    ----------
    vectors : ndarray, shape (n, features)
        Embeddings.
    who : DataFrame
        video, actor, gender, ancestry of each face, without nulls.

    Returns
    -------
    DataFrame
        first, second (videos), distance (between the vectors scaled to length 1), same (person), ancestry
        (of the first face) and group: whether both are of one gender and ancestry.
    """
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    first, second = np.triu_indices(len(unit), k=1)
    videos, actors, ancestry = (who[column].to_numpy() for column in ("video", "actor", "ancestry"))
    groups = (who["gender"] + " " + who["ancestry"]).to_numpy()
    apart = videos[first] != videos[second]
    first, second = first[apart], second[apart]
    similarity = np.clip((unit @ unit.T)[first, second], -1, 1)
    return pd.DataFrame(
        {
            "first": videos[first],
            "second": videos[second],
            "distance": np.sqrt(2 - 2 * similarity),
            "same": actors[first] == actors[second],
            "ancestry": ancestry[first],
            "group": groups[first] == groups[second],
        }
    )


def verification_auc(pairs: pd.DataFrame, repeats: int = 200, seed: int = 2020) -> Interval:
    """Score distances as a test for the same person, with an interval over videos.

    Parameters
    ----------
    pairs : DataFrame
        As `verification` gives them.
    repeats, seed : int
        Of the bootstrap: videos are drawn, and a pair counts as often as both of its videos together.

    Returns
    -------
    Interval
        Area under the ROC curve: the chance that two faces of one person are nearer than two of different
        people.
    """
    videos, codes = np.unique(pairs[["first", "second"]].to_numpy(), return_inverse=True)
    first, second = codes.reshape(-1, 2).T
    same, nearness = pairs["same"].to_numpy(), -pairs["distance"].to_numpy()
    return bootstrap(
        lambda weights: auc(same, nearness, weights[first] * weights[second]), videos, repeats, seed
    )


def verification_gap(pairs: pd.DataFrame, ancestry: str, repeats: int = 200, seed: int = 2020) -> Interval:
    """Compare how well distances tell the people of one ancestry and those of the others apart.

    Parameters
    ----------
    pairs : DataFrame
        As `verification` gives them, of one group each.
    ancestry : str
        One of those in `pairs`.
    repeats, seed : int
        Of the bootstrap over videos.

    Returns
    -------
    Interval
        AUC of all other pairs less the AUC of this ancestry's: above 0 if these people are harder.
    """
    videos, codes = np.unique(pairs[["first", "second"]].to_numpy(), return_inverse=True)
    first, second = codes.reshape(-1, 2).T
    same, nearness = pairs["same"].to_numpy(), -pairs["distance"].to_numpy()
    these = (pairs["ancestry"] == ancestry).to_numpy()

    def gap(weights: np.ndarray) -> float:
        drawn = weights[first] * weights[second]
        return auc(same, nearness, drawn * ~these) - auc(same, nearness, drawn * these)

    return bootstrap(gap, videos, repeats, seed)
