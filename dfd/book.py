"""From executed notebooks to the folder that Jupyter Book builds, and back to the committed notebooks.

The Makefile runs this module: ``python -m dfd.book settings|execute|stage|strip``.
"""

import importlib.util
import json
import os
import re
import shutil
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import nbformat
import pandas as pd
import papermill
import typer
import yaml
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from dfd import claims, costs, plots, profile, tables
from dfd.errors import InputError
from dfd.profile import ROOT, Profile

PLOTLY = "../_static/plotly.min.js"
LONG = 15
CHECKED = "# NBVAL_CHECK_OUTPUT"
CHECKED_OUTPUT = "text/plain"
BADGES = {
    "reproduced": "success",
    "not reproduced": "danger",
    "depends": "warning",
    "source error": "danger",
    "not testable here": "muted",
}

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)


def settings(run: Profile) -> str:
    """Describe what a run depends on besides code: its settings and the files of its data folder.

    Parameters
    ----------
    run : Profile
        The run.

    Returns
    -------
    str
        JSON; two runs with the same settings and unchanged data give the same text.
    """
    kept = {key: value for key, value in asdict(run).items() if key not in ("build", "jobs", "scheduler")}
    files = sorted(
        path
        for pattern in ("dfdc_train_part_*/*", "benchmark/*", "truth/*")
        for path in run.data.glob(pattern)
    )
    listing = [
        (str(path.relative_to(run.data)), path.stat().st_size, path.stat().st_mtime_ns) for path in files
    ]
    return json.dumps(kept | {"data_files": tables.fingerprint(listing)}, indent=1, default=str)


def execute(run: Profile, source: Path, target: Path) -> None:
    """Execute a chapter; the claims that it recorded before are forgotten.

    Parameters
    ----------
    run : Profile
        The run.
    source : Path
        The notebook, which runs in its own folder.
    target : Path
        Where to write it with its outputs; written whole or not at all.

    Raises
    ------
    papermill.exceptions.PapermillExecutionError
        If a cell fails.
    """
    killed = target.parent.glob(f".{target.name}.*")
    for left_over in [*(run.build / "claims").glob(f"*-{source.stem}.json"), *killed]:
        left_over.unlink()
    os.environ["PLOTLY_RENDERER"] = "notebook_connected"
    # Whoever draws to files elsewhere still wants the figures in the pages.
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    os.environ |= {"DFDC": str(run.data)} if run.name == "dfdc" else {}
    os.environ |= {"WEIGHTS": str(run.weights)} if run.weights else {}
    with tempfile.TemporaryDirectory(prefix="dfd") as sockets, tables.replacing(target) as aside:
        # Sockets in the file system: a kernel then needs no network, not even the loopback device.
        transport = {"transport": "ipc", "ip": f"{sockets}/kernel"}
        papermill.execute_notebook(
            source,
            aside,
            parameters={"profile": run.name},
            kernel_name="python3",
            cwd=source.parent,
            progress_bar=False,
            config=Config(KernelManager=transport),
        )


def strip(notebook: NotebookNode) -> NotebookNode:
    """Keep of an executed notebook what is committed: the sources, and the text that nbval compares.

    Parameters
    ----------
    notebook : NotebookNode
        As papermill wrote it; changed in place.

    Returns
    -------
    NotebookNode
        The same notebook.
    """
    notebook.cells = [cell for cell in notebook.cells if "injected-parameters" not in _tags(cell)]
    notebook.metadata = NotebookNode(
        {key: notebook.metadata[key] for key in ("kernelspec",) if key in notebook.metadata}
        | {"language_info": {"name": "python"}}
    )
    for number, cell in enumerate(notebook.cells, start=1):
        for key in ("papermill", "execution", "lines_to_next_cell"):
            cell.metadata.pop(key, None)
        if cell.metadata.get("tags") == []:
            del cell.metadata["tags"]
        if cell.cell_type == "code":
            checked = cell.source.startswith(CHECKED)
            # nbval compares only what has an execution count.
            cell.execution_count = number if checked else None
            cell.outputs = [_text_only(output) for output in cell.outputs if checked and _has_text(output)]
    return notebook


def page(notebook: NotebookNode) -> NotebookNode:
    """Turn an executed notebook into a page of the book.

    The parameters cell shows the values that the run was given, long cells are folded, and interactive
    figures load plotly from the book itself, so that it can be read without a network.

    Parameters
    ----------
    notebook : NotebookNode
        As papermill wrote it; changed in place.

    Returns
    -------
    NotebookNode
        The same notebook.
    """
    injected = [cell for cell in notebook.cells if "injected-parameters" in _tags(cell)]
    notebook.cells = [cell for cell in notebook.cells if cell not in injected]
    for cell in notebook.cells:
        if injected and "parameters" in _tags(cell):
            cell.source = injected[0].source.removeprefix("# Parameters\n").strip()
        if cell.cell_type == "code" and len(cell.source.splitlines()) > LONG:
            cell.metadata["tags"] = [*{*_tags(cell), "hide-input"}]
        for output in cell.get("outputs", []):
            html = output.get("data", {}).get("text/html")
            if html:
                output["data"]["text/html"] = _local_plotly(html)
    return notebook


def ledger(run: Profile) -> str:
    """Write the ledger as MyST Markdown: a table of all claims, then every claim with its findings.

    Parameters
    ----------
    run : Profile
        The run.

    Returns
    -------
    str
    """
    found = claims.findings(run)
    counts = found.groupby("verdict")["claim"].nunique() if len(found) else pd.Series(dtype=int)
    checked = found["claim"].nunique()
    lines = [f"{checked} of the {len(claims.CLAIMS)} claims were checked in this run.", ""]
    lines += [f"- {_badge(verdict)} {counts.get(verdict, 0)}" for verdict in BADGES]
    lines += [
        "",
        "```{list-table} The claims and their verdicts",
        ":header-rows: 1",
        ":widths: 10 60 30",
        ":name: tab-ledger",
        "",
        "* - Claim\n  - What the report says\n  - Verdict",
    ]
    for name, claim in claims.CLAIMS.items():
        verdicts = found.loc[found["claim"] == name, "verdict"].unique()
        shown = " ".join(_badge(verdict) for verdict in verdicts) or "not checked in this run"
        lines.append(f"* - [{name}](#claim-{name.lower()})\n  - {_escape(claim.statement)}\n  - {shown}")
    lines.append("```")
    for name, claim in claims.CLAIMS.items():
        lines += ["", f"(claim-{name.lower()})=", f"## {name}", ""]
        lines += [f"**{_escape(claim.statement)}** (report, {_escape(claim.section)})", ""]
        rows = found[found["claim"] == name].to_dict("records")
        lines += [line for row in rows for line in _finding(row)] or ["Not checked in this run.", ""]
    return "\n".join(lines)


def stage(run: Profile, folder: Path) -> None:
    """Gather what Jupyter Book builds: configuration, prose pages, executed notebooks and the ledger.

    Parameters
    ----------
    run : Profile
        The run whose notebooks have been executed.
    folder : Path
        Emptied first.

    Raises
    ------
    InputError
        If a notebook in the table of contents has not been executed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "book", folder / "book")
    shutil.copy(ROOT / "_toc.yml", folder)
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    chapters = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    (folder / "notebooks").mkdir()
    for name in (chapter for chapter in chapters if chapter.startswith("notebooks/")):
        executed = run.build / f"{name}.ipynb"
        if not executed.is_file():
            raise InputError(executed, "this chapter has not been executed; run make book")
        nbformat.write(page(nbformat.read(executed, as_version=4)), folder / f"{name}.ipynb")
    shutil.copytree(ROOT / "data" / "sample" / "gallery", folder / "data" / "sample" / "gallery")
    _stage_static(folder / "_static")
    shutil.move(folder / "book" / "style.css", folder / "_static")
    (folder / "book" / "ledger-table.md").write_text(ledger(run))
    for name, table in costs.tables().items():
        (folder / "book" / f"{name}.md").write_text(table)
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    config["sphinx"]["config"]["html_theme_options"]["extra_footer"] = f"<p>{_made_with(run)}</p>"
    (folder / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False))


def _stage_static(folder: Path) -> None:
    # With these in the book, a reader needs no network either.
    shutil.copytree(_package("mathjax") / "static/mathjax/es5/output/chtml", folder / "mathjax/output/chtml")
    shutil.copy(_package("mathjax") / "static/mathjax/es5/tex-mml-chtml.js", folder / "mathjax")
    shutil.copy(_package("plotly") / "package_data/plotly.min.js", folder)


def _package(name: str) -> Path:
    return Path(importlib.util.find_spec(name).origin).parent


def _made_with(run: Profile) -> str:
    data = {"sample": "synthetic actors, not DFDC", "dfdc": "DFDC videos"}[run.name]
    return (
        f"Made on {date.today():%d %B %Y} with profile <code>{run.name}</code> ({data}), backbone "
        f"{run.backbone}, on {plots.machine()}; {', '.join(plots.versions())}."
    )


def _finding(row: dict) -> list[str]:
    number, title = row["chapter"].split("_", 1)
    chapter = f"Chapter {number} ({title.replace('_', ' ')})"
    if (ROOT / "notebooks" / f"{row['chapter']}.ipynb").is_file():
        chapter = f"[{chapter}](../notebooks/{row['chapter']}.ipynb)"
    lines = [f"{chapter} {_badge(row['verdict'])}", f": {_escape(row['measured'])}"]
    return [*lines, *(["", f"  {_escape(row['note'])}"] if row["note"] else []), ""]


def _badge(verdict: str) -> str:
    return f"{{bdg-{BADGES[verdict]}}}`{verdict}`"


def _escape(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>$~^|#])", r"\\\1", " ".join(text.split()))


def _local_plotly(html: str) -> str:
    html = re.sub(r'(?i)<script[^>]*src="https?:[^"]*/mathjax[^"]*"[^>]*></script>', "", html)
    html = re.sub(r'<script type="module">import "https://cdn\.plot\.ly/[^<]*</script>', "", html)
    return re.sub(r'<script[^>]*src="https://cdn\.plot\.ly/[^"]*"[^>]*>', f'<script src="{PLOTLY}">', html)


def _tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def _has_text(output: NotebookNode) -> bool:
    return output.get("name") == "stdout" or CHECKED_OUTPUT in output.get("data", {})


def _text_only(output: NotebookNode) -> NotebookNode:
    if "data" in output:
        output["data"] = {CHECKED_OUTPUT: output["data"][CHECKED_OUTPUT]}
        output["metadata"] = {}
    if "execution_count" in output:
        output["execution_count"] = None
    return output


@app.command("settings")
def _settings(name: Annotated[str, typer.Argument(metavar="PROFILE")]) -> None:
    """Write the settings of a run, unless they are what they were."""
    run = profile.load(name)
    path, now = run.build / "settings.json", settings(run)
    if not path.is_file() or path.read_text() != now:
        with tables.replacing(path) as aside:
            aside.write_text(now)


@app.command("execute")
def _execute(name: Annotated[str, typer.Argument(metavar="PROFILE")], source: Path, target: Path) -> None:
    """Execute a chapter."""
    started = time.monotonic()
    try:
        execute(profile.load(name), source, target)
    except PapermillExecutionError as error:
        if error.ename != InputError.__name__:
            typer.echo("\n".join(error.traceback), err=True)
        raise InputError(
            source, f"cell {error.cell_index + 1} failed: {error.ename}: {error.evalue}"
        ) from error
    typer.echo(f"{source}: {time.monotonic() - started:.0f} s")


@app.command("stage")
def _stage(name: Annotated[str, typer.Argument(metavar="PROFILE")]) -> None:
    """Gather the pages of the book."""
    run = profile.load(name)
    stage(run, run.build / "book")


@app.command("strip")
def _strip(executed: Path, committed: Path) -> None:
    """Write an executed notebook back to where it is committed, without what changes from run to run."""
    notebook = nbformat.writes(strip(nbformat.read(executed, as_version=4))) + "\n"
    if committed.read_text() != notebook:
        committed.write_text(notebook)


if __name__ == "__main__":
    try:
        app()
    except InputError as error:
        sys.exit(f"error: {error}")
