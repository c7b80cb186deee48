"""How the time that an algorithm takes grows with the number of points: timings and a fitted power."""

import time
import warnings
from collections.abc import Callable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd import clustering, embedding
from dfd.run import Run
from study import plots, statistics
from study.statistics import Interval

EXPECTED_GROWTH = 1.5

FAILURES = (ValueError, MemoryError, ArithmeticError)
"""What an algorithm raises that cannot work with the points that it is given."""

COLOURS = [*plots.COLOURS[:6], plots.COLOURS[7]]
"""Of lines: the book's colours but yellow, in which a line would hardly be seen."""

LEVEL = 6
"""Numbers at an axis that have room beside each other; more of them stand aslant."""

FEWEST_SIZES = 3
"""Sizes that a power is fitted to, at least: two would always lie on a line."""


def measure(
    algorithms: Mapping[str, Callable[[np.ndarray], object]],
    points: Callable[[int], np.ndarray],
    sizes: Sequence[int],
    limit: float,
    repeats: int = 5,
) -> pd.DataFrame:
    """Time algorithms on more and more points, several times each, and drop each before it takes too long.

    Their warnings, which are about results, are not shown.

    Parameters
    ----------
    algorithms : mapping of str to callable
        Each takes an array of shape (n, features).
    points : callable
        Gives n points.
    sizes : sequence of int
        Numbers of points.
    limit : float
        Seconds that one run may be expected to take: the median of the last size, grown with the power
        `EXPECTED_GROWTH` of the number of points. The smallest size is run whatever it takes.
    repeats : int
        Runs of each size, after one run of the smallest to warm up, which loads and compiles things.

    Returns
    -------
    DataFrame
        algorithm, n, repeat (from 0), seconds (null for a run left out) and reason (why it was left out or
        failed); a size that was left out has one row.
    """
    rows = []
    for name, algorithm in algorithms.items():
        last: tuple[int, float] | None = None
        for size in sorted(sizes):
            if last and last[1] * (size / last[0]) ** EXPECTED_GROWTH > limit:
                rows.append((name, size, 0, None, f"expected to take more than {limit:g} s"))
                continue
            data = points(size)
            try:
                if last is None:
                    seconds(algorithm, data)
                timed = [seconds(algorithm, data) for _ in range(repeats)]
            except FAILURES as error:
                rows.append((name, size, 0, None, f"failed: {error}"))
                continue
            last = (size, float(np.median(timed)))
            rows += [(name, size, number, value, "") for number, value in enumerate(timed)]
    columns = ["algorithm", "n", "repeat", "seconds", "reason"]
    return pd.DataFrame(rows, columns=columns).astype({"seconds": "float64"})


def seconds(algorithm: Callable[[np.ndarray], object], data: np.ndarray) -> float:
    """Time one run of an algorithm.

    Parameters
    ----------
    algorithm : callable
        Takes an array of shape (n, features); its warnings are not shown.
    data : ndarray, shape (n, features)
        What it is given.

    Returns
    -------
    float
        Seconds of wall-clock time.
    """
    with warnings.catch_warnings(action="ignore"):
        start = time.perf_counter()
        algorithm(data)
        return time.perf_counter() - start


def growth(times: pd.DataFrame, largest: int = FEWEST_SIZES) -> pd.DataFrame:
    """Fit ``seconds = factor * n ** exponent`` to the largest sizes that each algorithm was timed at.

    The power describes those sizes; how far it holds beyond them the fit does not say.

    Parameters
    ----------
    times : DataFrame
        As `measure` gives it.
    largest : int
        Sizes to fit: the small ones tell more about the start than about the growth.

    Returns
    -------
    DataFrame
        Indexed by algorithm: exponent (mean of those of the repeats), low and high (its 95% interval, by
        Student's t over the repeats), factor, smallest and largest (n of the fit), seconds (median at the
        largest n) and repeats. Algorithms that were timed at fewer than `FEWEST_SIZES` sizes have no row.
    """
    rows = {}
    for name, runs in times.dropna(subset=["seconds"]).groupby("algorithm", sort=False):
        wide = runs.pivot(index="n", columns="repeat", values="seconds").sort_index().tail(largest)
        if len(wide) < FEWEST_SIZES:
            continue
        fitted = np.polyfit(np.log(wide.index.to_numpy(float)), np.log(wide.to_numpy()), 1)
        spread = statistics.mean(fitted[0])
        factor = float(np.exp(fitted[1].mean()))
        last = float(wide.iloc[-1].median())
        exponent = (float(fitted[0].mean()), spread.low, spread.high)
        rows[name] = (*exponent, factor, wide.index[0], wide.index[-1], last, wide.shape[1])
    columns = ["exponent", "low", "high", "factor", "smallest", "largest", "seconds", "repeats"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def powers(times: pd.DataFrame) -> dict[str, Interval]:
    """Give the power of each algorithm's growth with its interval over the repeats.

    Parameters
    ----------
    times : DataFrame
        As `measure` gives it.

    Returns
    -------
    dict of str to Interval
        The exponents of `growth`, by algorithm.
    """
    fits = growth(times)
    columns = [fits[column].astype(float) for column in ("exponent", "low", "high")]
    return {str(name): Interval(*bounds) for name, *bounds in zip(fits.index, *columns, strict=True)}


def draw(times: pd.DataFrame, what: str = "points") -> Figure:
    """Draw times against the number of points: a line through the medians, a bar from quartile to quartile.

    Parameters
    ----------
    times : DataFrame
        As `measure` gives it.
    what : str
        What is counted, for the axis.

    Returns
    -------
    Figure
        On both axes in powers of ten; every line carries its name.
    """
    figure, axes = plt.subplots(figsize=(8, 5))
    timed = times.dropna(subset=["seconds"])
    quartiles = (
        timed.groupby(["algorithm", "n"], sort=False)["seconds"]
        .quantile(np.array([0.25, 0.5, 0.75]))
        .unstack()
    )
    for number, (name, rows) in enumerate(quartiles.groupby(level="algorithm", sort=False)):
        n, middle = rows.index.get_level_values("n"), rows[0.5]
        bars = [middle - rows[0.25], rows[0.75] - middle]
        colour, marker = COLOURS[number % len(COLOURS)], "os^Dv"[number // len(COLOURS)]
        axes.errorbar(n, middle, yerr=bars, marker=marker, color=colour, capsize=3, label=name)
    sizes = sorted(timed["n"].unique())
    axes.set(xscale="log", yscale="log", xlabel=f"number of {what}", ylabel="seconds")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes], rotation=30 if len(sizes) > LEVEL else 0)
    axes.minorticks_off()
    # In the order of the lines' right ends, so that legend and lines can be read together.
    handles, labels = axes.get_legend_handles_labels()
    height = {name: rows[0.5].iloc[-1] for name, rows in quartiles.groupby(level="algorithm", sort=False)}
    order = sorted(range(len(labels)), key=lambda place: -height[labels[place]])
    axes.legend(
        [handles[place] for place in order],
        [labels[place] for place in order],
        loc="center left",
        bbox_to_anchor=(1, 0.5),
        frameon=False,
    )
    return figure


def around(vectors: np.ndarray, seed: int, spread: float = 0.1) -> Callable[[int], np.ndarray]:
    """Draw any number of points that lie like given ones: copies with a little noise.

    Parameters
    ----------
    vectors : ndarray, shape (n, features)
        The given points.
    seed : int
        Seed of the random draw.
    spread : float
        Standard deviation of the noise, as a share of each feature's.

    Returns
    -------
    callable
        Takes a number, gives an array of float32 of that many rows. Up to n the given points suffice, drawn
        without repeats and without noise.
    """
    scale = spread * vectors.std(axis=0)

    def draw_points(count: int) -> np.ndarray:
        random = np.random.default_rng([seed, count])
        if count <= len(vectors):
            return vectors[random.permutation(len(vectors))[:count]]
        copies = vectors[random.integers(len(vectors), size=count)]
        return (copies + random.normal(size=copies.shape) * scale).astype(np.float32)

    return draw_points


def around_embeddings(run: Run) -> Callable[[int], np.ndarray]:
    """Draw any number of points that lie like the vectors of a run's faces.

    Parameters
    ----------
    run : Run
        The run, whose embeddings are made if they are not there.

    Returns
    -------
    callable
        As `around` gives it, for the vectors of `dfd.clustering.subset`.
    """
    return around(embedding.vectors(clustering.subset(run, embedding.table(run))), run.seed)
