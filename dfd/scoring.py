"""What ``dfd predict`` does: judges videos, prints warning and table, and writes what was asked for."""

import json
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import typer

import dfd.run
from dfd import dataset, predict, report, tables
from dfd import model as models
from dfd.errors import InputError
from dfd.run import Run

WIDTH = 78
"""Letters in a line of the answer's sentences."""

EXAMPLES = {"REAL": 1, "FAKE": 2}
"""Videos of one source that are judged as examples, by label."""


@dataclass(frozen=True)
class Asked:
    """The options of the command.

    Attributes
    ----------
    prior, coverage : float
        As for `dfd.predict.score`.
    report, json, csv : Path or None
        Files to write; ``-`` stands for the standard output.
    jobs : int or None
        Processes.
    scheduler : str or None
        Address of a Dask scheduler.
    """

    prior: float = 0.5
    coverage: float = 0.8
    report: Path | None = None
    json: Path | None = None
    csv: Path | None = None
    jobs: int | None = None
    scheduler: str | None = None


def run(source: Path, paths: Sequence[Path], asked: Asked) -> bool:
    """Judge videos.

    Parameters
    ----------
    source : Path
        Folder of the model.
    paths : sequence of Path
        Videos and folders of videos.
    asked : Asked
        What to write, and how to judge.

    Returns
    -------
    bool
        Whether every video was judged.

    Raises
    ------
    InputError
        If nothing can be judged as asked, or a file cannot be written.
    """
    if not paths:
        raise InputError("dfd predict", "no video given; --demo judges clips of the sample")
    files = predict.videos_in(paths)
    model = models.load(source.resolve())
    predict.check_shares(model, asked.prior, asked.coverage)
    for target in (asked.report, asked.json, asked.csv):
        if target and str(target) != "-" and not target.absolute().parent.is_dir():
            raise InputError(target, "no such folder to write to")
    judged = predict.look(source, files, asked.jobs, asked.scheduler, recompress=asked.report is not None)
    scored = predict.table(model, files, judged, asked.prior, asked.coverage)
    if Path("-") not in (asked.json, asked.csv):
        typer.echo(text(scored, model, asked))
    _write(asked.json, _as_json(scored))
    _write(
        asked.csv, scored.assign(video=[report.shown(name) for name in scored["video"]]).to_csv(index=False)
    )
    if asked.report:
        about = report.Asked(source, asked.prior, asked.coverage)
        _write(asked.report, report.text(model, about, files, judged, scored))
        typer.echo(f"report: {asked.report}")
    return bool(scored["status"].isin(["ok", predict.NO_FACE]).all())


def demo(asked: Asked) -> bool:
    """Judge clips of the sample, with a model that is made first if there is none.

    Parameters
    ----------
    asked : Asked
        As for `run`.

    Returns
    -------
    bool
        Whether every video was judged.
    """
    own = dfd.run.load("sample")
    source = models.folder(own.build)
    if not (source / models.ABOUT).is_file():
        # Training loads packages that judging does without.
        from dfd import model_making

        typer.echo("The sample's model is made first, once; that takes some minutes.")
        model_making.make_folder(own)
    return run(source, examples(own), asked)


def examples(own: Run) -> list[Path]:
    """Choose an original of the test split and fakes of it.

    Parameters
    ----------
    own : Run
        The run whose videos these are.

    Returns
    -------
    list of Path
    """
    videos = dataset.table(own).query("status == 'ok' and split == 'test'")
    labels = videos.groupby("source")["label"].nunique()
    whole = labels.index[labels == len(dataset.LABELS)]
    videos = videos[videos["source"] == whole[0]] if len(whole) else videos
    paths_by_label = [
        videos.loc[videos["label"] == label, "path"][:count] for label, count in EXAMPLES.items()
    ]
    return [own.data / path for paths in paths_by_label for path in paths]


def text(scored: pd.DataFrame, model: models.Model, asked: Asked) -> str:
    """Write the answer for a terminal: the warning first, then a row for each person.

    Parameters
    ----------
    scored : DataFrame
        As `dfd.predict.score` gives it.
    model : Model
        What judged.
    asked : Asked
        How.

    Returns
    -------
    str
        Lines.
    """
    videos = scored.drop_duplicates("video")
    unlike = int(videos["unlike"].fillna(False).sum())
    lines = []
    if unlike:
        lines += [
            "!" * WIDTH,
            f"WARNING: {unlike} of {len(videos)} videos are unlike everything that this model has learned",
            "from. A score of such a video says nothing about it.",
            "!" * WIDTH,
        ]
    lines += [textwrap.fill(model.about["data"].replace("**", ""), WIDTH), ""]
    rows = [_line(row) for row in scored.to_dict("records")]
    columns = ["video", "person", "faces", "p(fake)", "95% over frames", "verdict", ""]
    lines.append(pd.DataFrame(rows, columns=columns).to_string(index=False, justify="left"))
    damaged = scored[scored["lost"].fillna(0) > 0].drop_duplicates("video")
    for row in damaged.to_dict("records"):
        lines.append(f"{report.shown(row['video'])}: {row['lost']} frames cannot be decoded")
    lines += ["", f"Probabilities hold if {asked.prior:.0%} of such videos are fakes (--prior)."]
    lines.append(f"Of videos like the training data, {asked.coverage:.0%} get no wrong verdict (--coverage).")
    return "\n".join(lines)


def _line(row: dict) -> list[str]:
    name = report.shown(row["video"])
    if row["status"] != "ok":
        return [name, "", "", "", "", row["status"], row["reason"]]
    score, interval = f"{row['p_fake']:.3f}", f"{row['low']:.2f} to {row['high']:.2f}"
    faces = f"{row['faces']} of {row['frames']} frames"
    warning = "UNLIKE the training data" if row["unlike"] else ""
    return [name, str(row["person"]), faces, score, interval, row["verdict"], warning]


def _as_json(scored: pd.DataFrame) -> str:
    rows = scored.astype(object).where(scored.notna(), None).to_dict("records")
    # Escaped, a name that is no UTF-8 comes back as it is.
    return json.dumps(rows, indent=1) + "\n"


def _write(target: Path | None, content: str) -> None:
    if target is None:
        return
    if str(target) == "-":
        sys.stdout.write(content)
        return
    try:
        with tables.replacing(target) as aside:
            aside.write_text(content, encoding="utf-8")
    except OSError as error:
        raise InputError(target, f"cannot be written ({error.strerror})") from error
