"""Runs a command in a process of its own, and measures its time and the memory of all its processes."""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

INTERVAL = 0.5
"""Seconds between two looks at the memory."""


@dataclass(frozen=True)
class Usage:
    """What a command took.

    Attributes
    ----------
    status : int or None
        What it exited with; None if it was stopped for its memory.
    seconds : float
        Time on the clock.
    core_seconds : float
        Processor time of all its processes.
    peak : int
        Most bytes that all of them had at a time.
    """

    status: int | None
    seconds: float
    core_seconds: float
    peak: int


def run(command: list[str], log: Path, limit: int, **variables: str) -> Usage:
    """Run a command and look at its memory, until it ends or has too much.

    Memory is the sum of the PSS (proportional set size) of the process and all that it has started, so that
    pages that several of them share count once. Two looks are half a second apart: what is given back
    between them goes unnoticed.

    Parameters
    ----------
    command : list of str
        Program and arguments.
    log : Path
        File that what it says is appended to.
    limit : int
        Bytes at which it is stopped.
    **variables : str
        Environment variables that shall differ.

    Returns
    -------
    Usage
    """
    started, peak, stopped = time.monotonic(), 0, False
    before = os.times()
    with log.open("a") as stream:
        print("$", *command, file=stream, flush=True)
        process = psutil.Popen(
            command,
            stdout=stream,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=os.environ | variables,
        )
        try:
            while process.poll() is None:
                peak = max(peak, memory(process))
                if peak > limit:
                    stopped = True
                    break
                time.sleep(INTERVAL)
        finally:
            stop(process)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    status = None if stopped else process.returncode
    return Usage(status, round(time.monotonic() - started, 1), round(used, 1), peak)


def memory(process: psutil.Process) -> int:
    """Add up the memory of a process and of all that it has started.

    Parameters
    ----------
    process : Process
        The process.

    Returns
    -------
    int
        Bytes of PSS; 0 if the process is gone.
    """
    total = 0
    for one in _family(process):
        try:
            total += one.memory_full_info().pss
        except psutil.Error:
            # It has ended since it was listed.
            continue
    return total


def stop(process: psutil.Process) -> None:
    """Stop a process and all that it has started, if they still go on.

    Parameters
    ----------
    process : Process
        The process.
    """
    for one in _family(process):
        try:
            one.kill()
        except psutil.Error:
            continue
    process.wait()


def _family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []
