"""Results: what experiments have measured, and the files in which a run keeps them."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from html import escape
from pathlib import Path
from typing import Any, Literal, cast, get_args

import pandas as pd

from dfd import contents, tables
from dfd.errors import InputError
from dfd.run import Run
from study.statistics import Interval

Depth = Literal["quick", "full"]

FIGURES = "figures"
"""Unit of an experiment that computes and does not measure: it has one depth, and nothing of it is stored."""

SAMPLES = "What the text says came out is of the sample."
"""Said beside a result that a run cannot have: the sentences around it were written for one that can."""


@dataclass(frozen=True)
class Result:
    """What an experiment has measured in one run, at one depth.

    Attributes
    ----------
    experiment : str
        Name of the module that measured, such as ``"heads"``.
    depth : str
        ``"quick"`` or ``"full"``.
    table : DataFrame
        One row for each unit (a video's score, a face's error, one repetition of a timing), from which all
        estimates are computed.
    estimates : dict of str to Interval
        What was measured, by its name, with its interval.
    unit : str
        What was drawn with replacement or repeated, and makes the intervals: ``"actors"``, ``"seeds"``.
    units : int
        How many of them.
    obstacle : str
        Why this run cannot have the result, as one sentence; empty if it can.
    made : dict of str to str
        Date, machine, versions and fingerprint.
    repeated : str
        Beginning of the names of those estimates that rest on repeats and not on units, such as times; empty
        if there are none.
    repeats : int
        How many repeats.
    """

    experiment: str
    depth: Depth
    table: pd.DataFrame
    estimates: dict[str, Interval]
    unit: str
    units: int
    obstacle: str = ""
    made: dict[str, Any] = field(default_factory=dict)
    repeated: str = ""
    repeats: int = 0

    def __bool__(self) -> bool:
        """Whether the run has the result."""
        return not self.obstacle

    @property
    def origin(self) -> str:
        """Depth and units of all estimates, as one phrase."""
        return self.origin_of(self.estimates)

    def origin_of(self, names: Iterable[str]) -> str:
        """Say how deep some estimates were measured, and over what.

        Parameters
        ----------
        names : iterable of str
            Names of estimates.

        Returns
        -------
        str
            One phrase, such as ``"full, 30 actors and 7 repeats"``.
        """
        if self.unit == FIGURES:
            return "computed"
        counts = [f"{count:,} {unit}" for unit, count in self.counts(names).items()]
        return f"{self.depth}, {' and '.join(counts)}"

    def counts(self, names: Iterable[str]) -> dict[str, int]:
        """Count what some estimates rest on.

        Parameters
        ----------
        names : iterable of str
            Names of estimates.

        Returns
        -------
        dict of str to int
            How many of each unit.
        """
        timed = {bool(self.repeated) and name.startswith(self.repeated) for name in names}
        units = {} if timed == {True} else {self.unit: self.units}
        return units | ({"repeats": self.repeats} if True in timed else {})

    def _repr_html_(self) -> str:
        if self.obstacle:
            return f"<p><em>{escape(self.obstacle)} {SAMPLES}</em></p>"
        rows = {name: {self.origin: str(interval)} for name, interval in self.estimates.items()}
        return html(pd.DataFrame.from_dict(rows, orient="index"))


def depth_of_run() -> Depth:
    """Say at which depth this process measures.

    Returns
    -------
    str
        The environment's ``DEPTH``; ``"quick"`` if there is none.

    Raises
    ------
    InputError
        If it is neither ``quick`` nor ``full``.
    """
    depth = os.environ.get("DEPTH") or "quick"
    if depth not in get_args(Depth):
        raise InputError(f"DEPTH={depth}", f"must be one of {', '.join(get_args(Depth))}")
    return cast(Depth, depth)


def read(run: Run, experiment: str, depth: Depth = "quick") -> Result | None:
    """Read what a run has measured, without measuring.

    Parameters
    ----------
    run : Run
        The run.
    experiment : str
        Name of the experiment's module.
    depth : str
        ``"quick"`` or ``"full"``.

    Returns
    -------
    Result or None
        Without its table; ``None`` if the run has not measured it.
    """
    path = about_path(run.build / "results" / depth, experiment)
    return noted(path) if path.is_file() else None


def noted(path: Path) -> Result:
    """Read a result as `write` has written it, without its table.

    Parameters
    ----------
    path : Path
        As `about_path` gives it.

    Returns
    -------
    Result
    """
    about = json.loads(path.read_text())
    estimates = {name: Interval(*bounds) for name, bounds in about.pop("estimates").items()}
    about.pop("sha256", None)
    return Result(table=pd.DataFrame(), estimates=estimates, **about)


def write(result: Result, folder: Path, with_hash: bool = False) -> None:
    """Write what a result says, without its table.

    Parameters
    ----------
    result : Result
        The result.
    folder : Path
        Where to.
    with_hash : bool
        Whether to note the SHA-256 of the table, which lies there already.
    """
    about = {name: value for name, value in vars(result).items() if name != "table"} | {
        "estimates": {name: list(asdict(interval).values()) for name, interval in result.estimates.items()}
    }
    if with_hash:
        about["sha256"] = contents.sha256(table_path(folder, result.experiment))
    with tables.replacing(about_path(folder, result.experiment)) as aside:
        aside.write_text(json.dumps(about, indent=1) + "\n")


def about_path(folder: Path, experiment: str) -> Path:
    """Say where a result's estimates lie.

    Parameters
    ----------
    folder : Path
        Of the results of one depth.
    experiment : str
        Its name.

    Returns
    -------
    Path
        ``<experiment>.json`` in the folder.
    """
    return folder / f"{experiment}.json"


def table_path(folder: Path, experiment: str) -> Path:
    """Say where a result's table lies.

    Parameters
    ----------
    folder, experiment : Path and str
        As for `about_path`.

    Returns
    -------
    Path
        ``<experiment>.parquet`` in the folder.
    """
    return folder / f"{experiment}.parquet"


def html(frame: pd.DataFrame) -> str:
    """Write a table as a notebook shows it.

    Parameters
    ----------
    frame : DataFrame
        The table.

    Returns
    -------
    str
        HTML.
    """
    return frame.style.set_table_attributes('class="dataframe"').to_html()
