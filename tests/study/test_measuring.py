"""What a result is made from: the code of its experiment, and the versions of the stages that it reads."""

import shutil
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pandas as pd
import pytest

import dfd.video
from dfd import embedding, faces
from dfd.run import Run
from study import dependencies, measuring

READING, TIMING = "frame_samples", "decoding"
"""An experiment that reads frames, and one that times how they are read."""

EMBEDDED = (
    *("neighbours", "verification", "nearer_donor", "heads", "balancing", "leak_worth", "frame_samples"),
    *("cluster_identity", "clustering_methods"),
)
"""Experiments that join embeddings with other tables."""


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The module that reads frames, in a copy of the code."""
    for package in dependencies.PACKAGES:
        shutil.copytree(dependencies.ROOT / package, tmp_path / package)
    monkeypatch.setattr(dependencies, "ROOT", tmp_path)
    for name in (READING, TIMING):
        monkeypatch.setattr(import_module(f"study.experiments.{name}"), "inputs", lambda run: [])
    return tmp_path / "dfd" / "video.py"


def fingerprints(run: Run) -> dict[str, str]:
    """The fingerprints of both experiments at full depth."""
    modules = {name: import_module(f"study.experiments.{name}") for name in (READING, TIMING)}
    return {name: measuring.fingerprint(run, module, "full") for name, module in modules.items()}


def test_other_code_under_the_same_version_makes_only_timings_stale(sample: Run, reader: Path) -> None:
    before, text = fingerprints(sample), reader.read_text()
    assert "must be 1 or more" in text
    reader.write_text(text.replace("must be 1 or more", "must be at least 1"))
    after = fingerprints(sample)
    assert after[READING] == before[READING] and after[TIMING] != before[TIMING]


def test_another_version_makes_what_reads_stale(
    sample: Run, reader: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprints(sample)
    monkeypatch.setattr(dfd.video, "VERSION", dfd.video.VERSION + 1)
    assert fingerprints(sample)[READING] != before[READING]


def test_units_are_those_that_are_judged_and_repeats_are_counted_apart(sample: Run) -> None:
    parts = ["judged", "judged", "calibration", "calibration"]
    table = pd.DataFrame({"unit": ["a", "b", "c", "d"], "part": parts, "repeat": [0.0, 1.0, 2.0, 2.0]})
    experiment = SimpleNamespace(
        __name__="study.experiments.made_up", UNIT="people", REPEATED="time", estimate=lambda table: {}
    )
    made = measuring.of_table(sample, cast(measuring.Experiment, experiment), "quick", table, {})
    assert made.origin_of(["loss"]) == "quick, 2 people"
    assert made.origin_of(["time of one"]) == "quick, 3 repeats"
    assert (
        measuring.of_table(
            sample, cast(measuring.Experiment, experiment), "quick", table.drop(columns="part"), {}
        ).origin_of(["loss"])
        == "quick, 4 people"
    )


def test_every_version_is_that_of_a_module() -> None:
    assert all(isinstance(import_module(module).VERSION, int) for module in measuring.VERSIONED)


@pytest.fixture(scope="module")
def partly_embedded(
    few_clips: Callable[[Path], Run], made_of_tiny: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Run]:
    """A run with more faces than are embedded, as all of DFDC has."""
    run = few_clips(tmp_path_factory.mktemp("partly"))
    shutil.copytree(made_of_tiny, run.build)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedding, "MOST", len(faces.table(run)) * 6 // 10)
        yield run


@pytest.mark.slow
@pytest.mark.parametrize("name", EMBEDDED)
def test_faces_without_a_vector_are_left_out(partly_embedded: Run, name: str) -> None:
    there = embedding.table(partly_embedded)["face_id"]
    assert 0 < len(there) <= embedding.MOST < len(faces.table(partly_embedded))
    result = measuring.measure(partly_embedded, import_module(f"study.experiments.{name}"))
    assert result.obstacle == ""
    if "face_id" in result.table:
        assert result.table["face_id"].isin(there).all()
