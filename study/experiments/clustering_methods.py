"""Which algorithm should cluster the faces: which is fastest, and whose clusters are most stable? (C15)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.cluster import (
    DBSCAN,
    AffinityPropagation,
    AgglomerativeClustering,
    Birch,
    KMeans,
    MeanShift,
    MiniBatchKMeans,
    SpectralClustering,
)
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors

from dfd import clustering, dataset, embedding, faces, reduction, tables
from dfd.run import Run
from study import groupings, growth, measuring, plots, statistics, truth
from study.records import Depth, Result
from study.statistics import NOT_COMPUTABLE, Interval

UNIT = truth.ACTORS
TIMES = True
REPEATED = "time "
RIVALS = ("k-means", "DBSCAN", "HDBSCAN")
"""The three that the report chooses from."""

NEIGHBOURS = 5
"""Neighbours that make a point dense for DBSCAN."""

FACES = 8
"""Faces of each video that are clustered to see how stable the clusters are."""

SOURCES = 60
"""Source videos at most, drawn at random, of whose faces and fakes that is seen: all of the sample's."""

KEPT = 0.9
"""Share of the faces in another draw."""

FACTORS = (0.5, 0.75, 1.5, 2)
"""What an algorithm's parameter is multiplied by."""

SHOWN = (500, 2000, 8000, 32_000)
"""Numbers of points at which the times of DBSCAN and HDBSCAN are compared where they were measured."""

REPORTED = 100_000
"""Number of points for which the report chooses its algorithm."""

AGAINST = {"parameter": "its parameter", "faces": "other faces", "seed": "the seed"}
"""What is changed, and how the estimates call it."""


REPEATS = 300
"""Draws of the bootstrap over units: fewer than elsewhere, for each takes a mean over many clusterings."""


@dataclass(frozen=True)
class Plan:
    """How much is timed and repeated.

    Attributes
    ----------
    sizes : tuple of int
        Numbers of points that are timed.
    limit : float
        Seconds that one run may be expected to take.
    repeats : int
        Runs of each size.
    draws : int
        Draws of other faces, and other seeds.
    """

    sizes: tuple[int, ...]
    limit: float
    repeats: int
    draws: int


PLANS: dict[Depth, Plan] = {
    "quick": Plan((250, 500, 1000, 2000), 0.3, 3, 4),
    "full": Plan((500, 1000, 2000, 4000, 8000, 16_000, 32_000, 100_000), 6, 5, 10),
}


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    if obstacle(run):
        return []
    reduction.table(run)
    return [tables.stored_fingerprint(reduction.path(run)), run.seed]


def obstacle(run: Run) -> str:
    """Say why this run has too little to cluster; empty if it has enough."""
    enough = 2 * clustering.SMALLEST
    return "" if len(faces.table(run)) > enough else f"Clustering takes more than {enough} faces."


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Time the algorithms, and cluster the same faces again and again with something changed.

    Rows of times have algorithm, n, repeat, seconds and reason; rows of clusters algorithm, change, number
    (of the draw), face, unit and cluster.
    """
    points, plan = reduction.table(run), PLANS[depth]
    times = _times(points[["x", "y", "z"]].to_numpy(), plan, run.seed)
    rows = dataset.with_source(run, faces.table(run)).merge(points, on="face_id")
    sources = np.random.default_rng(run.seed).permutation(rows["source"].unique())[:SOURCES]
    rows = rows[rows["source"].isin(sources)].reset_index(drop=True)
    rows = embedding.spread_faces(rows, dict.fromkeys(dataset.LABELS, FACES)).reset_index(drop=True)
    clusters = trials(rows[["x", "y", "z"]].to_numpy(), plan.draws, run.seed)
    clusters["unit"] = truth.with_unit(run, rows)["unit"].to_numpy()[clusters["face"]]
    return pd.concat([times, clusters], ignore_index=True)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compare times, and the stabilities over units; the quick measurement has no 100,000 points."""
    times = of_times(table)
    estimates = {
        f"time at {size:,} points: DBSCAN's as a multiple of HDBSCAN's": _ratio(times, size)
        for size in (*np.intersect1d(SHOWN, times["n"]), REPORTED)
    }
    for name, power in growth.powers(times[times["algorithm"].isin(RIVALS)]).items():
        estimates[f"time grows with n to the power, {name}"] = power
    compared = _compared(table[table["n"].isna()])
    for (name, change), pairs in compared.items():
        estimates[f"stability against {AGAINST[change]}, {name}"] = groupings.mean_index(pairs, REPEATS)
    differences = {
        f"stability against {AGAINST[change]}: HDBSCAN less DBSCAN": (
            compared["HDBSCAN", change],
            compared["DBSCAN", change],
        )
        for change in ("parameter", "faces")
    }
    return estimates | _differences(differences)


def draw(result: Result) -> Figure:
    """Draw the times of all algorithms against the number of points."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    return growth.draw(of_times(result.table))


def of_times(table: pd.DataFrame) -> pd.DataFrame:
    """Select the rows of times.

    Parameters
    ----------
    table : DataFrame
        As `collect` gives it.

    Returns
    -------
    DataFrame
        As `study.growth.measure` gives it.
    """
    columns = ["algorithm", "n", "repeat", "seconds", "reason"]
    return table.dropna(subset=["n"])[columns].astype({"n": int, "repeat": int})


def largest(table: pd.DataFrame) -> pd.DataFrame:
    """Say of each algorithm how many points it was timed with at most.

    Parameters
    ----------
    table : DataFrame
        As `collect` gives it.

    Returns
    -------
    DataFrame
        One row for each algorithm, the slowest first: points, seconds (median) and why it was not given more.
    """
    rows = {}
    if table.empty:
        return pd.DataFrame(columns=["points", "seconds", "why not more"])
    for name, runs in of_times(table).groupby("algorithm", sort=False):
        timed = runs.dropna(subset=["seconds"])
        points = timed["n"].max()
        reasons = runs.loc[runs["n"] > points, "reason"].tolist()
        seconds = timed.loc[timed["n"] == points, "seconds"].median()
        rows[name] = {"points": points, "seconds": seconds, "why not more": reasons[0] if reasons else ""}
    return pd.DataFrame.from_dict(rows, orient="index").sort_values(
        ["points", "seconds"], ascending=[True, False]
    )


def knee_radius(points: np.ndarray, neighbours: int = NEIGHBOURS) -> float:
    """Choose DBSCAN's radius the usual way: the knee of the sorted distances to the k-th neighbour.

    Parameters
    ----------
    points : ndarray, shape (n, features)
        What to cluster.
    neighbours : int
        k.

    Returns
    -------
    float
        The distance at the point of the curve that is farthest below the line between its ends.
    """
    count = min(neighbours + 1, len(points))
    distances = np.sort(NearestNeighbors(n_neighbors=count).fit(points).kneighbors(points)[0][:, -1])
    line = np.linspace(distances[0], distances[-1], len(distances))
    return float(distances[np.argmax(line - distances)]) or float(distances[-1])


def algorithms(
    clusters: int, radius: Callable[[np.ndarray], float], seed: int
) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """List clustering algorithms, to compare their times and their results (report, Figures 3.10 and 3.11).

    Parameters
    ----------
    clusters : int
        Number of clusters, for those that need it.
    radius : callable
        Gives DBSCAN's radius for points, in their unit.
    seed : int
        Seed of those that draw at random.

    Returns
    -------
    dict of str to callable
        Name, and what takes points of shape (n, features) and gives a cluster for each, -1 for noise.
    """
    once: dict[str, Any] = {"n_init": 1}
    fixed = {
        "k-means": KMeans(clusters, **once, random_state=seed),
        "k-means in small batches": MiniBatchKMeans(clusters, **once, random_state=seed),
        "Gaussian mixture": GaussianMixture(clusters, covariance_type="diag", random_state=seed),
        "agglomerative (Ward)": AgglomerativeClustering(clusters),
        "spectral": SpectralClustering(clusters, affinity="nearest_neighbors", random_state=seed),
        "affinity propagation": AffinityPropagation(damping=0.9, random_state=seed),
    }

    def mean_shift(points: np.ndarray) -> np.ndarray:
        return MeanShift(bandwidth=2 * radius(points), bin_seeding=True).fit_predict(points)

    def birch(points: np.ndarray) -> np.ndarray:
        return Birch(n_clusters=clusters, threshold=radius(points) / 2).fit_predict(points)

    def dbscan(points: np.ndarray) -> np.ndarray:
        return DBSCAN(eps=radius(points), min_samples=NEIGHBOURS).fit_predict(points)

    return {
        "HDBSCAN": lambda points: clustering.find(points)[0],
        "DBSCAN": dbscan,
        **{name: method.fit_predict for name, method in fixed.items()},
        "BIRCH": birch,
        "mean shift": mean_shift,
    }


def trials(points: np.ndarray, draws: int, seed: int) -> pd.DataFrame:
    """Cluster the same points again and again with something changed, to see how much the result changes.

    Parameters
    ----------
    points : ndarray, shape (n, features)
        What to cluster.
    draws : int
        Draws of other faces (90% of them at a time), and other seeds of k-means.
    seed : int
        Seed of the random draws.

    Returns
    -------
    DataFrame
        algorithm, change (``"none"``, ``"parameter"``: the algorithm's only one, from half to twice its
        value, ``"faces"`` or ``"seed"``), number, face (its place in `points`) and cluster.
    """
    random = np.random.default_rng(seed)
    radius = knee_radius(points)
    count = max(len(np.unique(clustering.find(points)[0])), 2)
    runs: dict[str, Callable[[np.ndarray, float, int], np.ndarray]] = {
        "k-means": lambda some, factor, number: _k_means(some, count * factor, seed + number),
        "DBSCAN": lambda some, factor, _: DBSCAN(eps=radius * factor, min_samples=NEIGHBOURS).fit_predict(
            some
        ),
        "HDBSCAN": lambda some, factor, _: clustering.find(some, max(round(clustering.SMALLEST * factor), 2))[
            0
        ],
    }
    samples = [np.flatnonzero(random.random(len(points)) < KEPT) for _ in range(draws)]
    everything = np.arange(len(points))
    parts = []
    for name, run in runs.items():
        changes: list[tuple[str, int, np.ndarray, float, int]] = [("none", 0, everything, 1, 0)]
        changes += [("parameter", number, everything, factor, 0) for number, factor in enumerate(FACTORS)]
        changes += [("faces", number, sample, 1, 0) for number, sample in enumerate(samples)]
        if name == "k-means":
            changes += [("seed", number, everything, 1, number) for number in range(1, draws + 1)]
        for change, number, some, factor, shift in changes:
            part = pd.DataFrame({"face": some, "cluster": run(points[some], factor, shift)})
            parts.append(part.assign(algorithm=name, change=change, number=number))
    return pd.concat(parts, ignore_index=True).astype({"cluster": "int16", "number": "int16"})


def _k_means(points: np.ndarray, clusters: float, seed: int) -> np.ndarray:
    settings: Mapping[str, Any] = {"n_init": 1, "random_state": seed}
    return KMeans(min(max(round(clusters), 2), len(points)), **settings).fit_predict(points)


def _times(points: np.ndarray, plan: Plan, seed: int) -> pd.DataFrame:
    drawn = growth.around(points, seed)
    clusters = min(max(len(np.unique(clustering.find(points)[0])), 2), min(plan.sizes) - 1)
    # The radius belongs to the points, not to the time: it is chosen before the clocks run.
    radii = {size: knee_radius(drawn(size)) for size in plan.sizes}
    compared = algorithms(clusters, lambda some: radii[len(some)], seed)
    return growth.measure(compared, drawn, plan.sizes, plan.limit, plan.repeats)


def _ratio(times: pd.DataFrame, size: int) -> Interval:
    """Divide DBSCAN's times by HDBSCAN's, repeat by repeat."""
    wide = times[times["n"] == size].pivot(index="repeat", columns="algorithm", values="seconds")
    if not {"DBSCAN", "HDBSCAN"} <= set(wide.columns):
        return NOT_COMPUTABLE
    return statistics.median(wide["DBSCAN"] / wide["HDBSCAN"])


def _compared(clusters: pd.DataFrame) -> dict[tuple[str, str], list[tuple]]:
    """Pair the clusters of each algorithm and change with those of no change, on the faces that both have."""
    pairs = {}
    for (name, change), rows in clusters.groupby(["algorithm", "change"], sort=False):
        first = clusters[(clusters["algorithm"] == name) & (clusters["change"] == "none")].set_index("face")
        for _, changed in rows.groupby("number"):
            same = first.loc[changed["face"]]
            groups = (same["cluster"].to_numpy(), changed["cluster"].to_numpy(), same["unit"].to_numpy(str))
            pairs.setdefault((name, change), []).append(groups)
    return {key: several for key, several in pairs.items() if key[1] != "none"}


def _differences(compared: Mapping[str, tuple[list, list]]) -> dict[str, Interval]:
    names = np.unique(np.concatenate([units for pairs in compared.values() for _, _, units in pairs[0]]))

    def difference(first: list, second: list, weights: np.ndarray) -> float:
        return groupings.mean_of(first, weights) - groupings.mean_of(second, weights)

    counted = {
        name: partial(difference, *(groupings.pairings(part, names) for part in pair))
        for name, pair in compared.items()
    }
    return statistics.family(counted, names, REPEATS)
