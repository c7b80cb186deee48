"""Rules that hold for the whole repository."""

import ast
import inspect
import os
import re
import subprocess
from importlib import import_module
from pathlib import Path

import pytest

from dfd.profile import ROOT

STAGES = [
    *(
        "errors",
        "profile",
        "tables",
        "claims",
        "dataset",
        "video",
        "detectors",
        "tracking",
        "cluster",
        "faces",
        "augment",
        "embedding",
    ),
    *(
        "reduction",
        "clustering",
        "classifier",
        "training",
        "evaluation",
        "explain",
        "plots",
        "costs",
        "book",
        "cli",
    ),
]
MODULES = sorted(path.stem for path in (ROOT / "dfd").glob("*.py") if path.stem != "__init__")
SKIPPED = {
    ".git",
    ".venv",
    "build",
    "_build",
    "__pycache__",
    ".ruff_cache",
    ".pytest_cache",
    ".ipynb_checkpoints",
}
SUFFIXES = {
    "",
    ".py",
    ".md",
    ".ipynb",
    ".toml",
    ".yml",
    ".yaml",
    ".txt",
    ".lock",
    ".cfg",
    ".cff",
    ".json",
    ".bib",
}


def imports(module):
    """The modules of the package that one of them names in its import statements, at any depth."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / "dfd" / f"{module}.py").read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "dfd":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dfd."):
            found.add(node.module.removeprefix("dfd."))
        elif isinstance(node, ast.Import):
            found |= {
                alias.name.removeprefix("dfd.") for alias in node.names if alias.name.startswith("dfd.")
            }
    return found & set(MODULES)


def reach(module):
    """All modules that importing one of them brings in."""
    waiting, found = imports(module), set()
    while waiting:
        found |= waiting
        waiting = set().union(*map(imports, waiting)) - found
    return found


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_one_way(module):
    assert module not in reach(module)
    assert "cli" not in reach(module)
    if module in STAGES:
        assert not reach(module) & set(STAGES[STAGES.index(module) :])


def public_functions():
    for module in MODULES:
        for name, found in vars(import_module(f"dfd.{module}")).items():
            ours = getattr(found, "__module__", None) == f"dfd.{module}" and not name.startswith("_")
            if ours and inspect.isfunction(found) and module != "cli":
                yield pytest.param(found, id=f"{module}.{name}")


@pytest.mark.parametrize("function", list(public_functions()))
def test_docstrings_name_every_argument_and_what_is_returned(function):
    documented = inspect.getdoc(function)
    signature = inspect.signature(function)
    for name in signature.parameters:
        assert re.search(rf"^(.*, )?\*{{0,2}}{name}(, .*)? :", documented, re.MULTILINE), name
    if signature.return_annotation not in (None, "None"):
        assert re.search(r"^(Returns|Yields)\n-+$", documented, re.MULTILINE)
    assert all(parameter.annotation is not parameter.empty for parameter in signature.parameters.values())
    assert signature.return_annotation is not signature.empty


def text_files():
    for folder, subfolders, names in os.walk(ROOT):
        subfolders[:] = [
            name for name in subfolders if name not in SKIPPED and not name.endswith(".egg-info")
        ]
        for path in (Path(folder, name) for name in names):
            if path.suffix in SUFFIXES and path.stat().st_size < 2e6:
                yield path


def test_no_path_of_a_machine():
    absolute = re.compile("/(?:" + "|".join(("work", "root", "home", "opt", "tmp/lab")) + r")/\w")
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in text_files()
        for line in path.read_text(errors="replace").splitlines()
        if absolute.search(line)
    ]
    assert not found


def test_lock_is_exact():
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[\w.+!]+( ; .+)?", line) for line in lines)


def test_readme_names_targets_that_exist():
    readme = (ROOT / "README.md").read_text()
    targets = set(re.findall(r"\bmake ([a-z]+)", readme))
    assert {"book", "test"} <= targets
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert targets <= {line.split()[0] for line in listed.splitlines()}


def test_readme_names_files_that_exist():
    readme = (ROOT / "README.md").read_text()
    links = re.findall(r"\]\(([^):]+)\)", readme)
    folders = re.findall(r"^\| `(.+?)` \|", readme, re.MULTILINE)
    assert links
    assert folders
    assert [name for name in links + folders if not (ROOT / name).exists()] == []
