"""How well fake videos are told from real ones, and how far chance goes: AUC, log loss, ROC, calibration."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from sklearn.metrics import roc_curve

from dfd import dataset, evaluation
from dfd.run import Run
from study import statistics
from study.statistics import REPEATS, SEED, Interval

NOT_COMPUTABLE = Interval(np.nan, np.nan, np.nan)
FALSE_POSITIVE_RATES = np.linspace(0, 1, 101)
"""Where ROC curves are compared."""


def video_auc(predictions: pd.DataFrame, repeats: int = REPEATS, seed: int = SEED) -> Interval:
    """Score predictions at the level of videos: the mean over a video's faces, an interval over sources.

    Parameters
    ----------
    predictions : DataFrame
        One row for each face: video, source, label, p_fake; rows without p_fake are left out.
    repeats : int
        Draws of the bootstrap.
    seed : int
        Seed of the random draws.

    Returns
    -------
    Interval
        Area under the ROC curve.
    """
    videos = _mean_p_fake(predictions).reset_index()
    if videos.empty:
        return NOT_COMPUTABLE
    area = partial(statistics.auc, dataset.is_fake(videos), videos["p_fake"].to_numpy())
    return statistics.bootstrap(area, videos["source"], repeats, seed)


def auc_gain(
    predictions: pd.DataFrame, baseline: pd.DataFrame, repeats: int = REPEATS, seed: int = SEED
) -> Interval:
    """Compare two predictions of the same videos: the difference of their AUCs, drawn together.

    Parameters
    ----------
    predictions : DataFrame
        As `video_auc` takes them.
    baseline : DataFrame
        Other predictions, in the same form.
    repeats : int
        Draws of the bootstrap.
    seed : int
        Seed of the random draws.

    Returns
    -------
    Interval
        AUC of `predictions` less AUC of `baseline`, on the videos that both predict.
    """
    ours, theirs = _mean_p_fake(predictions), _mean_p_fake(baseline)
    both = pd.concat([ours.rename("ours"), theirs.rename("theirs")], axis=1, join="inner").reset_index()
    if both.empty:
        return NOT_COMPUTABLE
    fake, ours, theirs = dataset.is_fake(both), both["ours"].to_numpy(), both["theirs"].to_numpy()

    def difference(weights: np.ndarray) -> float:
        return statistics.auc(fake, ours, weights) - statistics.auc(fake, theirs, weights)

    return statistics.bootstrap(difference, both["source"], repeats, seed)


def scores(scored: pd.DataFrame, balanced: bool = True) -> dict[str, Interval]:
    """Score the videos of one split, with intervals from a bootstrap over source videos.

    Parameters
    ----------
    scored : DataFrame
        As `dfd.evaluation.videos` gives it; videos without a face are left out, and are to be reported
        beside the scores.
    balanced : bool
        Whether each class counts one half in the log loss, as in the challenge's test set, or each video
        the same.

    Returns
    -------
    dict of str to Interval
        ``"AUC"`` and ``"log loss"``.
    """
    videos = scored.dropna(subset=["logit"])
    if videos.empty:
        return dict.fromkeys(("AUC", "log loss"), NOT_COMPUTABLE)
    fake, p_fake = dataset.is_fake(videos), videos["p_fake"].to_numpy()

    def loss(weights: np.ndarray) -> float:
        weights = evaluation.balanced_weights(fake, weights) if balanced else weights
        return evaluation.log_loss(fake, p_fake, weights)

    return {
        "AUC": _auc_over_sources(videos),
        "log loss": statistics.bootstrap(loss, videos["source"]),
    }


def runs(run: Run, predictions: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Score several trainings of one kind, each calibrated on its own predictions of the validation split.

    Parameters
    ----------
    run : Run
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
    for key, faces in predictions.groupby(keys):
        scored = evaluation.videos(run, faces)
        validation, test = (scored[scored["split"] == split] for split in ("validation", "test"))
        line = evaluation.calibrate(dataset.is_fake(validation), validation["logit"].to_numpy())
        test = evaluation.calibrated(test, line).dropna(subset=["logit"])
        fake, loss = dataset.is_fake(test), np.nan
        if len(test):
            loss = evaluation.log_loss(fake, test["p_fake"].to_numpy(), evaluation.balanced_weights(fake))
        area = statistics.auc(fake, test["logit"].to_numpy(), np.ones(len(test)))
        rows.append((*key, area, loss))
    return pd.DataFrame(rows, columns=[*keys, "AUC", "log loss"])


def gain(scored: pd.DataFrame, baseline: pd.DataFrame) -> Interval:
    """Compare the log losses of two predictions of the same videos, drawn together.

    Parameters
    ----------
    scored : DataFrame
        As `dfd.evaluation.videos` gives it, for one split.
    baseline : DataFrame
        Other predictions of the same videos, in the same form.

    Returns
    -------
    Interval
        Log loss of `baseline` less that of `scored`, each class counting one half: positive if `scored` is
        better.
    """
    both = scored.dropna(subset=["logit"]).merge(
        baseline[["video", "p_fake"]], on="video", suffixes=("", "_before")
    )
    if both.empty:
        return NOT_COMPUTABLE
    fake, now, before = dataset.is_fake(both), both["p_fake"].to_numpy(), both["p_fake_before"].to_numpy()

    def difference(weights: np.ndarray) -> float:
        balanced = evaluation.balanced_weights(fake, weights)
        return evaluation.log_loss(fake, before, balanced) - evaluation.log_loss(fake, now, balanced)

    return statistics.bootstrap(difference, both["source"])


def rates(scored: pd.DataFrame, cut: float) -> dict[str, Interval]:
    """Compute the accuracies of a verdict, with intervals over source videos.

    Parameters
    ----------
    scored : DataFrame
        As `dfd.evaluation.videos` gives it.
    cut : float
        Videos with a higher probability are called FAKE.

    Returns
    -------
    dict of str to Interval
        ``"fakes found"`` (share of the fakes that are called FAKE), ``"originals cleared"`` (share of the
        originals that are called REAL) and ``"accuracy"`` (the mean of the two).
    """
    videos = scored.dropna(subset=["p_fake"])
    if videos.empty:
        return dict.fromkeys(("fakes found", "originals cleared", "accuracy"), NOT_COMPUTABLE)
    fake = dataset.is_fake(videos)
    right = (videos["p_fake"] > cut).to_numpy() == fake

    def sensitivity(weights: np.ndarray) -> float:
        return _weighted_mean(right, weights * fake)

    def specificity(weights: np.ndarray) -> float:
        return _weighted_mean(right, weights * ~fake)

    measures: dict[str, Callable[[np.ndarray], float]] = {
        "fakes found": sensitivity,
        "originals cleared": specificity,
        "accuracy": lambda weights: (sensitivity(weights) + specificity(weights)) / 2,
    }
    return {name: statistics.bootstrap(measure, videos["source"]) for name, measure in measures.items()}


def roc(scored: pd.DataFrame, repeats: int = REPEATS, seed: int = SEED) -> pd.DataFrame:
    """Trace the ROC curve with its band.

    Parameters
    ----------
    scored : DataFrame
        One split of a videos table.
    repeats : int
        Draws of the bootstrap over source videos.
    seed : int
        Seed of the random draws.

    Returns
    -------
    DataFrame
        false_positive_rate (0 to 1), true_positive_rate, low, high (95% interval of the latter); empty if a
        class is missing.
    """
    videos = scored.dropna(subset=["logit"])
    columns = ["false_positive_rate", "true_positive_rate", "low", "high"]
    if videos["label"].nunique() < 2:
        return pd.DataFrame(columns=columns)
    curve = partial(_true_positive_rates, dataset.is_fake(videos), videos["logit"].to_numpy())
    low, high = statistics.bounds(statistics.draws(curve, videos["source"], repeats, seed))
    curves = (FALSE_POSITIVE_RATES, curve(np.ones(len(videos))), low, high)
    return pd.DataFrame(dict(zip(columns, curves, strict=True)))


def reliability(scored: pd.DataFrame, bins: int = 5) -> pd.DataFrame:
    """Compare what was predicted with what happened.

    Parameters
    ----------
    scored : DataFrame
        As `dfd.evaluation.videos` gives it, calibrated for a share of fakes of one half.
    bins : int
        Equal steps of the predicted probability.

    Returns
    -------
    DataFrame
        bin (its middle), predicted (mean p_fake), happened (share of fakes), videos, weight: means and shares
        with each class counting one half. Empty bins are left out.
    """
    videos = scored.dropna(subset=["p_fake"])
    fake = dataset.is_fake(videos)
    videos = videos.assign(fake=fake, weight=evaluation.balanced_weights(fake))
    videos["bin"] = (np.clip(np.floor(videos["p_fake"] * bins), 0, bins - 1) + 0.5) / bins
    # scikit-learn's calibration_curve takes no weights, so it cannot count each class one half.
    rows = [
        {
            "bin": middle,
            "predicted": np.average(group["p_fake"], weights=group["weight"]),
            "happened": np.average(group["fake"], weights=group["weight"]),
            "videos": len(group),
            "weight": group["weight"].sum(),
        }
        for middle, group in videos.groupby("bin")
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


def slices(scored: pd.DataFrame, column: str) -> pd.DataFrame:
    """Score parts of a split.

    Parameters
    ----------
    scored : DataFrame
        As `study.truth.of_videos` gives it, for one split.
    column : str
        What to cut by. Something that only fakes have, such as method, is scored against all originals.

    Returns
    -------
    DataFrame
        part, fakes, originals (how many videos), AUC, low, high.
    """
    originals = scored[scored["label"] == "REAL"]
    rows = []
    for part, videos in scored.dropna(subset=[column, "logit"]).groupby(column, observed=True):
        if originals[column].isna().all():
            videos = pd.concat([videos, originals])
        fake, interval = dataset.is_fake(videos), _auc_over_sources(videos)
        rows.append((part, fake.sum(), (~fake).sum(), interval.value, interval.low, interval.high))
    return pd.DataFrame(rows, columns=["part", "fakes", "originals", "AUC", "low", "high"])


def _mean_p_fake(predictions: pd.DataFrame) -> pd.Series:
    faces = predictions.dropna(subset=["p_fake"])
    return faces.groupby(["video", "source", "label"])["p_fake"].mean()


def _auc_over_sources(videos: pd.DataFrame) -> Interval:
    area = partial(statistics.auc, dataset.is_fake(videos), videos["logit"].to_numpy())
    return statistics.bootstrap(area, videos["source"])


def _true_positive_rates(fake: np.ndarray, logit: np.ndarray, weights: np.ndarray) -> np.ndarray:
    if len(np.unique(fake[weights > 0])) < 2:
        return np.full(len(FALSE_POSITIVE_RATES), np.nan)
    false, true, _ = roc_curve(fake, logit, sample_weight=weights)
    # The curve begins at the origin; interpolation would begin at the end of its first, vertical step.
    return np.r_[0.0, np.interp(FALSE_POSITIVE_RATES[1:], false, true)]


def _weighted_mean(right: np.ndarray, weights: np.ndarray) -> float:
    return float(np.average(right, weights=weights)) if weights.sum() else np.nan
