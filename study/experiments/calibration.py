"""Whether a probability means what it says: log loss before and after calibration, beside a constant's."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.special import expit, logit

from dfd import dataset, evaluation
from dfd.run import Run
from study import crossfit, measuring, plots, rotations, statistics, truth
from study.experiments import fine_tuning
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
BINS = 5
"""Equal steps of the predicted probability, in which it is compared with what happened."""

VERSIONS = {"as the network gives it": "raw", "calibrated": "p_fake"}
"""The two probabilities, by the column that holds each."""


measure = measuring.of(__name__)
inputs = fine_tuning.inputs
obstacle = fine_tuning.obstacle


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Take the logits of `fine_tuning`: one row for each training and video."""
    return fine_tuning.collect(run, depth)[[*crossfit.FACTS, crossfit.POLICY]]


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compute log losses with the classes of equal weight, and as they come, each beside a constant's."""
    scored = crossfit.calibrated(table).dropna(subset=["p_fake"])
    losses = {name: rotations.mean(scored, column, rotations.log_loss) for name, column in VERSIONS.items()}
    wanted = {f"log loss: {name}": loss for name, loss in losses.items()}
    wanted["gain of calibration"] = rotations.difference(*losses.values())
    estimates = {"log loss: one half for every video": statistics.exactly(np.log(2))}
    estimates |= rotations.intervals(scored, wanted)
    estimates["scale of the calibrated logits"] = _over_trainings(scored["scale"], scored["training"])
    # As the classes come: Bayes' rule moves a logit by the log odds of the share of fakes.
    natural = scored.assign(
        constant=scored["fakes"], moved=expit(logit(scored["p_fake"]) + logit(scored["fakes"]))
    )
    columns = {"their share for every video": "constant", "calibrated and moved": "moved"}
    as_they_come = {
        f"log loss, classes as they come: {name}": rotations.mean(natural, column, rotations.plain_log_loss)
        for name, column in columns.items()
    }
    return estimates | rotations.intervals(natural, as_they_come)


def draw(result: Result) -> Figure:
    """Draw how often a video was fake against the probability that was predicted."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    scored = crossfit.calibrated(result.table).dropna(subset=["p_fake"])
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.8), sharey=True)
    for panel, (name, column) in zip(axes, VERSIONS.items(), strict=True):
        bins = reliability(scored, column)
        panel.plot([0, 1], [0, 1], color="0.7", lw=1)
        panel.scatter(bins["predicted"], bins["happened"], s=20 + 600 * bins["weight"], alpha=0.6)
        panel.set(title=name, xlabel="predicted probability of FAKE", xlim=(-0.05, 1.05), ylim=(-0.05, 1.05))
    axes[0].set_ylabel("share of fakes")
    return figure


def reliability(scored: pd.DataFrame, column: str) -> pd.DataFrame:
    """Compare what was predicted with what happened.

    Parameters
    ----------
    scored : DataFrame
        label, and the column with the probability.
    column : str
        Name of that column.

    Returns
    -------
    DataFrame
        predicted (mean probability of a bin), happened (share of fakes), weight: means and shares with each
        class counting one half. Empty bins are left out.
    """
    fake, p_fake = dataset.is_fake(scored), scored[column].to_numpy(float)
    weights = evaluation.balanced_weights(fake)
    bins = np.clip(np.floor(p_fake * BINS), 0, BINS - 1)
    # scikit-learn's calibration_curve takes no weights, so it cannot count each class one half.
    rows = [
        (
            np.average(p_fake[bins == place], weights=weights[bins == place]),
            np.average(fake[bins == place], weights=weights[bins == place]),
            weights[bins == place].sum(),
        )
        for place in np.unique(bins)
    ]
    return pd.DataFrame(rows, columns=["predicted", "happened", "weight"])


def _over_trainings(values: pd.Series, trainings: pd.Series) -> Interval:
    of_training = values.groupby(trainings).first()
    if len(of_training) == 1:
        return statistics.exactly(of_training.iloc[0])
    return statistics.mean(of_training)
