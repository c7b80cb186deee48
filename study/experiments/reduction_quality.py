"""What does a reduction to three dimensions cost, and what does it keep of the groups? (C13, C14)."""

from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.metrics import silhouette_samples
from sklearn.neighbors import NearestNeighbors

from dfd import dataset, embedding, faces, reduction, tables
from dfd.run import Run
from study import growth, measuring, plots, statistics, truth
from study.experiments import reduction_times
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
TIMES = True
REPEATED = "times PCA's"
FACES = 8
"""Faces of every video, the same number of an original and of a fake."""

MOST_UNITS = 60
"""Actors, or source videos where nobody knows who was filmed, whose faces are reduced at most."""

UNITS: dict[Depth, int] = {"quick": 4, "full": MOST_UNITS}
"""Those whose fakes are reduced too; originals are few, so both depths take them of all."""

REPEATS: dict[Depth, int] = {"quick": 2, "full": 7}
NEIGHBOURS = 10
"""Nearest neighbours that are looked at."""

VIDEOS = "videos, ImageNet features"
SCENES = "people, ImageNet features"
PEOPLE = "people, face features"
GROUPS = (VIDEOS, SCENES, PEOPLE)
"""The groups that a map shall keep apart, and the embedding that it is made of."""

METHODS = {"PCA": "pca", "t-SNE": "tsne", "PCA + t-SNE": "pca+tsne"}
EMBEDDING = "the embedding"
MAPS = {
    VIDEOS: (EMBEDDING, *METHODS),
    SCENES: (EMBEDDING, "PCA", "PCA + t-SNE"),
    PEOPLE: (EMBEDDING, "PCA", "PCA + t-SNE"),
}
"""What is scored for each kind of group."""

SCORES = ("silhouette", "votes", "trustworthiness")
NO_STRUCTURE = 0.25
"""Mean silhouette up to which "no substantial structure has been found" (Kaufman and Rousseeuw, 1990)."""

WARM_UP = 100
"""Faces of the first run of each reduction, which loads and compiles things and does not count."""

TIMED = {
    1000: ("PCA", "ICA", "Isomap", "locally linear embedding", "spectral embedding"),
    500: ("PCA", "PCA + t-SNE"),
}
"""Faces that are timed, and what with: PCA and those that could compete with it; PCA and t-SNE after it."""

NEXT = "times PCA's: the next fastest (1,000 faces)"
TSNE = "times PCA's: PCA + t-SNE (500 faces)"


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    models = _models(run)
    for model in models:
        embedding.table(run, model)
    stages = (dataset.path(run), faces.path(run), *(embedding.path(run, model) for model in models))
    return [*map(tables.stored_fingerprint, stages), run.seed]


def obstacle(run: Run) -> str:
    """Say why this run cannot compare maps; empty if it can."""
    videos = faces.table(run)["video"].value_counts()
    return "" if (videos > 1).sum() > NEIGHBOURS else "This run has too few videos with several faces."


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Time the reductions, and score the maps: one row for each run, and for each map, video and person."""
    rows = _faces(run, UNITS[depth])
    scored = [_scored(run, rows, "backbone", VIDEOS)]
    real = _faces(run, MOST_UNITS).query("label == 'REAL'").dropna(subset="actor")
    if real["actor"].nunique() > 1 and len(real) > 2 * NEIGHBOURS:
        scored.append(_scored(run, real, "backbone", SCENES))
        if "dlib" in _models(run):
            scored.append(_scored(run, real, "dlib", PEOPLE))
    return pd.concat([*scored, _timed(run, REPEATS[depth])], ignore_index=True)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compute times as multiples of PCA's, each map's scores, and what t-SNE gains over PCA."""
    scored = table[table["groups"] != "time"]
    estimates = _ratios(table)
    for score in SCORES:
        wide = _wide(scored, score)
        estimates |= {
            f"{score}: {groups}, {method}": statistics.bootstrap(_mean(wide, groups, method), wide["unit"])
            for groups, methods in MAPS.items()
            for method in methods
        }
    return estimates | _gains(_wide(scored, "silhouette"))


def trustworthiness(vectors: np.ndarray, points: np.ndarray, neighbours: int = NEIGHBOURS) -> np.ndarray:
    """Say of each point how far its neighbours on a map were its neighbours before.

    Parameters
    ----------
    vectors : ndarray, shape (n, features)
        Before.
    points : ndarray, shape (n, 3)
        After.
    neighbours : int
        Neighbours that are looked at, fewer than half of the points.

    Returns
    -------
    ndarray of float, shape (n,)
        1 if no neighbour is new; the mean is scikit-learn's ``trustworthiness``.

    References
    ----------
    J. Venna and S. Kaski, Neighborhood preservation in nonlinear projection methods, ICANN 2001.
    """
    count = len(vectors)
    everyone = NearestNeighbors(n_neighbors=count - 1).fit(vectors).kneighbors(return_distance=False)
    rank = np.zeros((count, count), dtype=int)
    np.put_along_axis(rank, everyone, np.arange(1, count)[None], axis=1)
    near = NearestNeighbors(n_neighbors=neighbours).fit(points).kneighbors(return_distance=False)
    strange = np.maximum(np.take_along_axis(rank, near, axis=1) - neighbours, 0).sum(axis=1)
    return 1 - strange * 2 / (neighbours * (2 * count - 3 * neighbours - 1))


def neighbour_votes(
    points: np.ndarray, names: np.ndarray, neighbours: int = NEIGHBOURS, apart: np.ndarray | None = None
) -> np.ndarray:
    """Classify each point by its nearest neighbours, and tell where that is right.

    Parameters
    ----------
    points : ndarray, shape (n, features)
        The points.
    names : ndarray of str, shape (n,)
        The class of each.
    neighbours : int
        Number of neighbours that vote, the nearer the weightier.
    apart : ndarray of str, shape (n,), optional
        Points that share this are no neighbours of each other.

    Returns
    -------
    ndarray of float, shape (n,)
        1 where the neighbours' vote is right, 0 where it is wrong, and NaN where it cannot be right, for
        all other points of the class share the point's `apart`.
    """
    names, codes = np.unique(names, return_inverse=True)
    groups = np.arange(len(points)) if apart is None else np.unique(apart, return_inverse=True)[1]
    possible = np.array(
        [(groups[codes == code] != group).any() for code, group in zip(codes, groups, strict=True)]
    )
    # Enough neighbours that some remain after those of the point's own group are left out.
    count = min(len(points), neighbours + np.bincount(groups).max())
    order = NearestNeighbors(n_neighbors=count).fit(points).kneighbors(points, return_distance=False)
    right = np.full(len(points), np.nan)
    for place in np.flatnonzero(possible):
        row = order[place]
        voters = codes[row[groups[row] != groups[place]][:neighbours]]
        votes = np.bincount(voters, weights=1 / np.arange(1, len(voters) + 1), minlength=len(names))
        right[place] = votes.argmax() == codes[place]
    return right


def draw(result: Result) -> Figure:
    """Draw the silhouette of each kind of group on each map."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    figure, axes = plt.subplots(1, len(GROUPS), figsize=(9, 2.8), sharex=True, sharey=True)
    rows = MAPS[VIDEOS]
    for panel, groups in zip(axes, GROUPS, strict=True):
        for row, method in enumerate(rows):
            interval = result.estimates.get(f"silhouette: {groups}, {method}", statistics.NOT_COMPUTABLE)
            plots.mark(panel, row, interval)
        panel.axvline(NO_STRUCTURE, ls="--", color="0.5", zorder=0)
        panel.set(title=groups.replace(", ", ",\n"), yticks=range(len(rows)), yticklabels=rows)
    axes[0].invert_yaxis()
    axes[1].set_xlabel("mean silhouette (dashed: below this, no substantial structure)")
    return figure


def _models(run: Run) -> list[str]:
    """List the embeddings that are mapped: faces are only looked at where it is known whose they are."""
    with_faces = truth.frames(run) is not None and "dlib" in embedding.models(run)
    return ["backbone", "dlib"] if with_faces else ["backbone"]


def _faces(run: Run, most: int) -> pd.DataFrame:
    """Take eight faces of every video of some actors, with who is to be seen in each."""
    rows = truth.with_unit(run, dataset.with_source(run, faces.table(run)))
    rows = rows[rows["face_id"].isin(embedding.table(run)["face_id"])]
    units = pd.Series(sorted(rows["unit"].unique()))
    rows = rows[rows["unit"].isin(units.sample(min(most, len(units)), random_state=run.seed))]
    rows = embedding.spread_faces(rows.reset_index(drop=True), dict.fromkeys(dataset.LABELS, FACES))
    return truth.identities(run, rows).reset_index(drop=True)


def _scored(run: Run, rows: pd.DataFrame, model: str, groups: str) -> pd.DataFrame:
    """Map faces by each method, and score how far those of one video or person lie together."""
    column = "video" if groups == VIDEOS else "actor"
    rows = rows.merge(embedding.table(run, model)[["face_id", "vector"]], on="face_id")
    vectors = embedding.vectors(rows)
    maps = {EMBEDDING: vectors}
    for name in MAPS[groups][1:]:
        maps[name] = reduction.reduce(vectors, METHODS[name], run.seed, run.jobs)
    names = rows[column].to_numpy()
    # A person's faces in the same video are alike for more reasons than the face.
    apart = None if column == "video" else rows["source"].to_numpy()
    sources = rows.groupby(column)["source"].transform("nunique")
    counted = rows.index[(sources > 1) | (column == "video")]
    unit = rows["unit"] if column == "video" else rows["actor"]
    parts = []
    for name, points in maps.items():
        scores = {
            "silhouette": silhouette_samples(points, names),
            "votes": neighbour_votes(points, names, apart=apart),
            "trustworthiness": trustworthiness(vectors, points),
        }
        parts.append(rows.assign(unit=unit, method=name, **scores).loc[counted])
    by = ["method", "video", "unit"]
    means = pd.concat(parts).groupby(by, sort=False).agg({**dict.fromkeys(SCORES, "mean"), "face_id": "size"})
    return means.reset_index().rename(columns={"face_id": "weight"}).assign(groups=groups)


def _timed(run: Run, repeats: int) -> pd.DataFrame:
    """Time reductions in turn, again and again, so that a busy moment hits all of them."""
    draw_points = growth.around_embeddings(run)
    candidates = reduction_times.candidates(run.seed)
    turns = [(name, count) for count, names in TIMED.items() for name in names]
    points = {count: draw_points(count) for count in TIMED}
    for name in dict(turns):
        _seconds(candidates[name], draw_points(WARM_UP))
    rows = [
        ("time", name, count, number, _seconds(candidates[name], points[count]))
        for number in range(repeats)
        for name, count in turns
    ]
    return pd.DataFrame(rows, columns=["groups", "method", "n", "repeat", "seconds"])


def _seconds(reduce: Callable[[np.ndarray], object], vectors: np.ndarray) -> float:
    """Time a reduction; NaN where it fails, as some do on the faces of few people, which lie in heaps."""
    try:
        return growth.seconds(reduce, vectors)
    except growth.FAILURES:
        return np.nan


def _ratios(table: pd.DataFrame) -> dict[str, Interval]:
    """Divide each repeat's times by PCA's in the same repeat."""
    times = table[table["groups"] == "time"].pivot(index="repeat", columns=["n", "method"], values="seconds")
    sizes = [times.xs(count, axis="columns", level="n") for count in TIMED]
    rivals, tsne = (size.div(size["PCA"], axis=0).drop(columns="PCA") for size in sizes)
    return {NEXT: statistics.median(rivals.T.min()), TSNE: statistics.median(tsne.T.min())}


def _wide(scored: pd.DataFrame, score: str) -> pd.DataFrame:
    """Put a score of the maps side by side: one row for each kind of group, video and person."""
    index = ["groups", "video", "unit", "weight"]
    return scored.pivot(index=index, columns="method", values=score).reset_index()


def _mean(wide: pd.DataFrame, groups: str, method: str, less: str = "") -> Callable[[np.ndarray], float]:
    """Give the mean over faces of a map's score, or of what it is above another map's."""
    own = (wide["groups"] == groups).to_numpy()
    weight = wide["weight"].to_numpy() * own
    values = np.where(own, wide[method] - (wide[less] if less else 0), 0)

    def mean(drawn: np.ndarray) -> float:
        total = weight * drawn
        return float(total @ values / total.sum()) if total.any() else np.nan

    return mean


def _gains(wide: pd.DataFrame) -> dict[str, Interval]:
    """Compare PCA + t-SNE with PCA and with t-SNE alone, for every kind of group: one family."""
    compared = {
        f"gain in silhouette: {groups}, over {other}": _mean(wide, groups, "PCA + t-SNE", less=other)
        for groups, methods in MAPS.items()
        for other in methods[1:-1]
    }
    return statistics.family(compared, wide["unit"])
