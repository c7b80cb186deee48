"""Which code counts: what a module uses, followed through imports and names."""

import pytest

from study import dependencies

SOURCES = {
    "dfd/stage.py": """
'''A stage.'''
import os
from dfd import support
from dfd.support import CONSTANT

LIMIT = 3
"What the limit is."

def table(run):
    '''Make a table.'''
    return support.used(CONSTANT, run)

def other(support):
    return support.unused(LIMIT)
""",
    "dfd/support.py": """
CONSTANT = 1

def used(*values):
    return helper(values)

def helper(values):
    return values

def unused(values):
    return None
""",
    "study/first.py": "import dfd.stage\n\ndef measure(run):\n    return dfd.stage.table(run)\n",
    "study/second.py": "from dfd import support\n\ndef measure(run):\n    return support.unused(run)\n",
}


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write modules of a small project; without arguments all, as they are above."""
    monkeypatch.setattr(dependencies, "ROOT", tmp_path)

    def write(**changes):
        for name, text in SOURCES.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            for before, after in changes.items():
                text = text.replace(*after) if path.stem == before else text
            path.write_text(text)
        dependencies._read.cache_clear()
        return {name: dependencies.code_hash(f"study.{name}") for name in ("first", "second")}

    return write


def test_only_what_is_used_is_followed(write):
    write()
    names = dependencies.used("study.first")
    assert ("dfd.stage", "table") in names
    assert {name for module, name in names if module == "dfd.support"} == {"", "used", "helper", "CONSTANT"}
    assert ("dfd.stage", "LIMIT") not in names


def test_a_name_that_a_function_defines_hides_the_module(write):
    write()
    assert ("dfd.support", "unused") not in dependencies.used("dfd.stage")


def test_comments_and_docstrings_do_not_count(write):
    before = write()
    assert write(stage=("Make a table.", "Make the table.")) == before
    assert write(stage=("LIMIT = 3", "LIMIT = 3  # three")) == before
    assert write(stage=("What the limit is.", "Another word.")) == before


@pytest.mark.parametrize(
    ("module", "change", "stale"),
    [
        ("support", ("return helper(values)", "return helper(values[1:])"), ["first"]),
        ("support", ("    return values", "    return list(values)"), ["first"]),
        ("support", ("CONSTANT = 1", "CONSTANT = 2"), ["first"]),
        ("support", ("return None", "return 0"), ["second"]),
        ("stage", ("LIMIT = 3", "LIMIT = 4"), []),
        ("second", ("return support", "return 2 * support"), ["second"]),
    ],
)
def test_a_changed_line_makes_stale_what_uses_it(write, module, change, stale):
    before = write()
    after = write(**{module: change})
    assert [name for name in before if before[name] != after[name]] == stale


def test_an_import_inside_a_function_is_followed(write):
    lazy = {
        "second": (
            "from dfd import support\n\ndef measure(run):\n",
            "def measure(run):\n    from dfd import support\n",
        )
    }
    before = write(**lazy)
    assert ("dfd.support", "unused") in dependencies.used("study.second")
    (dependencies.ROOT / "dfd/support.py").write_text(SOURCES["dfd/support.py"].replace("None", "0"))
    dependencies._read.cache_clear()
    assert dependencies.code_hash("study.second") != before["second"]


def test_a_boundary_is_not_followed(write):
    write()
    assert {module for module, _ in dependencies.used("study.first", {"dfd.support"})} == {
        "dfd.stage",
        "study.first",
    }
    names = dependencies.used("study.first", {"dfd.stage.table"})
    assert {module for module, _ in names} == {"study.first"}


def test_a_module_that_is_handed_on_counts_whole(write):
    write(second=("support.unused(run)", "run(support)"))
    names = {name for module, name in dependencies.used("study.second") if module == "dfd.support"}
    assert names == {"", "CONSTANT", "used", "helper", "unused"}


def test_results_that_a_notebook_reads_through_functions(write, tmp_path):
    write(second=("support.unused(run)", "results.read('speed')"))
    code = "from study import second\nfrom study import results\nresults.read('costs')\nsecond.measure(1)"
    assert dependencies.stored_results(code) == {"speed", "costs"}


def test_the_hash_of_a_notebook_follows_what_it_uses(write):
    code = "from study import first\nfirst.measure(1)"
    write()
    before = dependencies.notebook_hash(code)
    write(support=("return None", "return 0"))
    assert dependencies.notebook_hash(code) == before
    write(support=("return helper(values)", "return values"))
    assert dependencies.notebook_hash(code) != before
    assert dependencies.notebook_hash(code + "\n2") != dependencies.notebook_hash(code)


def test_exactly_one_experiment_is_stale_after_a_change_in_its_own_function(tmp_path, monkeypatch):
    """On this project's own code."""
    import shutil

    experiments = [path.stem for path in (dependencies.ROOT / "study" / "experiments").glob("[a-z]*.py")]
    for package in dependencies.PACKAGES:
        shutil.copytree(dependencies.ROOT / package, tmp_path / package)
    monkeypatch.setattr(dependencies, "ROOT", tmp_path)
    before = {name: dependencies.code_hash(f"study.experiments.{name}") for name in experiments}
    module = tmp_path / "study" / "experiments" / "architecture.py"
    text = module.read_text()
    assert "math.ceil(side / 2)" in text
    module.write_text(text.replace("math.ceil(side / 2)", "math.ceil(side / 3)"))
    after = {name: dependencies.code_hash(f"study.experiments.{name}") for name in experiments}
    assert [name for name in experiments if before[name] != after[name]] == ["architecture"]


def test_a_full_measurement_does_not_depend_on_the_plans_for_the_quick_one(tmp_path, monkeypatch):
    monkeypatch.setattr(dependencies, "ROOT", tmp_path)
    (tmp_path / "study").mkdir()
    module = tmp_path / "study" / "module.py"

    def hashes(quick, full):
        module.write_text(f'PLANS = {{"quick": {quick}, "full": {full}}}\n\ndef collect(): return PLANS\n')
        depths = {"full": "quick", "quick": "full"}
        return {
            depth: dependencies.code_hash("study.module", start="collect", without=other)
            for depth, other in depths.items()
        }

    before, quicker, fuller = hashes(2, 30), hashes(1, 30), hashes(2, 20)
    assert quicker["full"] == before["full"] and quicker["quick"] != before["quick"]
    assert fuller["full"] != before["full"] and fuller["quick"] == before["quick"]
