"""The drill: whether the profile ``dfdc`` holds at DFDC's size, on a folder made of the sample's clips."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import pandas as pd

import dfd.run
from dfd import embedding, faces, log, recipe, tables, training
from dfd.errors import InputError
from dfd.run import Run
from study import drill_tree, results, watched
from study.drill_tree import Size
from study.watched import Usage

CHAPTERS = (
    "00_how_deepfakes_are_made",
    "01_data_analysis",
    "03_detector_benchmark",
    "04_embedding",
    "05_dimension_reduction",
    "06_clustering",
    "07_sigmoid_vs_softmax",
    "08_evaluation",
)
"""Those that read tables of the whole run, and chapter 03, from whose claims one of chapter 08 follows."""

BACKBONE = "efficientnet-lite0"
"""Its weights are in a package; EfficientNet-B7's have to be downloaded, and want a GPU."""

RECIPE = """# A few hundred steps on small pictures: what grows with the data is as in a long training.
size = 32
epochs = 1
faces = 6_400
batch = 32
layer_decay = 0.8
clip = 1.0
averaging = 0.99
"""

PACKAGES = ("torch", "lightning", "pandas", "pyarrow", "distributed", "scikit-learn", "openTSNE", "hdbscan")
GIGABYTE = 10**9


@dataclass(frozen=True)
class Plan:
    """How large the drill is.

    Attributes
    ----------
    size : Size
        Of the folder.
    embedded : int
        Faces that every embedding computes; the vectors of the others are those of the same pictures of the
        sample, slightly changed.
    limit : int
        Bytes of memory at which the drill stops.
    """

    size: Size = field(default_factory=Size)
    embedded: int = 512
    limit: int = 8 * GIGABYTE


@dataclass(frozen=True)
class Stage:
    """A command of the drill, and what has to be there before."""

    name: str
    command: list[str]
    prepare: Callable[[], object] = lambda: None


def measure(folder: Path, plan: Plan | None = None, keep: bool = False) -> dict:
    """Run the drill; one that was stopped goes on with the first stage that has not ended well.

    Parameters
    ----------
    folder : Path
        Where the videos and tables are made; on the disk of the checkout the videos take no room.
    plan : Plan, optional
        How large; as large as DFDC by default.
    keep : bool
        Whether the folder stays.

    Returns
    -------
    dict
        As stored under ``"drill"`` if it was as large as DFDC: videos, faces, judged (faces of held-out
        videos), backbone, steps and side (of the training, in pixels), vectors (of each embedding), embedded
        (how many of these were computed), limit (bytes), of each of the stages seconds, core_seconds and peak
        (bytes), and what was made (of each stage in the run's log: how many of what in how many seconds).

    Raises
    ------
    InputError
        If a stage fails or takes more memory than allowed; at the end, so that all are tried, for chapters.
    """
    folder, plan = folder.resolve(), plan or Plan()
    sample, run = _runs(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.toml").write_text(RECIPE)
    faces.table(sample)
    videos = drill_tree.make(sample, plan.size, run.data)
    done, failed = _read(folder), []
    for stage in stages(sample, run, videos, plan):
        if stage.name in done:
            continue
        stage.prepare()
        print(f"drill: {stage.name}", file=sys.stderr, flush=True)
        usage = watched.run(stage.command, folder / "drill.log", plan.limit, **_variables(folder))
        print(f"drill: {stage.name}: {_said(usage)}", file=sys.stderr, flush=True)
        if usage.status == 0:
            done[stage.name] = {key: value for key, value in asdict(usage).items() if key != "status"}
            _write(folder, done)
        else:
            failed.append(f"{stage.name} ({_said(usage)})")
            if stage.name not in CHAPTERS or usage.status is None:
                break
    if failed:
        raise InputError("drill", f"{'; '.join(failed)}; see {folder / 'drill.log'}")
    measured = _measured(run, plan, done)
    if not keep:
        shutil.rmtree(folder)
    return measured


def stages(sample: Run, run: Run, videos: pd.DataFrame, plan: Plan) -> list[Stage]:
    """List what the drill does.

    Parameters
    ----------
    sample, run : Run
        The sample's run, and that of the drill's folder.
    videos : DataFrame
        As `drill_tree.make` gives it.
    plan : Plan
        How large the drill is.

    Returns
    -------
    list of Stage
        In their order.
    """
    cli, book = [sys.executable, "-m", "dfd.cli"], [sys.executable, "-m", "study"]

    def fill_vectors() -> None:
        for model in embedding.models(run):
            drill_tree.fill_vectors(sample, run, videos, model, plan.embedded)

    return [
        Stage("check", [*cli, "check", str(run.data), "--list", str(run.build.parent / "check.csv")]),
        Stage("videos", [*cli, "videos"]),
        Stage("faces", [*cli, "faces"], lambda: drill_tree.fill_faces(sample, run, videos)),
        Stage("embed", [*cli, "embed", "--model", "all"], fill_vectors),
        Stage("train", [*cli, "train"]),
        *(Stage(name, [*book, "execute", "dfdc", name]) for name in CHAPTERS),
    ]


def _runs(folder: Path) -> tuple[Run, Run]:
    sample = replace(
        dfd.run.Run("sample", dfd.run.ROOT / "data" / "sample", dfd.run.build_folder("sample"), BACKBONE),
        jobs=dfd.run.cores(),
    )
    run = replace(sample, name="dfdc", data=folder / "dfdc", build=folder / "build" / "dfdc")
    return sample, replace(run, recipe=folder / "recipe.toml")


def _variables(folder: Path) -> dict[str, str]:
    """Give the environment in which the profile is the drill's folder, and nothing narrows it."""
    narrowing = dict.fromkeys(["PARTS", "VIDEOS", "SCHEDULER", "WEIGHTS", "DEVICES", "NODES", "DEPTH"], "")
    return narrowing | {
        "PROFILE": "dfdc",
        "DFDC": str(folder / "dfdc"),
        "BUILD": str(folder / "build"),
        "RECIPE": str(folder / "recipe.toml"),
        "BACKBONE": BACKBONE,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(dfd.run.ROOT), os.environ.get("PYTHONPATH")])),
    }


def _measured(run: Run, plan: Plan, done: dict[str, dict], **notes: str) -> dict:
    trained = recipe.load(run.recipe or run.name)
    figures = {
        "videos": plan.size.videos,
        "faces": tables.count(faces.path(run)),
        "judged": tables.count(training.path(run)) if "train" in done else 0,
        "backbone": run.backbone,
        "steps": trained.epochs * trained.faces // trained.batch,
        "side": trained.size,
        "vectors": {model: tables.count(embedding.path(run, model)) for model in embedding.models(run)},
        "embedded": plan.embedded,
        "limit": plan.limit,
        "stages": done,
        "made": _made(run),
        **notes,
    }
    if plan.size.videos < Size().videos:
        return figures
    return results.store(
        "drill",
        "seconds, processor time and peak memory (sum of the PSS of all processes) of each stage of the "
        "profile dfdc on a folder of DFDC's size, made of the sample's clips",
        PACKAGES,
        **figures,
    )


def _made(run: Run) -> dict[str, dict]:
    """Take the rates of stages from the run's log: of each, from when it made most."""
    ended = [entry for entry in log.read(run.build) if entry.state == "ended" and entry.rate]
    return {
        entry.stage: {"made": entry.made, "unit": entry.unit, "seconds": entry.seconds}
        for entry in sorted(ended, key=lambda entry: entry.made)
    }


def _said(usage: Usage) -> str:
    took = f"{usage.seconds:.0f} s, {usage.peak / GIGABYTE:.1f} GB"
    if usage.status is None:
        return f"stopped for its memory after {took}"
    return took if usage.status == 0 else f"exit status {usage.status} after {took}"


def _read(folder: Path) -> dict[str, dict]:
    file = folder / "stages.json"
    return json.loads(file.read_text()) if file.is_file() else {}


def _write(folder: Path, done: dict[str, dict]) -> None:
    with tables.replacing(folder / "stages.json") as aside:
        aside.write_text(json.dumps(done, indent=1))
