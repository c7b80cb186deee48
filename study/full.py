"""Measures everything, at full depth to store it or at quick depth; what is there and fits is left alone."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from graphlib import TopologicalSorter
from importlib import import_module
from multiprocessing import get_context
from typing import cast

import cv2
import nbformat
import torch
from threadpoolctl import threadpool_limits

from dfd import embedding, faces
from dfd.errors import InputError
from dfd.run import Run
from study import chapters, dependencies, evidence, measuring, records
from study.claims import CLAIMS
from study.measuring import Experiment

Task = Callable[[Run, str], str]
"""Does something with the experiment of that name, and says what."""


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


def measure_all(run: Run, names: Iterable[str], task: Task) -> Iterator[tuple[str, str, float]]:
    """Measure experiments, each as soon as what it rests on is there.

    Each is measured in a fresh process, so that no timing depends on what ran before. Those that time
    something come first, one after the other; then `run.jobs` of the others run at a time, with a core each,
    the long ones first, so that no core waits for the other at the end. An experiment that takes its numbers
    from another one begins when that one is done: two that asked for the same networks at the same time would
    both train them, and delete each other's files.

    Parameters
    ----------
    run : Run
        The run.
    names : iterable of str
        Of experiments.
    task : callable
        `store` or `quick`.

    Yields
    ------
    name : str
        Of an experiment.
    outcome : str
        What the task says of it.
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
        yield _apart(task, run, name)
    others = sorted(set(names) - set(timed), key=lambda name: (not is_long(name), names.index(name)))
    if len(others) > 1:
        _apart(make_tables, run, "tables")
    sorter = TopologicalSorter({name: needs(name) & set(others) for name in others})
    sorter.prepare()
    own, running = replace(run, jobs=1), set()
    with ThreadPoolExecutor(run.jobs) as lanes:
        try:
            while sorter.is_active():
                ready = sorted(sorter.get_ready(), key=others.index)
                running |= {lanes.submit(_apart, task, own, name, True) for name in ready}
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                for done in finished:
                    yield done.result()
                    sorter.done(done.result()[0])
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
    imported = dependencies.imported(package + name) - {package + name}
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


def is_long(name: str) -> bool:
    """Tell whether an experiment takes much longer than others.

    Parameters
    ----------
    name : str
        Of the experiment.

    Returns
    -------
    bool
    """
    return getattr(_module(name), "LONG", False)


def _apart(task: Task, run: Run, name: str, on_one_core: bool = False) -> tuple[str, str, float]:
    started = time.monotonic()
    prepare = _take_one_core if on_one_core else None
    # It is forked from a process that has imported what every experiment needs, which takes ten seconds.
    server = get_context("forkserver")
    server.set_forkserver_preload(["study.full"])
    try:
        with ProcessPoolExecutor(1, server, initializer=prepare) as pool:
            outcome = pool.submit(task, run, name).result()
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
        ``"measured"``, ``"stored before"``, or why the run cannot have it.
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


def quick(run: Run, name: str) -> str:
    """Measure one experiment at quick depth, unless that is done.

    Parameters
    ----------
    run : Run
        The run.
    name : str
        Of the experiment.

    Returns
    -------
    str
        ``"measured"``, or why the run cannot have it.
    """
    return measuring.measure(run, _module(name)).obstacle or "measured"


def make_tables(run: Run, name: str) -> str:
    """Make the tables that experiments read, so that no two of them make the same one at the same time.

    Parameters
    ----------
    run : Run
        The run.
    name : str
        As every task takes it; does not count.

    Returns
    -------
    str
        Which embeddings there are.
    """
    models = embedding.models(run) if len(faces.table(run)) else []
    for model in models:
        embedding.table(run, model)
    return ", ".join(models)


def _module(name: str) -> Experiment:
    return cast(Experiment, import_module(f"study.experiments.{name}"))


def _has_depths(name: str) -> bool:
    return getattr(_module(name), "UNIT", records.FIGURES) != records.FIGURES
