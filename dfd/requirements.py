"""What a run needs, checked before its first stage: metadata, room for crops, weights, memory."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from distributed import system

from dfd import dataset, listing, weights
from dfd.errors import InputError
from dfd.run import Run

CROPS = "faces"
"""Folder below a run's build folder in which `dfd.faces` keeps a file of crops for each video."""

CROP_BYTES = 15_000
"""Of a face crop, on average."""

LEAST_MEMORY, PROCESS_MEMORY = 2 * 2**30, 2**29
"""Bytes without which nothing runs, for the whole run and for each process: one that finds faces in videos of
1080 lines has 0.75 GB of its own."""


def check(run: Run, model: str | None = "backbone") -> None:
    """Check within seconds that a run has what it needs, so that none of it is missed after hours.

    No video is opened and nothing is downloaded.

    Parameters
    ----------
    run : Run
        The run.
    model : str, optional
        The embedding whose weights are needed, one of `dfd.embedding.MODELS`; None if none are.

    Raises
    ------
    InputError
        If anything is missing, with all that is: the data folder's metadata, splits that share no source,
        the weights, room for the face crops that are still to be made, memory.
    """
    problems = []
    for needed in (lambda: _data(run), lambda: _weights(run, model), lambda: _memory(run)):
        problems += _problem(needed)
    if len(problems) > 1:
        reasons = "".join(f"\n- {problem}" for problem in problems)
        raise InputError(f"profile {run.name!r}", f"this run cannot begin:{reasons}")
    for problem in problems:
        raise problem


def crop_bytes(run: Run, videos: pd.DataFrame) -> int:
    """Estimate the size of the face crops that a run has still to make.

    Parameters
    ----------
    videos : DataFrame
        As `dfd.listing.listed` gives it.

    Returns
    -------
    int
        Bytes: for the videos that are there and have no file of crops yet.
    """
    made = {file.stem for file in (run.build / CROPS).glob("*.parquet")}
    wanted = videos[listing.there(run.data, videos) & ~videos["video"].str.removesuffix(".mp4").isin(made)]
    fakes = int(dataset.is_fake(wanted).sum())
    faces = fakes * run.faces_per_fake + (len(wanted) - fakes) * run.faces_per_real
    return faces * CROP_BYTES


def _problem(needed: Callable[[], None]) -> list[InputError]:
    try:
        needed()
    except InputError as error:
        return [error]
    return []


def _data(run: Run) -> None:
    videos = listing.listed(run.data, run.parts, run.videos)
    dataset.check_split(videos)
    size = crop_bytes(run, videos)
    free = shutil.disk_usage(_existing(run.build)).free
    if size > free:
        raise InputError(
            run.build,
            f"the face crops need some {_gigabytes(size)}, and {_gigabytes(free)} are free there; make room, "
            "or take fewer videos with PARTS= or VIDEOS=",
        )


def _existing(folder: Path) -> Path:
    return next(parent for parent in (folder, *folder.parents) if parent.exists())


def _weights(run: Run, model: str | None) -> None:
    if model == "backbone":
        weights.check_available(run.backbone, run.weights)
    elif model == "facenet":
        weights.check_available("facenet")
    elif model == "dlib":
        weights.package("dlib")
        weights.in_package("dlib-faces")


def _memory(run: Run) -> None:
    # A scheduler's workers have memory of their own.
    jobs = 1 if run.scheduler else run.jobs
    there, needed = system.MEMORY_LIMIT, max(LEAST_MEMORY, jobs * PROCESS_MEMORY)
    if there < needed:
        remedy = f"; set JOBS={there // PROCESS_MEMORY} or less" if there >= LEAST_MEMORY else ""
        raise InputError(
            "memory", f"{_gigabytes(there)}, and JOBS={jobs} needs {_gigabytes(needed)} at least{remedy}"
        )


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:,.1f} GB"
