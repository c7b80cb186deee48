"""The settings and paths of one run: which data, which backbone, how much of it."""

import os
from dataclasses import dataclass
from pathlib import Path

import torch

from dfd.errors import InputError

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("sample", "dfdc")
BACKBONES = ("efficientnet-lite0", "efficientnet-b7")


@dataclass(frozen=True)
class Profile:
    """Everything that a stage needs to know about a run.

    Attributes
    ----------
    name : str
        ``"sample"`` or ``"dfdc"``.
    data : Path
        Folder that holds the ``dfdc_train_part_*`` folders.
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
    faces_per_fake, faces_per_real : int
        Faces kept from a FAKE and from a REAL video (report, section 2.2.2).
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

    @property
    def device(self) -> torch.device:
        """The device that networks run on: the first GPU, or the CPU."""
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")

    @property
    def truth(self) -> Path:
        """Folder of the truth tables, which only the sample has."""
        return self.data / "truth"


def load(name: str = "sample", folder: Path | None = None) -> Profile:
    """Read the profile of a run from its name and the environment.

    The environment variables are the Makefile's: ``DFDC`` (folder of the parts, profile ``dfdc``),
    ``BACKBONE``, ``WEIGHTS`` (a local file), ``PARTS`` (``0,1,2``), ``VIDEOS`` (``500``), ``JOBS`` and
    ``SCHEDULER`` (``tcp://host:8786``).

    Parameters
    ----------
    name : str
        ``"sample"`` or ``"dfdc"``.
    folder : Path, optional
        Folder of the parts for the profile ``dfdc``, instead of ``DFDC``.

    Returns
    -------
    Profile

    Raises
    ------
    InputError
        If the profile does not exist, or a variable makes no sense.
    """
    if name not in NAMES:
        raise InputError(f"profile {name!r}", f"no such profile; there are {', '.join(NAMES)}")
    backbone = os.environ.get("BACKBONE") or {"sample": BACKBONES[0], "dfdc": BACKBONES[1]}[name]
    if backbone not in BACKBONES:
        raise InputError(f"BACKBONE={backbone}", f"no such backbone; there are {', '.join(BACKBONES)}")
    weights = os.environ.get("WEIGHTS")
    if weights and not Path(weights).is_file():
        raise InputError(f"WEIGHTS={weights}", "no such file")
    return Profile(
        name=name,
        data=_data_folder(name, folder),
        build=ROOT / "build" / name,
        backbone=backbone,
        weights=Path(weights).resolve() if weights else None,
        parts=_parts(os.environ.get("PARTS")),
        videos=_positive("VIDEOS", os.environ.get("VIDEOS")),
        jobs=_positive("JOBS", os.environ.get("JOBS")) or os.cpu_count() or 1,
        scheduler=os.environ.get("SCHEDULER") or None,
    )


def _data_folder(name: str, given: Path | str | None) -> Path:
    if name == "sample":
        folder, setting = ROOT / "data" / "sample", str(ROOT / "data" / "sample")
    else:
        setting = str(given) if given else f"DFDC={os.environ.get('DFDC')}"
        given = given or os.environ.get("DFDC")
        if not given:
            raise InputError(
                "DFDC", "not set; the dfdc profile needs the folder of the dfdc_train_part_* folders"
            )
        folder = Path(given).expanduser().resolve()
    if not folder.exists():
        raise InputError(setting, "no such folder")
    if not folder.is_dir():
        raise InputError(setting, "this is a file; it must be the folder of the dfdc_train_part_* folders")
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
    if not text.isdigit() or int(text) == 0:
        raise InputError(f"{variable}={text}", "must be a whole number of 1 or more")
    return int(text)
