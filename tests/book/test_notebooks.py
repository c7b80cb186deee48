"""What every committed notebook has to have."""

import ast
import re
from collections import Counter
from importlib import import_module

import nbformat
import pytest
import yaml

from dfd.run import ROOT
from study import captions, dependencies
from study.claims import CLAIMS
from study.ledger import VERDICTS

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
CLAIMS_TABLE = "tab-claims-"
CHECKED = "# NBVAL_CHECK_OUTPUT"
LONGEST_CELL = 15
STATEMENTS = (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Import, ast.ImportFrom, ast.Assert)
"""All that a cell may be made of: no branch, loop, function, class, ``with`` or ``try``."""

HIDDEN = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
MOSTLY_VISIBLE = ("02_preprocessing", "04_embedding", "08_evaluation")

pytestmark = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path, kind):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def prose(path):
    return "\n".join(cell.source for cell in cells(path, "markdown"))


def code(path):
    return "\n\n".join(cell.source for cell in cells(path, "code"))


def tags(cell):
    return set(cell.metadata.get("tags", []))


def figure(cell):
    return cell.metadata.get("mystnb", {}).get("figure", {})


def labels(path):
    return [figure(cell)["name"] for cell in cells(path, "code") if figure(cell)]


def test_it_is_in_the_table_of_contents(path):
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    assert f"notebooks/{path.stem}" in [
        chapter["file"] for part in toc["parts"] for chapter in part["chapters"]
    ]


def test_it_has_the_sections_in_order(path):
    headings = re.findall(r"^## (.+)$", prose(path), re.MULTILINE)
    assert [heading for heading in headings if heading in SECTIONS] == SECTIONS
    assert len(re.findall(r"^# ", prose(path), re.MULTILINE)) == 1


def test_no_sentence_stands_there_twice(path):
    lines = Counter(line for line in prose(path).splitlines() if line.strip() and line[0] not in "`:#")
    assert [line for line, count in lines.items() if count > 1] == []


def test_its_parameters_cell_is_the_profile(path):
    tagged = [cell.source for cell in cells(path, "code") if "parameters" in tags(cell)]
    assert tagged == ['profile = "sample"']


def test_it_says_what_made_it(path):
    assert any("plots.provenance(" in cell.source for cell in cells(path, "code"))


def test_its_cells_are_no_programs(path):
    long = [cell.source for cell in cells(path, "code") if len(cell.source.splitlines()) > LONGEST_CELL]
    statements = [statement for cell in cells(path, "code") for statement in ast.parse(cell.source).body]
    assert long == []
    assert [ast.unparse(s) for s in statements if not isinstance(s, STATEMENTS)] == []


def test_its_code_is_shown(path):
    """Only what prepares the chapter is folded, and no cell is on the page for tests alone."""
    lines = [(len(cell.source.splitlines()), bool(tags(cell) & HIDDEN)) for cell in cells(path, "code")]
    shown = sum(count for count, hidden in lines if not hidden) / sum(count for count, _ in lines)
    assert shown >= (0.5 if path.stem in MOSTLY_VISIBLE else 0.3)
    assert not any("remove-cell" in tags(cell) for cell in cells(path, "code"))


def test_only_checked_text_is_stored(path):
    compared = 0
    for cell in cells(path, "code"):
        checked = cell.source.startswith(CHECKED)
        assert checked == bool(cell.outputs)
        assert checked == (cell.execution_count is not None)
        assert all(
            output.output_type == "stream" or set(output.data) == {"text/plain"} for output in cell.outputs
        )
        compared += checked
    assert compared >= 1
    assert path.stat().st_size < 300_000


def test_labels_are_used_once_in_the_book(path):
    every = [label for notebook in NOTEBOOKS for label in labels(notebook)]
    assert [label for label in labels(path) if every.count(label) > 1] == []


def test_what_has_a_caption_has_a_label_and_is_referred_to(path):
    for cell in cells(path, "code"):
        if about := figure(cell):
            assert about["name"].startswith(("fig-", captions.PREFIX))
            assert about["caption"].strip()
    referred = set(re.findall(r"\{numref\}`(?:[^`<]*<)?([\w-]+)>?`", prose(path)))
    # The table of claims stands alone below its heading.
    assert [
        label for label in labels(path) if label not in referred and not label.startswith(CLAIMS_TABLE)
    ] == []


def test_every_figure_has_a_caption_and_a_text_for_who_cannot_see_it(path):
    for cell in cells(path, "code"):
        if "plt.show()" in cell.source.splitlines():
            assert figure(cell).get("name", "").startswith("fig-"), cell.source
        if figure(cell).get("name", "").startswith("fig-"):
            assert cell.metadata["mystnb"].get("image", {}).get("alt"), figure(cell)["name"]


def test_it_shows_what_its_claims_rest_on(path):
    for name, claim in CLAIMS.items():
        if claim.chapter == path.stem and (claim.shown or not claim.follows):
            assert claim.shown in labels(path), name


def test_it_ends_with_the_claims_that_the_ledger_judged(path):
    assert f'ledger.of_chapter(run, "{path.stem}")' in code(path)


def test_no_verdict_is_typed(path):
    """Verdicts are computed; none stands in the code of a chapter."""
    assert [verdict for verdict in VERDICTS if re.search(rf"\b{verdict}\b", code(path).lower())] == []


def test_what_it_measures_comes_from_the_experiment_of_its_claims(path):
    """A quantity that a claim rests on is read from the one experiment that measures it."""
    gathered = set(re.findall(r"evidence\.gather\(run, (\w+)", code(path)))
    needed = {
        claim.experiment for claim in CLAIMS.values() if claim.chapter == path.stem and claim.experiment
    }
    assert needed <= gathered


def test_what_it_imports_of_this_project_is_followed(path):
    """Through these names a change of code makes the chapter stale."""
    tree = ast.parse(code(path))
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.asname or alias.name for node in imported for alias in node.names}
    source = dependencies._taken_apart(tree)
    ours = {name for name in names if name in source.modules or name in source.names}
    assert {"dfd.run", "evidence", "ledger", "plots"} <= ours
    assert dependencies.notebook_hash(code(path))


def test_names_say_what_a_thing_is(path):
    names = {node.id for node in ast.walk(ast.parse(code(path))) if isinstance(node, ast.Name)}
    assert names & {"each", "found", "chosen", "known"} == set()


def test_what_it_uses_of_this_project_is_there(path):
    tree = ast.parse(code(path))
    used = dependencies._uses(tree.body, dependencies._taken_apart(tree))
    assert [
        f"{module}.{name}" for module, name in used if name and not hasattr(import_module(module), name)
    ] == []


def test_functions_that_it_prints_are_there(path):
    for file, name in re.findall(r"\{literalinclude\} (\S+)\n:pyobject: (\S+)", prose(path)):
        source = (path.parent / file).resolve()
        assert source.is_relative_to(ROOT)
        defined = [node for node in ast.walk(ast.parse(source.read_text())) if hasattr(node, "name")]
        assert name.split(".")[-1] in {node.name for node in defined}, f"{file}: {name}"
