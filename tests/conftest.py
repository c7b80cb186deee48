"""Fixtures that several test modules share."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

import dfd.run
from dfd import embedding
from dfd.recipe import Recipe
from dfd.run import Run

SOURCES = 2
FAKES_PER_SOURCE = 1
FACES = 12
"""Faces of a REAL video, of which the sample has 40: fewer, to save time, but more than of a FAKE one."""


@pytest.fixture(scope="session")
def sample() -> Run:
    """The committed sample, with the tables of the checkout."""
    return dfd.run.load("sample")


@pytest.fixture(scope="session")
def few(sample: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The first videos of the sample with few faces each; its tables are made once for all tests."""
    build = tmp_path_factory.mktemp("few")
    return replace(sample, build=build, videos=8, faces_per_fake=2, faces_per_real=6, jobs=1)


@pytest.fixture(scope="session")
def few_clips(sample: Run) -> Callable[[Path], Run]:
    """Makes a run of a few clips of the sample in a folder."""
    return partial(_few_clips, sample)


@pytest.fixture
def tiny(sample: Run, tmp_path: Path) -> Run:
    """A few clips of the sample, in a folder and with tables of their own, none of which is made yet."""
    return _few_clips(sample, tmp_path)


@pytest.fixture(scope="session")
def made_of_tiny(sample: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build folder of `tiny` with its faces and their vectors."""
    run = _few_clips(sample, tmp_path_factory.mktemp("made"))
    embedding.table(run, "backbone")
    return run.build


@pytest.fixture
def extracted(tiny: Run, made_of_tiny: Path) -> Run:
    """As `tiny`, with its faces and their vectors."""
    shutil.copytree(made_of_tiny, tiny.build)
    return tiny


@pytest.fixture(scope="session")
def trained(few_clips: Callable[[Path], Run], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of a few clips that has trained a classifier, after a fashion, and made its model."""
    from dfd import model_making, training

    recipe = Recipe(size=64, epochs=1, faces=16, batch=8)
    run = replace(few_clips(tmp_path_factory.mktemp("trained")), faces_per_fake=2, faces_per_real=3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "own_recipe", lambda run, **changes: recipe)
        model_making.make_folder(run)
    return run


@pytest.fixture
def model_folder(trained: Run) -> Path:
    """The folder of that model."""
    from dfd import model

    model.load.cache_clear()
    return model.folder(trained.build)


@pytest.fixture
def clip(trained: Run) -> Path:
    """A clip with one person."""
    return sorted(trained.data.glob("dfdc_train_part_0/*.mp4"))[0]


@pytest.fixture(scope="session")
def coverage() -> float:
    """The strongest promise that two clips of each class to calibrate on allow, nearly."""
    return 0.6


def _few_clips(sample: Run, folder: Path) -> Run:
    """Link to clips of the sample: of every split the first sources, each with its first fakes."""
    part = folder / "data" / "dfdc_train_part_0"
    part.mkdir(parents=True)
    entries: dict[str, dict] = {}
    for original in sorted(sample.data.glob("dfdc_train_part_*")):
        listed = json.loads((original / "metadata.json").read_text())
        for name in _first_groups(listed):
            entries[name] = listed[name]
            (part / name).symlink_to(original / name)
        if len({entry["split"] for entry in entries.values()}) == 3:
            break
    (part / "metadata.json").write_text(json.dumps(entries, indent=1))
    (folder / "data" / "truth").symlink_to(sample.data / "truth")
    return replace(sample, data=folder / "data", build=folder / "build", faces_per_real=FACES, jobs=1)


def _first_groups(listed: dict[str, dict]) -> list[str]:
    """The first source videos of each split in a part's metadata, and the first fakes of each."""
    names = []
    for split in ("train", "validation", "test"):
        sources = sorted(
            n for n, entry in listed.items() if entry["label"] == "REAL" and entry["split"] == split
        )
        for source in sources[:SOURCES]:
            fakes = sorted(name for name, entry in listed.items() if entry.get("original") == source)
            names += [source, *fakes[:FAKES_PER_SOURCE]]
    return names
