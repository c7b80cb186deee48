"""The command ``dfd``: check a data folder, make the tables, train, and score a video.

Every command imports what it uses when it is called, so that ``dfd --help`` answers at once; and first the
check of what it needs, so that a run that lacks something ends soon.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from dfd.errors import InputError, first
from dfd.run import NAMES, Run, build_folder, load

if TYPE_CHECKING:
    import pandas as pd


class _Plain(TyperGroup):
    """Commands whose bad input ends with a message instead of a traceback."""

    def invoke(self, context: typer.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(context)
        except InputError as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(1) from error
        except OSError as error:
            if not error.filename:
                raise
            # A folder that cannot be written, a full disk.
            typer.echo(f"error: {error.filename}: {error.strerror}", err=True)
            raise typer.Exit(1) from error


app = typer.Typer(
    cls=_Plain,
    add_completion=False,
    no_args_is_help=True,
    help="Deepfake Detection, Reproduced.",
    epilog=(
        "From the environment: PROFILE; DFDC, the folder of the data set; PARTS=0,1,2 and VIDEOS=500, which "
        "narrow it for all commands but predict; JOBS, processes; SCHEDULER; WEIGHTS, the backbone's file; "
        "RECIPE, DEVICES and NODES, how and on what to train."
    ),
)
UNREAD = ("unreadable", "empty", "no video stream")
"""What comes of a file that is there and cannot be read."""
LAYOUTS = "Folder of dfdc_train_part_N folders or train_sample_videos, or one of these itself"
ProfileName = Annotated[str, typer.Option("--profile", "-p", envvar="PROFILE", help=" or ".join(NAMES))]
Folder = Annotated[Path | None, typer.Argument(help=f"{LAYOUTS}; without it, the profile's own")]
Scheduler = Annotated[
    str | None,
    typer.Option(help="Address of a Dask scheduler whose workers do it, such as tls://host:8786"),
]


@app.callback(invoke_without_command=True)
def main(
    version: Annotated[bool, typer.Option("--version", help="Say which version this is, and exit")] = False,
) -> None:
    """Deepfake Detection, Reproduced."""
    if version:
        typer.echo(metadata.version("dfd"))
        raise typer.Exit


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help=LAYOUTS)],
    split: Annotated[
        Path | None, typer.Option(help="CSV file with the columns video and split, to check for leaks")
    ] = None,
    people: Annotated[
        Path | None, typer.Option(help="CSV or Parquet file with the columns source and person")
    ] = None,
    unusable: Annotated[
        Path, typer.Option("--list", help="CSV file to write the videos to that cannot be used")
    ] = Path("dfd-check.csv"),
) -> None:
    """Read all metadata and the header of every video, and sum up.

    Exits with 1 if any video cannot be used, or a source or a person is in more than one split.
    """
    from dfd import dataset, leakage, listing, summary

    run = load("dfdc", folder)
    listed = listing.listed(run.data, run.parts, run.videos)
    given = leakage.read_split(split, listed) if split else None
    persons = leakage.read_people(people, listed) if people else None
    with tempfile.TemporaryDirectory() as scratch:
        # A check leaves nothing in the build folder.
        own = dataset.people(run, listed)
        table = dataset.examine(replace(run, build=Path(scratch)), listed, own)
    _report(table)
    for line in [leakage.division(listed, own), *leakage.about(table, given, persons)]:
        typer.echo(line)
    divided = table if given is None else leakage.divided(table, given)
    leaks = leakage.leaks(divided, persons)
    for line in leaks or ["no leak: no source is in more than one split"]:
        typer.echo(line)
    # The run's own people were recognised by a network, which may err: what they say is told, and no failure.
    for line in [] if persons is not None else leakage.leaks(divided, own)[len(leaks) :]:
        typer.echo(f"people of {dataset.people_path(run)}: {line}")
    rows = summary.unusable(table)
    if len(rows):
        summary.write(rows, unusable)
        typer.echo(f"list of all {len(rows):,} that cannot be used: {unusable}")
    if len(rows) or leaks:
        raise typer.Exit(1)


@app.command()
def videos(name: ProfileName = "sample") -> None:
    """Make the table of videos."""
    from dfd import dataset

    run = load(name)
    _report(dataset.table(run))
    typer.echo(f"table: {dataset.path(run)}")


@app.command()
def people(folder: Folder = None, name: ProfileName = "sample", scheduler: Scheduler = None) -> None:
    """Put the sources together that show the same person, so that no two splits share one.

    To be done before the faces are made: another division makes them anew. It changes nothing where the
    metadata divide the videos.
    """
    from dfd import requirements

    run = _run(name, folder, scheduler)
    requirements.check(run, model=None)
    from dfd import dataset, identities, leakage, listing

    table = identities.table(run)
    videos = listing.listed(run.data, run.parts, run.videos)
    originals = identities.originals(videos)
    typer.echo(f"{table['person'].nunique():,} people in {table['source'].nunique():,} sources")
    if rest := originals.loc[~originals["video"].isin(table["source"]), "video"].to_list():
        typer.echo(f"{len(rest):,} sources show nobody for long, or cannot be read: {first(rest)}")
    typer.echo(f"videos: {leakage.division(videos, dataset.people(run, videos))}")
    typer.echo(f"table: {dataset.people_path(run)}")


@app.command()
def faces(folder: Folder = None, name: ProfileName = "sample", scheduler: Scheduler = None) -> None:
    """Find the faces of all videos and store them; exit with 3 if a file that is there cannot be read."""
    from dfd import requirements

    run = _run(name, folder, scheduler)
    requirements.check(run, model=None)
    from dfd import dataset, faces

    table, status = faces.table(run), faces.status(run)
    # The faces' status has a row for each row of the videos table.
    _report(dataset.table(run).assign(status=status["status"], reason=status["reason"]))
    typer.echo(f"{len(table)} faces; table: {faces.path(run)}")
    unread = status.loc[status["status"].isin(UNREAD), "video"].to_list()
    if unread:
        typer.echo(f"{len(unread)} files could not be read: {first(unread)}")
        raise typer.Exit(3)


@app.command()
def embed(
    folder: Folder = None,
    name: ProfileName = "sample",
    model: Annotated[str, typer.Option(help="backbone, dlib, facenet, or all that are at hand")] = "backbone",
    scheduler: Scheduler = None,
) -> None:
    """Turn the faces of all videos into vectors and store them."""
    from dfd import requirements

    run = _run(name, folder, scheduler)
    requirements.check(run, "backbone" if model == "all" else model)
    from dfd import embedding

    for made_by in embedding.models(run) if model == "all" else [model]:
        typer.echo(f"{len(embedding.table(run, made_by))} vectors; table: {embedding.path(run, made_by)}")


@app.command()
def train(
    folder: Folder = None,
    name: ProfileName = "sample",
    recipe: Annotated[
        Path | None, typer.Option(help="TOML file that says how; without it, the profile's own")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Only go on with a training that was broken off")
    ] = False,
    scheduler: Scheduler = None,
) -> None:
    """Fine-tune the classifier, predict the faces of the other splits, and write the model's folder.

    A training that was broken off goes on from its last checkpoint.
    """
    from dfd import requirements

    run = _run(name, folder, scheduler)
    run = replace(run, recipe=recipe.resolve() if recipe else run.recipe)
    requirements.check(run)
    from dfd import model, model_making, training

    begun = training.unfinished_path(run)
    if resume and not begun.is_file():
        raise InputError(begun, "no training was broken off; without --resume one begins")
    if reason := training.obstacle(run):
        raise InputError(run.data, reason)
    table = training.predictions(run)
    typer.echo(f"classifier: {training.path(run, kept='classifier')}")
    if reason := model_making.obstacle(run):
        typer.echo(f"model: none ({reason})")
    else:
        left_out = model_making.make_folder(run)
        typer.echo(f"model: {model.folder(run.build)}" + (f" ({left_out})" if left_out else ""))
    typer.echo(f"{len(table)} faces predicted; table: {training.path(run)}")


@app.command()
def status(folder: Folder = None, name: ProfileName = "sample") -> None:
    """Say what there is, what of it is stale and why, and how long the rest takes; makes nothing."""
    from dfd import status

    run = _run(name, folder, None)
    typer.echo(f"profile {run.name}: data in {run.data}, tables in {run.build}")
    for state in status.look(run):
        typer.echo(str(state))
    for line in status.under_way(run):
        typer.echo(f"under way: {line}")
    typer.echo(f"not checked: {status.UNCHECKED}")


@app.command()
def predict(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[VIDEO|FOLDER]...", help="Videos, or folders of them")
    ] = None,
    model: Annotated[
        Path | None, typer.Option("--model", "-m", help="Folder of a model; by default the profile's own")
    ] = None,
    name: ProfileName = "sample",
    prior: Annotated[float, typer.Option(help="Share of fakes among the videos to be judged")] = 0.5,
    coverage: Annotated[float, typer.Option(help="How often verdicts may be relied on")] = 0.8,
    report: Annotated[Path | None, typer.Option(help="HTML file to write a report to")] = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="File to write the rows to, or -")] = None,
    as_csv: Annotated[Path | None, typer.Option("--csv", help="File to write the rows to, or -")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Judge three clips of the sample")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; all cores by default")] = None,
    scheduler: Scheduler = None,
) -> None:
    """Say of every person in videos whether they look like a fake.

    Exits with 0 if every video was judged, with 3 if some could not be, and with 2 for wrong use.
    """
    from dfd import scoring

    asked = scoring.Asked(prior, coverage, report, as_json, as_csv, jobs, scheduler)
    try:
        complete = scoring.demo(asked) if demo else scoring.run(model or _model(name), paths or [], asked)
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    if not complete:
        raise typer.Exit(3)


def _model(name: str) -> Path:
    from dfd import model

    return model.folder(build_folder(name))


def _run(name: str, folder: Path | None, scheduler: str | None) -> Run:
    run = load("dfdc" if folder else name, folder)
    return replace(run, scheduler=scheduler or run.scheduler)


def _report(table: pd.DataFrame) -> None:
    from dfd import summary

    for line in summary.lines(table):
        typer.echo(line)


if __name__ == "__main__":
    app()
