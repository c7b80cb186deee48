"""Measures everything at full depth and stores it; what is stored already and fits is left alone."""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from multiprocessing import get_context
from typing import cast

import nbformat

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
    """Measure experiments at full depth, one after the other, and store each when it is done.

    Each is measured in a fresh process, so that no timing depends on what ran before.

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
    for name in names:
        started = time.monotonic()
        try:
            with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                outcome = pool.submit(store, run, name).result()
        except BrokenProcessPool as error:
            reason = "its process died, perhaps for want of memory; the same command goes on from here"
            raise InputError(f"experiment {name!r}", reason) from error
        yield name, outcome, time.monotonic() - started


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
