"""The videos table: what is listed, what the files are, and which split each video is in."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dfd import contents, listing, progress, tables, video
from dfd.errors import InputError, first
from dfd.run import Run

VERSION = 1
"""Raised when the code of this stage makes other tables than before."""

LABELS, SPLITS = listing.LABELS, listing.SPLITS
MISSING = {"status": "missing", "reason": "listed in the metadata, but not in the folder"}
FRACTIONS = (0.8, 0.1, 0.1)
HASHES = "hashes.parquet"
COLUMNS = {
    "video": "str",
    "part": "int64",
    "path": "str",
    "label": "str",
    "original": "str",
    "original_listed": "bool",
    "source": "str",
    "split": "str",
    "width": "Int64",
    "height": "Int64",
    "frames": "Int64",
    "fps": "float64",
    "duration": "float64",
    "bytes": "Int64",
    "rotation": "Int64",
    "status": "str",
    "reason": "str",
}


def path(run: Run) -> Path:
    """Where a run keeps its videos table.

    Returns
    -------
    Path
    """
    return run.build / "videos.parquet"


def people_path(run: Run) -> Path:
    """Where a run keeps who is to be seen in its sources, if `dfd.identities` was asked.

    Returns
    -------
    Path
    """
    return run.build / "people.parquet"


def people(run: Run, videos: pd.DataFrame) -> pd.DataFrame | None:
    """Read who is to be seen in the sources, as `dfd.identities` has it.

    Parameters
    ----------
    videos : DataFrame
        As `dfd.listing.listed` gives it.

    Returns
    -------
    DataFrame or None
        source, person; None where no table was made for any of these sources.
    """
    if not people_path(run).is_file():
        return None
    rows = tables.read(people_path(run), ["source", "person"])
    return rows if rows["source"].isin(videos["source"]).any() else None


def table(run: Run) -> pd.DataFrame:
    """Make or reuse the videos table: one row for each video that the metadata lists (report, section 2.1).

    Parameters
    ----------
    run : Run
        The run; its `parts` and `videos` narrow what is read.

    Returns
    -------
    DataFrame
        Columns:

        - video, part, path (within the data folder), label;
        - original: name of the video that a FAKE was made from; original_listed: whether it has a row too,
          which in a partial download it may not have;
        - source: the original's name, or a REAL video's own; what shares it must share a split;
        - split: the metadata's, or `assign_splits`'s if the metadata put all videos in one: by the people of
          `dfd.identities` if that was made before, otherwise by source alone;
        - width, height (pixels, after rotation), frames, fps, duration (s), bytes, rotation (degrees
          counter-clockwise that the file asks for);
        - status: ``"ok"``, ``"missing"``, ``"bad metadata"``, ``"empty"``, ``"unreadable"`` or
          ``"no video stream"``; and the reason.

    Raises
    ------
    InputError
        If the folder holds no parts, the metadata of a part cannot be used, or their splits leak.
    """
    who = people_path(run)
    state = listing.state(run.data, run.parts), who.stat().st_mtime_ns if who.is_file() else None
    return tables.reuse_or_make(path(run), _fingerprint(run, state), lambda: _examined(run))


@lru_cache(maxsize=4)
def _fingerprint(run: Run, state: tuple) -> str:
    """Say what the videos table would be made from now.

    All stages and experiments ask for the table, and for all of DFDC the answer takes ten seconds. In one
    process it is therefore given again as long as the folders of the parts, and the people, are the same.
    """
    videos = listing.listed(run.data, run.parts, run.videos)
    check_split(videos)
    return expected_fingerprint(run, videos, hashes(run, videos["path"].dropna()))


def _examined(run: Run) -> pd.DataFrame:
    videos = listing.listed(run.data, run.parts, run.videos)
    return examine(run, videos, people(run, videos))


def expected_fingerprint(
    run: Run, videos: pd.DataFrame, hashes: dict[str, str], version: int = VERSION
) -> str:
    """Say what the videos table would be made from now.

    Parameters
    ----------
    videos : DataFrame
        As `listed` gives it.
    hashes : dict of str to str
        SHA-256 of the files that are there, as `hashes` gives it.
    version : int
        Version of the stage.

    Returns
    -------
    str
        As `dfd.tables.fingerprint` gives it.
    """
    rows = None if listing.is_divided(videos) else people(run, videos)
    # Where they do not count nothing is hashed in their place, so that tables stay as they are.
    who = [] if rows is None else [rows.to_json()]
    return tables.fingerprint(version, run.seed, videos.to_json(), hashes, *who)


def examine(run: Run, videos: pd.DataFrame, people: pd.DataFrame | None = None) -> pd.DataFrame:
    """Look into the files of listed videos and divide them into splits, without keeping a table.

    Parameters
    ----------
    videos : DataFrame
        As `dfd.listing.listed` gives it.
    people : DataFrame, optional
        source, person: by whom the videos are divided, if the metadata do not divide them.

    Returns
    -------
    DataFrame
        The columns of `table`.
    """
    good = videos["status"] == "ok"
    there = good & listing.there(run.data, videos)
    # Threads are enough: PyAV decodes without Python's lock, and processes would take longer to start.
    probes = Parallel(n_jobs=run.jobs, prefer="threads", return_as="generator")(
        delayed(probe)(run.data / file) for file in videos.loc[there, "path"]
    )
    workers = progress.counted(run.jobs, "thread")
    probes = progress.track(probes, "headers", int(there.sum()), "video", run.build, workers)
    facts = pd.DataFrame(list(probes), index=videos.index[there])
    absent = pd.DataFrame(MISSING, index=videos.index[good & ~there])
    bad = videos.loc[~good, ["status", "reason"]]
    videos = videos.drop(columns=["status", "reason"]).join(pd.concat([facts, absent, bad]))
    if not listing.is_divided(videos):
        videos["split"] = assign_splits(videos, run.seed, people)
    return videos.reindex(columns=list(COLUMNS)).astype(COLUMNS)


def hashes(run: Run, names: Iterable[str]) -> dict[str, str]:
    """Hash files of the data folder; what was read before and has not changed is not read again.

    Parameters
    ----------
    names : iterable of str
        Files, relative to the data folder.

    Returns
    -------
    dict of str to str
        SHA-256 of each file that is there.
    """
    return contents.hashes(run.data, list(names), run.build / HASHES, run.jobs)


def is_fake(table: pd.DataFrame) -> np.ndarray:
    """Turn labels into truth values.

    Parameters
    ----------
    table : DataFrame
        With the column label.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    return (table["label"] == "FAKE").to_numpy()


def with_source(run: Run, faces: pd.DataFrame) -> pd.DataFrame:
    """Add the source video to a table of faces or videos.

    Parameters
    ----------
    faces : DataFrame
        With the column video.

    Returns
    -------
    DataFrame
        With the column source too.
    """
    return faces.merge(table(run)[["video", "source"]], on="video", how="left")


def probe(file: Path) -> dict:
    """Look into a video file: its properties, or what is wrong with it.

    The packets are counted as `dfd.video` counts them and the first frame is decoded, so a damaged frame in
    the middle goes unnoticed here; `dfd.video` reports it when it gets there.

    Parameters
    ----------
    file : Path
        The video.

    Returns
    -------
    dict
        status and reason, and if the status is ``"ok"`` width, height, frames, fps, duration, bytes and
        rotation as in `table`.
    """
    if not file.is_file():
        return MISSING
    size = file.stat().st_size
    if size == 0:
        return {"bytes": 0, "status": "empty", "reason": "the file has no bytes"}
    try:
        clip = video.Video(file)
        height, width = clip.first().image.shape[:2]
    except InputError as error:
        status = "no video stream" if error.reason == video.NO_STREAM else "unreadable"
        return {"bytes": size, "status": status, "reason": error.reason}
    return {
        "width": width,
        "height": height,
        "frames": clip.frames,
        "fps": clip.fps,
        "duration": clip.duration,
        "bytes": size,
        "rotation": clip.rotation,
        "status": "ok",
        "reason": "",
    }


def assign_splits(videos: pd.DataFrame, seed: int, people: pd.DataFrame | None = None) -> pd.Series:
    """Put each source, an original and all its fakes, in one split, and sources that share a person too.

    A hash of seed and group decides, not a draw over the list, so a source stays in its split when more
    parts are downloaded, unless they show that its person is that of another group. A group too large for
    the smaller splits goes to the largest. Where so few groups leave a split empty, those whose hashes are
    nearest to it go there, so that three groups or more always give all three splits.

    Parameters
    ----------
    videos : DataFrame
        With the column source.
    seed : int
        Another seed gives another division.
    people : DataFrame, optional
        source, person; without it each source is a group of its own.

    Returns
    -------
    Series
        ``"train"`` (80% of the groups), ``"validation"`` (10%) or ``"test"`` (10%); null without a source.
    """
    groups = source_groups(videos["source"], people)
    sizes = groups.value_counts()
    hashes = {group: hashlib.sha256(f"{seed} {group}".encode()).digest() for group in sizes.index}
    shares = {group: int.from_bytes(digest[:8]) / 2**64 for group, digest in hashes.items()}
    ends = np.cumsum(FRACTIONS)
    splits = {
        group: SPLITS[np.searchsorted(ends[:-1], share, side="right")] for group, share in shares.items()
    }
    large = sizes.index[(sizes > 1) & (sizes > min(FRACTIONS) * len(groups))]
    splits |= dict.fromkeys(large, SPLITS[np.argmax(FRACTIONS)])
    for split, middle in zip(SPLITS, ends - np.array(FRACTIONS) / 2, strict=True):
        counts = Counter(splits.values())
        spare = [group for group in splits if counts[splits[group]] > 1]
        if not counts[split] and spare:
            splits[min(spare, key=lambda group: abs(shares[group] - middle))] = split
    return videos["source"].map(groups.map(splits))


def source_groups(sources: pd.Series, people: pd.DataFrame | None = None) -> pd.Series:
    """Group the sources that share a person, be it by way of other sources.

    Parameters
    ----------
    sources : Series of str
        The source of each video; may be null.
    people : DataFrame, optional
        source, person; several rows for a source with several people.

    Returns
    -------
    Series of str
        The group of each source, by source: the first of its sources in the order of the alphabet.

    Examples
    --------
    >>> import pandas as pd
    >>> from dfd import dataset
    >>> people = pd.DataFrame({"source": ["a", "b", "b", "c"], "person": ["x", "x", "y", "y"]})
    >>> dataset.source_groups(pd.Series(["d", "c", "b", "a", "a"]), people).to_dict()
    {'a': 'a', 'b': 'a', 'c': 'a', 'd': 'd'}
    """
    names = np.sort(sources.dropna().unique().astype(object))
    groups = pd.Series(names, names, dtype=object)
    if people is None:
        return groups
    rows = people[people["source"].isin(names)]
    ends = (
        np.searchsorted(names, rows["source"].to_numpy(object)),
        len(names) + pd.factorize(rows["person"])[0],
    )
    count = len(names) + len(rows)
    edges = coo_array((np.ones(len(rows), bool), ends), shape=(count, count))
    components = connected_components(edges, directed=False)[1][: len(names)]
    return groups.groupby(components).transform("first")


def leaks(videos: pd.DataFrame) -> pd.DataFrame:
    """Find source groups that are in more than one split, so that a test would see its training data.

    Parameters
    ----------
    videos : DataFrame
        With the columns source, video, label, split.

    Returns
    -------
    DataFrame
        The videos of those groups, sorted by source; empty if the split is clean.
    """
    splits = videos.groupby("source")["split"].transform("nunique")
    return videos.loc[splits > 1, ["source", "video", "label", "split"]].sort_values(
        ["source", "split", "video"]
    )


def check_split(videos: pd.DataFrame) -> None:
    """Refuse splits that share a source, for what they measure would be too good.

    Parameters
    ----------
    videos : DataFrame
        With the columns source, video, label, split.

    Raises
    ------
    InputError
        If `leaks` gives any, with their number and the first sources.
    """
    leaking = leaks(videos)["source"].unique().tolist()
    if leaking:
        raise InputError(
            "the metadata's splits",
            f"{len(leaking):,} of {videos['source'].nunique():,} sources are in more than one of them, so a "
            f"test would see its training data; give an original and its fakes one split: {first(leaking)}",
        )
