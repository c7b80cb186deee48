"""How the time that an algorithm takes grows with the number of points."""

import time
import warnings
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

EXPECTED_GROWTH = 1.5


def measure(
    algorithms: Mapping[str, Callable[[np.ndarray], object]],
    points: Callable[[int], np.ndarray],
    sizes: Sequence[int],
    limit: float,
) -> pd.DataFrame:
    """Time algorithms on more and more points, and drop each before it would take too long.

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
        Seconds that one run may be expected to take: the last run's, grown with the power
        `EXPECTED_GROWTH` of the number of points. The two smallest sizes are run whatever they take,
        since `growth` needs two.

    Returns
    -------
    DataFrame
        algorithm, n, seconds (null for a run left out) and reason (why it was left out or failed).
    """
    rows = []
    for name, algorithm in algorithms.items():
        timed = []
        # The first run also loads and compiles things, so the smallest size is run once more before.
        for turn, size in enumerate([min(sizes), *sorted(sizes)]):
            if len(timed) > 2 and timed[-1][1] * (size / timed[-1][0]) ** EXPECTED_GROWTH > limit:
                rows.append((name, size, None, f"expected to take more than {limit:g} s"))
                continue
            data = points(size)
            start = time.perf_counter()
            try:
                with warnings.catch_warnings(action="ignore"):
                    algorithm(data)
            except (ValueError, MemoryError, ArithmeticError) as error:
                if turn > 0:
                    rows.append((name, size, None, f"failed: {error}"))
                continue
            timed.append((size, time.perf_counter() - start))
            if turn > 0:
                rows.append((name, *timed[-1], ""))
    return pd.DataFrame(rows, columns=["algorithm", "n", "seconds", "reason"]).astype({"seconds": "float64"})


def growth(times: pd.DataFrame, largest: int = 3) -> pd.DataFrame:
    """Fit ``seconds = factor * n ** exponent`` to the largest runs of each algorithm.

    Parameters
    ----------
    times : DataFrame
        As `measure` gives it.
    largest : int
        Runs to fit: the small ones tell more about the start than about the growth.

    Returns
    -------
    DataFrame
        Indexed by algorithm: exponent, factor, largest n measured and its seconds. Algorithms with fewer
        than two runs have no row.
    """
    rows = {}
    for name, runs in times.dropna(subset=["seconds"]).groupby("algorithm", sort=False):
        runs = runs.sort_values("n").tail(largest)
        if runs["n"].nunique() < 2:
            continue
        exponent, logarithm = np.polyfit(np.log(runs["n"]), np.log(runs["seconds"]), 1)
        rows[name] = (exponent, np.exp(logarithm), runs["n"].iloc[-1], runs["seconds"].iloc[-1])
    return pd.DataFrame.from_dict(rows, orient="index", columns=["exponent", "factor", "largest", "seconds"])


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

    def draw(count: int) -> np.ndarray:
        random = np.random.default_rng([seed, count])
        if count <= len(vectors):
            return vectors[random.permutation(len(vectors))[:count]]
        copies = vectors[random.integers(len(vectors), size=count)]
        return (copies + random.normal(size=copies.shape) * scale).astype(np.float32)

    return draw
