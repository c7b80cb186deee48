"""From faces to a verdict on a video: aggregation, calibration, log loss, ROC, and how far chance goes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, roc_curve

from dfd import dataset, faces, probe
from dfd.probe import Interval
from dfd.profile import Profile

SMALLEST_PROBABILITY = 1e-15
"""Kaggle's bound: no probability counts as less, so that a sure error costs 34.5 nats and not infinity."""

SMALLEST_SCALE = 1e-3
"""Of a calibration."""


def _mean_probability(group: pd.DataFrame) -> float:
    return _log_odds(expit(group["logit"]).mean())


def _confident(group: pd.DataFrame) -> float:
    # Faces count by how far they are from 0.5, so that unsure frames do not dilute the sure ones.
    weights = np.abs(expit(group["logit"]) - 0.5) + 1e-6
    return np.average(group["logit"], weights=weights)


def _most_suspicious_person(group: pd.DataFrame) -> float:
    person = group["face_id"].str.rsplit("-", n=1).str[1]
    return group["logit"].groupby(person).mean().max()


POLICIES: dict[str, Callable[[pd.DataFrame], float]] = {
    "mean logit": lambda group: group["logit"].mean(),
    "mean probability": _mean_probability,
    "median": lambda group: group["logit"].median(),
    "maximum": lambda group: group["logit"].max(),
    "confident faces": _confident,
    "most suspicious person": _most_suspicious_person,
}
"""Ways to turn the logits of a video's faces into one."""


def videos(profile: Profile, predictions: pd.DataFrame, policy: str = "mean logit") -> pd.DataFrame:
    """Aggregate the predictions of faces to one for each video.

    Parameters
    ----------
    profile : Profile
        The run.
    predictions : DataFrame
        As `dfd.training.predictions` gives them.
    policy : str
        One of `POLICIES`.

    Returns
    -------
    DataFrame
        One row for each video of the predicted splits: video, source, label, split, faces (how many were
        looked at), logit, p_fake, status, reason. Where no face was found the status is ``"no face"`` and
        logit and p_fake are null: an outcome of its own, never a silent 0.5.
    """
    outcome = probe.with_source(profile, faces.status(profile))
    outcome = outcome[outcome["split"].isin(predictions["split"].unique())]
    groups = predictions.groupby("video")[["face_id", "logit"]]
    logits = groups.apply(POLICIES[policy]) if len(predictions) else pd.Series(dtype=float)
    scored = outcome.assign(logit=outcome["video"].map(logits).astype(float))
    scored["p_fake"] = expit(scored["logit"])
    columns = ["video", "source", "label", "split", "faces", "logit", "p_fake", "status", "reason"]
    return scored[columns].reset_index(drop=True)


@dataclass(frozen=True)
class Calibration:
    """A straight line from a logit to a calibrated logit.

    Attributes
    ----------
    scale, shift : float
        ``calibrated = scale * logit + shift``. A scale under 1 means that the network is too sure of itself.
    """

    scale: float
    shift: float

    def __call__(self, scored: pd.DataFrame, fakes: float = 0.5) -> pd.DataFrame:
        """Calibrate a videos table.

        Parameters
        ----------
        scored : DataFrame
            As `videos` gives it.
        fakes : float
            Share of fakes among the videos to be judged.

        Returns
        -------
        DataFrame
            The same with other values of logit and p_fake.
        """
        logit = self.scale * scored["logit"] + self.shift + _log_odds(fakes)
        return scored.assign(logit=logit, p_fake=expit(logit))


def calibrate(scored: pd.DataFrame) -> Calibration:
    """Fit the calibration on videos that the network was not trained on: Platt's scaling.

    Both classes get the same weight, so the result holds for a share of fakes of one half; another share
    is a known shift of the logit.

    Parameters
    ----------
    scored : DataFrame
        The validation split of a videos table.

    Returns
    -------
    Calibration
        The line that changes nothing, if a class is missing. The scale is never negative, so the order of the
        videos stays: where fakes have the lower logits, the network knows nothing and all becomes about 0.5.

    References
    ----------
    J. Platt, Probabilistic outputs for support vector machines, 1999; C. Guo et al., On calibration of
    modern neural networks, ICML 2017.
    """
    known = scored.dropna(subset=["logit"])
    if known["label"].nunique() < 2:
        return Calibration(1.0, 0.0)
    model = LogisticRegression(class_weight="balanced").fit(known[["logit"]].to_numpy(), is_fake(known))
    scale, shift = float(model.coef_[0, 0]), float(model.intercept_[0])
    return Calibration(scale, shift) if scale > SMALLEST_SCALE else Calibration(SMALLEST_SCALE, 0.0)


def is_fake(table: pd.DataFrame) -> np.ndarray:
    """Turn labels into truth values.

    Parameters
    ----------
    table : DataFrame
        With the column label.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    return (table["label"] == "FAKE").to_numpy()


def log_loss(fake: np.ndarray, p_fake: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Compute the score of the challenge.

    Parameters
    ----------
    fake : ndarray of bool, shape (n,)
        The truth.
    p_fake : ndarray of float, shape (n,)
        Probability of FAKE.
    weights : ndarray of float, shape (n,), optional
        Weight of each video; 1 by default.

    Returns
    -------
    float
        In nats; lower is better, and 0.693 is what 0.5 for every video gets.

    References
    ----------
    Report, Figure 3.21.
    """
    p_fake = np.clip(p_fake, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return float(-np.average(np.where(fake, np.log(p_fake), np.log(1 - p_fake)), weights=weights))


def balanced_weights(fake: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Weigh videos so that each class counts one half, as in the challenge's test set.

    Parameters
    ----------
    fake : ndarray of bool, shape (n,)
        The truth.
    weights : ndarray of float, shape (n,), optional
        Weights to start from; 1 by default.

    Returns
    -------
    ndarray of float, shape (n,)
        They add up to 1; all NaN if a class is missing.
    """
    weights = np.ones(len(fake)) if weights is None else weights
    totals = weights[~fake].sum(), weights[fake].sum()
    if min(totals) == 0:
        return np.full(len(fake), np.nan)
    return 0.5 * weights / np.where(fake, totals[1], totals[0])


def scores(scored: pd.DataFrame, balanced: bool = True) -> dict[str, Interval]:
    """Score the videos of one split, with intervals from a bootstrap over source videos.

    Parameters
    ----------
    scored : DataFrame
        As `videos` gives it; videos without a face are left out, and are to be reported beside the scores.
    balanced : bool
        Whether each class counts one half in the log loss, as in the challenge's test set, or each video
        the same.

    Returns
    -------
    dict of str to Interval
        ``"AUC"`` and ``"log loss"``.
    """
    known = scored.dropna(subset=["logit"])
    if known.empty:
        return dict.fromkeys(("AUC", "log loss"), Interval(np.nan, np.nan, np.nan))
    fake, logit, p_fake = is_fake(known), known["logit"].to_numpy(), known["p_fake"].to_numpy()

    def loss(weights: np.ndarray) -> float:
        return log_loss(fake, p_fake, balanced_weights(fake, weights) if balanced else weights)

    return {
        "AUC": probe.bootstrap(partial(probe.auc, fake, logit), known["source"]),
        "log loss": probe.bootstrap(loss, known["source"]),
    }


def runs(profile: Profile, predictions: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Score several trainings of one kind, each calibrated on its own predictions of the validation split.

    Parameters
    ----------
    profile : Profile
        The run.
    predictions : DataFrame
        The predictions of all trainings.
    keys : list of str
        Columns that tell the trainings apart, such as head and seed.

    Returns
    -------
    DataFrame
        `keys`, AUC and log loss (each class counting one half) of the test videos, without intervals: the
        spread over the seeds takes their place.
    """
    rows = []
    for key, group in predictions.groupby(keys):
        scored = videos(profile, group)
        calibrated = calibrate(scored[scored["split"] == "validation"])(scored)
        test = calibrated[calibrated["split"] == "test"].dropna(subset=["logit"])
        fake = is_fake(test)
        loss = log_loss(fake, test["p_fake"].to_numpy(), balanced_weights(fake)) if len(test) else np.nan
        rows.append((*key, probe.auc(fake, test["logit"].to_numpy(), np.ones(len(test))), loss))
    return pd.DataFrame(rows, columns=[*keys, "AUC", "log loss"])


def gain(scored: pd.DataFrame, baseline: pd.DataFrame) -> Interval:
    """Compare the log losses of two predictions of the same videos, drawn together.

    Parameters
    ----------
    scored, baseline : DataFrame
        As `videos` gives them, for one split.

    Returns
    -------
    Interval
        Log loss of `baseline` less that of `scored`, each class counting one half: positive if `scored` is
        better.
    """
    both = scored.dropna(subset=["logit"]).merge(
        baseline[["video", "p_fake"]], on="video", suffixes=("", "_then")
    )
    if both.empty:
        return Interval(np.nan, np.nan, np.nan)
    fake, now, then = is_fake(both), both["p_fake"].to_numpy(), both["p_fake_then"].to_numpy()

    def difference(weights: np.ndarray) -> float:
        balanced = balanced_weights(fake, weights)
        return log_loss(fake, then, balanced) - log_loss(fake, now, balanced)

    return probe.bootstrap(difference, both["source"])


def threshold(scored: pd.DataFrame) -> float:
    """Choose the probability above which a video is called FAKE.

    Parameters
    ----------
    scored : DataFrame
        The validation split of a videos table: a threshold chosen on the test split would flatter it.

    Returns
    -------
    float
        Where the mean of the two classes' accuracies is highest, halfway between two videos; 0.5 if a class
        is missing.
    """
    known = scored.dropna(subset=["p_fake"]).sort_values("p_fake")
    if known["label"].nunique() < 2:
        return 0.5
    p_fake, fake = known["p_fake"].to_numpy(), is_fake(known)
    cuts = np.r_[p_fake[0] / 2, (p_fake[1:] + p_fake[:-1]) / 2]
    accuracy = [(p_fake[fake] > cut).mean() + (p_fake[~fake] <= cut).mean() for cut in cuts]
    best = np.flatnonzero(np.isclose(accuracy, max(accuracy)))
    return float(cuts[best[len(best) // 2]])


def confusion(scored: pd.DataFrame, cut: float) -> pd.DataFrame:
    """Count what the videos are called against what they are.

    Parameters
    ----------
    scored : DataFrame
        As `videos` gives it.
    cut : float
        Videos with a higher probability are called FAKE.

    Returns
    -------
    DataFrame
        Rows REAL and FAKE (what they are), columns REAL, FAKE (what they are called) and no face.
    """
    called = np.where(scored["p_fake"] > cut, "FAKE", "REAL")
    called = np.where(scored["p_fake"].isna(), "no face", called)
    labels = [*dataset.LABELS, "no face"]
    counts = (
        confusion_matrix(scored["label"], called, labels=labels) if len(scored) else np.zeros((3, 3), int)
    )
    rows = pd.Index(dataset.LABELS, name="label")
    return pd.DataFrame(counts[:2], index=rows, columns=pd.Index(labels, name="called"))


def rates(scored: pd.DataFrame, cut: float) -> dict[str, Interval]:
    """Compute the accuracies of a verdict, with intervals over source videos.

    Parameters
    ----------
    scored : DataFrame
        As `videos` gives it.
    cut : float
        Videos with a higher probability are called FAKE.

    Returns
    -------
    dict of str to Interval
        ``"fakes found"``, ``"originals cleared"`` and ``"accuracy"`` (the mean of the two).
    """
    known = scored.dropna(subset=["p_fake"])
    fake, called = is_fake(known), (known["p_fake"] > cut).to_numpy()

    def share(rows: np.ndarray, right: np.ndarray) -> Callable[[np.ndarray], float]:
        return lambda weights: _share(weights[rows], right[rows])

    found, cleared = share(fake, called), share(~fake, ~called)
    statistics = {
        "fakes found": found,
        "originals cleared": cleared,
        "accuracy": lambda weights: (found(weights) + cleared(weights)) / 2,
    }
    if known.empty:
        return dict.fromkeys(statistics, Interval(np.nan, np.nan, np.nan))
    return {name: probe.bootstrap(statistic, known["source"]) for name, statistic in statistics.items()}


def roc(scored: pd.DataFrame, repeats: int = probe.REPEATS, seed: int = 2020) -> pd.DataFrame:
    """Trace the ROC curve with its band.

    Parameters
    ----------
    scored : DataFrame
        One split of a videos table.
    repeats, seed : int
        Of the bootstrap over source videos.

    Returns
    -------
    DataFrame
        false_positive_rate (0 to 1), true_positive_rate, low, high (95% interval of the latter); empty if a
        class is missing.
    """
    known = scored.dropna(subset=["logit"])
    columns = ["false_positive_rate", "true_positive_rate", "low", "high"]
    if known["label"].nunique() < 2:
        return pd.DataFrame(columns=columns)
    grid = np.linspace(0, 1, 101)
    groups = [group for _, group in known.groupby("source")]
    random = np.random.default_rng(seed)
    curves = []
    for _ in range(repeats):
        drawn = pd.concat([groups[index] for index in random.integers(len(groups), size=len(groups))])
        if drawn["label"].nunique() == 2:
            curves.append(_curve(drawn, grid))
    low, high = np.percentile(curves, [2.5, 97.5], axis=0)
    return pd.DataFrame(dict(zip(columns, (grid, _curve(known, grid), low, high), strict=True)))


def reliability(scored: pd.DataFrame, bins: int = 5) -> pd.DataFrame:
    """Compare what was predicted with what happened.

    Parameters
    ----------
    scored : DataFrame
        As `videos` gives it, calibrated for a share of fakes of one half.
    bins : int
        Equal steps of the predicted probability.

    Returns
    -------
    DataFrame
        bin (its middle), predicted (mean p_fake), happened (share of fakes), videos, weight: means and shares
        with each class counting one half. Empty bins are left out.
    """
    known = scored.dropna(subset=["p_fake"])
    fake = is_fake(known)
    known = known.assign(fake=fake, weight=balanced_weights(fake))
    known["bin"] = (np.clip(np.floor(known["p_fake"] * bins), 0, bins - 1) + 0.5) / bins
    rows = [
        {
            "bin": middle,
            "predicted": np.average(group["p_fake"], weights=group["weight"]),
            "happened": np.average(group["fake"], weights=group["weight"]),
            "videos": len(group),
            "weight": group["weight"].sum(),
        }
        for middle, group in known.groupby("bin")
    ]
    return pd.DataFrame(rows, columns=["bin", "predicted", "happened", "videos", "weight"])


def calibration_error(scored: pd.DataFrame, bins: int = 5) -> float:
    """Compute the expected calibration error.

    Parameters
    ----------
    scored : DataFrame
        As `reliability` takes it.
    bins : int
        Equal steps of the predicted probability.

    Returns
    -------
    float
        Mean distance between predicted and happened, 0 to 1.
    """
    table = reliability(scored, bins)
    return float(((table["predicted"] - table["happened"]).abs() * table["weight"]).sum())


def truth(profile: Profile, scored: pd.DataFrame) -> pd.DataFrame | None:
    """Join what the sample's truth tables know of each video.

    Parameters
    ----------
    profile : Profile
        The run.
    scored : DataFrame
        As `videos` gives it.

    Returns
    -------
    DataFrame or None
        `scored` with actor, donor, method, strength, and of the actor who was filmed gender, ancestry and
        monk (skin tone, 1 to 10); ``None`` if the data have no truth tables, as DFDC has none.
    """
    if not profile.truth.is_dir():
        return None
    made = pd.read_parquet(profile.truth / "videos.parquet")[
        ["video", "actor", "donor", "method", "strength"]
    ]
    actors = pd.read_parquet(profile.truth / "actors.parquet")[["actor", "gender", "ancestry", "monk"]]
    return scored.merge(made, on="video", how="left").merge(actors, on="actor", how="left")


def slices(known: pd.DataFrame, column: str) -> pd.DataFrame:
    """Score parts of a split.

    Parameters
    ----------
    known : DataFrame
        As `truth` gives it, for one split.
    column : str
        What to cut by. Something that only fakes have, such as method, is scored against all originals.

    Returns
    -------
    DataFrame
        part, fakes, originals (how many videos), AUC, low, high.
    """
    real = known[known["label"] == "REAL"]
    rows = []
    for part, group in known.dropna(subset=[column, "logit"]).groupby(column, observed=True):
        if real[column].isna().all():
            group = pd.concat([group, real])
        fake, logit = is_fake(group), group["logit"].to_numpy()
        interval = probe.bootstrap(partial(probe.auc, fake, logit), group["source"])
        rows.append((part, fake.sum(), (~fake).sum(), interval.value, interval.low, interval.high))
    return pd.DataFrame(rows, columns=["part", "fakes", "originals", "AUC", "low", "high"])


def crop_statistics(images: np.ndarray) -> np.ndarray:
    """Measure what a careless forger leaves behind and no face is needed for: light, colour and sharpness.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, height, width, 3)
        RGB.

    Returns
    -------
    ndarray of float, shape (n, 15)
        Of the whole crop and of its middle: mean and standard deviation of red, green and blue, and the
        logarithm of the variance of the Laplacian; and the difference of the two sharpnesses.
    """
    height, width = images.shape[1:3]
    middle = images[:, height // 4 : -(height // 4), width // 4 : -(width // 4)]
    whole, inner = (np.array([_statistics(image) for image in views]) for views in (images, middle))
    return np.hstack([whole, inner, inner[:, -1:] - whole[:, -1:]])


def _statistics(image: np.ndarray) -> np.ndarray:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    sharpness = np.log(cv2.Laplacian(grey, cv2.CV_64F).var() + 1)
    return np.r_[image.mean(axis=(0, 1)), image.std(axis=(0, 1)), sharpness]


def _curve(known: pd.DataFrame, grid: np.ndarray) -> np.ndarray:
    false, true, _ = roc_curve(is_fake(known), known["logit"])
    return np.r_[0.0, np.interp(grid[1:], false, true)]


def _share(weights: np.ndarray, right: np.ndarray) -> float:
    return float(np.average(right, weights=weights)) if weights.sum() else np.nan


def _log_odds(probability: float) -> float:
    probability = np.clip(probability, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return float(np.log(probability / (1 - probability)))
