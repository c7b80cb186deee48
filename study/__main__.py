"""The commands of the book, ``python -m study book`` and others; the Makefile calls them."""

from __future__ import annotations

import inspect
import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import dfd.run
from dfd import progress
from dfd.errors import InputError
from dfd.run import ROOT, Run

if TYPE_CHECKING:
    from study import full

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
Name = Annotated[str, typer.Argument(metavar="PROFILE", help="sample or dfdc")]
EXPERIMENTS = "study.experiments"


@app.command()
def book(name: Name = "sample") -> None:
    """Execute the chapters that changed, and build the pages."""
    run = dfd.run.load(name)
    _execute(run)
    from study import pages

    started = time.monotonic()
    built = pages.build(run)
    typer.echo(f"pages: {time.monotonic() - started:.0f} s" if built else "pages: unchanged")
    typer.echo(f"The book is in {(pages.HTML / 'index.html').relative_to(ROOT)}")


@app.command()
def execute(
    name: Name = "sample",
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[CHAPTER]...", help="Such as 01_data_analysis; or all")
    ] = None,
) -> None:
    """Execute the chapters that changed."""
    _execute(dfd.run.load(name), names)


@app.command()
def strip() -> None:
    """Write the chapters, executed on the sample, back to where they are committed."""
    import nbformat

    from study import chapters, pages

    run = dfd.run.load("sample")
    for path in chapters.notebooks():
        stripped = pages.strip(nbformat.read(chapters.executed(run, path.stem), as_version=4))
        notebook = nbformat.writes(stripped) + "\n"
        if path.read_text() != notebook:
            path.write_text(notebook)


@app.command()
def measure(
    experiment: Annotated[str, typer.Argument(help="Name of the module, such as two_workers")],
    name: Annotated[str, typer.Option("--profile", "-p", envvar="PROFILE", help="sample or dfdc")] = "sample",
    clip: Annotated[str | None, typer.Option(help="A video, where the experiment takes one")] = None,
) -> None:
    """Measure something at length and store the result in ``results``."""
    available = measurements()
    if experiment not in available:
        raise InputError(
            f"experiment {experiment!r}", f"cannot be measured alone; there are {', '.join(available)}"
        )
    take = import_module(f"{EXPERIMENTS}.{experiment}").measure
    takes_clip = "clip" in inspect.signature(take).parameters
    take(dfd.run.load(name), **({"clip": clip} if clip and takes_clip else {}))


@app.command("study")
def measure_all(
    names: Annotated[list[str] | None, typer.Argument(metavar="[EXPERIMENT]...")] = None,
    name: Annotated[str, typer.Option("--profile", "-p", envvar="PROFILE", help="sample or dfdc")] = "sample",
) -> None:
    """Measure all experiments of the book at full depth and store them in ``results``.

    What is stored already and fits code and data is left alone, so a run that was stopped goes on.
    """
    from study import full

    available = full.experiments()
    if unknown := set(names or ()) - set(available):
        raise InputError(f"experiment {', '.join(sorted(unknown))}", f"there are {', '.join(available)}")
    wanted = names or available
    _measure(dfd.run.load(name), wanted, full.store)


@app.command()
def quick(name: Name = "sample") -> None:
    """Measure at quick depth all that the chapters show, so that they have only to read it."""
    from study import full

    _measure(dfd.run.load(name), full.experiments(), full.quick)


@app.command()
def drill(
    folder: Annotated[Path, typer.Option(help="Where videos and tables are made")] = ROOT / "build" / "drill",
    parts: Annotated[int, typer.Option(min=1)] = 50,
    videos: Annotated[int, typer.Option(min=10)] = 119_154,
    faces: Annotated[int, typer.Option(min=10)] = 300_000,
    embedded: Annotated[int, typer.Option(help="Faces whose vectors are computed, not repeated")] = 512,
    gigabytes: Annotated[float, typer.Option(help="Memory at which it stops")] = 8,
    keep: Annotated[bool, typer.Option("--keep", help="Do not delete the folder at the end")] = False,
) -> None:
    """Prove that the profile dfdc holds at DFDC's size, on a folder made of the sample's clips."""
    from study import drill
    from study.drill_tree import Size

    plan = drill.Plan(Size(parts, videos, faces), embedded, round(gigabytes * drill.GIGABYTE))
    typer.echo(json.dumps(drill.measure(folder, plan, keep), indent=1))


@app.command("ledger")
def show_ledger(name: Name = "sample") -> None:
    """Show every claim with its verdict, and the comparison that gave it."""
    from study import ledger

    for finding in ledger.findings(dfd.run.load(name)):
        about = finding.claim
        typer.echo(f"{finding.name} {about.statement} (report, {about.section}; {about.kind})")
        typer.echo(f"    {finding.judgement.verdict}: {finding.judgement.because} [{finding.measured}]")
        if not finding.agree:
            typer.echo(f"    this run alone says {finding.here.verdict}: {finding.here.because}")


def measurements() -> list[str]:
    """List the experiments that measure at length and store their result.

    Returns
    -------
    list of str
        Names of modules.
    """
    files = sorted((ROOT / "study" / "experiments").glob("[a-z]*.py"))
    return [path.stem for path in files if "\ndef measure(" in path.read_text()]


def _measure(run: Run, names: list[str], task: full.Task) -> None:
    from tqdm import tqdm

    from study import full

    done = full.measure_all(run, names, task)
    for experiment, outcome, seconds in progress.track(done, "experiments", len(names), "experiment"):
        tqdm.write(f"{experiment}: {outcome}, {seconds:.0f} s", file=sys.stderr)


def _execute(run: Run, names: list[str] | None = None) -> None:
    from dfd import requirements

    # A run that lacks something ends here, before the chapters' own imports, which take longer.
    requirements.check(run)
    from study import chapters, stages

    stages.make(run)
    for path, seconds in chapters.execute_changed(run, names):
        took = "unchanged" if seconds is None else f"{seconds:.0f} s"
        typer.echo(f"{path.relative_to(ROOT)}: {took}")


def main() -> None:
    """Run the command line; bad input ends in one clear line."""
    try:
        app()
    except InputError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
