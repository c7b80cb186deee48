"""Who is in which source: one person's faces of all REAL videos put together, before the videos are divided.

DFDC films one actor in many sources and names nobody, so a division by source tests on people whom it has
trained on. `dfd.dataset.assign_splits` keeps sources apart that share a person of this table.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist
from scipy.stats import norm

from dfd import contents, dataset, embedding, faces, listing, parallel, search, tables, video, weights
from dfd.boxes import BOX
from dfd.clustering import NOISE
from dfd.errors import InputError, MissingExtraError
from dfd.run import Run

VERSION = 1
"""Raised when the code of this stage makes other tables than before."""

PUBLISHED = {"dlib": 0.6, "facenet": 1.05}
"""Embeddings that tell people apart, the first at hand is used, and the Euclidean distance of two faces below
which their authors call them one person (FaceNet's 1.1 is the square)."""

FRAMES = 8
"""Frames of each video that are looked at, spread over it."""

LEAST = 2
"""Frames in which a person is seen; what looks like a face only once is taken for noise."""

FALSE_MATCHES = 0.001
"""Share of pairs of different people that may be as near as one person: a customary rate in verification. Of
fewer than a thousand people each then has less than one such double, and they form no chain."""

FEW = 20
"""People below which distances are too few to see how far different people are from each other."""

QUANTILES = 1_000_000
"""Distances at most from which that is seen, evenly spread over all."""

FACES = ["source", "frame", *BOX, "vector"]


def table(run: Run) -> pd.DataFrame:
    """Make or reuse the table of people: one row for each source and person in it.

    Only REAL videos are looked at, since a fake shows somebody else's face. A fake belongs to its source.

    Parameters
    ----------
    run : Run
        The run; its `parts` and `videos` narrow what is read.

    Returns
    -------
    DataFrame
        source, person (named after the first source and the number of the person in it). A source whose
        video is not there, cannot be read or shows nobody for `LEAST` frames has no row.

    Raises
    ------
    InputError
        If no embedding is at hand that tells people apart, or the metadata cannot be read.
    """
    if not model(run):
        raise MissingExtraError("people", "detectors", "no embedding is at hand that tells people apart")
    videos = originals(listing.listed(run.data, run.parts, run.videos))
    hashes = dataset.hashes(run, videos["path"])
    fingerprint = expected_fingerprint(run, videos, hashes)
    return tables.reuse_or_make(dataset.people_path(run), fingerprint, lambda: _people(run, videos, hashes))


def expected_fingerprint(
    run: Run, videos: pd.DataFrame, hashes: dict[str, str], version: int = VERSION
) -> str:
    """Say what the table would be made from now.

    Parameters
    ----------
    videos : DataFrame
        As `dfd.listing.listed` gives it.
    hashes : dict of str to str
        SHA-256 of the files that are there, as `dfd.dataset.hashes` gives it.
    version : int
        Version of the stage.

    Returns
    -------
    str
        As `dfd.tables.fingerprint` gives it.
    """
    files = {row["video"]: hashes.get(row["path"]) for row in originals(videos).to_dict("records")}
    return tables.fingerprint(version, _settings(run), files)


def originals(videos: pd.DataFrame) -> pd.DataFrame:
    """Select the videos that are looked at: the REAL ones, in the order of their names.

    Parameters
    ----------
    videos : DataFrame
        As `dfd.listing.listed` gives it.

    Returns
    -------
    DataFrame
    """
    return videos[(videos["label"] == "REAL") & (videos["status"] == "ok")].sort_values("video")


def model(run: Run) -> str:
    """Name the embedding by which people are told apart.

    Returns
    -------
    str
        The first of `PUBLISHED` whose weights are at hand; empty if none are.
    """
    return next((name for name in PUBLISHED if name in embedding.models(run)), "")


def obstacle(run: Run) -> str:
    """Say why the videos of a run are not divided by person.

    Returns
    -------
    str
        One sentence; empty if they are, once `table` has made its table.
    """
    if listing.is_divided(listing.listed(run.data, run.parts, run.videos)):
        return "the metadata divide the videos"
    return "" if model(run) else "no embedding is at hand that tells people apart (extra detectors)"


def shard_folder(run: Run) -> Path:
    """Where a run keeps the vectors of the faces of each REAL video.

    Returns
    -------
    Path
    """
    return run.build / "people"


def members(run: Run) -> pd.DataFrame:
    """Read the faces by which people are told apart, each with the person of its source.

    Makes nothing; `table` has made the vectors.

    Returns
    -------
    DataFrame
        source, frame, x0, y0, x1, y1 (pixels in the frame), vector, and number: the person within the source,
        from 0, and -1 for noise. A source without a face has no row.
    """
    farthest, parts = PUBLISHED[model(run)], []
    for source in originals(listing.listed(run.data, run.parts, run.videos))["video"]:
        shard = _shard(run, source)
        rows = tables.read_arrow(shard, FACES).to_pandas() if shard.is_file() else pd.DataFrame()
        if len(rows):
            numbers = within(rows["frame"].to_numpy(), embedding.vectors(rows), farthest)
            parts.append(rows.assign(number=numbers))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*FACES, "number"])


def within(frames: np.ndarray, vectors: np.ndarray, farthest: float) -> np.ndarray:
    """Put the faces of one video together into people; two faces in one frame are two people.

    Parameters
    ----------
    frames : ndarray of int, shape (n,)
        The frame of each face.
    vectors : ndarray of float, shape (n, features)
        The embedding of each.
    farthest : float
        Distance up to which any two faces of a person are from each other (complete linkage). A person who
        is split in two does no harm here, for both are in the same source.

    Returns
    -------
    ndarray of int, shape (n,)
        The person, from 0, in the order in which they appear; -1 for who is in fewer than `LEAST` frames.
    """
    if len(frames) < LEAST:
        return np.full(len(frames), NOISE)
    distances = pdist(vectors)
    # The linkage takes no infinite distances.
    distances[pdist(frames[:, None].astype(float)) == 0] = 10 * farthest
    labels = fcluster(linkage(distances, "complete"), farthest, "distance")
    seen = pd.Series(frames).groupby(labels).nunique()
    numbers = np.full(len(frames), NOISE)
    lasting = np.isin(labels, seen.index[seen >= LEAST])
    numbers[lasting] = pd.factorize(labels[lasting])[0]
    return numbers


def means(rows: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Average the vectors of each person of each source.

    Parameters
    ----------
    rows : DataFrame
        As `members` gives it.

    Returns
    -------
    people : DataFrame
        source and number, without noise.
    vectors : ndarray of float, shape (people, features)
    """
    rows = rows[rows["number"] != NOISE]
    people = rows[["source", "number"]].drop_duplicates(ignore_index=True)
    if people.empty:
        return people, np.empty((0, 0))
    groups = rows.groupby(["source", "number"], sort=False).indices.values()
    vectors = embedding.vectors(rows)
    return people, np.stack([vectors[places].mean(axis=0) for places in groups]).astype(float)


def threshold(distances: np.ndarray, published: float) -> float:
    """Say up to which distance two people of different sources are taken for one.

    Nearly all pairs are of different people, so the middle of the distances and their spread above it show
    how different people lie, whatever the pairs of one person below do; from there the normal distribution
    says below which distance `FALSE_MATCHES` of them lie. Real faces, for which embeddings were made, are far
    apart, and the published threshold may be the nearer one; then it counts.

    Parameters
    ----------
    distances : ndarray of float, shape (n,)
        Of all pairs.
    published : float
        Threshold that the embedding's authors give.

    Returns
    -------
    float
    """
    if len(distances) < FEW * (FEW - 1) / 2:
        return published
    some = distances[:: -(-len(distances) // QUANTILES)]
    middle, above = np.quantile(some, [0.5, float(norm.cdf(1))])
    return float(min(published, middle - norm.isf(FALSE_MATCHES) * (above - middle)))


def together(vectors: np.ndarray, published: float) -> np.ndarray:
    """Find the same people in different sources: average linkage, cut at `threshold`.

    A pair that looks alike by chance does not chain two clusters, as it does in single linkage. All distances
    are in memory twice: 4 GB for 22,000 people.

    Parameters
    ----------
    vectors : ndarray of float, shape (n, features)
        Of each person of each source, as `means` gives it.
    published : float
        As for `threshold`.

    Returns
    -------
    ndarray of int, shape (n,)
        The person, from 0, in order of appearance.
    """
    if len(vectors) < 2:
        return np.arange(len(vectors))
    distances = pdist(vectors)
    farthest = threshold(distances, published)
    return pd.factorize(fcluster(linkage(distances, "average"), farthest, "distance"))[0]


def _settings(run: Run) -> list:
    name = model(run)
    file = weights.in_package("dlib-faces") if name == "dlib" else weights.download_path("facenet")
    digest = contents.sha256(file) if name else ""
    return [VERSION, name, digest, FRAMES, run.margin, run.face_size]


def _shard(run: Run, source: str) -> Path:
    return shard_folder(run) / f"{Path(source).stem}.parquet"


def _people(run: Run, videos: pd.DataFrame, hashes: dict[str, str]) -> pd.DataFrame:
    items = [(row["video"], row["path"], hashes.get(row["path"], "")) for row in videos.to_dict("records")]
    shards = [_shard(run, source) for source in videos["video"]]
    for place, lost in parallel.map_unordered(
        *(run, _make_shard, items, str, "video"), on_gpu=False, stage="people", files=shards
    ):
        # Faces of another file or another network must not be taken for this one's.
        if lost:
            shards[place].unlink(missing_ok=True)
    rows, vectors = means(members(run))
    names = [f"{Path(source).stem}#{number}" for source, number in rows.itertuples(index=False)]
    places = together(vectors, PUBLISHED[model(run)])
    people = pd.Series(names, dtype=str).groupby(places).transform("first")
    return rows[["source"]].assign(person=people).drop_duplicates().astype(str)


def _make_shard(run: Run, item: tuple[str, str, str]) -> str:
    """Keep the vectors of a video's faces; say why if there can be none."""
    source, path, digest = item
    fingerprint = tables.fingerprint(_settings(run), digest)
    # Without the network nothing can be made, which is no fault of this video.
    embed = embedding.embedder(run, model(run))
    try:
        tables.make_if_stale(_shard(run, source), fingerprint, lambda: _faces(run, source, path, embed))
    except FileNotFoundError:
        return "it was there when the videos were listed, and is gone"
    except InputError as error:
        return error.reason
    return ""


def _faces(run: Run, source: str, path: str, embed: embedding.Embedder) -> pd.DataFrame:
    rows, crops = [], []
    for frame, detections in search.find(video.sample_frames(run.data / path, FRAMES)):
        for box in detections.boxes:
            rows.append({"source": source, "frame": frame.index, **dict(zip(BOX, box, strict=True))})
            crops.append(faces.crop(frame.image, box, run.margin, run.face_size))
    if not rows:
        return pd.DataFrame(columns=FACES)
    vectors = embed(np.stack(crops))
    finite = np.flatnonzero(np.isfinite(vectors).all(axis=1))
    return pd.DataFrame(rows).assign(vector=list(vectors)).iloc[finite]
