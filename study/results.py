"""Results of experiments: kept for a run while code and inputs fit, or stored for all with their origin."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from dfd import tables
from dfd.run import ROOT, Run
from study import dependencies, provenance

FOLDER = ROOT / "results"
"""Where results are stored that took long to measure; they are committed."""


def keep(
    run: Run, name: str, experiment: str, inputs: list, measure: Callable[[], pd.DataFrame]
) -> pd.DataFrame:
    """Measure something for a run, or reuse what was measured with the same code on the same inputs.

    Parameters
    ----------
    run : Run
        The run; the table lies below its build folder.
    name : str
        Name of the table.
    experiment : str
        The module that measures (its ``__name__``). Its code counts, and so does all code that it uses,
        as `study.dependencies` follows it.
    inputs : list
        What else the result depends on: anything that JSON can write, with tables given by
        `dfd.tables.stored_fingerprint` and files by their SHA-256.
    measure : callable
        Measures; called without arguments.

    Returns
    -------
    DataFrame
    """
    fingerprint = tables.fingerprint(dependencies.code_hash(experiment), inputs)
    return tables.reuse_or_make(path(run, name), fingerprint, measure)


def path(run: Run, name: str) -> Path:
    """Say where a run keeps what an experiment has measured.

    Parameters
    ----------
    run : Run
        The run.
    name : str
        Name of the table, as given to `keep`.

    Returns
    -------
    Path
    """
    return run.build / "results" / f"{name}.parquet"


def store(name: str, what: str, packages: tuple[str, ...], **figures: object) -> dict:
    """Store what an experiment has measured, for all runs to read.

    Parameters
    ----------
    name : str
        Name of the experiment.
    what : str
        What the figures are, in words.
    packages : tuple of str
        Packages whose versions the figures depend on.
    **figures : object
        What was measured; written as JSON.

    Returns
    -------
    dict
        The figures after what, date, machine and versions, as they were written.
    """
    result = {
        "what": what,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": provenance.machine(),
        "versions": provenance.versions([*packages, "dfd"]),
        **figures,
    }
    with tables.replacing(FOLDER / f"{name}.json") as aside:
        aside.write_text(json.dumps(result, indent=1) + "\n")
    return result


def read(name: str) -> dict | None:
    """Read what an experiment has stored.

    Parameters
    ----------
    name : str
        Name of the experiment.

    Returns
    -------
    dict or None
        As `store` gives it; ``None`` where the experiment has not been run.
    """
    file = FOLDER / f"{name}.json"
    return json.loads(file.read_text()) if file.is_file() else None
