"""Work in processes of its own: packages of detectors fight over threads and memory when they share one."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

import cv2
import torch

from dfd import detectors
from dfd.detectors import Detector
from dfd.errors import InputError

SHARED = ("matplotlib.pyplot", "scipy.stats", "sklearn.metrics", "torchvision")
"""Packages that the book has in any case: loaded before a detector, so that its memory is its own."""


def in_process(detector: str, work: Callable[..., list[dict]], *arguments: object) -> list[dict]:
    """Run work in a fresh process.

    Parameters
    ----------
    detector : str
        Whose work it is.
    work : callable
        A function of a module; called with `arguments`.
    *arguments : object
        What it is called with.

    Returns
    -------
    list of dict
        What it returns; if the process dies, a single row with the detector and the reason.
    """
    # Forked from a server that has imported what all share, and done nothing else, a process starts at once.
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__, *SHARED])
    try:
        with ProcessPoolExecutor(1, context) as pool:
            return pool.submit(work, *arguments).result()
    except BrokenProcessPool:
        return [{"detector": detector, "reason": "its process died, perhaps for want of memory"}]


def all_in_processes(
    jobs: int,
    names: tuple[str, ...],
    search: Callable[..., Iterator[dict]],
    *arguments: object,
    load: Callable[[str], Detector] = detectors.make,
) -> list[dict]:
    """Let detectors search, each in a process of its own and on one core.

    Parameters
    ----------
    jobs : int
        Processes at a time.
    names : tuple of str
        The detectors, of `dfd.detectors.NAMES`.
    search : callable
        A function of a module; called with a detector and `arguments`, it yields rows.
    *arguments : object
        What it is called with after the detector.
    load : callable
        Gives the detector of a name.

    Returns
    -------
    list of dict
        The rows of all detectors, each with detector. A detector that cannot be had, whose process dies or
        that finds nothing is there once, with detector and reason.
    """
    # The slowest first, so that the processes end at about the same time.
    order = sorted(names, key=lambda name: name != "dlib-cnn")
    with ThreadPoolExecutor(jobs) as pool:
        running = [
            pool.submit(in_process, name, _with_detector, name, load, search, *arguments) for name in order
        ]
        return [row for process in running for row in process.result()]


def _with_detector(
    name: str, load: Callable[[str], Detector], search: Callable[..., Iterator[dict]], *arguments: object
) -> list[dict]:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        detector = load(name)
    except InputError as error:
        return [{"detector": name, "reason": str(error)}]
    rows = [{"detector": name} | row for row in search(detector, *arguments)]
    return rows or [{"detector": name, "reason": "found no face in any frame"}]
