"""Timing every detector at every size, and the stored benchmark."""

import json
from pathlib import Path

import pandas as pd
import pytest

from dfd import detectors
from dfd.errors import InputError
from dfd.run import Run
from study import results, timing
from study.experiments import detector_batches, detector_speed


def test_the_trials_are_all_detectors_at_all_sizes(tiny: Run) -> None:
    clips = timing.clips(tiny)
    trials = detector_speed.speed_trials(clips)
    assert {(t.detector, t.size) for t in trials} == {
        (name, size) for name in detectors.NAMES for size in timing.SIZES
    }


@pytest.fixture
def result() -> dict:
    return {
        "machine": "m",
        "date": "2026-01-01",
        "versions": {"Python": "3"},
        "seconds_per_trial": 5.0,
        "speeds": [{"detector": "dlib-hog", "size": "540x960", "device": "cpu", "fps": 2.0}],
        "batches": [{"min_face_size": None, "batch_size": 1, "device": "cpu", "fps": 3.0}],
        "reasons": {"dlib-cnn": "not installed"},
    }


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the result is stored, in a folder of its own."""
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    return tmp_path / "detector_speed.json"


def test_stored_benchmarks_are_labelled(file: Path, result: dict) -> None:
    assert detector_speed.stored() is None
    file.write_text(json.dumps(result))
    kept = detector_speed.stored()
    assert (kept.machine, kept.date, kept.reasons["dlib-cnn"]) == ("m", "2026-01-01", "not installed")
    assert kept.speeds["fps"].tolist() == [2]
    assert kept.batches["fps"].tolist() == [3]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"machine": "m"}'])
def test_a_file_that_is_no_result_is_named(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(InputError, match=r"detector_speed\.json: not a result of .*detector_speed \(.+\)"):
        detector_speed.stored()


def test_what_is_measured_at_length_is_stored(tiny: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def timed(trials: list[timing.Trial], device: str, *_: float, **__: float) -> pd.DataFrame:
        rows = [
            {"detector": trial.detector, "size": trial.size, "min_face_size": trial.min_face_size}
            | {"batch_size": trial.batch_size, "device": device, "frames": 1, "seconds": 0.5, "faces": 1}
            | {"memory": 1.0, "load": 1.0, "reason": None}
            for trial in trials
            if trial.detector != "dlib-cnn"
        ]
        missing = {"detector": "dlib-cnn", "size": "540x960", "reason": "not installed"}
        return pd.DataFrame([*rows, missing], columns=timing.COLUMNS)

    monkeypatch.setattr(timing, "timed", timed)
    result = detector_speed.measure(tiny)
    assert json.loads(file.read_text()) == result
    kept = detector_speed.stored()
    assert kept.reasons == {"dlib-cnn": "not installed"}
    assert set(kept.speeds["detector"]) == set(detectors.NAMES) - {"dlib-cnn"}
    assert set(kept.speeds["fps"]) == {2}


def test_the_stored_benchmark_has_every_detector_and_size() -> None:
    kept = detector_speed.stored()
    if kept is None:
        pytest.skip("no full benchmark is kept")
    on_cpu = kept.speeds[kept.speeds["device"] == "cpu"]
    there = set(zip(on_cpu["detector"], on_cpu["size"], strict=True))
    wanted = {(n, s) for n in detectors.NAMES if n not in kept.reasons for s in timing.SIZES}
    assert there == wanted
    assert (kept.speeds["low"] <= kept.speeds["fps"]).all()
    assert (kept.speeds["fps"] <= kept.speeds["high"]).all()
    assert (kept.speeds["calls"] >= 3).all()
    assert set(kept.batches["batch_size"]) == set(detector_batches.BATCH_SIZES)
    assert len(kept.machine) > 0
