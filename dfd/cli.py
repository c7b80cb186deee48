"""The command ``dfd``: check a data folder, make the tables, score a video, show the ledger."""

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from typer.core import TyperGroup

from dfd import claims, dataset, embedding, faces, profile
from dfd.errors import InputError
from dfd.predict import score
from dfd.profile import Profile


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
ProfileName = Annotated[
    str, typer.Option("--profile", "-p", envvar="PROFILE", help=f"{' or '.join(profile.NAMES)}")
]

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
    if not folder.is_dir():
        raise InputError(folder, "no such folder" if not folder.exists() else "this is a file, not a folder")
    with tempfile.TemporaryDirectory() as scratch:
        run = Profile("dfdc", folder.resolve(), Path(scratch), profile.BACKBONES[0], jobs=os.cpu_count() or 1)
        videos = dataset.table(run)
    if not _report(videos):
        raise typer.Exit(1)


@app.command()
def videos(name: ProfileName = "sample") -> None:
    """Make the table of videos."""
    run = profile.load(name)
    _report(dataset.table(run))
    typer.echo(f"table: {dataset.path(run)}")


@app.command("faces")
def find_faces(folder: Folder = None, name: ProfileName = "sample", scheduler: Scheduler = None) -> None:
    """Find the faces of all videos and store them."""
    run = _run(name, folder, scheduler)
    found = faces.table(run)
    _report(faces.status(run))
    typer.echo(f"{len(found)} faces; table: {faces.path(run)}")


@app.command()
def embed(
    folder: Folder = None,
    name: ProfileName = "sample",
    model: Annotated[str, typer.Option(help=", ".join(embedding.MODELS))] = "backbone",
    scheduler: Scheduler = None,
) -> None:
    """Turn the faces of all videos into vectors and store them."""
    run = _run(name, folder, scheduler)
    typer.echo(f"{len(embedding.table(run, model))} vectors; table: {embedding.path(run, model)}")


@app.command()
def predict(
    files: Annotated[list[Path], typer.Argument(metavar="VIDEO...", help="Video files")],
    name: ProfileName = "sample",
    scheduler: Scheduler = None,
) -> None:
    """Say how likely each video is to be a fake; exit with 1 if any cannot be scored."""
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


@app.command()
def ledger(name: ProfileName = "sample") -> None:
    """Show what the chapters found of every claim."""
    found = claims.findings(profile.load(name))
    for claim, about in claims.CLAIMS.items():
        typer.echo(f"{claim} {about.statement} (report, {about.section})")
        rows = found[found["claim"] == claim].to_dict("records")
        for row in rows:
            typer.echo(f"    {row['verdict']}: {row['measured']} [{row['chapter']}]")
        if not rows:
            typer.echo("    not checked in this run")


def _run(name: str, folder: Path | None, scheduler: str | None) -> Profile:
    run = profile.load("dfdc" if folder else name, folder)
    return replace(run, scheduler=scheduler or run.scheduler)


def _report(videos: pd.DataFrame) -> bool:
    for row in videos[videos["status"] != "ok"].to_dict("records"):
        typer.echo(f"{row['video']}: {row['status']}: {row['reason']}")
    counts = videos["status"].value_counts()
    typer.echo(f"{len(videos)} videos: " + ", ".join(f"{count} {status}" for status, count in counts.items()))
    return bool((videos["status"] == "ok").all())


if __name__ == "__main__":
    app()
