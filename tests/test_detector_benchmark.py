"""Timing the detectors, and what the report's own figures say."""

import json
import math
from pathlib import Path

import pandas as pd
import pytest

from dfd import detector_benchmark as benchmark
from dfd import detectors
from dfd.errors import InputError
from dfd.profile import Profile


@pytest.fixture
def clip(tiny: Profile) -> Path:
    return sorted(tiny.data.glob("dfdc_train_part_0/*.mp4"))[0]


def test_readme_has_the_reports_table() -> None:
    pd.testing.assert_frame_equal(benchmark.readme_fps(), benchmark.REPORT_FPS, check_names=False)


def test_saved_by_report() -> None:
    saved = benchmark.saved_by_report().set_index("change")["saved"]
    assert saved["read() to grab() and retrieve()"] == pytest.approx(55 / 162)
    assert saved["facenet-pytorch to facenet-pytorch-batched, 540x960"] == pytest.approx(1 - 19.68 / 25.5)
    assert len(saved) == 10


def test_timed_gives_calls_with_frames_faces_and_memory(clip: Path) -> None:
    trials = [
        benchmark.Trial("facenet-pytorch-batched", "540x960", clip, batch_size=3),
        benchmark.Trial("facenet-pytorch-batched", "540x960", clip, min_face_size=100),
    ]
    times = benchmark.timed(trials, seconds=0.01)
    assert times["frames"].unique().tolist() == [3, benchmark.FRAMES]
    assert (times.groupby("frames").size() >= 2).all()
    assert (times["seconds"] > 0).all()
    assert (times["memory"] >= 0).all()
    assert times["reason"].isna().all()


def test_frames_per_second() -> None:
    times = pd.DataFrame(
        {
            "detector": ["a"] * 3 + ["b"],
            "frames": [2, 2, 2, 0],
            "seconds": [1.0, 2.0, 4.0, None],
            "memory": 5.0,
            "load": 1.0,
        }
    )
    rates = benchmark.frames_per_second(times, ["detector"])
    assert rates["detector"].tolist() == ["a"]
    assert rates[["fps", "low", "high", "calls"]].iloc[0].tolist() == [1, 0.75, 1.5, 3]


def test_clips_of_the_sample_have_the_three_sizes(sample: Profile) -> None:
    assert benchmark.clips(sample)["size"].tolist() == list(benchmark.SIZES)


def test_other_data_lend_a_video(tiny: Profile) -> None:
    clips = benchmark.clips(tiny)
    assert clips["path"].nunique() == 1
    assert clips["origin"].unique().tolist() == ["first readable video, resized"]


def test_missing_benchmark_clip_is_named(tiny: Profile) -> None:
    (tiny.data / "benchmark").mkdir()
    with pytest.raises(InputError, match=r"benchmark_540x960\.mp4"):
        benchmark.clips(tiny)


@pytest.mark.slow
def test_pipelines_compare_with_the_first_way(tiny: Profile) -> None:
    ways = benchmark.pipelines(tiny)
    assert ways["saved"].iloc[0] == 0
    assert (ways["seconds_per_frame"] > 0).all()
    assert ways["frames"].nunique() == 1
    assert (ways["faces"] > 0).all()


def test_the_trials_are_all_detectors_at_all_sizes(tiny: Profile) -> None:
    clips = benchmark.clips(tiny)
    trials = benchmark.speed_trials(clips)
    assert {(t.detector, t.size) for t in trials} == {
        (name, size) for name in detectors.NAMES for size in benchmark.SIZES
    }
    for curve in benchmark.batch_trials(clips):
        assert [t.batch_size for t in curve] == sorted(benchmark.BATCH_SIZES)
        assert len({t.min_face_size for t in curve}) == 1


def test_first_layer_grows_with_the_batch_and_shrinks_with_the_square_of_the_smallest_face() -> None:
    # A frame of 30 x 42 pixels is shrunk to 12 / 20 of that and one more, 19 x 26; the layer takes two off.
    assert benchmark.first_layer("30x42", 20, 1) == 10 * 17 * 24 * 4 / 2**20
    one = benchmark.first_layer("540x960", 20, 1)
    assert benchmark.first_layer("540x960", 20, 16) == 16 * one
    assert benchmark.first_layer("540x960", 80, 1) == pytest.approx(one / 16, rel=0.05)


def test_a_missing_detector_is_a_row_with_the_reason_and_a_warm_up_is_thrown_away(clip: Path) -> None:
    trials = [benchmark.Trial(name, "540x960", clip) for name in ("no such detector", "opencv-haar")]
    times = benchmark.timed(trials, seconds=0, patience=math.inf, calls=3)
    assert times["detector"].tolist() == ["no such detector", *["opencv-haar"] * 3]
    assert times["reason"].iloc[0].startswith("detector 'no such detector': no such detector")
    assert benchmark.frames_per_second(times, ["detector"])["detector"].tolist() == ["opencv-haar"]


def test_a_warm_up_beyond_the_patience_counts(clip: Path) -> None:
    trials = [benchmark.Trial("opencv-haar", "540x960", clip)]
    assert len(benchmark.timed(trials, seconds=0, patience=0, calls=1)) == 1


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


def test_stored_benchmarks_are_labelled(tmp_path: Path, result: dict) -> None:
    path = tmp_path / "detector_speed.json"
    assert benchmark.stored(path) is None
    path.write_text(json.dumps(result))
    kept = benchmark.stored(path)
    assert (kept.machine, kept.date, kept.reasons["dlib-cnn"]) == ("m", "2026-01-01", "not installed")
    assert kept.speeds["fps"].tolist() == [2]
    assert kept.batches["fps"].tolist() == [3]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"machine": "m"}'])
def test_a_file_that_is_no_result_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "detector_speed.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"detector_speed\.json"):
        benchmark.stored(path)


def test_the_stored_benchmark_has_every_detector_and_size() -> None:
    kept = benchmark.stored()
    if kept is None:
        pytest.skip("no full benchmark is kept")
    on_cpu = kept.speeds[kept.speeds["device"] == "cpu"]
    there = set(zip(on_cpu["detector"], on_cpu["size"], strict=True))
    wanted = {(n, s) for n in detectors.NAMES if n not in kept.reasons for s in benchmark.SIZES}
    assert there == wanted
    assert (kept.speeds["low"] <= kept.speeds["fps"]).all()
    assert (kept.speeds["fps"] <= kept.speeds["high"]).all()
    assert (kept.speeds["calls"] >= 3).all()
    assert set(kept.batches["batch_size"]) == set(benchmark.BATCH_SIZES)
    assert len(kept.machine) > 0
