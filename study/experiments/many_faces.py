"""How long do PCA, t-SNE and HDBSCAN take for the report's 130,000 faces, and what do they find? (C16)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.metrics import adjusted_rand_score

from dfd import clustering, embedding, faces, reduction, tables
from dfd.run import Run
from study import growth, measuring, plots, population, statistics, timing
from study.records import Depth, Result
from study.statistics import NOT_COMPUTABLE, Interval

UNIT = "draws"
TIMES = True
TARGET = 130_000
REACH = 4
"""How many times as many points as were measured at most a statement may be about."""

STEPS = ("PCA + t-SNE", "HDBSCAN")
FINDINGS = ("people", "source videos", "clusters", "noise", "ARI with people", "ARI with source videos")


@dataclass(frozen=True)
class Plan:
    """How much is timed.

    Attributes
    ----------
    sizes : tuple of int
        Numbers of points.
    repeats : int
        Draws of each.
    """

    sizes: tuple[int, ...]
    repeats: int


PLANS: dict[Depth, Plan] = {"quick": Plan((100, 200, 400), 3), "full": Plan((130_000,), 5)}


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    embedding.table(run)
    return [tables.stored_fingerprint(embedding.path(run)), run.seed]


def obstacle(run: Run) -> str:
    """Say why this run has no points to draw others around; empty if it has."""
    return "" if len(faces.table(run)) > 1 else "This takes two faces or more."


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Reduce and cluster faces drawn like the run's: one row for each size, draw and step.

    Each row of a draw also has how many people and source videos were drawn, how many clusters were found,
    the share of noise, the index of the clusters with both, and the most memory that was taken so far.
    """
    plan, spread = PLANS[depth], population.spread(run)
    # The first run also loads and compiles things.
    _steps(run, spread, min(plan.sizes) if depth == "quick" else reduction.MOST_BARNES_HUT + 1, 0)
    rows = [
        row
        for seed in range(plan.repeats)
        for size in plan.sizes
        for row in _steps(run, spread, size, run.seed + seed)
    ]
    return pd.DataFrame(rows)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Give the growth of each step, the time for 130,000 points as far as sizes allow, and what was found.

    If the largest is below a quarter of them, all that is known is that it takes longer than the largest.
    """
    times = table.rename(columns={"unit": "repeat"})
    sizes = f"up to {times['n'].max():,} points"
    estimates = {
        f"{sizes} time grows with n to the power, {step}": power
        for step, power in growth.powers(times).items()
    }
    minutes = times.groupby(["repeat", "n"])["seconds"].sum().unstack() / 60
    estimates[f"minutes for {TARGET:,} points"] = _minutes(minutes)
    if "clusters" in table:
        largest = table[table["n"] == table["n"].max()].groupby("unit").first()
        for column in FINDINGS:
            estimates[f"{column} of {table['n'].max():,} drawn faces"] = statistics.median(largest[column])
    return estimates


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
        Seconds, one row for each number of points and one column for each step; and the most memory.
    """
    if table.empty:
        return pd.DataFrame(columns=[*STEPS, "gigabytes"])
    seconds = table.pivot_table(index="n", columns="algorithm", values="seconds", aggfunc="median")
    return seconds[list(STEPS)].assign(gigabytes=table.groupby("n")["gigabytes"].max())


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


def _steps(run: Run, spread: population.Spread, size: int, seed: int) -> list[dict]:
    vectors, who = population.draw(spread, size, seed)
    outcome: dict = {}

    def reduce(some: np.ndarray) -> None:
        outcome["points"] = reduction.reduce(some, "pca+tsne", run.seed, run.jobs, run.device)

    def cluster(points: np.ndarray) -> None:
        outcome["clusters"] = clustering.find(points)[0]

    seconds = (growth.seconds(reduce, vectors), growth.seconds(cluster, outcome["points"]))
    apart = clustering.noise_apart(outcome["clusters"])
    facts = {
        "n": size,
        "unit": seed,
        "people": who["person"].nunique(),
        "source videos": who["source"].nunique(),
        **clustering.summary(outcome["clusters"]),
        "ARI with people": adjusted_rand_score(who["person"], apart),
        "ARI with source videos": adjusted_rand_score(who["source"], apart),
        "gigabytes": timing.peak_memory() / 1024,
    }
    return [{"algorithm": step, "seconds": taken} | facts for step, taken in zip(STEPS, seconds, strict=True)]
