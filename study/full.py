"""Measures everything at full depth and stores it; what is stored already and fits is left alone."""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from importlib import import_module
from multiprocessing import get_context
from typing import cast

import cv2
import nbformat
import torch
from threadpoolctl import threadpool_limits

from dfd.errors import InputError
from dfd.run import Run
from study import chapters, dependencies, evidence, measuring, records
from study.claims import CLAIMS
from study.measuring import Experiment


def experiments() -> list[str]:
    """List the experiments with two depths that claims and chapters need.

    Returns
    -------
    list of str
        Names of modules of `study.experiments`, in the order of the chapters.
    """
    names = []
    for path in chapters.notebooks():
        cells = nbformat.read(path, as_version=4).cells
        code = "\n\n".join(cell.source for cell in cells if cell.cell_type == "code")
        names += sorted(dependencies.experiments(code))
    names += [claim.experiment for claim in CLAIMS.values() if claim.experiment]
    return [name for name in dict.fromkeys(names) if _has_depths(name)]


def store_all(run: Run, names: Iterable[str]) -> Iterator[tuple[str, str, float]]:
    """Measure experiments at full depth, and store each when it is done.

    Each is measured in a fresh process, so that no timing depends on what ran before. Those that time
    something come first, one after the other; then `run.jobs` of the others run at a time, with a core each.
    An experiment that takes its numbers from another one begins when that one is done: two that asked for the
    same networks at the same time would both train them, and delete each other's files.

    Parameters
    ----------
    run : Run
        The run.
    names : iterable of str
        Of experiments.

    Yields
    ------
    name : str
        Of an experiment.
    outcome : str
        ``"measured"``, ``"stored before"``, or why the run cannot have it.
    seconds : float
        That it took.

    Raises
    ------
    InputError
        If the process of an experiment dies.
    """
    names = list(names)
    timed = [name for name in names if times(name)]
    for name in timed:
        yield _store_apart(run, name)
    own, left = replace(run, jobs=1), [name for name in names if name not in timed]
    while left:
        ready = [name for name in left if not needs(name) & set(left)]
        left = [name for name in left if name not in ready]
        with ThreadPoolExecutor(run.jobs) as lanes:
            running = [lanes.submit(_store_apart, own, name, True) for name in ready]
            try:
                for done in as_completed(running):
                    yield done.result()
            finally:
                for waiting in running:
                    waiting.cancel()


def needs(name: str) -> set[str]:
    """List the experiments that an experiment takes code or numbers from.

    Parameters
    ----------
    name : str
        Of the experiment.

    Returns
    -------
    set of str
        Names of modules of `study.experiments`.
    """
    package = "study.experiments."
    imported = dependencies.imported(package + name)
    return {module.removeprefix(package) for module in imported if module.startswith(package)}


def times(name: str) -> bool:
    """Tell whether an experiment times something, so that nothing else may run beside it.

    Parameters
    ----------
    name : str
        Of the experiment.

    Returns
    -------
    bool
    """
    return getattr(_module(name), "TIMES", False)


def _store_apart(run: Run, name: str, on_one_core: bool = False) -> tuple[str, str, float]:
    started = time.monotonic()
    prepare = _take_one_core if on_one_core else None
    try:
        with ProcessPoolExecutor(1, get_context("spawn"), initializer=prepare) as pool:
            outcome = pool.submit(store, run, name).result()
    except BrokenProcessPool as error:
        reason = "its process died, perhaps for want of memory; the same command goes on from here"
        raise InputError(f"experiment {name!r}", reason) from error
    return name, outcome, time.monotonic() - started


def _take_one_core() -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    threadpool_limits(1)


def store(run: Run, name: str) -> str:
    """Measure one experiment at full depth and store it, unless what is stored fits.

    Parameters
    ----------
    run : Run
        The run.
    name : str
        Of the experiment.

    Returns
    -------
    str
        The outcome, as in `store_all`.
    """
    experiment = _module(name)
    stored, _ = evidence.read_stored(run, experiment)
    if stored is not None:
        # Its estimates may have been computed anew, by code that has changed since they were noted.
        records.write(stored, evidence.stored_folder(run), with_hash=True)
        return "stored before"
    result = measuring.measure(run, experiment, "full")
    if result.obstacle:
        return result.obstacle
    evidence.store(run, result)
    return "measured"


def _module(name: str) -> Experiment:
    return cast(Experiment, import_module(f"study.experiments.{name}"))


def _has_depths(name: str) -> bool:
    return getattr(_module(name), "UNIT", records.FIGURES) != records.FIGURES
