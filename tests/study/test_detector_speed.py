"""Timing every detector at every size, and comparing the batched one with the others."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from dfd import detectors
from dfd.run import Run
from study import timing
from study.experiments import detector_speed
from study.records import Result

FPS = {
    "facenet-pytorch-batched": 20,
    "facenet-pytorch": 10,
    "dlib-hog": 40,
    "tensorflow-mtcnn": 5,
    "dlib-cnn": 1,
}


@pytest.fixture
def table() -> pd.DataFrame:
    rows = [
        {"detector": name, "size": size, "unit": repeat, "seconds": 1 / fps, "memory": 5.0, "load": 0.5}
        for name, fps in FPS.items()
        for size in timing.SIZES
        for repeat in range(3)
    ]
    missing = {"detector": "opencv-haar", "size": "540x960", "load": 0.9, "reason": "not installed"}
    return pd.DataFrame([*rows, missing], columns=timing.COLUMNS)


def test_the_batched_one_is_compared_with_the_fastest_other(table: pd.DataFrame) -> None:
    estimates = detector_speed.estimate(table)
    assert estimates[f"{detector_speed.RATIO}, here"].value == pytest.approx(0.5)
    # As the README has it: 25.5 to 19.68, 20.32 to 14.81, 12.97 to 9.75 frames a second.
    assert estimates[f"{detector_speed.RATIO}, P100"].value == pytest.approx(1.3325, abs=0.001)
    assert estimates[f"{detector_speed.RATIO}, laptop"].value < 0.15
    assert estimates["frames/s: dlib HOG, 540x960"].value == 40
    assert estimates["processes for each core"].value == 0.9


def test_without_the_batched_one_there_is_no_ratio(table: pd.DataFrame) -> None:
    estimates = detector_speed.estimate(table[table["detector"] != detector_speed.BATCHED])
    assert np.isnan(estimates[f"{detector_speed.RATIO}, here"].value)


def test_a_row_for_each_detector(table: pd.DataFrame) -> None:
    result = Result("detector_speed", "quick", table, detector_speed.estimate(table), "repeats", 3)
    rows = detector_speed.speeds(result)
    assert rows.loc["dlib HOG"].to_list() == ["40", "40", "40", "5"]
    assert rows.loc["OpenCV Haar", "540x960"] == "not installed"
    plt.close(detector_speed.draw(result))


def test_only_a_full_measurement_times_large_frames(sample: Run) -> None:
    clips = timing.clips(sample)
    full = {(trial.detector, trial.size) for trial in detector_speed.trials(clips, "full")}
    assert full == {(name, size) for name in detectors.NAMES for size in timing.SIZES}
    quick = {(trial.detector, trial.size) for trial in detector_speed.trials(clips, "quick")}
    assert quick == {(name, "540x960") for name in detectors.NAMES}


@pytest.mark.slow
def test_detectors_are_timed(sample: Run, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = [t for t in detector_speed.trials(timing.clips(sample), "quick") if t.detector == "opencv-haar"][:1]
    monkeypatch.setattr(detector_speed, "trials", lambda clips, depth: few)
    table = detector_speed.collect(sample, "quick")
    assert table["unit"].tolist() == [0, 1, 2]
    assert (table["seconds"] > 0).all()
