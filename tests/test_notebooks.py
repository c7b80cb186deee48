"""What every committed notebook has to have."""

import ast
import re
import subprocess
from functools import cache

import nbformat
import pytest
import yaml
from test_structure import MODULES, reach

from dfd.claims import CLAIMS
from dfd.profile import ROOT

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


def used_by(path):
    """The modules that a notebook imports, with all that these import."""
    code = "\n".join(cell.source for cell in cells(path, "code"))
    named = {
        name.removeprefix("dfd.")
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None), *(alias.name for alias in node.names)]
        if name
    } & set(MODULES)
    return named.union(*map(reach, named))


@cache
def rules():
    """What make knows of the executed notebooks: each with its prerequisites."""
    database = subprocess.run(
        ["make", "-np", "book"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout
    found = re.findall(r"^(build/sample/notebooks/\S+): (.+)$", database, re.MULTILINE)
    return {target: needed.split() for target, needed in found}


def test_make_runs_it_again_when_a_module_that_it_uses_changes(path):
    waiting, known = {f"build/sample/notebooks/{path.name}"}, set()
    while waiting:
        needed = rules()[waiting.pop()]
        known |= {name for name in needed if name.startswith("dfd/")}
        waiting |= {name for name in needed if name in rules()}
    assert {f"dfd/{module}.py" for module in used_by(path)} <= known
