"""On what twice the computation is best spent: width, depth, resolution, or all three (chapter 09)."""

from functools import partial

import pandas as pd
from matplotlib.figure import Figure
from scipy.special import expit

from dfd import dataset, evaluation
from dfd.run import Run
from study import comparing, crossfit, measuring, truth
from study.methods import augmented, fine_tuned, scaled
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
LONG = True
ROTATIONS = 1
METHODS = (scaled.NOT_SCALED, *scaled.SCALED)
QUICK = (scaled.NOT_SCALED.name, "wider", "deeper", "sharper", scaled.EVENLY)
PICKED = "picked by the search"


measure = measuring.of(__name__)
inputs = crossfit.inputs
obstacle = crossfit.obstacle


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Train and judge: one row for each network, training and video that calibrates or is judged.

    Of each network it tells millions of multiply-adds for a picture, too.
    """
    grid = METHODS if depth == "full" else [method for method in METHODS if method.name in QUICK]
    table = comparing.trained(run, depth, grid, __name__, ROTATIONS)
    return table.assign(cost=table["method"].map(_costs(run)))


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Score each network, and the one that a search would pick for want of the judged videos."""
    wide = comparing.calibrated(table)
    picks = picked(table)
    wide[PICKED] = [row[picks[row["training"]]] for row in wide.to_dict("records")]
    evenly, plain = scaled.EVENLY, scaled.NOT_SCALED.name
    compared = {f"AUC: {PICKED} less {other}": (PICKED, other) for other in (evenly, plain)}
    compared |= {f"AUC: {evenly} less {name}": (evenly, name) for name in scaled.GRID if name != evenly}
    return comparing.scores(wide, [*table["method"].unique(), PICKED], compared)


def picked(table: pd.DataFrame) -> dict[str, str]:
    """Search the grid: of each training, the network with the least log loss on its calibration videos.

    Parameters
    ----------
    table : DataFrame
        As `collect` gives it.

    Returns
    -------
    dict of str to str
        By training, the name of a scaled network.
    """
    inside = table[(table["part"] == "calibration") & table["method"].isin(scaled.GRID)]
    losses = {}
    for (training, method), rows in inside.groupby(["training", "method"], sort=False):
        fake, logits = dataset.is_fake(rows), rows["logit"].to_numpy()
        p_fake = expit(evaluation.calibrate(fake, logits)(logits))
        losses[training, method] = evaluation.log_loss(fake, p_fake, evaluation.balanced_weights(fake))
    by_training = pd.Series(losses).unstack(sort=False)
    return {str(training): str(name) for training, name in by_training.idxmin(axis=1).items()}


def overview(result: Result) -> pd.DataFrame | Result:
    """Say what each network of the grid is and costs, how well it does, and how often the search picks it.

    Parameters
    ----------
    result : Result
        As `measure` gives it.

    Returns
    -------
    DataFrame or Result
        By network: pixels (side of the crops), weights and multiply-adds in millions, AUC, picked; where
        there is no comparison the result itself, which says why.
    """
    if result.obstacle:
        return result
    table = result.table.groupby("method", sort=False)[["parameters", "cost"]].first()
    picks = list(picked(result.table).values())
    return pd.DataFrame(
        {
            "pixels": [scaled.GRID[name][0] if name in scaled.GRID else scaled.SIZE for name in table.index],
            "weights (million)": (table["parameters"] / 1e6).round(1),
            "multiply-adds (million)": table["cost"].round(1),
            "AUC": [str(result.estimates[f"AUC: {name}"]) for name in table.index],
            "picked": [f"{picks.count(name)} of {len(picks)}" for name in table.index],
        },
        index=table.index,
    )


def draw(result: Result) -> Figure:
    """Draw the area under the ROC curve of each network."""
    return comparing.draw(result)


def _costs(run: Run) -> dict[str, float]:
    """Count the multiply-adds of each network, in millions."""
    builders = {scaled.NOT_SCALED.name: (scaled.SIZE, partial(fine_tuned.layers, run))}
    for name, (size, depth) in scaled.GRID.items():
        builders[name] = size, partial(scaled.layers, run, size, depth)
    counts = {name: augmented.multiply_adds(build()[0], 3, size) for name, (size, build) in builders.items()}
    return {name: count / 1e6 for name, count in counts.items()}
