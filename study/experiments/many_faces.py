"""How long do PCA, t-SNE and HDBSCAN take for the report's 130,000 faces? (C16)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd import clustering, embedding, faces, reduction, tables
from dfd.run import Run
from study import growth, measuring, plots, statistics
from study.records import Depth, Result
from study.statistics import NOT_COMPUTABLE, Interval

UNIT = "repeats"
TIMES = True
TARGET = 130_000
REACH = 4
"""How many times as many points as were measured at most a statement may be about."""

STEPS = ("PCA + t-SNE", "HDBSCAN")


@dataclass(frozen=True)
class Plan:
    """How much is timed.

    Attributes
    ----------
    sizes : tuple of int
        Numbers of points.
    repeats : int
        Runs of each.
    """

    sizes: tuple[int, ...]
    repeats: int


PLANS: dict[Depth, Plan] = {"quick": Plan((100, 200, 400), 3), "full": Plan((1000, 2000, 4000), 5)}


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    embedding.table(run)
    return [tables.stored_fingerprint(embedding.path(run)), run.seed]


def obstacle(run: Run) -> str:
    """Say why this run has no points to draw others around; empty if it has."""
    return "" if len(faces.table(run)) > 1 else "This takes two faces or more."


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Reduce and cluster points drawn around the run's embeddings: one row for each size, repeat and step."""
    plan, drawn = PLANS[depth], growth.around_embeddings(run)
    # The first run also loads and compiles things.
    _steps(run, drawn(min(plan.sizes)))
    rows = [
        (step, size, repeat, seconds)
        for repeat in range(plan.repeats)
        for size in plan.sizes
        for step, seconds in _steps(run, drawn(size)).items()
    ]
    return pd.DataFrame(rows, columns=["algorithm", "n", "unit", "seconds"])


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Give the growth of each step, and the time for 130,000 points as far as the measured sizes allow.

    If the largest is below a quarter of them, all that is known is that it takes longer than the largest.
    """
    times = table.rename(columns={"unit": "repeat"})
    sizes = f"up to {times['n'].max():,} points"
    estimates = {
        f"{sizes} time grows with n to the power, {step}": power
        for step, power in growth.powers(times).items()
    }
    minutes = times.groupby(["repeat", "n"])["seconds"].sum().unstack() / 60
    return estimates | {f"minutes for {TARGET:,} points": _minutes(minutes)}


def draw(result: Result) -> Figure:
    """Draw the time of both steps against the number of points."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    return growth.draw(result.table)


def beside(table: pd.DataFrame) -> pd.DataFrame:
    """Put the medians of the times beside each other.

    Parameters
    ----------
    table : DataFrame
        As `collect` gives it.

    Returns
    -------
    DataFrame
        Seconds, one row for each number of points and one column for each step.
    """
    if table.empty:
        return pd.DataFrame(columns=list(STEPS))
    return table.pivot_table(index="n", columns="algorithm", values="seconds", aggfunc="median")[list(STEPS)]


def _minutes(minutes: pd.DataFrame) -> Interval:
    """Carry the time of each repeat on to the target by its own power, if the target is near enough."""
    sizes, taken = minutes.columns.to_numpy(float), minutes.to_numpy()
    measured = statistics.median(taken[:, -1])
    if sizes[-1] >= TARGET:
        return measured
    if sizes[-1] * REACH < TARGET:
        return Interval(measured.low, measured.low, np.inf)
    if len(sizes) < growth.FEWEST_SIZES:
        return NOT_COMPUTABLE
    last = slice(-growth.FEWEST_SIZES, None)
    powers = np.polyfit(np.log(sizes[last]), np.log(taken[:, last].T), 1)[0]
    return statistics.median(taken[:, -1] * (TARGET / sizes[-1]) ** powers)


def _steps(run: Run, vectors: np.ndarray) -> dict[str, float]:
    points = np.empty((0, reduction.COMPONENTS))

    def reduce(some: np.ndarray) -> None:
        nonlocal points
        points = reduction.reduce(some, "pca+tsne", run.seed, run.jobs)

    first = growth.seconds(reduce, vectors)
    return {STEPS[0]: first, STEPS[1]: growth.seconds(clustering.find, points)}
