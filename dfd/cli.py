"""The command ``dfd``: check a data folder, make the tables, train, and score a video.

Every command imports what it uses when it is called, so that ``dfd --help`` answers at once.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from dfd.errors import InputError
from dfd.run import BACKBONES, NAMES, Run, load

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


app = typer.Typer(
    cls=_Plain, add_completion=False, no_args_is_help=True, help="Deepfake Detection, Reproduced."
)
ProfileName = Annotated[str, typer.Option("--profile", "-p", envvar="PROFILE", help=" or ".join(NAMES))]
Folder = Annotated[
    Path | None,
    typer.Argument(help="Folder of the dfdc_train_part_* folders; without it, the profile's own"),
]
Scheduler = Annotated[
    str | None,
    typer.Option(help="Address of a Dask scheduler whose workers do it, such as tcp://host:8786"),
]


@app.command()
def check(folder: Annotated[Path, typer.Argument(help="Folder of the dfdc_train_part_* folders")]) -> None:
    """Read all metadata and the header of every video; exit with 1 if any video cannot be used."""
    from dfd import dataset

    if not folder.is_dir():
        raise InputError(folder, "no such folder" if not folder.exists() else "this is a file, not a folder")
    with tempfile.TemporaryDirectory() as scratch:
        run = Run("dfdc", folder.resolve(), Path(scratch), BACKBONES[0], jobs=os.cpu_count() or 1)
        table = dataset.examine(run, dataset.listed(run.data))
    if not _report(table):
        raise typer.Exit(1)


@app.command()
def videos(name: ProfileName = "sample") -> None:
    """Make the table of videos."""
    from dfd import dataset

    run = load(name)
    _report(dataset.table(run))
    typer.echo(f"table: {dataset.path(run)}")


@app.command()
def faces(folder: Folder = None, name: ProfileName = "sample", scheduler: Scheduler = None) -> None:
    """Find the faces of all videos and store them."""
    from dfd import faces

    run = _run(name, folder, scheduler)
    table = faces.table(run)
    _report(faces.status(run))
    typer.echo(f"{len(table)} faces; table: {faces.path(run)}")


@app.command()
def embed(
    folder: Folder = None,
    name: ProfileName = "sample",
    model: Annotated[str, typer.Option(help="backbone, dlib or facenet")] = "backbone",
    scheduler: Scheduler = None,
) -> None:
    """Turn the faces of all videos into vectors and store them."""
    from dfd import embedding

    run = _run(name, folder, scheduler)
    typer.echo(f"{len(embedding.table(run, model))} vectors; table: {embedding.path(run, model)}")


@app.command()
def train(folder: Folder = None, name: ProfileName = "sample", scheduler: Scheduler = None) -> None:
    """Fine-tune the classifier on the train split, and predict the faces of the others."""
    from dfd import training

    run = _run(name, folder, scheduler)
    if reason := training.obstacle(run):
        raise InputError(run.data, reason)
    table = training.predictions(run)
    typer.echo(f"classifier: {training.path(run, kept='classifier')}")
    typer.echo(f"{len(table)} faces predicted; table: {training.path(run)}")


@app.command()
def predict(
    files: Annotated[list[Path], typer.Argument(metavar="VIDEO...", help="Video files")],
    name: ProfileName = "sample",
    scheduler: Scheduler = None,
) -> None:
    """Say how likely each video is to be a fake; exit with 1 if any cannot be scored."""
    from dfd.predict import score

    scores = score(_run(name, None, scheduler), files)
    for row in scores.to_dict("records"):
        answer = f"{row['p_fake']:.3f} fake" if row["status"] == "ok" else f"{row['status']}: {row['reason']}"
        typer.echo(f"{row['video']}: {answer}")
    if name == "sample":
        typer.echo(
            "The classifier was trained on synthetic actors; its scores mean nothing elsewhere.", err=True
        )
    if (scores["status"] != "ok").any():
        raise typer.Exit(1)


def _run(name: str, folder: Path | None, scheduler: str | None) -> Run:
    run = load("dfdc" if folder else name, folder)
    return replace(run, scheduler=scheduler or run.scheduler)


def _report(table: pd.DataFrame) -> bool:
    for row in table[table["status"] != "ok"].to_dict("records"):
        typer.echo(f"{row['video']}: {row['status']}: {row['reason']}")
    counts = table["status"].value_counts()
    typer.echo(f"{len(table)} videos: " + ", ".join(f"{count} {status}" for status, count in counts.items()))
    return bool((table["status"] == "ok").all())


if __name__ == "__main__":
    app()
