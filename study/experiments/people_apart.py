"""Do people whom a network recognises keep the splits apart, and how often is it wrong? (chapter 01)."""

from collections.abc import Callable, Iterator
from itertools import combinations

import hdbscan
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist

from dfd import clustering, dataset, identities, tables
from dfd.run import Run
from study import groupings, measuring, plots, statistics, truth
from study.records import Depth, Result
from study.statistics import NOT_COMPUTABLE, Interval

UNIT = truth.ACTORS

DIVISIONS: dict[Depth, int] = {"quick": 20, "full": 100}
"""Seeds for which the videos are divided."""

OWN = "average linkage"
SINGLE = "single linkage"
PUBLISHED = "average linkage, published threshold"
DENSITY = "HDBSCAN"
SOURCE = "each source somebody else"
METHODS = (OWN, SINGLE, PUBLISHED, DENSITY, SOURCE)
"""Ways to put people of sources together; `dfd.identities` has the first, and the last knows no faces."""

ALONE, RECOGNISED, DENSE, TRUE = (
    "by source alone",
    "by recognised people",
    "by HDBSCAN's people",
    "by the true actors",
)
WAYS = (ALONE, RECOGNISED, DENSE, TRUE)
"""Ways to divide the videos."""

PEOPLE, SPLITS = "people", "splits"
COLUMNS = ["what", "way", "source", "number", "actor", "unit", "cluster", "divisions", "parted"]


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    if obstacle(run):
        return []
    dataset.table(run)
    identities.table(run)
    paths = dataset.path(run), dataset.people_path(run)
    return [*map(tables.stored_fingerprint, paths), run.seed]


def obstacle(run: Run) -> str:
    """Say why this run cannot tell whether people are recognised; empty if it can."""
    if not truth.folder(run).is_dir():
        return "It is not published who is in these videos, so nobody can say whether they are recognised."
    if not identities.model(run):
        return "The extra detectors is not installed, which brings the network that was made for faces."
    return ""


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Put people together in several ways, and divide the videos by them.

    One row for each way and person of a source, with its cluster; and one for each way to divide and actor
    who is in several sources, with the number of divisions in which they are in more than one split.
    """
    identities.table(run)
    rows, vectors = _people(run)
    published = identities.PUBLISHED[identities.model(run)]
    clusterings = _clusterings(vectors, rows["source"].to_numpy(str), published)
    parts = [rows.assign(what=PEOPLE, way=name, cluster=labels) for name, labels in clusterings.items()]
    true = _sources_of_actors(run)
    videos = dataset.table(run).dropna(subset="source")
    by: dict[str, pd.DataFrame | None] = {ALONE: None}
    for way, name in ((RECOGNISED, OWN), (DENSE, DENSITY)):
        # Noise is no person, so it puts no sources together.
        by[way] = rows.assign(person=clusterings[name])[clusterings[name] != clustering.NOISE]
    by[TRUE] = true.rename(columns={"actor": "person"})
    parts += [
        _divided(run, depth, videos, people, true).assign(what=SPLITS, way=way) for way, people in by.items()
    ]
    return pd.concat(parts, ignore_index=True).reindex(columns=COLUMNS)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compare people with actors, and count actors who are in more than one split."""
    estimates: dict[str, Interval] = {}
    people = table[table["what"] == PEOPLE]
    compared = {name: rows for name, rows in people.groupby("way", sort=False)}
    for name, rows in compared.items():
        actors, clusters = rows["actor"].to_numpy(str), rows["cluster"].to_numpy(int)
        estimates[f"ARI: {name}"] = groupings.index(actors, clusters, actors)
    measured: dict[str, Callable[[pd.DataFrame], Interval]] = {
        "actors put together": _put_together,
        "pairs of two actors joined": _joined,
        "pairs of one actor parted": _parted,
        "share of the largest": _largest,
        "noise": _noise,
    }
    for what, statistic in measured.items():
        estimates |= {f"{what}: {name}": statistic(rows) for name, rows in compared.items()}
    splits = table[table["what"] == SPLITS]
    for way in WAYS:
        rows = splits[splits["way"] == way]
        shares = (rows["parted"] / rows["divisions"]).to_numpy(float)
        estimates[f"actors in two splits: {way}"] = statistics.rate(shares, rows["unit"])
    return estimates


def draw(result: Result) -> Figure:
    """Draw which share of the actors with several sources is in more than one split."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    return plots.intervals(
        result.estimates, "actors in two splits: ", "share of actors in more than one split", line=0
    )


def _people(run: Run) -> tuple[pd.DataFrame, np.ndarray]:
    """List the people of each source, with the actor who most of the faces of each are, and their vectors."""
    members = identities.members(run)
    faces = members.assign(video=members["source"], face_id=np.arange(len(members)))
    faces = truth.identities(run, faces).dropna(subset="actor")
    actors = faces.groupby(["source", "number"])["actor"].agg(lambda names: names.mode().iloc[0])
    rows, vectors = identities.means(members)
    rows = rows.merge(actors.reset_index(), on=["source", "number"], how="left")
    real = rows["actor"].notna().to_numpy()
    rows = rows.loc[real].reset_index(drop=True)
    return rows.assign(unit=rows["actor"]), vectors[real]


def _clusterings(vectors: np.ndarray, sources: np.ndarray, published: float) -> dict[str, np.ndarray]:
    distances = pdist(vectors)
    farthest = identities.threshold(distances, published)
    # A person of two sources is a pair, so two make a cluster.
    density = hdbscan.HDBSCAN(min_cluster_size=2, min_samples=1).fit(vectors)
    return {
        OWN: identities.together(vectors, published),
        SINGLE: fcluster(linkage(distances, "single"), farthest, "distance"),
        PUBLISHED: fcluster(linkage(distances, "average"), published, "distance"),
        DENSITY: density.labels_,
        SOURCE: pd.factorize(sources)[0],
    }


def _sources_of_actors(run: Run) -> pd.DataFrame:
    """List who is filmed in which source: source, actor."""
    made = truth.videos(run)
    if made is None:
        return pd.DataFrame(columns=["source", "actor"])
    originals = made[made["label"] == "REAL"]
    long = originals.melt("video", ["actor", "second_actor"], value_name="who").dropna(subset="who")
    return long.rename(columns={"video": "source", "who": "actor"})[["source", "actor"]]


def _divided(
    run: Run, depth: Depth, videos: pd.DataFrame, people: pd.DataFrame | None, true: pd.DataFrame
) -> pd.DataFrame:
    several = true[true.groupby("actor")["source"].transform("nunique") > 1]
    parted = pd.Series(0, sorted(several["actor"].unique()))
    for number in range(DIVISIONS[depth]):
        splits = dataset.assign_splits(videos, run.seed + number, people)
        of_source = dict(zip(videos["source"], splits, strict=True))
        parted += several["source"].map(of_source).groupby(several["actor"]).nunique() > 1
    actors = parted.index.to_numpy()
    return pd.DataFrame(
        {"actor": actors, "unit": actors, "divisions": DIVISIONS[depth], "parted": parted.to_numpy()}
    )


def _pairs(rows: pd.DataFrame) -> Iterator[tuple[bool, bool, str, str]]:
    """Compare the pairs of people of two sources: one actor or not, one cluster or not, and who they are."""
    facts = rows.assign(cluster=clustering.noise_apart(rows["cluster"].to_numpy(int)))
    for one, other in combinations(facts.to_dict("records"), 2):
        if one["source"] != other["source"]:
            same, joined = one["actor"] == other["actor"], one["cluster"] == other["cluster"]
            yield bool(same), bool(joined), str(one["actor"]), str(other["actor"])


def _joined(rows: pd.DataFrame) -> Interval:
    """Share of the pairs of two actors that are in one cluster; pairs of actors are taken for independent."""
    pairs = [(joined, f"{one} {other}") for same, joined, one, other in _pairs(rows) if not same]
    return statistics.rate(np.array([joined for joined, _ in pairs]), np.array([who for _, who in pairs]))


def _parted(rows: pd.DataFrame) -> Interval:
    """Share of the pairs of one actor in two sources that are in two clusters."""
    pairs = [(not joined, one) for same, joined, one, _ in _pairs(rows) if same]
    return statistics.rate(np.array([parted for parted, _ in pairs]), np.array([who for _, who in pairs]))


def _put_together(rows: pd.DataFrame) -> Interval:
    """Share of the actors with several sources who are in one cluster in all of them."""
    facts = rows.assign(cluster=clustering.noise_apart(rows["cluster"].to_numpy(int)))
    actors = facts.groupby("actor").agg(sources=("source", "nunique"), clusters=("cluster", "nunique"))
    several = actors[actors["sources"] > 1]
    return statistics.proportion(int((several["clusters"] == 1).sum()), len(several))


def _largest(rows: pd.DataFrame) -> Interval:
    """Share of the people of sources that the largest cluster holds."""
    sizes = np.bincount(clustering.noise_apart(rows["cluster"].to_numpy(int)))
    return statistics.exactly(float(sizes.max() / len(rows))) if len(rows) else NOT_COMPUTABLE


def _noise(rows: pd.DataFrame) -> Interval:
    """Share of the people of sources who are in no cluster."""
    return statistics.rate(rows["cluster"].to_numpy(int) == clustering.NOISE, rows["unit"])
