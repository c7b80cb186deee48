"""From executed chapters to the book that readers open, and back to the committed notebooks."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from datetime import date
from importlib.metadata import version
from pathlib import Path

import nbformat
import yaml
from nbformat import NotebookNode

from dfd import contents, tables
from dfd.errors import InputError, MissingExtraError
from dfd.run import ROOT, Run
from study import (
    chapters,
    costs,
    dependencies,
    ledger,
    ledger_page,
    own_video,
    pictures,
    plots,
    provenance,
    records,
    results,
    sections,
)

HTML = ROOT / "_build" / "html"
CHECKED = "# NBVAL_CHECK_OUTPUT"
CHECKED_OUTPUT = "text/plain"
UNSTYLED = re.compile(r'<table id="(T_\w+)">')


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

    The parameters cell shows the values that the run was given, marks that only tests need are left out, and
    pictures are made light.

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
        if cell.cell_type == "code":
            cell.source = cell.source.removeprefix(CHECKED).lstrip("\n")
        for output in cell.get("outputs", []):
            html = output.get("data", {}).get("text/html")
            if html:
                # The theme gives its colours, the dark ones too, to tables of this class.
                output["data"]["text/html"] = UNSTYLED.sub(r'<table id="\1" class="dataframe">', html)
    pictures.lighten(notebook)
    return notebook


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
        If a chapter has not been executed, a claim has not been judged, or Jupyter Book fails.
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
    # The pages describe and use the code of this checkout, wherever the environment was made.
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [*command, "--path-output", str(aside), str(run.build / "book")],
        stdout=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
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
    depth = records.depth_of_run()
    files = [chapters.executed(run, path.stem) for path in chapters.notebooks()]
    files += [path for path in (ROOT / "book").rglob("*") if path.is_file()]
    files += [ROOT / "_config.yml", ROOT / "_toc.yml", *results.FOLDER.rglob("*.json")]
    files += (ROOT / "data" / "sample" / "gallery").glob("*")
    files += (run.build / "results" / depth).glob("*.json")
    # A page is made of the docstrings, others show code, and one a report.
    files += [path for package in dependencies.PACKAGES for path in (ROOT / package).rglob("*.py")]
    files += (ROOT / "dfd" / "templates").glob("*.html")
    hashes = {os.path.relpath(path, ROOT): contents.sha256(path) for path in sorted(files) if path.is_file()}
    return tables.fingerprint(hashes, depth, version("jupyter-book"))


def stage(run: Run, folder: Path) -> None:
    """Gather what Jupyter Book builds: configuration, prose, executed notebooks, the ledger, the code shown.

    Parameters
    ----------
    run : Run
        The run whose notebooks have been executed.
    folder : Path
        Emptied first.

    Raises
    ------
    InputError
        If a notebook in the table of contents has not been executed, or a claim has not been judged.
    """
    shutil.rmtree(folder, ignore_errors=True)
    findings = ledger.findings(run)
    shutil.copytree(ROOT / "book", folder / "book")
    shutil.copy(ROOT / "_toc.yml", folder)
    for package in dependencies.PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=_all_but_code)
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    files = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    (folder / "notebooks").mkdir()
    (folder / "extra" / pictures.FOLDER).mkdir(parents=True)
    for name in (file for file in files if file.startswith("notebooks/")):
        _stage_chapter(run.build / f"{name}.ipynb", folder, name)
    shutil.copytree(ROOT / "data" / "sample" / "gallery", folder / "data" / "sample" / "gallery")
    _stage_static(folder)
    ledger_page.draw(findings).savefig(folder / "book" / ledger_page.BAR)
    included = {
        "ledger-table": ledger_page.page(findings),
        "front": ledger_page.front(findings, ledger_page.HEADLINES),
        "sections-table": sections.table(findings),
    }
    included |= costs.tables() | {"own-video-answer": own_video.answer(run, folder / "extra")}
    for name, text in included.items():
        (folder / "book" / f"{name}.md").write_text(text)
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    options = config["sphinx"]["config"]["html_theme_options"]
    options |= {"extra_footer": f"<p>{_made_with(run)}</p>"} | _repository()
    (folder / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False))


def _stage_chapter(executed: Path, folder: Path, name: str) -> None:
    if not executed.is_file():
        raise InputError(executed, "this chapter has not been executed; run make book")
    notebook = _read(executed)
    for plot, figure in pictures.spaces(notebook).items():
        text = pictures.page(figure, back=f"../{name}.html#{plot}")
        (folder / "extra" / pictures.FOLDER / f"{plot}.html").write_text(text)
    nbformat.write(page(notebook), folder / f"{name}.ipynb")


def _stage_static(folder: Path) -> None:
    """Put style, templates and scripts beside the pages, so that a reader needs no network either.

    Not in a folder ``_static``, of which Jupyter Book would have every page load every script.
    """
    static, mathjax = folder / "static", _package("mathjax") / "static/mathjax/es5"
    static.mkdir()
    for name in ("style.css", "favicon.svg"):
        shutil.move(folder / "book" / name, static)
    shutil.move(folder / "book" / "templates", folder / "templates")
    for part in ("startup.js", "core.js", "input/tex.js", "output/chtml.js", "a11y/assistive-mml.js"):
        (static / "mathjax" / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(mathjax / part, static / "mathjax" / part)
    shutil.copytree(mathjax / "output/chtml", static / "mathjax/output/chtml")
    shutil.copytree(mathjax / "input/tex", static / "mathjax/input/tex")
    if any((folder / "extra" / pictures.FOLDER).iterdir()):
        shutil.copy(_package("plotly") / "package_data/plotly.min.js", static)


def _all_but_code(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if not (name.endswith(".py") or Path(folder, name).is_dir())]


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
