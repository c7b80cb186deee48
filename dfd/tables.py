"""Parquet tables that know what made them: written whole or not at all, rebuilt only when needed."""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from dfd.errors import InputError

KEY = b"fingerprint"

GROUP_BYTES, GROUP_PARTS = 2**25, 1000
"""A row group of a joined table ends when it has so many bytes, or rows of so many parts."""


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place when the block ends without an error.

    Parameters
    ----------
    path : str or Path
        File to write; its folder is made where it is missing.

    Yields
    ------
    Path
        Where to write.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix)
    os.close(handle)
    aside = Path(name)
    try:
        yield aside
        aside.chmod(0o644)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def fingerprint(*parts: object) -> str:
    """Hash what a table is made from.

    A stage gives its ``VERSION`` among the parts: a number that is raised when the stage's code makes other
    tables than before. Nothing else of the code counts, so that a comment makes no table anew.

    Parameters
    ----------
    *parts : object
        Inputs and parameters: anything that JSON can write. Inputs that are files are given by their
        SHA-256 (`dfd.contents`), and tables by `stored_fingerprint`.

    Returns
    -------
    str
        The first 16 hex digits of a SHA-256.
    """
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write(frame: pd.DataFrame, path: str | Path, fingerprint: str) -> None:
    """Write a table and the fingerprint of what made it.

    Parameters
    ----------
    frame : DataFrame
        The table; its index is not kept.
    path : str or Path
        The Parquet file.
    fingerprint : str
        As `fingerprint` gives it.
    """
    table = pa.Table.from_pandas(frame, preserve_index=False)
    schema = _with_fingerprint(table.schema, fingerprint)
    with replacing(path) as aside:
        pq.write_table(table.replace_schema_metadata(schema.metadata), aside, **_storage(schema))


def join(parts: Iterable[pa.Table], path: str | Path, fingerprint: str) -> None:
    """Write one table of many small ones, of which only some are in memory at a time.

    Parameters
    ----------
    parts : iterable of pyarrow.Table
        One at least, in the order of the rows, all with the same columns.
    path : str or Path
        The Parquet file.
    fingerprint : str
        As `fingerprint` gives it.
    """
    several = iter(parts)
    first = next(several)
    schema = _with_fingerprint(first.schema, fingerprint)
    with replacing(path) as aside, pq.ParquetWriter(aside, schema, **_storage(schema)) as writer:
        for group in _groups(part.cast(schema) for part in chain([first], several)):
            writer.write_table(group)


def stored_fingerprint(path: str | Path) -> str | None:
    """Read the fingerprint that a table carries.

    Parameters
    ----------
    path : str or Path
        The Parquet file.

    Returns
    -------
    str or None
        ``None`` if there is no such file, or it is no Parquet file, or carries none.
    """
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return None
    stored = metadata.get(KEY)
    return stored.decode() if stored else None


def stored(path: str | Path) -> tuple[str | None, int]:
    """Read the fingerprint that a table carries, and the number of its rows, without reading the rows.

    Parameters
    ----------
    path : str or Path
        The Parquet file.

    Returns
    -------
    fingerprint : str or None
        As `stored_fingerprint` gives it.
    rows : int
        0 if there is no such file, or it is no Parquet file.
    """
    try:
        metadata = pq.read_metadata(path)
    except (OSError, pa.ArrowInvalid):
        return None, 0
    fingerprint = (metadata.metadata or {}).get(KEY)
    return fingerprint.decode() if fingerprint else None, metadata.num_rows


def count(path: str | Path) -> int:
    """Count the rows of a table without reading them.

    Parameters
    ----------
    path : str or Path
        The Parquet file.

    Returns
    -------
    int

    Raises
    ------
    InputError
        If the file is missing or is no Parquet file.
    """
    with _opened(path) as file:
        return file.metadata.num_rows


def read(path: str | Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Read a table.

    Parameters
    ----------
    path : str or Path
        The Parquet file.
    columns : list of str, optional
        Columns to read; all by default.

    Returns
    -------
    DataFrame

    Raises
    ------
    InputError
        If the file is missing or is no Parquet file.
    """
    with _opened(path) as file:
        groups = range(file.num_row_groups)
        if len(groups) < 2:
            return pd.read_parquet(path, columns=columns)
        # Read as a whole, a table of large vectors would take three times its size for a moment.
        frames = [file.read_row_group(group, columns).to_pandas() for group in groups]
        return pd.concat(frames, ignore_index=True)


def read_arrow(path: str | Path, columns: list[str]) -> pa.Table:
    """Read a small table quickly: pandas takes several times as long.

    Parameters
    ----------
    path : str or Path
        The Parquet file.
    columns : list of str
        Columns to read.

    Returns
    -------
    pyarrow.Table

    Raises
    ------
    InputError
        If the file is missing or is no Parquet file.
    """
    with _opened(path) as file:
        return file.read(columns, use_threads=False)


def reuse_or_make(path: str | Path, fingerprint: str, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """Read a table if it was made from the same things; otherwise make and write it.

    Parameters
    ----------
    path : str or Path
        The Parquet file.
    fingerprint : str
        Of the version, the inputs and the parameters, as `fingerprint` gives it.
    make : callable
        Makes the table; called without arguments.

    Returns
    -------
    DataFrame
        As read back from the file, so that both ways give the same.
    """
    make_if_stale(path, fingerprint, make)
    return read(path)


def make_if_stale(path: str | Path, fingerprint: str, make: Callable[[], pd.DataFrame]) -> None:
    """Make and write a table, unless the one there was made from the same things.

    Parameters
    ----------
    path, fingerprint, make : Path, str and callable
        As `reuse_or_make` takes them.
    """
    if stored_fingerprint(path) != fingerprint:
        write(make(), path, fingerprint)


def reuse_or_join(
    path: str | Path, fingerprint: str, parts: Callable[[], Iterable[pa.Table]]
) -> pd.DataFrame:
    """Read a table if it was made from the same things; otherwise `join` it of its parts.

    Parameters
    ----------
    path : str or Path
        The Parquet file.
    fingerprint : str
        As `reuse_or_make` takes it.
    parts : callable
        Gives the parts; called without arguments.

    Returns
    -------
    DataFrame
        As read back from the file.
    """
    if stored_fingerprint(path) != fingerprint:
        join(parts(), path, fingerprint)
    return read(path)


def _with_fingerprint(schema: pa.Schema, fingerprint: str) -> pa.Schema:
    return schema.with_metadata({**(schema.metadata or {}), KEY: fingerprint.encode()})


def _storage(schema: pa.Schema) -> dict[str, Any]:
    """Keep columns of bytes as they are: pictures, which are compressed already and never repeat."""
    packed = [field.name for field in schema if pa.types.is_binary(field.type)]
    if not packed:
        return {}
    others = [name for name in schema.names if name not in packed]
    compression = dict.fromkeys(others, "SNAPPY") | dict.fromkeys(packed, "NONE")
    return {"compression": compression, "use_dictionary": others}


def _groups(parts: Iterable[pa.Table]) -> Iterator[pa.Table]:
    group, size = [], 0
    for part in parts:
        group.append(part)
        size += part.nbytes
        if len(group) == GROUP_PARTS or size >= GROUP_BYTES:
            yield pa.concat_tables(group)
            group, size = [], 0
    if group:
        yield pa.concat_tables(group)


@contextmanager
def _opened(path: str | Path) -> Iterator[pq.ParquetFile]:
    if not Path(path).is_file():
        raise InputError(path, "no such table; run the chapter that makes it first")
    try:
        with pq.ParquetFile(path) as file:
            yield file
    except pa.ArrowInvalid as error:
        raise InputError(path, f"not a readable Parquet file ({error})") from error
