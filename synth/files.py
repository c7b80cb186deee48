"""Files that are written whole or not at all, and the fingerprints that say what made them."""

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from functools import lru_cache
from pathlib import Path

from .errors import SynthError

SOURCES = Path(__file__).resolve().parent
# A file is old when a module that had a part in it has changed. The modules of each step, without the
# steps before:
FILMING = (
    *("assets", "traits", "identity", "geometry", "appearance", "subject", "head", "clothes", "hair", "look"),
    *("motion", "scene", "camera", "lighting", "render", "annotation", "actor", "film", "footage"),
)
HARD = ("occluders", "faceless", "hard_plan", "still", "hard")
TRAINING = ("composite", "autoencoder")
FAKING = ("swap", "blend", "degrade", "encode", "clips", "plan", "dataset", "truth", "build")

# Beginning of the names of files that are being written.
ASIDE = ".aside-"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place when the block ends without an error.

    Parameters
    ----------
    path : Path
        File to write; its folder is made where it is missing.

    Yields
    ------
    Path
        Where to write.

    Raises
    ------
    SynthError
        If the disk is full or the folder cannot be written to.
    """
    aside = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=ASIDE, suffix=path.suffix)
        os.close(handle)
        aside = Path(name)
        yield aside
        aside.chmod(0o644)
        aside.replace(path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise SynthError(
                path, "the disk is full; free some space and start again, what is done is kept"
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR):
            raise SynthError(path, f"cannot be written ({error.strerror})") from error
        raise
    finally:
        if aside is not None:
            aside.unlink(missing_ok=True)


def fingerprint(*parts: object, code: tuple[str, ...]) -> str:
    """Hash what a file is made from: the given things and the code that makes it.

    Parameters
    ----------
    *parts : object
        Data classes and anything that JSON can write.
    code : tuple of str
        Names of this package's modules.

    Returns
    -------
    str
        The first 16 hex digits of a SHA-256.
    """
    plain = [asdict(part) if is_dataclass(part) else part for part in parts]
    text = json.dumps(plain, sort_keys=True, default=str)
    return hashlib.sha256((_digest(code) + text).encode()).hexdigest()[:16]


@lru_cache
def _digest(modules: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for module in modules:
        digest.update((SOURCES / f"{module}.py").read_bytes())
    return digest.hexdigest()


def sha256(path: Path) -> str:
    """Hash a file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str
        SHA-256 in hex digits.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_checksums(folder: Path, name: str, work: str) -> None:
    """List the checksums of all files of a data set.

    Parameters
    ----------
    folder : Path
        The data set.
    name : str
        Name of the list, which is not in itself.
    work : str
        Name of a folder whose files are left out.
    """
    files = sorted(p for p in folder.rglob("*") if p.is_file() and work not in p.parts and p.name != name)
    lines = [f"{sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    with replacing(folder / name) as aside:
        aside.write_text("".join(lines), encoding="utf-8")
