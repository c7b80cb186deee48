"""Maps of up to 260,000 faces: time, memory and quality of three ways to place them by t-SNE."""

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
from scipy import sparse
from sklearn.manifold import TSNE
from sklearn.metrics import adjusted_rand_score

from dfd import clustering, many_points, reduction, tables
from dfd.run import Run
from study import growth, isolated, population, results, timing
from study.population import Spread

PACKAGES = ("openTSNE", "scikit-learn", "hdbscan", "faiss-cpu", "numba", "numpy")

SKLEARN, OPENTSNE, MESH, ALL_PAIRS = "scikit-learn", "openTSNE", "mesh", "all pairs (GPU)"
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
    sizes : dict of int to int
        How many seeds each number of faces is placed with by openTSNE and with the mesh; scikit-learn places
        one.
    limit : float
        Seconds that a map may be expected to take: a method leaves larger numbers out.
    only_mesh : tuple of int
        Numbers of faces that are placed with the mesh alone.
    """

    sizes: dict[int, int]
    limit: float
    only_mesh: tuple[int, ...] = ()


PLAN = Plan(
    {2000: 1, 4000: 1, 8000: 1, 16_000: 3, 32_500: 1, 65_000: 1, 130_000: 1, 260_000: 1}, 1500, (65_000,)
)
SHOWN = 130_000
"""Faces of the map that is kept to be drawn."""

SHARE = {SKLEARN: 0.15, OPENTSNE: 1.0, MESH: 1.0, ALL_PAIRS: 1.0}
"""Share of the limit that each method gets."""


def measure(run: Run, plan: Plan = PLAN) -> dict:
    """Place faces drawn like a run's by scikit-learn, openTSNE and with a mesh, and store what came out.

    On a machine with a GPU they are placed there too, by sums over all pairs.

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
    dict
        As stored under ``"large_maps"``: profile, rows (one for each method, number of faces and seed) and
        left_out (why a method did not get further).
    """
    folder, spread = run.build / "large_maps", population.spread(run)
    rows, left_out = [], {}
    for method in (OPENTSNE, MESH, SKLEARN, ALL_PAIRS)[: 4 if run.device.type == "cuda" else 3]:
        last: tuple[int, float] | None = None
        for size, seeds in sorted(plan.sizes.items()):
            if method == OPENTSNE and size in plan.only_mesh:
                continue
            limit = SHARE[method] * plan.limit
            if last and last[1] * (size / last[0]) ** growth.EXPECTED_GROWTH > limit:
                left_out[method] = f"{size:,} faces were expected to take more than {limit:.0f} s"
                break
            for seed in range(1 if method == SKLEARN else seeds):
                row = _kept(folder, spread, method, size, seed, run.jobs)
                rows.append(row)
                print(json.dumps(row), flush=True)
            last = (size, sum(row[step] for step in STEPS if row.get(step)))
    if plan.sizes.get(SHOWN):
        _keep_map(folder, spread)
    return results.store(
        "large_maps",
        "seconds, memory and quality of three-dimensional maps of faces drawn like the sample's",
        PACKAGES,
        profile=run.name,
        rows=rows,
        left_out=left_out,
    )


def map_path() -> Path:
    """Say where the map of `SHOWN` faces is stored.

    Returns
    -------
    Path
    """
    return results.FOLDER / "large_map.parquet"


def _kept(folder: Path, spread: Spread, method: str, size: int, seed: int, jobs: int) -> dict:
    path = folder / f"{method}-{size}-{seed}.json"
    if not path.is_file():
        (made,) = isolated.in_process(method, _place, spread, method, size, seed, jobs, folder)
        if "reason" not in made:
            (scored,) = isolated.in_process(method, _score, spread, method, size, seed, jobs, folder)
            made |= scored
        with tables.replacing(path) as aside:
            aside.write_text(json.dumps(made))
    return json.loads(path.read_text())


def _keep_map(folder: Path, spread: Spread) -> None:
    """Store a map in whole numbers, which is all that a picture needs."""
    _, who = population.draw(spread, SHOWN, 0)
    with np.load(folder / f"{MESH}-{SHOWN}-0.npz") as kept:
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
    perplexity = reduction.perplexity(len(reduced))
    count = round(many_points.NEIGHBOURS * perplexity)
    near = _timed(seconds, "neighbours", many_points.neighbours, reduced, count, seed, jobs)
    matrix = _timed(seconds, "affinities", many_points.affinities, *near, perplexity, jobs)
    return _timed(seconds, "t-SNE", many_points.place, reduced, matrix, seed, jobs, device)


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
    MESH: _ours,
    ALL_PAIRS: partial(_ours, device="cuda"),
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
    objective = many_points.MeshGradient(jobs, REACH)
    divergence, _ = objective(points.astype(np.float64), matrix, should_eval_error=True)
    trust, kept_near = neighbourhoods(reduced, points, seed)
    apart = clustering.noise_apart(clusters)
    return [
        {
            "divergence": divergence,
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
