"""The chapters: what each is made from, and the execution of those that have changed."""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import nbformat
import papermill
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from dfd import contents, dataset, listing, tables
from dfd.errors import InputError
from dfd.run import ROOT, Run
from study import dependencies, evidence, records, results
from study.claims import CLAIMS

DATA = ("dfdc_train_part_*/*", f"{listing.SAMPLE}/*", listing.METADATA, "*.mp4", "benchmark/*", "truth/*")
"""Files of the data folder that chapters read."""


def notebooks() -> list[Path]:
    """List the notebooks of the book.

    Returns
    -------
    list of Path
        In the order of the chapters.
    """
    return sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))


def settings(run: Run) -> str:
    """Describe what a run depends on besides code: its settings and what the files of its data folder hold.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    str
        JSON; two runs with the same settings and data give the same text, wherever they lie.
    """
    left_out = ("data", "build", "jobs", "scheduler", "weights", "recipe", "devices", "nodes")
    kept = {key: value for key, value in asdict(run).items() if key not in left_out}
    kept |= {name: contents.sha256(file) for name in ("weights", "recipe") if (file := getattr(run, name))}
    files = sorted(str(path.relative_to(run.data)) for pattern in DATA for path in run.data.glob(pattern))
    return json.dumps(kept | {"data": tables.fingerprint(dataset.hashes(run, files))}, indent=1)


def fingerprints(run: Run) -> dict[str, str]:
    """Hash what each chapter is made from: its code and all that it uses, settings, data, stored results.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    dict of str to str
        By the name of the chapter.
    """
    about = settings(run)
    prints: dict[str, str] = {}
    for path in notebooks():
        cells = nbformat.read(path, as_version=4).cells
        code = "\n\n".join(cell.source for cell in cells if cell.cell_type == "code")
        prints[path.stem] = tables.fingerprint(
            [(cell.cell_type, cell.source, cell.metadata) for cell in cells],
            dependencies.notebook_hash(code),
            about,
            {name: results.read(name) for name in dependencies.stored_results(code)},
            _stored(run, dependencies.experiments(code)),
            [repr(claim) for claim in CLAIMS.values() if claim.chapter == path.stem],
            records.depth_of_run(),
            [prints[name] for name in reads_verdicts_of(path.stem) if name in prints],
        )
    return prints


def reads_verdicts_of(chapter: str) -> list[str]:
    """List the chapters whose verdicts a chapter reads, so that it is executed again after them.

    Parameters
    ----------
    chapter : str
        Name of the notebook.

    Returns
    -------
    list of str
        Those with a claim from which one of this chapter follows.
    """
    own = [claim for claim in CLAIMS.values() if claim.chapter == chapter]
    return sorted({CLAIMS[name].chapter for claim in own for name in claim.follows} - {chapter})


def execute_changed(run: Run, names: list[str] | None = None) -> Iterator[tuple[Path, float | None]]:
    """Execute the chapters of a run that have changed, or that build on something that has.

    Parameters
    ----------
    run : Run
        The run.
    names : list of str, optional
        Chapters to look at; all by default.

    Yields
    ------
    Path
        Each chapter, when it is done.
    float or None
        Seconds that it took; ``None`` if it has not changed.

    Raises
    ------
    InputError
        If there is no such chapter, or a cell fails, with its number and the error.
    """
    available = [source.stem for source in notebooks()]
    if unknown := sorted(set(names or ()) - set(available)):
        raise InputError(f"chapter {', '.join(unknown)}", f"there are {', '.join(available)}")
    wanted = [source for source in notebooks() if source.stem in (names or available)]
    prints = fingerprints(run)
    for number, source in enumerate(wanted, start=1):
        target, fingerprint, started = executed(run, source.stem), prints[source.stem], time.monotonic()
        if target.is_file() and nbformat.read(target, as_version=4).metadata.get("made_from") == fingerprint:
            yield source, None
            continue
        print(f"chapter {number} of {len(wanted)}: {source.stem}", file=sys.stderr, flush=True)
        try:
            execute(run, source, target, fingerprint)
        except PapermillExecutionError as error:
            if "dfd.errors" not in "".join(error.traceback):
                print("\n".join(error.traceback), file=sys.stderr)
            reason = f"cell {error.cell_index + 1} failed: {error.ename}: {error.evalue}"
            raise InputError(source, reason) from error
        yield source, time.monotonic() - started


def executed(run: Run, chapter: str) -> Path:
    """Say where a run keeps an executed chapter.

    Parameters
    ----------
    run : Run
        The run.
    chapter : str
        Name of the notebook, without its ending.

    Returns
    -------
    Path
    """
    return run.build / "notebooks" / f"{chapter}.ipynb"


def execute(run: Run, source: Path, target: Path, fingerprint: str = "") -> None:
    """Execute a chapter; what it has measured for claims before is forgotten, so that it is there anew.

    Tables are kept, and used again where they fit.

    Parameters
    ----------
    run : Run
        The run.
    source : Path
        The notebook, which runs in its own folder.
    target : Path
        Where to write it with its outputs; written whole or not at all.
    fingerprint : str
        What it is made from, as `fingerprints` says; it is written into the notebook.

    Raises
    ------
    papermill.exceptions.PapermillExecutionError
        If a cell fails.
    """
    folder = run.build / "results" / records.depth_of_run()
    own = [claim.experiment for claim in CLAIMS.values() if claim.chapter == source.stem]
    measured = [records.about_path(folder, experiment) for experiment in own]
    for left_over in [*measured, *target.parent.glob(f".{target.name}.*")]:
        left_over.unlink(missing_ok=True)
    # A reader may have told matplotlib to draw to files; the pages need the figures all the same.
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    # tqdm looks for a widget that a page could not show anyway.
    os.environ["PYTHONWARNINGS"] = "ignore:IProgress not found"
    os.environ |= {"DFDC": str(run.data)} if run.name == "dfdc" else {}
    os.environ |= {"WEIGHTS": str(run.weights)} if run.weights else {}
    with tempfile.TemporaryDirectory(prefix="dfd") as sockets, tables.replacing(target) as aside:
        # Sockets in the file system: a kernel then needs no network, not even the loopback device.
        transport = {"transport": "ipc", "ip": f"{sockets}/kernel"}
        notebook = papermill.execute_notebook(
            source,
            aside,
            parameters={"profile": run.name},
            kernel_name="python3",
            cwd=source.parent,
            progress_bar=False,
            # What a long cell says of its progress reaches the terminal while it runs.
            stderr_file=sys.stderr,
            config=Config(KernelManager=transport),
        )
        notebook.metadata["made_from"] = fingerprint
        nbformat.write(notebook, aside)


def _stored(run: Run, experiments: set[str]) -> dict[str, str]:
    """Hash what the repository stores of experiments."""
    files = [evidence.stored_folder(run) / f"{name}.json" for name in sorted(experiments)]
    return {path.stem: contents.sha256(path) for path in files if path.is_file()}
