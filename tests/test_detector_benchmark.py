"""Timing the detectors, and what the report's own figures say."""

import json
from pathlib import Path

import pandas as pd
import pytest

from dfd import detector_benchmark as benchmark
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


def test_stored_benchmarks_are_labelled(tmp_path: Path) -> None:
    assert benchmark.stored(tmp_path).empty
    kept = {
        "machine": "m",
        "date": "2026-01-01",
        "speeds": [{"detector": "dlib-hog", "size": "540x960", "fps": 2.0}],
    }
    (tmp_path / "detector_speed_cpu.json").write_text(json.dumps(kept))
    row = benchmark.stored(tmp_path).iloc[0]
    assert (row["fps"], row["machine"], row["date"]) == (2.0, "m", "2026-01-01")
