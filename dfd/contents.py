"""What files hold: the SHA-256 of each, kept with its size and time so that no file is read twice."""

import hashlib
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

import pandas as pd
from joblib import Parallel, delayed

from dfd import progress, tables

COLUMNS = ["name", "bytes", "modified", "sha256"]


def sha256(path: Path) -> str:
    """Hash a file.

    Parameters
    ----------
    path : Path
        The file. Read once in a process, as long as its size and time of change stay the same.

    Returns
    -------
    str
        SHA-256 in hex digits.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    facts = path.stat()
    return _hash(path, facts.st_size, facts.st_mtime_ns)


def hashes(folder: Path, names: Sequence[str], kept: Path | None = None, jobs: int = 1) -> dict[str, str]:
    """Hash many files of a folder.

    Unlike the times of files, what they hold stays the same when a folder is copied, moved or cloned.

    Parameters
    ----------
    folder : Path
        The folder.
    names : sequence of str
        Files in it; those that are not there are left out.
    kept : Path, optional
        Parquet file that keeps the hashes: a file whose size and time of change are those that stand there
        is not read again. It is written only if something in it has changed.
    jobs : int
        Threads that read.

    Returns
    -------
    dict of str to str
        SHA-256 of each file that is there, by name.
    """
    there = {name: (folder / name).stat() for name in names if (folder / name).is_file()}
    states = {name: (facts.st_size, facts.st_mtime_ns) for name, facts in there.items()}
    before = _read(kept)
    changed = [name for name, state in states.items() if before.get(name, (None,))[:-1] != state]
    # Threads are enough, since both reading and hashing release Python's lock.
    read = Parallel(n_jobs=jobs, prefer="threads", return_as="generator")(
        delayed(sha256)(folder / name) for name in changed
    )
    build, workers = kept.parent if kept else None, progress.counted(jobs, "thread")
    new = progress.track(cast(Iterator[str], read), "hashes", len(changed), "file", build, workers)
    after = before | {name: (*states[name], digest) for name, digest in zip(changed, new, strict=True)}
    if kept and after != before:
        rows = [(name, *facts) for name, facts in after.items()]
        tables.write(pd.DataFrame(rows, columns=COLUMNS), kept, fingerprint="")
    return {name: after[name][-1] for name in there}


@dataclass(frozen=True)
class Comparison:
    """Files of a folder beside the hashes that are kept of them.

    Attributes
    ----------
    hashes : dict of str to str
        SHA-256 of each file that is there, as it was when the file was read last.
    new : list of str
        Files that are there and were never read.
    changed : list of str
        Files of another size or time of change than when they were read, among those compared.
    """

    hashes: dict[str, str]
    new: list[str]
    changed: list[str]


def compare(folder: Path, names: Sequence[str], kept: Path, most: int) -> Comparison:
    """Compare files of a folder with the hashes that are kept of them, without reading a file.

    Parameters
    ----------
    folder : Path
        The folder.
    names : sequence of str
        Files in it; those that are not there are left out.
    kept : Path
        As `hashes` keeps them; need not be there.
    most : int
        Files whose size and time are compared at most, evenly spread; on a file system behind a network
        each takes its time. Whether a file is there is told by listing the folders.

    Returns
    -------
    Comparison
    """
    inside = {parent: files_in(folder / parent) for parent in {name.rpartition("/")[0] for name in names}}
    there = [name for name in names if name.rpartition("/")[2] in inside[name.rpartition("/")[0]]]
    before = _read(kept)
    read = [name for name in there if name in before]
    some = read[:: max(math.ceil(len(read) / most), 1)]
    facts = {name: (folder / name).stat() for name in some}
    changed = [name for name in some if before[name][:-1] != (facts[name].st_size, facts[name].st_mtime_ns)]
    hashes = {name: before[name][-1] for name in read}
    return Comparison(hashes, [name for name in there if name not in before], changed)


def files_in(folder: Path) -> set[str]:
    """List the files of a folder.

    Parameters
    ----------
    folder : Path
        The folder; need not be there.

    Returns
    -------
    set of str
        Names of the files in it, without those in folders of it.
    """
    if not folder.is_dir():
        return set()
    with os.scandir(folder) as entries:
        return {entry.name for entry in entries if entry.is_file()}


def _read(kept: Path | None) -> dict[str, tuple[int, int, str]]:
    if kept is None or not kept.is_file():
        return {}
    rows = tables.read(kept)[COLUMNS].itertuples(index=False)
    return {name: (size, modified, digest) for name, size, modified, digest in rows}


@lru_cache
def _hash(path: Path, size: int, modified: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
