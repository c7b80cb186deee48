"""The page on scoring a video of one's own: what the command says of clips of the run, and its report."""

from pathlib import Path

from dfd import model, model_making, predict, report, scoring
from dfd.run import Run

REPORT = "own_video_report.html"


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
        MyST Markdown: what the command prints, and the report in a frame; where the run cannot have a
        model, why.
    """
    if reason := model_making.obstacle(run):
        return f"This run has no model: {reason}\n"
    source = model.folder(run.build)
    model_making.make_folder(run)
    files = scoring.examples(run)
    if not files:
        return "No video of this run's test split is there to be judged.\n"
    judged = predict.look(source, files, run.jobs, recompress=True)
    asked, made = scoring.Asked(), model.load(source)
    coverage = min(asked.coverage, made.conformal.highest_coverage)
    names = [Path(file.name) for file in files]
    scored = predict.table(made, names, judged, asked.prior, coverage)
    about = report.Asked(source, asked.prior, coverage)
    page = report.text(made, about, names, judged, scored)
    (folder / REPORT).write_text(page, encoding="utf-8")
    printed = scoring.text(scored, made, scoring.Asked(asked.prior, coverage))
    frame = f'<iframe src="../{REPORT}" title="Report on three clips" class="report" loading="lazy"></iframe>'
    return f"```text\n{printed}\n```\n\n```{{raw}} html\n{frame}\n```\n"
