"""A result at two depths: the full one that the repository stores, and the reader's own quick one."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import pandas as pd

from dfd import contents, tables
from dfd.errors import InputError
from dfd.run import Run
from study import measuring, provenance, records
from study.measuring import Experiment
from study.records import Result
from study.results import FOLDER
from study.statistics import Interval

PACKAGES = ("torch", "scikit-learn", "numpy", "dfd")
"""Whose versions are kept with every result."""


@dataclass(frozen=True)
class Evidence:
    """A result at the reader's own quick depth, beside the stored full one.

    Attributes
    ----------
    quick : Result
        Measured in this run.
    stored : Result or None
        Measured at full depth and stored in the repository, if what is stored fits code and data.
    missing : str
        Why there is no stored result, as one sentence; empty if there is.
    """

    quick: Result
    stored: Result | None
    missing: str = ""

    @property
    def best(self) -> Result:
        """The stored result, or the quick one where nothing is stored."""
        return self.stored or self.quick

    @property
    def table(self) -> pd.DataFrame:
        """The rows of the best result."""
        return self.best.table

    def __getitem__(self, name: str) -> Interval:
        """Give an estimate of the best result."""
        return self.best.estimates[name]

    @property
    def agreement(self) -> pd.Series:
        """Whether the intervals of both depths overlap, for each estimate that both could compute."""
        if self.stored is None:
            return pd.Series(dtype=bool)
        quick = {name for name, interval in self.quick.estimates.items() if not pd.isna(interval.value)}
        both = [name for name in self.stored.estimates if name in quick]
        return pd.Series(
            {n: _overlap(self.quick.estimates[n], self.stored.estimates[n]) for n in both}, dtype=bool
        )

    def shown(self, *names: str) -> "Shown":
        """Select estimates to show as a table.

        Parameters
        ----------
        *names : str
            Beginnings of the names of estimates; all by default.

        Returns
        -------
        Shown
            What a notebook shows as a table: stored, here, and whether they agree.
        """
        return Shown(self, names)

    def _repr_html_(self) -> str:
        return self.shown()._repr_html_()


@dataclass(frozen=True)
class Shown:
    """Some estimates of an `Evidence`, as a notebook shows them.

    Attributes
    ----------
    evidence : Evidence
        Where they come from.
    names : tuple of str
        Beginnings of their names; all if empty.
    """

    evidence: Evidence
    names: tuple[str, ...] = ()

    def frame(self) -> pd.DataFrame:
        """Put the estimates into a table of text.

        Returns
        -------
        DataFrame
            One row for each estimate; a column for the stored result, one for the reader's own, and whether
            they agree.
        """
        quick, stored = self.evidence.quick, self.evidence.stored
        names = [n for n in self.evidence.best.estimates if not self.names or n.startswith(self.names)]
        shown = pd.DataFrame(index=names)
        if stored:
            shown[f"stored ({stored.origin_of(names)})"] = [str(stored.estimates[name]) for name in names]
        here = "here" if stored else "measured"
        shown[f"{here} ({quick.origin_of(names)})"] = [str(quick.estimates.get(name, "")) for name in names]
        if stored:
            agree = self.evidence.agreement
            shown["they agree"] = ["" if n not in agree else "yes" if agree[n] else "no" for n in names]
        return shown

    def _repr_html_(self) -> str:
        if self.evidence.best.obstacle:
            return self.evidence.best._repr_html_()
        note = f"<p><em>{escape(self.evidence.missing)}</em></p>" if self.evidence.missing else ""
        return records.html(self.frame()) + note


def gather(run: Run, experiment: Experiment) -> Evidence:
    """Measure an experiment for this run, and read what is stored of it.

    ``DEPTH=full`` in the environment measures at full depth and uses nothing stored.

    Parameters
    ----------
    run : Run
        The run.
    experiment : module
        A module of `study.experiments`.

    Returns
    -------
    Evidence
        Also noted below the run's build folder, for the ledger.
    """
    if records.depth_of_run() == "full":
        return Evidence(
            measuring.measure(run, experiment, "full"), None, "Measured at full depth in this run."
        )
    quick = measuring.measure(run, experiment)
    if experiment.UNIT == records.FIGURES:
        return Evidence(quick, None)
    return Evidence(quick, *read_stored(run, experiment))


def store(run: Run, result: Result) -> None:
    """Store a full result in the repository, with what made it.

    Parameters
    ----------
    run : Run
        The run that measured it.
    result : Result
        What was measured.

    Raises
    ------
    InputError
        If the run could not have the result.
    """
    if result.obstacle:
        raise InputError(result.experiment, result.obstacle)
    made = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": provenance.machine(),
        "versions": provenance.versions(PACKAGES),
    }
    folder = stored_folder(run)
    tables.write(result.table, records.table_path(folder, result.experiment), result.made["fingerprint"])
    records.write(replace(result, made=made | result.made), folder, with_hash=True)


def stored_folder(run: Run) -> Path:
    """Say where the repository keeps the full results of a run.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    Path
        A folder of `study.results.FOLDER`.
    """
    return FOLDER / run.name


def read_stored(run: Run, experiment: Experiment) -> tuple[Result | None, str]:
    """Read a stored result if it is whole and fits code and data.

    Parameters
    ----------
    run : Run
        The run.
    experiment : module
        A module of `study.experiments`.

    Returns
    -------
    stored : Result or None
        ``None`` if there is none that fits.
    missing : str
        Why not, as one sentence; empty if there is.
    """
    name, folder = measuring.name_of(experiment), stored_folder(run)
    about, table = records.about_path(folder, name), records.table_path(folder, name)
    if not about.is_file():
        return None, f"No full measurement of {name} is stored for {run.name}; this is the quick one."
    try:
        whole = contents.sha256(table) == json.loads(about.read_text())["sha256"]
        noted = records.noted(about)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return None, f"What is stored of {name} cannot be read ({error}); this is the quick measurement."
    if not whole:
        return None, f"The stored table of {name} is damaged; this is the quick measurement."
    if noted.made.get("fingerprint") != measuring.fingerprint(run, experiment, "full"):
        return None, (
            f"What is stored of {name} was measured with other code or data; this is the quick measurement."
        )
    rows, estimator = tables.read(table), measuring.estimator(experiment)
    if noted.made.get("estimator") == estimator:
        return replace(noted, table=rows), ""
    made = noted.made | {"estimator": estimator}
    return measuring.of_table(run, experiment, "full", rows, made), ""


def _overlap(one: Interval, other: Interval) -> bool:
    if pd.isna(one.value) or pd.isna(other.value):
        return bool(pd.isna(one.value) and pd.isna(other.value))
    return one.low <= other.high and other.low <= one.high
