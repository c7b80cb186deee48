"""Command line: ``python -m synth make FOLDER``."""

from pathlib import Path
from typing import Annotated

import typer

from . import build, compare, hard, hard_plan
from .errors import SynthError
from .plan import Setting

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_show_locals=False)
Folder = Annotated[Path, typer.Argument(help="Folder of the data set.")]


@app.command()
def make(
    out: Folder,
    seed: Annotated[int, typer.Option(help="Seed of everything.")] = 2026,
    actors: Annotated[int, typer.Option(help="Actors in the cast.")] = 30,
    clips: Annotated[int, typer.Option(help="REAL clips.")] = 48,
    fakes: Annotated[int, typer.Option(help="FAKE clips made of each REAL one.")] = 5,
    frames: Annotated[int, typer.Option(help="Frames of a clip, 30 a second.")] = 48,
    scale: Annotated[float, typer.Option(help="Size of the clips; 1 is that of the committed sample.")] = 1.0,
    processes: Annotated[int, typer.Option(help="Processes to use.")] = 2,
) -> None:
    """Make a data set, or finish one that was begun."""
    build.make(out, Setting(seed, actors, clips, fakes, frames, scale), processes)


@app.command()
def verify(out: Folder) -> None:
    """Compare a data set's files with its checksums."""
    wrong = build.wrong_checksums(out)
    if wrong:
        raise SynthError(out, f"{len(wrong)} files are missing or differ, such as {wrong[0]}")
    print(f"{out}: every file is as it was made")


@app.command()
def describe(out: Folder) -> None:
    """Draw the contact sheets and write the data sheet and checksums anew, after the quality was measured."""
    build.describe(out)


@app.command("hard")
def make_hard(
    out: Folder,
    seed: Annotated[int, typer.Option(help="Seed of the actors and the stills.")] = hard_plan.SEED,
    processes: Annotated[int, typer.Option(help="Processes to use.")] = 2,
) -> None:
    """Make the hard faces, for measuring face detectors, or finish what was begun."""
    hard.make(out, processes, seed)


@app.command("compare")
def compare_command(
    made: Folder, committed: Annotated[Path, typer.Argument(help="Folder to compare with.")]
) -> None:
    """Compare the clips of two data sets frame by frame (PSNR); exit with 1 if any differs."""
    ratios = compare.folders(made, committed)
    print(f"{len(ratios)} clips, lowest PSNR {min(ratios.values()):.1f} dB")
    different = [name for name, ratio in ratios.items() if ratio < compare.EQUAL]
    if different:
        raise SynthError(made, f"{len(different)} clips are not those of {committed}, such as {different[0]}")


def main() -> None:
    """Run the command line; bad input ends in one clear line."""
    try:
        app(standalone_mode=False)
    except SynthError as error:
        raise SystemExit(f"Error: {error}") from None
    except typer.Abort:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
