"""Results of the benchmarks: stored with the machine, the versions and the date, and read by pages."""

import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version

from dfd import plots, tables
from dfd.profile import ROOT

FOLDER = ROOT / "benchmarks" / "results"


def store(name: str, what: str, packages: tuple[str, ...], **figures: object) -> dict:
    """Store what a benchmark has measured.

    Parameters
    ----------
    name : str
        Of the benchmark.
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
        "machine": plots.machine(),
        "versions": {"Python": platform.python_version()}
        | {each: version(each) for each in (*packages, "dfd")},
        **figures,
    }
    with tables.replacing(FOLDER / f"{name}.json") as aside:
        aside.write_text(json.dumps(result, indent=1) + "\n")
    return result


def read(name: str) -> dict | None:
    """Read what a benchmark has stored.

    Parameters
    ----------
    name : str
        Of the benchmark.

    Returns
    -------
    dict or None
        As `store` gives it; ``None`` where the benchmark has not been run.
    """
    path = FOLDER / f"{name}.json"
    return json.loads(path.read_text()) if path.is_file() else None
