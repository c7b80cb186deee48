"""From executed chapters to the book that readers open, and back to the committed notebooks."""

import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from datetime import date
from importlib.metadata import version
from pathlib import Path

import nbformat
import pandas as pd
import yaml
from nbformat import NotebookNode

from dfd import contents, tables
from dfd.errors import InputError, MissingExtraError
from dfd.run import ROOT, Run
from study import chapters, claims, costs, dependencies, plots, provenance, results

HTML = ROOT / "_build" / "html"
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


def ledger(run: Run) -> str:
    """Write the ledger as MyST Markdown: a table of all claims, then every claim with its findings.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    str
    """
    findings = claims.findings(run)
    counts = findings.groupby("verdict")["claim"].nunique() if len(findings) else pd.Series(dtype=int)
    checked = findings["claim"].nunique()
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
        verdicts = findings.loc[findings["claim"] == name, "verdict"].unique()
        shown = " ".join(_badge(verdict) for verdict in verdicts) or "not checked in this run"
        lines.append(f"* - [{name}](#claim-{name.lower()})\n  - {_escape(claim.statement)}\n  - {shown}")
    lines.append("```")
    for name, claim in claims.CLAIMS.items():
        lines += ["", f"(claim-{name.lower()})=", f"## {name}", ""]
        lines += [f"**{_escape(claim.statement)}** (report, {_escape(claim.section)})", ""]
        rows = findings[findings["claim"] == name].to_dict("records")
        lines += [line for row in rows for line in _finding(row)] or ["Not checked in this run.", ""]
    return "\n".join(lines)


def build(run: Run) -> bool:
    """Build the pages, unless those that are there are made of the same.

    They are built aside, so that a reader's copy is there until the new one is whole.

    Parameters
    ----------
    run : Run
        The run whose chapters have been executed.

    Returns
    -------
    bool
        Whether they had to be built.

    Raises
    ------
    InputError
        If a chapter has not been executed, or Jupyter Book fails.
    """
    mark = HTML.parent / "made_from"
    fingerprint = _pages_fingerprint(run)
    if (HTML / "index.html").is_file() and mark.is_file() and mark.read_text() == fingerprint:
        return False
    stage(run, run.build / "book")
    aside = HTML.parent / "next"
    shutil.rmtree(aside, ignore_errors=True)
    program = str(Path(sys.executable).with_name("jupyter-book"))
    command = [program, "build", "-W", "-n", "--keep-going", "--quiet"]
    done = subprocess.run(
        [*command, "--path-output", str(aside), str(run.build / "book")], stdout=subprocess.DEVNULL
    )
    if done.returncode:
        raise InputError(run.build / "book", "Jupyter Book could not build these pages without a warning")
    shutil.rmtree(HTML, ignore_errors=True)
    shutil.move(aside / "_build" / "html", HTML)
    shutil.rmtree(aside)
    with tables.replacing(mark) as new:
        new.write_text(fingerprint)
    return True


def _pages_fingerprint(run: Run) -> str:
    files = [chapters.executed(run, path.stem) for path in chapters.notebooks()]
    files += [path for path in (ROOT / "book").rglob("*") if path.is_file()]
    files += [ROOT / "_config.yml", ROOT / "_toc.yml", *results.FOLDER.glob("*.json")]
    files += (ROOT / "data" / "sample" / "gallery").glob("*")
    files += (run.build / "claims").glob("*.json")
    hashes = {str(path.relative_to(ROOT)): contents.sha256(path) for path in sorted(files) if path.is_file()}
    code = [dependencies.code_hash(__name__), dependencies.public_hash("dfd")]
    return tables.fingerprint(hashes, code, version("jupyter-book"))


def stage(run: Run, folder: Path) -> None:
    """Gather what Jupyter Book builds: configuration, prose pages, executed notebooks and the ledger.

    Parameters
    ----------
    run : Run
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
    files = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    (folder / "notebooks").mkdir()
    for name in (file for file in files if file.startswith("notebooks/")):
        notebook = run.build / f"{name}.ipynb"
        if not notebook.is_file():
            raise InputError(notebook, "this chapter has not been executed; run make book")
        nbformat.write(page(_read(notebook)), folder / f"{name}.ipynb")
    shutil.copytree(ROOT / "data" / "sample" / "gallery", folder / "data" / "sample" / "gallery")
    _stage_static(folder / "_static")
    shutil.move(folder / "book" / "style.css", folder / "_static")
    (folder / "book" / "ledger-table.md").write_text(ledger(run))
    for name, table in costs.tables().items():
        (folder / "book" / f"{name}.md").write_text(table)
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    options = config["sphinx"]["config"]["html_theme_options"]
    options |= {"extra_footer": f"<p>{_made_with(run)}</p>"} | _repository()
    (folder / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False))


def _stage_static(folder: Path) -> None:
    # With these in the book, a reader needs no network either.
    shutil.copytree(_package("mathjax") / "static/mathjax/es5/output/chtml", folder / "mathjax/output/chtml")
    shutil.copy(_package("mathjax") / "static/mathjax/es5/tex-mml-chtml.js", folder / "mathjax")
    shutil.copy(_package("plotly") / "package_data/plotly.min.js", folder)


def _read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise MissingExtraError(name, "study", "this package is not installed")
    return Path(spec.origin).parent


def _repository() -> dict[str, object]:
    """Say where the theme's buttons lead, if pyproject.toml, the one home of addresses, has a repository."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    address = project.get("urls", {}).get("Repository")
    if not address:
        return {}
    buttons = ("use_repository_button", "use_issues_button", "use_edit_page_button")
    return {"repository_url": address, "repository_branch": "main", **dict.fromkeys(buttons, True)}


def _made_with(run: Run) -> str:
    data = {"sample": "synthetic actors, not DFDC", "dfdc": "DFDC videos"}[run.name]
    return (
        f"Made on {date.today():%d %B %Y} with profile <code>{run.name}</code> ({data}), backbone "
        f"{run.backbone}, on {provenance.machine()}; {plots.packages()}."
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
