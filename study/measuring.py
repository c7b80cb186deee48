"""Experiments: their one shape, and how they are measured."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol, cast, get_args

import pandas as pd
from matplotlib.figure import Figure

from dfd import tables
from dfd.run import Run
from study import dependencies, records, truth
from study.records import Depth, Result
from study.statistics import Interval

VERSIONED = frozenset(
    f"dfd.{name}"
    for name in (
        "video",
        "dataset",
        "detectors",
        "search",
        "faces",
        "embedding",
        "identities",
        "reduction",
        "clustering",
        "training",
    )
)
"""Modules with a ``VERSION``, which stands for what they deliver; a test keeps it beside their code."""


JUDGED = "judged"
"""What a column part says of rows that are estimated from, where others train or calibrate."""


class Experiment(Protocol):
    """A module of `study.experiments` that measures something.

    It may leave out ``inputs`` if it reads no table of the run, and ``obstacle`` if every run can have it.
    One that times something says so by ``TIMES = True``, and is then measured while nothing else runs; if it
    also measures over units, ``REPEATED`` is how the names of those estimates begin that rest on repeats;
    one that takes much longer than others by ``LONG = True``, and is then begun before them.
    """

    __name__: str
    UNIT: str
    """What the column unit holds, in the plural: ``"actors"``, ``"seeds"``, ``"repeats"``."""

    def inputs(self, run: Run) -> list:
        """List what the table depends on besides code.

        Returns
        -------
        list
            Tables by `dfd.tables.stored_fingerprint`, files by their SHA-256, settings as they are.
        """
        ...

    def obstacle(self, run: Run) -> str:
        """Say why a run cannot have the result.

        Returns
        -------
        str
            One sentence; empty if it can.
        """
        ...

    def collect(self, run: Run, depth: Depth) -> pd.DataFrame:
        """Make the table that everything is estimated from.

        Parameters
        ----------
        depth : str
            ``"quick"`` or ``"full"``: how many units are measured.

        Returns
        -------
        DataFrame
            One row for each unit and condition. Its column unit says what is drawn with replacement or
            repeated, and makes the intervals.
        """
        ...

    def estimate(self, table: pd.DataFrame) -> dict[str, Interval]:
        """Compute the estimates from the table.

        Parameters
        ----------
        table : DataFrame
            As `collect` makes it.

        Returns
        -------
        dict of str to Interval
            Each under the name that rules and pages use.
        """
        ...

    def draw(self, result: Result) -> Figure:
        """Show the result as one figure.

        Parameters
        ----------
        result : Result
            As `measure` gives it.

        Returns
        -------
        Figure
            Its obstacle as a sentence where there is one.
        """
        ...


def measure(run: Run, experiment: Experiment, depth: Depth = "quick") -> Result:
    """Measure something for a run, or reuse what was measured with the same code on the same inputs.

    The code that counts is that of `Experiment.collect` and all that it uses; estimates are always computed
    anew from the table.

    Parameters
    ----------
    run : Run
        The run.
    experiment : module
        A module of `study.experiments`.
    depth : str
        ``"quick"`` or ``"full"``.

    Returns
    -------
    Result
        Also noted below the run's build folder, where the ledger finds it.
    """
    name, folder = name_of(experiment), run.build / "results" / depth
    made = {"fingerprint": fingerprint(run, experiment, depth), "estimator": estimator(experiment)}
    if reason := getattr(experiment, "obstacle", _none)(run):
        result = Result(name, depth, pd.DataFrame(), {}, _unit(run, experiment), 0, reason, made)
    else:
        table = tables.reuse_or_make(
            records.table_path(folder, name), made["fingerprint"], lambda: experiment.collect(run, depth)
        )
        result = of_table(run, experiment, depth, table, made)
    records.write(result, folder)
    return result


def of(module: str) -> Callable[..., Result]:
    """Give an experiment its function ``measure(run, depth="quick")``.

    Parameters
    ----------
    module : str
        Full name of the experiment's module, its ``__name__``.

    Returns
    -------
    callable
        `measure` for this module.
    """

    def measure_module(run: Run, depth: Depth = "quick") -> Result:
        return measure(run, cast(Experiment, import_module(module)), depth)

    return measure_module


def fingerprint(run: Run, experiment: Experiment, depth: Depth) -> str:
    """Say what a table of an experiment is made from.

    Parameters
    ----------
    run : Run
        The run.
    experiment : module
        A module of `study.experiments`.
    depth : str
        ``"quick"`` or ``"full"``.

    Returns
    -------
    str
        Hash of code, inputs and depth; what the code says of the other depth does not count. Of the modules
        in `VERSIONED` the version counts instead of the code, which may become faster or clearer without
        delivering anything else; where time is measured, all code does.
    """
    other = next(other for other in get_args(Depth) if other != depth)
    name, times = experiment.__name__, getattr(experiment, "TIMES", False)
    versioned = frozenset() if times else VERSIONED
    code = dependencies.code_hash(name, dependencies.BOUNDARY | versioned, "collect", without=other)
    used = sorted(dependencies.stops(name, dependencies.BOUNDARY | versioned, "collect") & versioned)
    versions = {module: import_module(module).VERSION for module in used}
    return tables.fingerprint(code, versions, getattr(experiment, "inputs", _none)(run), depth)


def estimator(experiment: Experiment) -> str:
    """Say what the estimates of an experiment are computed by.

    Parameters
    ----------
    experiment : module
        A module of `study.experiments`.

    Returns
    -------
    str
        Hash of the code of its ``estimate``.
    """
    return dependencies.code_hash(experiment.__name__, start="estimate")


def of_table(
    run: Run, experiment: Experiment, depth: Depth, table: pd.DataFrame, made: dict[str, Any]
) -> Result:
    """Compute an experiment's estimates from its table.

    Parameters
    ----------
    run : Run
        The run.
    experiment : module
        A module of `study.experiments`.
    depth : str
        ``"quick"`` or ``"full"``.
    table : DataFrame
        As its ``collect`` gives it.
    made : dict of str to str
        What made it.

    Returns
    -------
    Result
    """
    # Who only calibrates has no part in an estimate.
    judged = table[table["part"] == JUDGED] if "part" in table else table
    units = (judged if len(judged) else table).get("unit", pd.Series(dtype=object)).nunique()
    repeated = getattr(experiment, "REPEATED", "") if "repeat" in table else ""
    return Result(
        name_of(experiment),
        depth,
        table,
        experiment.estimate(table),
        _unit(run, experiment),
        units,
        made=made,
        repeated=repeated,
        repeats=table["repeat"].nunique() if repeated else 0,
    )


def name_of(experiment: Experiment) -> str:
    """Give the name of an experiment, without that of its package.

    Parameters
    ----------
    experiment : module
        A module of `study.experiments`.

    Returns
    -------
    str
    """
    return experiment.__name__.rsplit(".", 1)[-1]


def _none(run: Run) -> str:
    return ""


def _unit(run: Run, experiment: Experiment) -> str:
    return truth.unit(run) if experiment.UNIT == truth.ACTORS else experiment.UNIT
