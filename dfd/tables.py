"""Parquet tables that know what made them: written whole or not at all, rebuilt only when needed."""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from dfd.errors import InputError

KEY = b"fingerprint"


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
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), KEY: fingerprint.encode()})
    with replacing(path) as aside:
        pq.write_table(table, aside)


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
    if not Path(path).is_file():
        raise InputError(path, "no such table; run the chapter that makes it first")
    try:
        return pd.read_parquet(path, columns=columns)
    except pa.ArrowInvalid as error:
        raise InputError(path, f"not a readable Parquet file ({error})") from error


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
    if stored_fingerprint(path) != fingerprint:
        write(make(), path, fingerprint)
    return read(path)
