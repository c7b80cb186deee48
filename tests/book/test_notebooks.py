"""What every committed notebook has to have."""

import ast
import re
from importlib import import_module

import nbformat
import pytest
import yaml

from dfd.run import ROOT
from study import dependencies
from study.claims import CLAIMS

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
SECTIONS = [
    "The question",
    "What the report did",
    "What you will learn",
    "Claims checked here",
    "What we did better",
    "Exercises",
    "Takeaways",
    "Further reading",
]

pytestmark = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path, kind):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def test_it_is_in_the_table_of_contents(path):
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    assert f"notebooks/{path.stem}" in [
        chapter["file"] for part in toc["parts"] for chapter in part["chapters"]
    ]


def test_it_has_the_sections_in_order(path):
    prose = "\n".join(cell.source for cell in cells(path, "markdown"))
    headings = re.findall(r"^## (.+)$", prose, re.MULTILINE)
    assert [heading for heading in headings if heading in SECTIONS] == SECTIONS
    assert len(re.findall(r"^# ", prose, re.MULTILINE)) == 1


def test_its_parameters_cell_is_the_profile(path):
    tagged = [cell.source for cell in cells(path, "code") if "parameters" in cell.metadata.get("tags", [])]
    assert tagged == ['profile = "sample"']


def test_it_says_what_made_it(path):
    assert any("plots.provenance(" in cell.source for cell in cells(path, "code"))


def test_its_cells_are_no_programs(path):
    assert max(len(cell.source.splitlines()) for cell in cells(path, "code")) <= 50


def test_only_checked_text_is_stored(path):
    compared = 0
    for cell in cells(path, "code"):
        checked = cell.source.startswith("# NBVAL_CHECK_OUTPUT")
        assert checked == bool(cell.outputs)
        assert checked == (cell.execution_count is not None)
        assert all(
            output.output_type == "stream" or set(output.data) == {"text/plain"} for output in cell.outputs
        )
        compared += checked
    assert compared >= 2
    assert path.stat().st_size < 300_000


def test_its_figures_have_names_of_their_own(path):
    named = [
        cell.metadata["mystnb"]["figure"]["name"]
        for notebook in NOTEBOOKS
        for cell in cells(notebook, "code")
        if "figure" in cell.metadata.get("mystnb", {})
    ]
    own = re.findall(r'"name": "(fig-.+?)"', path.read_text())
    assert [name for name in own if named.count(name) > 1] == []


def test_every_figure_has_a_name_a_caption_and_alt_text(path):
    for cell in cells(path, "code"):
        about = cell.metadata.get("mystnb", {})
        if "plt.show()" in cell.source.splitlines():
            assert about["figure"]["name"].startswith("fig-")
            assert about["figure"]["caption"]
            assert about["image"]["alt"]


def test_it_records_claims_that_exist(path):
    code = "\n".join(cell.source for cell in cells(path, "code"))
    recorded = set(re.findall(r"[\"'](C\d\d)[\"']", code))
    assert recorded
    assert recorded <= set(CLAIMS)


def test_what_it_imports_of_this_project_is_followed(path):
    """Through these names a change of code makes the chapter stale."""
    code = "\n".join(cell.source for cell in cells(path, "code"))
    imported = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.asname or alias.name for node in imported for alias in node.names}
    source = dependencies._taken_apart(ast.parse(code))
    ours = {name for name in names if name in source.modules or name in source.names}
    assert {"dfd.run", "claims", "plots"} <= ours
    assert dependencies.notebook_hash(code)


def test_names_say_what_a_thing_is(path):
    trees = [ast.parse(cell.source) for cell in cells(path, "code")]
    names = {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert names & {"each", "found", "chosen", "known"} == set()


def test_what_it_uses_of_this_project_is_there(path):
    code = "\n".join(cell.source for cell in cells(path, "code"))
    tree = ast.parse(code)
    used = dependencies._uses(tree.body, dependencies._taken_apart(tree))
    assert [
        f"{module}.{name}" for module, name in used if name and not hasattr(import_module(module), name)
    ] == []
