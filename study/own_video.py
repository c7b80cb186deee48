"""The page on scoring a video of one's own: what the command says of clips of the run, and its report."""

from pathlib import Path

from dfd import dataset, model, model_making, predict, report, scoring, tables, training
from dfd.run import Run

REPORT = "own_video_report.html"

CLIPS = {"REAL": 1, "FAKE": 2}
"""Videos of the test split that are judged, of one source."""


def answer(run: Run, folder: Path) -> str:
    """Judge clips of a run as ``dfd predict --report`` does, and write the report.

    Parameters
    ----------
    run : Run
        The run; its model is made if it is not there or of other tables.
    folder : Path
        Where the report goes, under the name `REPORT`.

    Returns
    -------
    str
        MyST Markdown: what the command prints, and the report in a frame; where the run cannot train, why.
    """
    if reason := training.obstacle(run):
        return f"This run has no model: {reason}\n"
    source = model.folder(run)
    _make_if_old(run, source)
    files = [run.data / path for path in clips(run)]
    judged = predict.look(source, files, run.jobs, recompress=True)
    asked, made = scoring.Asked(), model.load(source)
    coverage = min(asked.coverage, made.conformal.highest_coverage)
    names = [Path(file.name) for file in files]
    scored = predict.table(made, names, judged, asked.prior, coverage)
    about = report.Asked(source, asked.prior, coverage)
    report.write(folder / REPORT, made, about, names, judged, scored)
    printed = scoring.text(scored, made, scoring.Asked(asked.prior, coverage))
    frame = f'<iframe src="../{REPORT}" title="Report on three clips" class="report" loading="lazy"></iframe>'
    return f"```text\n{printed}\n```\n\n```{{raw}} html\n{frame}\n```\n"


def clips(run: Run) -> list[str]:
    """Choose an original of the test split and fakes of it.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    list of str
        Files, relative to the data folder.
    """
    videos = dataset.table(run).query("status == 'ok' and split == 'test'")
    whole = videos.groupby("source")["label"].nunique() == len(dataset.LABELS)
    own = videos[videos["source"] == whole.index[whole][0]] if whole.any() else videos
    return [path for label, count in CLIPS.items() for path in own.loc[own["label"] == label, "path"][:count]]


def _make_if_old(run: Run, source: Path) -> None:
    made_from = [tables.stored_fingerprint(training.path(run)), model.FORMAT]
    mark = source.with_name("model.made_from")
    fingerprint = tables.fingerprint(made_from)
    if (source / model.ABOUT).is_file() and mark.is_file() and mark.read_text() == fingerprint:
        return
    model_making.make_folder(run)
    with tables.replacing(mark) as aside:
        aside.write_text(tables.fingerprint([tables.stored_fingerprint(training.path(run)), model.FORMAT]))
