"""One run: which data and how much of it, which backbone, how many processes, and where tables go."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dfd.errors import InputError

if TYPE_CHECKING:
    import torch

CHECKOUT = Path(__file__).resolve().parent.parent
ROOT = CHECKOUT if (CHECKOUT / "data" / "sample").is_dir() else Path.cwd()
"""The checkout that this package lies in; for a package installed by itself, the current folder."""

NAMES = ("sample", "dfdc")
BACKBONES = ("efficientnet-lite0", "efficientnet-b7")


@dataclass(frozen=True)
class Run:
    """Everything that a stage needs to know about a run.

    Attributes
    ----------
    name : str
        ``"sample"`` or ``"dfdc"``.
    data : Path
        Folder of the videos; how it may be laid out says `dfd.listing.folders`.
    build : Path
        Folder that the run writes its tables to.
    backbone : str
        Convolutional network of the embedding and the classifier, one of `BACKBONES`.
    weights : Path or None
        Local file with the backbone's ImageNet weights; ``None`` for those of an installed package
        or a download.
    parts : tuple of int or None
        Parts to read; ``None`` for all.
    videos : int or None
        Largest number of videos to read; ``None`` for all.
    faces_per_fake : int
        Largest number of faces kept of a FAKE video (report, section 2.2.2).
    faces_per_real : int
        The same of a REAL video.
    margin : float
        Share of the face's width and height added around it (report, section 2.2.4).
    face_size : int
        Side of a face crop in pixels (report, section 2.2.4).
    seed : int
        Seed of everything that draws at random.
    jobs : int
        Processes that a stage may use on this machine.
    scheduler : str or None
        Address of a Dask scheduler whose workers do the long stages; ``None`` for this machine alone.
    recipe : Path or None
        File with the recipe of the training (see `dfd.recipe`); ``None`` for that of the profile.
    devices : int
        GPUs, or processes where there is none, that train together on each machine.
    nodes : int
        Machines that train together.
    """

    name: str
    data: Path
    build: Path
    backbone: str
    weights: Path | None = None
    parts: tuple[int, ...] | None = None
    videos: int | None = None
    faces_per_fake: int = 8
    faces_per_real: int = 40
    margin: float = 0.6
    face_size: int = 240
    seed: int = 2020
    jobs: int = 2
    scheduler: str | None = None
    recipe: Path | None = None
    devices: int = 1
    nodes: int = 1

    @property
    def device(self) -> torch.device:
        """The first GPU, or the CPU where there is none."""
        # Imported here, so that commands that need no network start at once.
        import torch

        return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def load(name: str = "sample", folder: Path | None = None) -> Run:
    """Describe a run by its name and the environment.

    The environment variables are the Makefile's: ``DFDC`` (folder of the parts, for ``"dfdc"``),
    ``BUILD`` (folder of all that is built), ``BACKBONE``, ``WEIGHTS`` (a local file), ``PARTS``
    (``0,1,2``), ``VIDEOS`` (``500``), ``JOBS``, ``SCHEDULER`` (``tls://host:8786``), ``RECIPE`` (a file),
    ``DEVICES`` and ``NODES``.

    Parameters
    ----------
    name : str
        ``"sample"`` or ``"dfdc"``.
    folder : Path, optional
        Folder of the parts for ``"dfdc"``, instead of ``DFDC``.

    Returns
    -------
    Run

    Raises
    ------
    InputError
        If there is no run of that name, or a variable makes no sense.

    Examples
    --------
    >>> import dfd.run
    >>> run = dfd.run.load("sample")
    >>> run.name, run.margin, run.face_size
    ('sample', 0.6, 240)
    """
    build = build_folder(name)
    backbone = os.environ.get("BACKBONE") or {"sample": BACKBONES[0], "dfdc": BACKBONES[1]}[name]
    if backbone not in BACKBONES:
        raise InputError(f"BACKBONE={backbone}", f"no such backbone; there are {', '.join(BACKBONES)}")
    weights = os.environ.get("WEIGHTS")
    if weights and not Path(weights).is_file():
        raise InputError(f"WEIGHTS={weights}", "no such file")
    recipe = os.environ.get("RECIPE")
    if recipe and not Path(recipe).is_file():
        raise InputError(f"RECIPE={recipe}", "no such file")
    return Run(
        name=name,
        data=_data_folder(name, folder),
        build=build,
        backbone=backbone,
        weights=Path(weights).resolve() if weights else None,
        parts=_parts(os.environ.get("PARTS")),
        videos=_positive("VIDEOS", os.environ.get("VIDEOS")),
        jobs=_positive("JOBS", os.environ.get("JOBS")) or cores(),
        scheduler=os.environ.get("SCHEDULER") or None,
        recipe=Path(recipe).resolve() if recipe else None,
        devices=_positive("DEVICES", os.environ.get("DEVICES")) or 1,
        nodes=_positive("NODES", os.environ.get("NODES")) or 1,
    )


def build_folder(name: str) -> Path:
    """Say where the tables and the model of a run are kept; the run's data need not be there.

    Parameters
    ----------
    name : str
        ``"sample"`` or ``"dfdc"``.

    Returns
    -------
    Path
        In the folder ``BUILD``, or in the checkout's ``build`` where that is not set.

    Raises
    ------
    InputError
        If there is no run of that name.
    """
    if name not in NAMES:
        raise InputError(f"profile {name!r}", f"no such profile; there are {', '.join(NAMES)}")
    return Path(os.environ.get("BUILD") or ROOT / "build").expanduser().resolve() / name


def cores() -> int:
    """Count the cores that this process may use, which can be fewer than the machine has.

    Returns
    -------
    int
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _data_folder(name: str, given: Path | str | None) -> Path:
    if name == "sample":
        folder = ROOT / "data" / "sample"
        setting = str(folder)
        if not folder.exists():
            raise InputError(
                folder, "no such folder; the sample is part of the repository: run this in a checkout"
            )
    else:
        setting = str(given) if given else f"DFDC={os.environ.get('DFDC')}"
        given = given or os.environ.get("DFDC")
        if not given:
            raise InputError("DFDC", "not set; the dfdc profile needs the folder of the data set")
        folder = Path(given).expanduser().resolve()
    if not folder.exists():
        raise InputError(setting, "no such folder")
    if not folder.is_dir():
        raise InputError(setting, "this is a file, not a folder")
    return folder


def _parts(text: str | None) -> tuple[int, ...] | None:
    if not text:
        return None
    try:
        parts = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError:
        parts = (-1,)
    if parts[0] < 0:
        raise InputError(f"PARTS={text}", "must be part numbers separated by commas, such as 0,1,2")
    return parts


def _positive(variable: str, text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text)):
        raise InputError(f"{variable}={text}", "must be a whole number of 1 or more")
    return int(text)
