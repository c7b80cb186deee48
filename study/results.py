"""Results of benchmarks, stored in the repository with what made them."""

import json
from datetime import UTC, datetime

from dfd import tables
from dfd.run import ROOT
from study import provenance

FOLDER = ROOT / "results"
"""Where results are stored that took long to measure; they are committed."""


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
