"""What a DFDC folder lists: its parts, and the entries of their metadata, without touching a video."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd

from dfd.errors import InputError

LABELS = ("REAL", "FAKE")
SPLITS = ("train", "validation", "test")
PART = re.compile(r"dfdc_train_part_(\d+)")
SAMPLE = "train_sample_videos"
"""Folder of the few hundred videos that Kaggle offers to begin with; it counts as part 0."""

METADATA = "metadata.json"
FILE_NAME = re.compile(r"[A-Za-z0-9_-]+\.mp4")
ENTRY = re.compile(r'"[^"]*"\s*:\s*\{[^{}]*\}')
"""A whole entry in the text of a metadata file."""


def listed(data: Path, parts: tuple[int, ...] | None = None, limit: int | None = None) -> pd.DataFrame:
    """Read the metadata of the parts, without touching a video.

    A part without usable metadata is an error even beside good parts, for its labels are unknown;
    `parts` can leave it out. An entry that makes no sense stays as a row with status ``"bad metadata"``.

    Parameters
    ----------
    data : Path
        The data folder; see `folders`.
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
    rows = [row for part, folder in folders(data, parts).items() for row in _entries(part, folder, data)]
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


def folders(data: Path, parts: tuple[int, ...] | None = None) -> dict[int, Path]:
    """Find the folders of the parts.

    Parameters
    ----------
    data : Path
        The data folder: it holds ``dfdc_train_part_N`` folders, or ``train_sample_videos``, or both; or it is
        itself one of them. A folder of another name with a ``metadata.json`` in it counts as part 0.
    parts : tuple of int, optional
        Parts that are wanted; all by default.

    Returns
    -------
    dict of int to Path
        By number, in numeric order.

    Raises
    ------
    InputError
        If there are none, two have one number, or a wanted one is missing.
    """
    by_part: dict[int, Path] = {}
    for folder in sorted(data.iterdir()):
        part = _number(folder.name) if folder.is_dir() else None
        if part is None:
            continue
        if other := by_part.get(part):
            raise InputError(data, f"{other.name} and {folder.name} have one number; keep one of them")
        by_part[part] = folder
    if not by_part and (_number(data.name) is not None or (data / METADATA).exists()):
        by_part[_number(data.name) or 0] = data
    if not by_part:
        unpack = "; unpack the ZIP files in it" if any(data.glob("*.zip")) else ""
        raise InputError(
            data,
            f"no dfdc_train_part_* folder in it, no {SAMPLE}, and no {METADATA} of a single part{unpack}",
        )
    if missing := sorted(set(parts or ()) - set(by_part)):
        raise InputError(data / f"dfdc_train_part_{missing[0]}", "no such part; leave it out of PARTS")
    return {part: by_part[part] for part in sorted(parts or by_part)}


def state(data: Path, parts: tuple[int, ...] | None = None) -> tuple:
    """Say whether the folders of the parts have changed, without listing them.

    Parameters
    ----------
    data : Path
        The data folder; see `folders`.
    parts : tuple of int, optional
        Parts that are wanted; all by default.

    Returns
    -------
    tuple
        Another one when a file was added to a folder, taken away or renamed, or the metadata were edited; the
        same when a file was overwritten in its place.
    """
    files = [file for folder in folders(data, parts).values() for file in (folder, folder / METADATA)]
    facts = [file.stat() if file.exists() else None for file in files]
    return tuple(
        (str(file), of and (of.st_mtime_ns, of.st_size)) for file, of in zip(files, facts, strict=True)
    )


def there(data: Path, videos: pd.DataFrame) -> pd.Series:
    """Tell which listed videos have a file, by reading each folder once instead of asking for each file.

    Parameters
    ----------
    data : Path
        The data folder.
    videos : DataFrame
        As `listed` gives it.

    Returns
    -------
    Series of bool
        Aligned with `videos`.
    """
    prefixes = {path[: path.rfind("/") + 1] for path in videos["path"].dropna()}
    files = {f"{prefix}{file.name}" for prefix in prefixes for file in (data / prefix).iterdir()}
    return videos["path"].isin(files)


def is_divided(videos: pd.DataFrame) -> bool:
    """Tell whether the metadata divide the videos; DFDC's put all of them in one split.

    Parameters
    ----------
    videos : DataFrame
        As `listed` gives it.

    Returns
    -------
    bool
    """
    return videos["split"].nunique() > 1


def _number(name: str) -> int | None:
    """Read the number of a part from the name of its folder."""
    if name == SAMPLE:
        return 0
    match = PART.fullmatch(name)
    return int(match[1]) if match else None


def _entries(part: int, folder: Path, data: Path) -> list[dict]:
    metadata, prefix = _read(folder / METADATA), "" if folder == data else f"{folder.name}/"
    return [
        _entry(part, prefix, _text(name), entry, name in metadata.contradicted)
        for name, entry in metadata.items()
    ]


def _text(name: str) -> str:
    """Escape halves of characters, which JSON can hold and no table or terminal can."""
    return name.encode(errors="backslashreplace").decode()


class _Listing(dict):
    """A JSON object that remembers which names it has twice, with different values."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        self.contradicted = {name for name, value in pairs if value != self[name]}


def _read(file: Path) -> _Listing:
    try:
        # Some editors put a mark in front of the text.
        text = file.read_text(encoding="utf-8-sig")
        metadata = json.loads(text, object_pairs_hook=_Listing)
    except FileNotFoundError as error:
        inside = next(file.parent.glob(f"*/{METADATA}"), None)
        remedy = f"move it here from {inside.parent.name}, and the videos too" if inside else "download it"
        raise InputError(file, f"missing; {remedy}, or leave its part out with PARTS") from error
    except OSError as error:
        raise InputError(file, f"cannot be read ({error.strerror})") from error
    except json.JSONDecodeError as error:
        raise InputError(file, f"not JSON ({error}){_cut_off(error)}") from error
    except UnicodeDecodeError as error:
        raise InputError(file, f"not JSON ({error})") from error
    if not isinstance(metadata, _Listing) or not metadata:
        raise InputError(file, "must be a JSON object with one entry for each video")
    return metadata


def _cut_off(error: json.JSONDecodeError) -> str:
    """Say so if the text ends before its last bracket, as that of a stopped download does."""
    text = error.doc.strip()
    if text[:1] not in ("", "{") or error.msg == "Extra data":
        return ""
    if text.endswith("}") and error.pos < len(error.doc.rstrip()):
        return ""
    return f"; it seems cut off, with {len(ENTRY.findall(text))} whole entries: download it again"


def _entry(part: int, prefix: str, video: str, entry: object, contradicted: bool) -> dict:
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
            "path": f"{prefix}{video}",
            "label": label,
            "original": original,
            "source": original or video,
        }
        return row | {"split": split, "status": "ok", "reason": ""}
    return row | {"status": "bad metadata", "reason": reason}
