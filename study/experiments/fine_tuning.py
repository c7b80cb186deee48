"""How well a fine-tuned network tells fakes from originals, of people whom it has not seen."""

from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from dfd import classifier, dataset, embedding, evaluation, tables, training
from dfd.recipe import Recipe
from dfd.run import Run
from study import crossfit, dependencies, diagrams, measuring, plots, rotations, statistics, truth
from study.crossfit import Fold
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
LONG = True
POLICIES = (*evaluation.POLICIES, crossfit.FIRST)
RATES = {"fakes called FAKE": "FAKE", "originals called REAL": "REAL"}
FALSE_POSITIVE_RATES = np.linspace(0, 1, 101)
"""Where ROC curves are compared."""


measure = measuring.of(__name__)
inputs = crossfit.inputs
obstacle = crossfit.obstacle


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Train and judge: one row for each training and video, with a logit for each of `POLICIES`.

    Only the judged videos have a unit, for chance is looked at in them.
    """
    table = pd.concat([_judged(run, fold, depth) for fold in crossfit.folds(run, depth)], ignore_index=True)
    return table.assign(unit=table["unit"].where(table["part"] == "judged"))


def recipe(run: Run, fold: Fold, depth: Depth) -> Recipe:
    """Give the recipe of a training: that of the run's own classifier, with the seed of the fold.

    Parameters
    ----------
    run : Run
        The run.
    fold : Fold
        What is held out.
    depth : str
        At quick depth the classifier is the run's own.

    Returns
    -------
    Recipe
    """
    if depth == "quick":
        return training.own_recipe(run)
    return training.own_recipe(run, name=f"fine-tuned {fold.name}", seed=fold.seed)


def network(run: Run, fold: Fold, depth: Depth) -> classifier.Classifier:
    """Train the network of a fold, or load it.

    Parameters
    ----------
    run : Run
        The run.
    fold : Fold
        What is held out.
    depth : str
        ``"quick"`` or ``"full"``.

    Returns
    -------
    Classifier
        In evaluation mode, on the CPU.
    """
    if depth == "quick":
        return training.train(run)
    videos = crossfit.divide(run, fold, depth)
    return training.train(run, recipe(run, fold, depth), videos.loc[videos["part"] == "train", "video"])


def progress(run: Run) -> pd.DataFrame:
    """Tell how the training of the run's own classifier went.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    DataFrame
        As `dfd.training.history` gives it, by epoch; or why there is no training.
    """
    reason = training.obstacle(run)
    if reason:
        return pd.DataFrame({"not trained": [reason]})
    return (
        training.history(run)
        .set_index("epoch")
        .round({"loss": 3, "validation loss": 3, "seconds": 0, "waited": 2})
    )


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Score the calibrated videos, and the verdicts at the threshold that the calibration videos gave."""
    judged = crossfit.calibrated(table)
    scored = judged.dropna(subset=["p_fake"])
    right = (scored["p_fake"] > scored["cut"]).to_numpy() == dataset.is_fake(scored)
    scored = scored.assign(right=right.astype(float))
    area = rotations.mean(scored, "p_fake", rotations.auc)
    accuracy = rotations.mean(scored, "right", rotations.class_mean)
    estimates = rotations.intervals(scored, {"AUC": area, "accuracy, each class one half": accuracy})
    for name, label in RATES.items():
        rows = scored[scored["label"] == label]
        estimates[name] = statistics.rate(rows["right"], rows["unit"])
    without = statistics.exactly(judged["p_fake"].isna().mean())
    return estimates | {"videos without a face": without}


def draw(result: Result) -> Figure:
    """Draw the ROC curve with its band, a thin line for each rotation, and the confusion matrix."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    judged = crossfit.calibrated(result.table)
    scored = judged.dropna(subset=["p_fake"])
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
    left.plot([0, 1], [0, 1], color="0.7", lw=1)
    of_rotations = [np.flatnonzero(scored["rotation"] == number) for number in scored["rotation"].unique()]
    curves = partial(_curves, dataset.is_fake(scored), scored["p_fake"].to_numpy(), of_rotations)
    drawn = statistics.draws(
        lambda weights: curves(weights).mean(axis=0),
        scored["unit"],
        crossed=scored["training"],
        strata=rotations.held_out(scored),
    )
    low, high = statistics.bounds(drawn)
    left.fill_between(FALSE_POSITIVE_RATES, low, high, alpha=0.2, lw=0)
    for line in curves(np.ones(len(scored))):
        left.plot(FALSE_POSITIVE_RATES, line, color=plots.COLOURS[0], lw=1, alpha=0.7)
    left.set_title(f"AUC {result.estimates['AUC']}")
    left.set(xlabel="originals called FAKE (share)", ylabel="fakes called FAKE (share)", aspect="equal")
    counts = confusion(judged)
    shares = counts.div(counts.sum(axis=1), axis=0)
    texts = shares.map("{:.0%}".format) + "\n(" + counts.round(1).map("{:g}".format) + " videos)"
    sns.heatmap(shares, annot=texts, fmt="", cmap="Blues", cbar=False, vmin=0, vmax=1, ax=right)
    right.set_title("at the threshold of the calibration videos")
    return figure


def confusion(judged: pd.DataFrame) -> pd.DataFrame:
    """Count what the videos are called against what they are.

    Parameters
    ----------
    judged : DataFrame
        As `study.crossfit.calibrated` gives it.

    Returns
    -------
    DataFrame
        As `dfd.evaluation.confusion` gives it; where videos are judged several times, the mean of the counts.
    """
    called = (judged["p_fake"] > judged["cut"]).astype(float).where(judged["p_fake"].notna())
    counts = evaluation.confusion(dataset.is_fake(judged), called, 0.5)
    return counts / judged["rotation"].nunique()


def diagram(run: Run) -> Figure:
    """Draw the steps from a video to a probability, the report's Figure 3.20.

    Parameters
    ----------
    run : Run
        The run; its backbone is named.

    Returns
    -------
    Figure
    """
    steps = ["video", "face\ncrops", run.backbone.replace("-", "\n", 1)]
    steps += [f"{embedding.FEATURES[run.backbone]}\nfeatures", "dropout,\nlinear:\n2 logits"]
    return diagrams.chain([*steps, "mean of\nfaces", "calibration", "P(FAKE)"])


def _judged(run: Run, fold: Fold, depth: Depth) -> pd.DataFrame:
    videos = crossfit.divide(run, fold, depth)
    videos = videos[videos["part"] != "train"]
    if depth == "quick":
        return crossfit.of_videos(videos, training.predictions(run), POLICIES)
    # What each training gave is kept, so that a killed measurement goes on where it was.
    fingerprint = tables.fingerprint(
        dependencies.code_hash(__name__, start="_judge_anew"), inputs(run), fold.seed
    )
    return tables.reuse_or_make(_piece(run, fold), fingerprint, lambda: _judge_anew(run, fold, depth, videos))


def _judge_anew(run: Run, fold: Fold, depth: Depth, videos: pd.DataFrame) -> pd.DataFrame:
    model, own = network(run, fold, depth), recipe(run, fold, depth)
    predictions = training.judge(run, own, model, crossfit.faces_of(run, videos))
    if fold.rotation:
        # The heat maps of chapter 8 need the networks of one rotation only.
        training.path(run, own, "classifier").unlink()
    return crossfit.of_videos(videos, predictions, POLICIES)


def _piece(run: Run, fold: Fold) -> Path:
    return run.build / "results" / "full" / "fine_tuning" / f"{fold.name.replace(' ', '-')}.parquet"


def _curves(
    fake: np.ndarray, p_fake: np.ndarray, rotations: list[np.ndarray], weights: np.ndarray
) -> np.ndarray:
    """Trace the ROC curve of each rotation; rows of NaN where a class is missing."""
    curves = np.full((len(rotations), len(FALSE_POSITIVE_RATES)), np.nan)
    for place, rows in enumerate(rotations):
        rows = rows[weights[rows] > 0]
        if len(np.unique(fake[rows])) == 2:
            false, true, _ = roc_curve(fake[rows], p_fake[rows], sample_weight=weights[rows])
            # The curve begins at the origin; interpolation would begin at the end of its vertical first step.
            curves[place] = np.r_[0.0, np.interp(FALSE_POSITIVE_RATES[1:], false, true)]
    return curves
