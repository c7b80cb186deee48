"""Does an embedding tell one person's face from another's, and for everybody alike? (C17, C38)."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd import embedding, faces, tables
from dfd.run import Run
from study import measuring, plots, statistics, truth
from study.experiments import network_modes
from study.records import Depth, Result
from study.statistics import NOT_COMPUTABLE, Interval

UNIT = truth.ACTORS
FACES: dict[Depth, int] = {"quick": 2, "full": 8}
"""Faces of each REAL video."""

POOLED, DLIB = "pooled features", "dlib"
MODES = {"logits": "logits", "the listing": "as listed"}
"""Other ways to run the backbone, by their name in `network_modes.MODES`."""

EMBEDDINGS = (POOLED, *MODES, DLIB)
COMPARED = (POOLED, DLIB)
"""Embeddings whose groups of people are compared."""

GAINS = ((POOLED, "the listing"), (DLIB, POOLED))
GROUP = "african"
"""Ancestry, in the sample's words, of the people whom the report says the embedding struggles with."""

HARDER = f"harder for {GROUP.capitalize()} ancestry"
LIKE_AGE = 15
"""Years that two people are apart at most to be of like age."""

WORTH = 0.05
"""Smallest gap between groups worth knowing of: one wrong answer more in twenty."""

CELL = ["gender", "ancestry"]


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    if obstacle(run):
        return []
    embedding.table(run, "dlib")
    embedding.table(run, "backbone")
    paths = [faces.path(run), *(embedding.path(run, model) for model in ("backbone", "dlib"))]
    return [*map(tables.stored_fingerprint, paths), run.backbone, run.seed]


def obstacle(run: Run) -> str:
    """Say why this run cannot test whether faces show the same person; empty if it can."""
    if not truth.folder(run).is_dir():
        return (
            "It is not published who is in these videos; it takes videos of people whose names, gender, "
            "ancestry and age are known."
        )
    if "dlib" not in embedding.models(run):
        return "The extra detectors is not installed, which brings the network that was made for faces."
    return ""


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Compare distances between faces of different videos: one row for each person and pair of others.

    A row counts, for one embedding and within one gender and ancestry, the comparisons of two faces of the
    person with two faces of the two others, and how often the person's are nearer to each other.
    """
    people = _people(run, FACES[depth])
    pictures = faces.images(run, people["face_id"].to_list())
    network = embedding.backbone(run).to(run.device)
    vectors = {name: _stored(run, model, people) for name, model in ((POOLED, "backbone"), (DLIB, "dlib"))}
    for name, mode in MODES.items():
        vectors[name] = network_modes.embed(network, pictures, network_modes.MODES[mode], run.seed)
    rows = [
        (name, *cell, *row)
        for name in EMBEDDINGS
        for cell, members in people.groupby(CELL)
        for row in _compared(members.reset_index(drop=True), vectors[name][members.index])
    ]
    columns = ["embedding", *CELL, "unit", "first", "second", "years", "wins", "comparisons"]
    return pd.DataFrame(rows, columns=columns)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compute areas under the ROC curve, each the mean over genders and ancestries, and gaps between them."""
    estimates = {}
    for name, rows in table.groupby("embedding", sort=False):
        like = rows[rows["years"] <= LIKE_AGE]
        estimates[f"same person or not, {name}"] = _interval(rows, _mean)
        estimates[f"same person or not, like age, {name}"] = _interval(like, _mean)
        if name in COMPARED:
            for ancestry in sorted(table["ancestry"].unique()):
                of_group = like[like["ancestry"] == ancestry]
                estimates[f"{name}, {ancestry.capitalize()} ancestry"] = _interval(of_group, _mean)
            estimates[f"{HARDER}, {name}"] = _interval(rows, _gap_of(rows))
            estimates[f"{HARDER}, like age, {name}"] = _interval(like, _gap_of(like))
    return estimates | _gains(table)


def draw(result: Result) -> Figure:
    """Draw the area under the ROC curve of each ancestry, for the backbone and for the face network."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    figure, panel = plt.subplots(figsize=(7, 3.2))
    groups = sorted(result.table["ancestry"].unique())
    for shift, colour, name in zip((-0.1, 0.1), plots.COLOURS, COMPARED, strict=False):
        areas = [result.estimates[f"{name}, {group.capitalize()} ancestry"] for group in groups]
        places = np.arange(len(groups)) + shift
        panel.plot(places, [area.value for area in areas], "o", color=colour, label=name)
        panel.vlines(places, [area.low for area in areas], [area.high for area in areas], color=colour)
    panel.axhline(0.5, ls="--", color="0.5")
    panel.set(
        xticks=range(len(groups)),
        xticklabels=[group.capitalize() for group in groups],
        ylabel="AUC",
        xlim=(-0.5, len(groups) - 0.5),
    )
    panel.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return figure


def plan(result: Result) -> pd.DataFrame:
    """Say how large a gap between groups so many people show, and how many would show one of `WORTH`.

    Parameters
    ----------
    result : Result
        What `measure` gives.

    Returns
    -------
    DataFrame
        One row for each embedding: the gap at like age, the smallest that would be seen four times in five,
        and the people whom `WORTH` would take, if chance shrinks with the root of their number.
    """
    rows = {}
    for name in COMPARED:
        gap = result.estimates.get(f"{HARDER}, like age, {name}", NOT_COMPUTABLE)
        smallest = statistics.smallest_effect(gap)
        people = result.units * (smallest / WORTH) ** 2
        words = result.obstacle or str(gap)
        rows[name] = {"gap": words, "smallest that would show": smallest, f"people for {WORTH}": people}
    return pd.DataFrame.from_dict(rows, orient="index")


def _people(run: Run, count: int) -> pd.DataFrame:
    """List faces of REAL videos that have both stored vectors, with who they show and how old they are."""
    rows = faces.table(run)
    for model in ("backbone", "dlib"):
        rows = rows.merge(embedding.table(run, model)[["face_id"]], on="face_id")
    rows = embedding.spread_faces(rows[rows["label"] == "REAL"].reset_index(drop=True), {"REAL": count})
    people, actors = truth.identities(run, rows).dropna(subset=["actor"]), truth.actors(run)
    if actors is None:
        return people.assign(age=np.nan)
    return people.merge(actors[["actor", "age"]], on="actor").reset_index(drop=True)


def _stored(run: Run, model: str, people: pd.DataFrame) -> np.ndarray:
    rows = embedding.table(run, model).set_index("face_id")
    return np.stack(rows.loc[people["face_id"], "vector"].to_list())


def _compared(people: pd.DataFrame, vectors: np.ndarray) -> Iterator[tuple]:
    """Compare, within one group, each person's distances with those of each pair of people."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    distances = np.sqrt(2 - 2 * np.clip(unit @ unit.T, -1, 1))
    videos, ages = people["video"].to_numpy(), people.groupby("actor")["age"].first()
    apart = np.triu(videos[:, None] != videos[None, :])
    places = {str(name): np.asarray(rows) for name, rows in people.groupby("actor").indices.items()}
    own = {name: _between(distances, apart, rows, rows) for name, rows in places.items()}
    for first, second in combinations(sorted(places), 2):
        others = np.sort(_between(distances, apart | apart.T, places[first], places[second]))
        years = abs(ages[first] - ages[second])
        for name, same in own.items():
            # Half of a tie counts as a win, as in the area under the ROC curve.
            farther = len(others) - np.searchsorted(others, same, "right")
            ties = np.searchsorted(others, same, "right") - np.searchsorted(others, same, "left")
            wins = float((farther + ties / 2).sum())
            yield name, first, second, int(years), wins, len(same) * len(others)


def _between(distances: np.ndarray, counted: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    block = np.ix_(rows, columns)
    return distances[block][counted[block]]


def _interval(rows: pd.DataFrame, summary: Callable[[np.ndarray], float]) -> Interval:
    """Summarise the areas of the groups in `rows`, with an interval over people."""
    if rows.empty:
        return NOT_COMPUTABLE
    names, areas = _people_of(rows), _areas(rows)
    return statistics.bootstrap(lambda weights: summary(areas(weights)), names)


def _gains(table: pd.DataFrame) -> dict[str, Interval]:
    """Compare embeddings on the same pairs of faces; the differences are one family."""
    areas = {name: _areas(rows) for name, rows in table.groupby("embedding", sort=False)}

    def gain(name: str, other: str, weights: np.ndarray) -> float:
        return _mean(areas[name](weights)) - _mean(areas[other](weights))

    compared = {
        f"gain: {name} over {other}": partial(gain, name, other)
        for name, other in GAINS
        if name in areas and other in areas
    }
    return statistics.family(compared, _people_of(table))


def _people_of(rows: pd.DataFrame) -> np.ndarray:
    return np.unique(rows[["unit", "first", "second"]].to_numpy(str))


def _areas(rows: pd.DataFrame) -> Callable[[np.ndarray], np.ndarray]:
    """Give what computes the area of each group from the weights of the people in `rows`."""
    places = np.searchsorted(_people_of(rows), rows[["unit", "first", "second"]].to_numpy(str))
    cells = rows.groupby(CELL).ngroup().to_numpy()
    wins, comparisons = rows["wins"].to_numpy(float), rows["comparisons"].to_numpy(float)

    def areas(weights: np.ndarray) -> np.ndarray:
        drawn = weights[places].prod(axis=1)
        of_cells = np.bincount(cells, drawn * comparisons)
        return np.divide(
            np.bincount(cells, drawn * wins), of_cells, np.full(len(of_cells), np.nan), where=of_cells > 0
        )

    return areas


def _mean(areas: np.ndarray) -> float:
    measured = areas[~np.isnan(areas)]
    return float(measured.mean()) if len(measured) else np.nan


def _gap_of(rows: pd.DataFrame) -> Callable[[np.ndarray], float]:
    """Give what subtracts this ancestry's area from the mean of the others', one gender at a time."""
    cells = rows.groupby(CELL).size().index.to_frame(index=False)
    groups = [
        (
            np.flatnonzero(same & (cells["ancestry"] == GROUP)),
            np.flatnonzero(same & (cells["ancestry"] != GROUP)),
        )
        for same in (cells["gender"] == gender for gender in cells["gender"].unique())
    ]

    def gap(areas: np.ndarray) -> float:
        return _mean(np.array([_mean(areas[others]) - _mean(areas[these]) for these, others in groups]))

    return gap
