"""From executed notebooks to pages and to what is committed."""

import json
import shutil

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from dfd import training
from dfd.errors import InputError
from dfd.recipe import Recipe
from dfd.run import ROOT
from study import chapters, ledger, measuring, pages, records
from study.claims import CLAIMS
from study.experiments import printed_functions


def notebook(*sources):
    cells = [new_code_cell('profile = "sample"', metadata={"tags": ["parameters"]})]
    cells += [new_code_cell(source) for source in sources]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return new_notebook(cells=cells, metadata=kernel | {"language_info": {"name": "python"}})


@pytest.fixture
def executed():
    """A notebook as papermill leaves it."""
    made = notebook("# NBVAL_CHECK_OUTPUT\n7", "8")
    injected = new_code_cell('# Parameters\nprofile = "dfdc"\n', metadata={"tags": ["injected-parameters"]})
    made.cells.insert(1, injected)
    made.cells.insert(0, new_markdown_cell("# Title"))
    for count, cell in enumerate(made.cells):
        cell.metadata["papermill"] = {"duration": 1.5}
        if cell.cell_type == "code":
            cell.execution_count = count
            cell.outputs = [
                new_output("stream", name="stdout", text="out\n"),
                new_output("stream", name="stderr", text="warning\n"),
                new_output("display_data", {"image/png": "AAAA"}),
                new_output(
                    "execute_result", {"text/plain": "7", "text/html": "<b>7</b>"}, execution_count=count
                ),
            ]
    made.metadata["papermill"] = {"start_time": "now"}
    return made


def test_strip_keeps_the_sources_and_the_checked_text(executed):
    stripped = pages.strip(executed)
    nbformat.validate(stripped)
    assert [cell.source for cell in stripped.cells] == [
        "# Title",
        'profile = "sample"',
        "# NBVAL_CHECK_OUTPUT\n7",
        "8",
    ]
    _, parameters, checked, free = stripped.cells
    assert [output.get("text") or dict(output.data) for output in checked.outputs] == [
        "out\n",
        {"text/plain": "7"},
    ]
    assert checked.execution_count is not None
    assert not parameters.outputs + free.outputs
    assert parameters.execution_count is free.execution_count is None
    assert "papermill" not in nbformat.writes(stripped)


def test_strip_gives_the_same_again(executed):
    once = nbformat.writes(pages.strip(executed))
    assert nbformat.writes(pages.strip(nbformat.reads(once, as_version=4))) == once


def test_page_shows_the_values_that_were_given_and_no_marks_for_tests(executed):
    sources = [cell.source for cell in pages.page(executed).cells]
    assert sources == ["# Title", 'profile = "dfdc"', "7", "8"]


@pytest.fixture
def one_claim(tiny, monkeypatch):
    """A run that has measured the only claim, and executed every chapter of the table of contents."""
    monkeypatch.setattr(ledger, "CLAIMS", {"C18": CLAIMS["C18"]})
    monkeypatch.setattr(ledger.findings, "__defaults__", (("C18",),))
    monkeypatch.setattr(pages.ledger_page, "HEADLINES", ())
    small = Recipe(size=64, epochs=1, faces=16, batch=8)
    monkeypatch.setattr(training, "own_recipe", lambda run, **changes: training.replace(small, **changes))
    measuring.measure(tiny, printed_functions)
    for path in chapters.notebooks():
        target = chapters.executed(tiny, path.stem)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return tiny


def test_stage_gathers_pages_code_and_what_the_ledger_says(one_claim, tmp_path):
    folder = tmp_path / "staged"
    pages.stage(one_claim, folder)
    assert (folder / "dfd" / "classifier.py").is_file() and (folder / "study" / "claims.py").is_file()
    assert "## C18" in (folder / "book" / "ledger-table.md").read_text()
    assert (folder / "book" / pages.ledger_page.BAR).is_file()
    assert (folder / "book" / "front.md").is_file()
    assert not (folder / "_static").exists(), "every page would load every script in it"
    config = yaml.safe_load((folder / "_config.yml").read_text())["sphinx"]["config"]
    assert "Made on" in config["html_theme_options"]["extra_footer"]
    for part in config["mathjax3_config"]["loader"]["load"]:
        assert (folder / "static" / "mathjax" / f"{part}.js").is_file()
    staged = json.loads((folder / "notebooks" / "07_sigmoid_vs_softmax.ipynb").read_text())
    assert "NBVAL" not in json.dumps(staged)


def test_a_claim_without_a_result_stops_the_book(one_claim, tmp_path):
    records.about_path(one_claim.build / "results" / "quick", "printed_functions").unlink()
    with pytest.raises(InputError, match=r"claim C18.*printed_functions has not been measured"):
        pages.stage(one_claim, tmp_path / "staged")


def test_a_chapter_that_was_not_executed_stops_the_book(one_claim, tmp_path):
    chapters.executed(one_claim, "07_sigmoid_vs_softmax").unlink()
    with pytest.raises(InputError, match=r"07_sigmoid_vs_softmax.*has not been executed"):
        pages.stage(one_claim, tmp_path / "staged")


def test_pages_are_stale_if_a_result_or_a_docstring_changes(one_claim):
    before = pages._pages_fingerprint(one_claim)
    path = records.about_path(one_claim.build / "results" / "quick", "printed_functions")
    path.write_text(path.read_text() + " ")
    assert pages._pages_fingerprint(one_claim) != before


def test_all_of_jupyter_books_extensions_are_there_but_two():
    from jupyter_book.config import get_default_sphinx_config

    ours = yaml.safe_load((ROOT / "_config.yml").read_text())["sphinx"]["config"]["extensions"]
    theirs = set(get_default_sphinx_config()["extensions"])
    assert theirs - set(ours) == {"sphinx_thebe", "sphinx.ext.intersphinx"}
