"""Maps of up to 260,000 faces: time, memory and quality of several ways to place them by t-SNE."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from openTSNE import initialization
from scipy import sparse
from sklearn.manifold import TSNE
from sklearn.metrics import adjusted_rand_score

from dfd import clustering, gradients, many_points, reduction, tables
from dfd.run import Run
from study import growth, isolated, population, results, timing
from study.population import Spread

WHAT = "seconds, memory and quality of three-dimensional maps of faces drawn like the sample's"
PACKAGES = ("openTSNE", "scikit-learn", "hdbscan", "faiss-cpu", "numba", "numpy")

SKLEARN, OPENTSNE = "scikit-learn", "openTSNE"
MESH, LONGER = "mesh", "mesh, twice the iterations"
"""openTSNE's start and plan with the mesh's sums, and the same with twice as many iterations."""

OURS, ON_GPU = "sample first", "sample first (GPU)"
"""What `dfd.reduction` does with many points, on a CPU and on a GPU."""

EXACT = "all pairs (GPU)"
"""openTSNE's start and plan with exact sums."""

STEPS = ("PCA", "neighbours", "affinities", "t-SNE", "HDBSCAN")

LOOKED_AT = 2000
"""Points whose neighbourhoods are compared."""

NEIGHBOURS = 50
"""Nearest neighbours of each that are compared."""

REACH = 8.0
"""Reach of the mesh that the divergence is computed with: its sums are exact to some millionths."""

FINE = 8
"""Times as many cells are searched for the neighbours whose affinities all maps are judged by."""


@dataclass(frozen=True)
class Plan:
    """What is placed.

    Attributes
    ----------
    sizes : dict of str to dict of int to int
        For each method how many seeds each number of faces is placed with.
    limit : float
        Seconds that a map may be expected to take: a method leaves larger numbers out.
    """

    sizes: dict[str, dict[int, int]]
    limit: float


SMALL = {2000: 1, 4000: 1, 8000: 1, 16_000: 3, 32_500: 1}
SHOWN = 130_000
"""Faces of the map that is kept to be drawn."""

PLAN = Plan(
    {
        OPENTSNE: SMALL | {SHOWN: 2, 260_000: 1},
        OURS: SMALL | {65_000: 1, SHOWN: 3, 260_000: 1},
        MESH: {16_000: 1, SHOWN: 1},
        LONGER: {SHOWN: 1},
        SKLEARN: {2000: 1, 4000: 1, 8000: 1, 16_000: 1, 32_500: 1},
    },
    1500,
)
SHARE = {SKLEARN: 0.15}
"""Share of the limit that a method gets, where it is not the whole."""


def measure(run: Run, plan: Plan = PLAN) -> dict:
    """Place faces drawn like a run's by all methods of a CPU, and store what came out.

    Parameters
    ----------
    run : Run
        The run whose embeddings are the model.
    plan : Plan
        What is placed.

    Returns
    -------
    dict
        As stored under ``"large_maps"``: profile, rows and left_out, as `place_all` gives them.
    """
    rows, left_out = place_all(run, plan)
    if plan.sizes.get(OURS, {}).get(SHOWN):
        _keep_map(_folder(run), population.spread(run))
    return results.store("large_maps", WHAT, PACKAGES, profile=run.name, rows=rows, left_out=left_out)


def place_all(run: Run, plan: Plan) -> tuple[list[dict], dict[str, str]]:
    """Place faces drawn like a run's, and score the maps.

    Each map is made in a process of its own, and kept below the run's build folder with its times, so that a
    call that was stopped goes on.

    Parameters
    ----------
    run : Run
        The run whose embeddings are the model.
    plan : Plan
        What is placed.

    Returns
    -------
    rows : list of dict
        One for each method, number of faces and seed.
    left_out : dict of str to str
        Why a method did not get further.
    """
    folder, spread = _folder(run), population.spread(run)
    rows, left_out = [], {}
    for method, sizes in plan.sizes.items():
        last: tuple[int, float] | None = None
        for size, seeds in sorted(sizes.items()):
            limit = SHARE.get(method, 1) * plan.limit
            if last and last[1] * (size / last[0]) ** growth.EXPECTED_GROWTH > limit:
                left_out[method] = f"{size:,} faces were expected to take more than {limit:.0f} s"
                break
            made = [_kept(folder, spread, method, size, seed, run.jobs) for seed in range(seeds)]
            if reasons := [row["reason"] for row in made if "reason" in row]:
                left_out[method] = f"{size:,} faces: {reasons[0]}"
                break
            rows += made
            last = (size, sum(made[-1][step] for step in STEPS if made[-1].get(step)))
    return rows, left_out


def map_path() -> Path:
    """Say where the map of `SHOWN` faces is stored.

    Returns
    -------
    Path
    """
    return results.FOLDER / "large_map.parquet"


def _folder(run: Run) -> Path:
    return run.build / "large_maps"


def _kept(folder: Path, spread: Spread, method: str, size: int, seed: int, jobs: int) -> dict:
    path = folder / f"{method}-{size}-{seed}.json"
    if not path.is_file():
        made: dict = {}
        for work in (_place, _score):
            made |= isolated.in_process(method, work, spread, method, size, seed, jobs, folder)[0]
            if "reason" in made:
                return made
        print(json.dumps(made), flush=True)
        with tables.replacing(path) as aside:
            aside.write_text(json.dumps(made))
    return json.loads(path.read_text())


def _keep_map(folder: Path, spread: Spread) -> None:
    """Store a map in whole numbers, which is all that a picture needs."""
    _, who = population.draw(spread, SHOWN, 0)
    with np.load(folder / f"{OURS}-{SHOWN}-0.npz") as kept:
        points = kept["points"]
    scaled = np.round(points / np.abs(points).max() * np.iinfo(np.int16).max).astype(np.int16)
    frame = pd.DataFrame(scaled, columns=["x", "y", "z"]).assign(person=who["person"].astype(np.int16))
    tables.write(frame, map_path(), tables.fingerprint(SHOWN))


def _place(spread: Spread, method: str, size: int, seed: int, jobs: int, folder: Path) -> list[dict]:
    """Place and cluster faces, and keep the map; gives the times and the most memory that it took."""
    vectors, _ = population.draw(spread, size, seed)
    # What is compiled or loaded at first does not count.
    METHODS[method](vectors[:300], seed, jobs, {})
    seconds: dict[str, float] = {}
    reduced = _timed(seconds, "PCA", reduction.principal_components, vectors, reduction.PCA_COMPONENTS, seed)
    points = METHODS[method](reduced, seed, jobs, seconds)
    clusters, _ = _timed(seconds, "HDBSCAN", clustering.find, points)
    with tables.replacing(folder / f"{method}-{size}-{seed}.npz") as aside:
        np.savez(aside, reduced=reduced, points=points, clusters=clusters)
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    facts = {
        "method": method,
        "n": size,
        "seed": seed,
        "gigabytes": timing.peak_memory() / 1024,
        "load": load,
    }
    return [facts | {step: round(value, 2) for step, value in seconds.items()}]


def _ours(
    reduced: np.ndarray, seed: int, jobs: int, seconds: dict[str, float], device: str = "cpu"
) -> np.ndarray:
    matrix, perplexity = _affinities(reduced, seed, jobs, seconds)
    return _timed(seconds, "t-SNE", many_points.place, reduced, matrix, perplexity, seed, jobs, device)


def _all_from_start(
    reduced: np.ndarray,
    seed: int,
    jobs: int,
    seconds: dict[str, float],
    times: int = 1,
    device: str = "cpu",
) -> np.ndarray:
    matrix, _ = _affinities(reduced, seed, jobs, seconds)
    (early, late), start = many_points.PHASES, initialization.pca(reduced, n_components=3, random_state=seed)
    # Twice as many in all: the first part, whose affinities are exaggerated, is no longer than before.
    phases = (early, (times * (early[0] + late[0]) - early[0], *late[1:]))
    gradient = many_points.descents(jobs, device)
    maps = _timed(seconds, "t-SNE", lambda: list(many_points.descend(start, matrix, gradient, phases))[-1:])
    return maps[0].astype(np.float32)


def _affinities(
    reduced: np.ndarray, seed: int, jobs: int, seconds: dict[str, float]
) -> tuple[sparse.csr_matrix, float]:
    perplexity = reduction.perplexity(len(reduced))
    count = round(many_points.NEIGHBOURS * perplexity)
    near = _timed(seconds, "neighbours", many_points.neighbours, reduced, count, seed, jobs)
    return _timed(seconds, "affinities", many_points.affinities, *near, perplexity, jobs), perplexity


def _sklearn(reduced: np.ndarray, seed: int, jobs: int, seconds: dict[str, float]) -> np.ndarray:
    reducer = TSNE(
        reduction.COMPONENTS, perplexity=reduction.perplexity(len(reduced)), random_state=seed, n_jobs=jobs
    )
    return _timed(seconds, "t-SNE", reducer.fit_transform, reduced)


def _open_tsne(reduced: np.ndarray, seed: int, jobs: int, seconds: dict[str, float]) -> np.ndarray:
    return _timed(seconds, "t-SNE", reduction.barnes_hut, reduced, seed, jobs)


METHODS: dict[str, Callable[..., np.ndarray]] = {
    SKLEARN: _sklearn,
    OPENTSNE: _open_tsne,
    OURS: _ours,
    MESH: _all_from_start,
    LONGER: partial(_all_from_start, times=2),
    ON_GPU: partial(_ours, device="cuda"),
    EXACT: partial(_all_from_start, device="cuda"),
}


def _timed(seconds: dict[str, float], step: str, work: Callable[..., Any], *arguments: object) -> Any:
    started = time.perf_counter()
    done = work(*arguments)
    seconds[step] = time.perf_counter() - started
    return done


def _score(spread: Spread, method: str, size: int, seed: int, jobs: int, folder: Path) -> list[dict]:
    """Compare a kept map with what it was made of: the same affinities for all methods."""
    _, who = population.draw(spread, size, seed)
    with np.load(folder / f"{method}-{size}-{seed}.npz") as kept:
        reduced, points, clusters = kept["reduced"], kept["points"], kept["clusters"]
    matrix = _common(reduced, size, seed, jobs, folder)
    objective = gradients.MeshGradient(jobs, REACH)
    divergence, _ = objective(points.astype(np.float64), matrix, should_eval_error=True)
    trust, kept_near = neighbourhoods(reduced, points, seed)
    apart = clustering.noise_apart(clusters)
    return [
        {
            "divergence": divergence,
            "width": float(np.ptp(points, axis=0).max()),
            "trustworthiness": trust,
            "preservation": kept_near,
            "clusters": len(np.unique(clusters[clusters != clustering.NOISE])),
            "noise": float((clusters == clustering.NOISE).mean()),
            "people": int(who["person"].nunique()),
            "sources": int(who["source"].nunique()),
            "ARI people": adjusted_rand_score(who["person"], apart),
            "ARI sources": adjusted_rand_score(who["source"], apart),
        }
    ]


def _common(reduced: np.ndarray, size: int, seed: int, jobs: int, folder: Path) -> sparse.csr_matrix:
    """Make or reuse the affinities that all maps of the same faces are judged by."""
    path = folder / f"affinities-{size}-{seed}.npz"
    if not path.is_file():
        perplexity = reduction.perplexity(size)
        count = round(many_points.NEIGHBOURS * perplexity)
        near = many_points.neighbours(reduced, count, seed, jobs, FINE * many_points.PROBES)
        with tables.replacing(path) as aside:
            sparse.save_npz(aside, many_points.affinities(*near, perplexity, jobs), compressed=False)
    return sparse.csr_matrix(sparse.load_npz(path))


def neighbourhoods(vectors: np.ndarray, points: np.ndarray, seed: int) -> tuple[float, float]:
    """Compare the neighbourhoods of some points on a map with those before.

    Parameters
    ----------
    vectors : ndarray, shape (n, features)
        Before.
    points : ndarray, shape (n, 3)
        After.
    seed : int
        Seed of the draw of `LOOKED_AT` points.

    Returns
    -------
    trustworthiness : float
        1 if no neighbour on the map is new (Venna and Kaski, 2001), over `NEIGHBOURS` of them.
    preservation : float
        Share of the neighbours before that are still among the neighbours.
    """
    count = len(vectors)
    near = min(NEIGHBOURS, (count - 1) // 2)
    drawn = np.random.default_rng(seed).permutation(count)[:LOOKED_AT]
    penalties, shared = [], []
    for place in drawn:
        before = ((vectors - vectors[place]) ** 2).sum(axis=1)
        after = ((points - points[place]) ** 2).sum(axis=1)
        before[place] = after[place] = -1
        mapped = np.argpartition(after, near)[: near + 1]
        mapped = mapped[mapped != place][:near]
        nearest = np.argpartition(before, near)[: near + 1]
        shared.append(len(np.intersect1d(mapped, nearest)) / near)
        rank = np.sort(before).searchsorted(before[mapped])
        penalties.append(np.maximum(rank - near, 0).sum())
    scale = 2 / (near * (2 * count - 3 * near - 1))
    return 1 - scale * float(np.mean(penalties)), float(np.mean(shared))
