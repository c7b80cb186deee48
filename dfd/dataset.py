"""The videos table: what the DFDC folders list, what the files are, and which split each video is in."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm

from dfd import contents, tables, video
from dfd.errors import InputError
from dfd.run import Run

VERSION = 1
"""Raised when the code of this stage makes other tables than before."""

LABELS = ("REAL", "FAKE")
SPLITS = ("train", "validation", "test")
FRACTIONS = (0.8, 0.1, 0.1)
PART = re.compile(r"dfdc_train_part_(\d+)")
FILE_NAME = re.compile(r"[A-Za-z0-9_-]+\.mp4")
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
        If the folder holds no parts, or the metadata of a part cannot be used.
    """
    videos = listed(run.data, run.parts, run.videos)
    made_from = hashes(run, videos["path"].dropna())
    fingerprint = tables.fingerprint(VERSION, run.seed, videos.to_json(), made_from)
    return tables.reuse_or_make(path(run), fingerprint, lambda: examine(run, videos))


def examine(run: Run, videos: pd.DataFrame) -> pd.DataFrame:
    """Look into the files of listed videos and divide them into splits, without keeping a table.

    Parameters
    ----------
    videos : DataFrame
        As `listed` gives it.

    Returns
    -------
    DataFrame
        The columns of `table`.
    """
    # Threads are enough: PyAV decodes without Python's lock, and processes would take longer to start.
    progress = tqdm(videos.to_dict("records"), desc="videos", disable=None)
    probes = Parallel(n_jobs=run.jobs, prefer="threads")(
        delayed(_probe_listed)(run.data, video) for video in progress
    )
    facts = pd.DataFrame(cast(list[dict], probes), index=videos.index)
    videos = videos.drop(columns=["status", "reason"]).join(facts)
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
    return contents.hashes(run.data, list(names), run.build / "hashes.parquet", run.jobs)


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


def _probe_listed(data: Path, video: dict) -> dict:
    if video["status"] != "ok":
        return {"status": video["status"], "reason": video["reason"]}
    return probe(data / video["path"])


def listed(data: Path, parts: tuple[int, ...] | None = None, limit: int | None = None) -> pd.DataFrame:
    """Read the metadata of the parts, without touching a video.

    A part without usable metadata is an error even beside good parts, for its labels are unknown;
    `parts` can leave it out. An entry that makes no sense stays as a row with status ``"bad metadata"``.

    Parameters
    ----------
    data : Path
        Folder of the ``dfdc_train_part_*`` folders.
    parts : tuple of int, optional
        Parts to read; all by default.
    limit : int, optional
        Largest number of videos: sources in the order of the metadata, each with its fakes beside it.

    Returns
    -------
    DataFrame
        video, part, path, label, original, original_listed, source, split, status, reason, in the
        numeric order of the parts.

    Raises
    ------
    InputError
        If there are no parts, a wanted part is missing, or a ``metadata.json`` is missing, not JSON, not an
        object or empty.
    """
    rows = [row for part, folder in _parts(data, parts).items() for row in _entries(part, folder)]
    seen = set()
    for row in rows:
        if row["status"] == "ok" and row["video"] in seen:
            row |= {"status": "bad metadata", "reason": "a video of this name is listed before", "path": None}
        seen.add(row["video"])
    videos = pd.DataFrame(rows)
    videos["original_listed"] = videos["original"].isin(videos.loc[videos["status"] == "ok", "video"])
    if limit is not None:
        order = videos.groupby(videos["source"].fillna(videos["video"]), sort=False).ngroup()
        videos = videos.iloc[np.argsort(order, kind="stable")[:limit]].reset_index(drop=True)
    return videos


def _parts(data: Path, wanted: tuple[int, ...] | None) -> dict[int, Path]:
    parts: dict[int, Path] = {}
    for folder in sorted(data.iterdir()):
        match = PART.fullmatch(folder.name) if folder.is_dir() else None
        if match and (other := parts.get(int(match[1]))):
            raise InputError(data, f"{other.name} and {folder.name} have one number; keep one of them")
        parts |= {int(match[1]): folder} if match else {}
    if not parts:
        raise InputError(data, "no dfdc_train_part_* folder in it")
    if missing := sorted(set(wanted or ()) - set(parts)):
        raise InputError(data / f"dfdc_train_part_{missing[0]}", "no such part; leave it out of PARTS")
    return {part: parts[part] for part in sorted(wanted or parts)}


def _entries(part: int, folder: Path) -> list[dict]:
    source = folder / "metadata.json"
    try:
        # Some editors put a mark in front of the text.
        metadata = json.loads(source.read_text(encoding="utf-8-sig"), object_pairs_hook=_Listing)
    except FileNotFoundError as error:
        raise InputError(source, "missing; download it, or leave its part out with PARTS") from error
    except OSError as error:
        raise InputError(source, f"cannot be read ({error.strerror})") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(source, f"not JSON ({error})") from error
    if not isinstance(metadata, _Listing) or not metadata:
        raise InputError(source, "must be a JSON object with one entry for each video")
    return [
        _entry(part, folder.name, name, entry, name in metadata.contradicted)
        for name, entry in metadata.items()
    ]


class _Listing(dict):
    """A JSON object that remembers which names it has twice, with different values."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        self.contradicted = {name for name, value in pairs if value != self[name]}


def _entry(part: int, folder: str, video: str, entry: object, contradicted: bool) -> dict:
    given = entry if isinstance(entry, dict) else {}
    label, split = given.get("label"), given.get("split") or "train"
    original = given.get("original") if label == "FAKE" else None
    row = {"video": video, "part": part}
    row |= dict.fromkeys(["path", "label", "original", "source", "split"])
    if contradicted:
        reason = "it is listed twice, and not with the same entry"
    elif not FILE_NAME.fullmatch(video):
        reason = "its name is not that of an mp4 file in this folder"
    elif not isinstance(entry, dict):
        reason = "its entry is not an object"
    elif label not in LABELS:
        reason = f"its label is {label!r}, not REAL or FAKE"
    elif split not in SPLITS:
        reason = f"its split is {split!r}, not train, validation or test"
    elif label == "FAKE" and not (isinstance(original, str) and FILE_NAME.fullmatch(original)):
        reason = f"its original is {original!r}, which names no mp4 file"
    else:
        row |= {
            "path": f"{folder}/{video}",
            "label": label,
            "original": original,
            "source": original or video,
        }
        return row | {"split": split, "status": "ok", "reason": ""}
    return row | {"status": "bad metadata", "reason": reason}


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
        return {"status": "missing", "reason": "listed in the metadata, but not in the folder"}
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
