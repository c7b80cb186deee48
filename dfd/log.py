"""The log of a run, beside its tables: when each stage began, how far it came, and when it ended."""

import logging
import os
import re
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, cast, get_args

NAME = "log.txt"
TIME = "%Y-%m-%d %H:%M:%S"
State = Literal["begun", "under way", "ended", "stopped"]
LINE = re.compile(
    rf"(?P<time>\S+ \S+) (?P<stage>.+) (?P<state>{'|'.join(get_args(State))}): "
    r"(?P<done>[\d,]+) of (?P<total>[\d,]+) (?P<unit>.+), (?P<made>[\d,]+) made in (?P<seconds>[\d,.]+) s.*; "
    r"(?P<workers>[^;]+); process (?P<process>\d+) on (?P<host>\S+)"
)
COUNTS = ("done", "total", "made", "process")


@dataclass(frozen=True)
class Entry:
    """One line of the log.

    Attributes
    ----------
    stage : str
        What is made, such as ``"faces"`` or ``"embedding backbone"``.
    state : str
        ``"begun"``, ``"under way"``, ``"ended"``, or ``"stopped"`` by an error or by the user. A stage whose
        process was killed has no last line.
    done, total : int
        Items that are done, and all of them.
    unit : str
        What an item is, in the plural.
    made : int
        Items that had to be made; the others were there from before.
    seconds : float
        Time since the stage began.
    workers : str
        How many processes or threads did it, and on what device.
    process : int
        Number of the process that led the stage.
    host : str
        Name of its machine.
    time : datetime
        When the line was written.
    """

    stage: str
    state: State
    done: int
    total: int
    unit: str
    made: int
    seconds: float
    workers: str
    process: int = field(default_factory=os.getpid)
    host: str = field(default_factory=socket.gethostname)
    time: datetime = field(default_factory=lambda: datetime.now().replace(microsecond=0))

    @property
    def rate(self) -> float | None:
        """Items made in a second; None as long as there are none."""
        return self.made / self.seconds if self.made and self.seconds else None

    def __str__(self) -> str:
        speed = f", {self.rate:,.2f} a second" if self.rate else ""
        return (
            f"{self.time:{TIME}} {self.stage} {self.state}: {self.done:,} of {self.total:,} {self.unit}, "
            f"{self.made:,} made in {self.seconds:,.2f} s{speed}; {self.workers}; "
            f"process {self.process} on {self.host}"
        )


def path(folder: Path) -> Path:
    """Where the log of a run is.

    Parameters
    ----------
    folder : Path
        The run's build folder.

    Returns
    -------
    Path
    """
    return folder / NAME


def append(folder: Path, entry: Entry) -> None:
    """Add a line to the log of a run; where that is not possible, the line is lost and nothing else.

    The line is written at once and to the end of the file, also where other processes write to it.

    Parameters
    ----------
    folder : Path
        The run's build folder.
    entry : Entry
        The line.
    """
    # A full disk or a folder that cannot be written stops the stage itself, with a better message.
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path(folder), encoding="utf-8")
        handler.handleError = lambda record: None
        handler.handle(logging.makeLogRecord({"msg": str(entry)}))
        handler.close()


def read(folder: Path) -> list[Entry]:
    """Read the log of a run.

    Parameters
    ----------
    folder : Path
        The run's build folder.

    Returns
    -------
    list of Entry
        In the order of the file; lines of another form are left out. Empty if there is no log.
    """
    try:
        lines = path(folder).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [_entry(match.groupdict()) for match in map(LINE.fullmatch, lines) if match]


def _entry(facts: dict[str, str]) -> Entry:
    done, total, made, process = (int(facts[name].replace(",", "")) for name in COUNTS)
    return Entry(
        facts["stage"],
        cast(State, facts["state"]),
        *(done, total, facts["unit"], made),
        float(facts["seconds"].replace(",", "")),
        *(facts["workers"], process, facts["host"]),
        datetime.strptime(facts["time"], TIME),
    )
