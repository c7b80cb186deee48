"""From executed notebooks to pages and to what is committed."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from study import claims, pages
from study.claims import CLAIMS, Finding


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


def test_page_shows_the_values_that_were_given(executed):
    sources = [cell.source for cell in pages.page(executed).cells]
    assert sources == ["# Title", 'profile = "dfdc"', "# NBVAL_CHECK_OUTPUT\n7", "8"]


def test_page_folds_long_cells():
    made = pages.page(notebook("1\n" * pages.LONG, "1\n" * (pages.LONG + 1)))
    assert [cell.metadata.get("tags") for cell in made.cells[1:]] == [None, ["hide-input"]]


def test_page_takes_plotly_from_the_book():
    made = notebook("figure")
    made.cells[1].outputs = [
        new_output(
            "display_data",
            {
                "text/html": '<script src="https://cdnjs.example/mathjax/MathJax.js?config=x"></script>'
                '<script charset="utf-8" src="https://cdn.plot.ly/plotly-3.min.js" integrity="x"></script>'
                "<div></div>"
            },
        )
    ]
    html = pages.page(made).cells[1].outputs[0].data["text/html"]
    assert html == f'<script src="{pages.PLOTLY}"></script><div></div>'


def test_ledger_has_every_claim_and_takes_text_as_text(tiny):
    claims.record(tiny, Finding("C18", "07_sigmoid_vs_softmax", "a_b | $3 *x*", "depends", "because"))
    text = pages.ledger(tiny)
    assert "1 of the 27 claims were checked in this run." in text
    for name in CLAIMS:
        assert f"## {name}\n" in text
        assert f"(claim-{name.lower()})=" in text
    assert r"a\_b \| \$3 \*x\*" in text
    assert text.count("\nNot checked in this run.") == len(CLAIMS) - 1
