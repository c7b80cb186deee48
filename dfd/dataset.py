"""The videos table: what is listed, what the files are, and which split each video is in."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

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
        - split: the metadata's, or `assign_splits`'s if the metadata put all videos in one;
        - width, height (pixels, after rotation), frames, fps, duration (s), bytes, rotation (degrees
          counter-clockwise that the file asks for);
        - status: ``"ok"``, ``"missing"``, ``"bad metadata"``, ``"empty"``, ``"unreadable"`` or
          ``"no video stream"``; and the reason.

    Raises
    ------
    InputError
        If the folder holds no parts, the metadata of a part cannot be used, or their splits leak.
    """
    fingerprint = _fingerprint(run, listing.state(run.data, run.parts))
    return tables.reuse_or_make(
        path(run), fingerprint, lambda: examine(run, listing.listed(run.data, run.parts, run.videos))
    )


@lru_cache(maxsize=4)
def _fingerprint(run: Run, state: tuple) -> str:
    """Say what the videos table would be made from now.

    All stages and experiments ask for the table, and for all of DFDC the answer takes ten seconds. In one
    process it is therefore given again as long as the folders of the parts are in the same state.
    """
    videos = listing.listed(run.data, run.parts, run.videos)
    check_split(videos)
    return expected_fingerprint(run, videos, hashes(run, videos["path"].dropna()))


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
    return tables.fingerprint(version, run.seed, videos.to_json(), hashes)


def examine(run: Run, videos: pd.DataFrame) -> pd.DataFrame:
    """Look into the files of listed videos and divide them into splits, without keeping a table.

    Parameters
    ----------
    videos : DataFrame
        As `dfd.listing.listed` gives it.

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
    if videos["split"].nunique() < 2:
        videos["split"] = assign_splits(videos, run.seed)
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


def assign_splits(videos: pd.DataFrame, seed: int) -> pd.Series:
    """Put each source group, an original and all its fakes, in one split.

    A hash of seed and source decides, not a draw over the list, so a source stays in its split when more
    parts are downloaded. Where so few sources leave a split empty, the sources whose hashes are nearest to
    it go there, so that three sources or more always give all three splits.

    Parameters
    ----------
    videos : DataFrame
        With the column source.
    seed : int
        Another seed gives another division.

    Returns
    -------
    Series
        ``"train"`` (80% of the sources), ``"validation"`` (10%) or ``"test"`` (10%); null without a source.
    """
    sources = videos["source"].dropna().unique()
    hashes = {source: hashlib.sha256(f"{seed} {source}".encode()).digest() for source in sources}
    shares = {source: int.from_bytes(digest[:8]) / 2**64 for source, digest in hashes.items()}
    ends = np.cumsum(FRACTIONS)
    splits = {
        source: SPLITS[np.searchsorted(ends[:-1], share, side="right")] for source, share in shares.items()
    }
    for split, middle in zip(SPLITS, ends - np.array(FRACTIONS) / 2, strict=True):
        sizes = Counter(splits.values())
        spare = [source for source in splits if sizes[splits[source]] > 1]
        if not sizes[split] and spare:
            splits[min(spare, key=lambda source: abs(shares[source] - middle))] = split
    return videos["source"].map(splits)


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
