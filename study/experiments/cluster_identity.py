"""What do the clusters stand for: the video, the source video or the person? (chapter 06)."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd import clustering, dataset, embedding, faces, reduction, tables
from dfd.run import Run
from study import contact_sheets, groupings, linear_probe, measuring, plots, statistics, truth
from study.records import Depth, Result
from study.statistics import NOT_COMPUTABLE, Interval

UNIT = truth.ACTORS
FACES = 8
"""Faces of each video that count, of REAL and FAKE alike."""

SOURCES = 60
"""Source videos at most, drawn at random, whose faces are clustered: all of the sample's."""

SPACES = {"points": "map", "vectors": "vectors"}
VIDEO, SHUFFLED = "one cluster for each video", "the map's clusters, shuffled"
"""Clusterings that know nothing of faces, for comparison."""

ALL, SAME = "all faces", "real faces"


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    if obstacle(run):
        return []
    for space in clustering.SPACES:
        clustering.table(run, space)
    paths = [clustering.path(run, space) for space in clustering.SPACES]
    for model in embedding.models(run):
        embedding.table(run, model)
        paths.append(embedding.path(run, model))
    return [*map(tables.stored_fingerprint, paths), run.seed]


def obstacle(run: Run) -> str:
    """Say why this run has too little to cluster; empty if it has enough."""
    enough = 2 * clustering.SMALLEST
    return "" if len(faces.table(run)) > enough else f"Clustering takes more than {enough} faces."


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Cluster faces in several ways: one row for each clustering and face. Both depths measure the same.

    All faces of the run are clustered by its stage, of which 8 of each video are kept; and 8 real faces of
    each video by every embedding.
    """
    rows = dataset.with_source(run, truth.identities(run, faces.table(run)))
    rows = truth.with_unit(run, rows)
    counted = embedding.spread_faces(rows, dict.fromkeys(dataset.LABELS, FACES))
    parts = []
    for space, name in SPACES.items():
        part = counted.merge(clustering.table(run, space), on="face_id")
        parts.append(part.assign(faces=ALL, clustering=f"backbone, {name}"))
    models = embedding.models(run)
    if "dlib" in models:
        real = rows[rows["label"] == "REAL"]
        for model in models:
            real = real.merge(embedding.table(run, model)[["face_id"]], on="face_id")
        real = linear_probe.some_sources(run, real.drop(columns="source"), SOURCES)
        for model in models if len(real) > clustering.SMALLEST else []:
            vectors = embedding.table(run, model).set_index("face_id").loc[real["face_id"], "vector"]
            parts += _clustered(run, real, np.stack(vectors.to_list()), model)
    columns = ["faces", "clustering", "face_id", "video", "source", "label", "actor", "unit", "cluster"]
    table = pd.concat(parts, ignore_index=True)[columns]
    return table.astype({"cluster": "int32"})


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compare the clusters with videos, sources and people, and count pairs of different videos."""
    estimates = {}
    everything = table[table["faces"] == ALL]
    for what, column in {"videos": "video", "sources": "source"}.items():
        for name, rows in everything.groupby("clustering", sort=False):
            clusters = rows["cluster"].to_numpy()
            estimates[f"{what}: {name}"] = groupings.index(rows[column].to_numpy(str), clusters, rows["unit"])
    people = table[(table["faces"] == SAME) & table["actor"].notna()]
    compared = dict(list(people.groupby("clustering", sort=False)))
    if not compared:
        return estimates | {"one person's faces of two videos are together": NOT_COMPUTABLE}
    first = next(iter(compared.values()))
    compared[SHUFFLED] = first.assign(cluster=np.random.default_rng(0).permutation(first["cluster"]))
    compared[VIDEO] = first.assign(cluster=pd.factorize(first["video"])[0])
    for name, rows in compared.items():
        actors, clusters = rows["actor"].to_numpy(str), rows["cluster"].to_numpy()
        estimates[f"people: {name}"] = groupings.index(actors, clusters, actors)
    for name, rows in compared.items():
        estimates[f"one person's faces of two videos are together: {name}"] = _together(rows)
    return estimates


def draw(result: Result) -> Figure:
    """Draw the adjusted Rand index with people, of the clusterings and of those that know nothing."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    if f"people: {VIDEO}" not in result.estimates:
        return plots.obstacle_figure(
            "Nobody knows who is in these videos, so clusters and people cannot be compared."
        )
    return plots.intervals(result.estimates, "people: ", "adjusted Rand index with people", line=0)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Describe each clustering.

    Parameters
    ----------
    table : DataFrame
        As `collect` gives it.

    Returns
    -------
    DataFrame
        One row for each set of faces and clustering: faces, clusters and noise (share of the faces).
    """
    if table.empty:
        return pd.DataFrame(columns=["number of faces", "clusters", "noise"])
    rows = {
        names: {"number of faces": len(part)} | clustering.summary(part["cluster"].to_numpy())
        for names, part in table.groupby(["faces", "clustering"], sort=False)
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["faces", "clustering"])


def sheet(run: Run, clusters: pd.DataFrame, count: int = 4, columns: int = 10) -> Figure:
    """Show faces of some clusters, from the largest to the smallest (report, Figures 3.13 to 3.16).

    Parameters
    ----------
    run : Run
        The run.
    clusters : DataFrame
        face_id, video, source and cluster.
    count : int
        Clusters that are shown.
    columns : int
        Faces of each, spread over its videos.

    Returns
    -------
    Figure
    """
    members = clusters[clusters["cluster"] != clustering.NOISE].sort_values("face_id")
    sizes = members["cluster"].value_counts().sort_index().sort_values(ascending=False, kind="stable")
    if sizes.empty:
        return plots.obstacle_figure("No clusters were found: there are too few faces.")
    rows = {}
    for place in np.unique(np.linspace(0, len(sizes) - 1, min(count, len(sizes))).astype(int)):
        part = members[members["cluster"] == sizes.index[place]]
        some = part["face_id"].iloc[np.unique(np.linspace(0, len(part) - 1, columns).astype(int))]
        counts = f"faces {len(part)}, videos {part['video'].nunique()}, sources {part['source'].nunique()}"
        rows[f"cluster {sizes.index[place]}: {counts}"] = faces.images(run, some.to_list())
    return contact_sheets.rows(rows)


def largest(clusters: pd.Series, count: int = 10) -> pd.Series:
    """Name the largest clusters, for a figure that cannot tell all apart.

    Parameters
    ----------
    clusters : Series of int
        The cluster of each face; -1 for noise.
    count : int
        Clusters with a name of their own.

    Returns
    -------
    Series of str
        ``"cluster 7"``, ``"other clusters"`` or ``"noise"``.
    """
    sizes = clusters[clusters != clustering.NOISE].value_counts()
    named = {number: f"cluster {number}" for number in sizes.index[:count]} | {clustering.NOISE: "noise"}
    return clusters.map(named).fillna("other clusters")


def _clustered(run: Run, real: pd.DataFrame, vectors: np.ndarray, model: str) -> list[pd.DataFrame]:
    points = reduction.reduce(vectors, "pca+tsne", run.seed, run.jobs)
    return [
        real.assign(faces=SAME, clustering=f"{model}, {name}", cluster=clustering.find(coordinates)[0])
        for name, coordinates in ((SPACES["points"], points), (SPACES["vectors"], vectors))
    ]


def _together(rows: pd.DataFrame) -> Interval:
    """Compute which share of the pairs of faces that show one person in two videos is in one cluster."""
    names, units = np.unique(rows["actor"].to_numpy(str), return_inverse=True)
    videos, clusters = rows["video"].to_numpy(str), rows["cluster"].to_numpy()
    person, video, cluster, both = (
        groupings.counts(groupings.codes(*several), units)
        for several in ((units,), (units, videos), (units, clusters), (units, videos, clusters))
    )

    def share(weights: np.ndarray) -> float:
        pairs = person.pairs(weights) - video.pairs(weights)
        return (cluster.pairs(weights) - both.pairs(weights)) / pairs if pairs else np.nan

    return statistics.bootstrap(share, names)
