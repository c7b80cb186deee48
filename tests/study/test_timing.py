"""Timing detectors."""

import math
from pathlib import Path

import pandas as pd
import pytest

from dfd.errors import InputError
from dfd.run import Run
from study import timing


@pytest.fixture
def clip(tiny: Run) -> Path:
    return sorted(tiny.data.glob("dfdc_train_part_0/*.mp4"))[0]


def test_timed_gives_calls_with_frames_faces_and_memory(clip: Path) -> None:
    trials = [
        timing.Trial("facenet-pytorch-batched", "540x960", clip, batch_size=3),
        timing.Trial("facenet-pytorch-batched", "540x960", clip, min_face_size=100),
    ]
    times = timing.timed(trials, seconds=0.01)
    assert times["frames"].unique().tolist() == [3, timing.FRAMES]
    assert (times.groupby("frames").size() >= 2).all()
    assert (times["seconds"] > 0).all()
    assert (times["memory"] >= 0).all()
    assert times["reason"].isna().all()


def test_a_missing_detector_is_a_row_with_the_reason_and_a_warm_up_is_thrown_away(clip: Path) -> None:
    trials = [timing.Trial(name, "540x960", clip) for name in ("no such detector", "opencv-haar")]
    times = timing.timed(trials, seconds=0, patience=math.inf, calls=3)
    assert times["detector"].tolist() == ["no such detector", *["opencv-haar"] * 3]
    assert times["reason"].iloc[0].startswith("detector 'no such detector': no such detector")
    assert timing.frames_per_second(times, ["detector"])["detector"].tolist() == ["opencv-haar"]


def test_a_warm_up_beyond_the_patience_counts(clip: Path) -> None:
    trials = [timing.Trial("opencv-haar", "540x960", clip)]
    assert len(timing.timed(trials, seconds=0, patience=0, calls=1)) == 1


def test_times_are_kept_until_another_clip_or_setting_is_timed(
    tiny: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def timed(trials: list[timing.Trial], device: str) -> pd.DataFrame:
        calls.append(trials)
        return pd.DataFrame({"detector": [trial.detector for trial in trials]})

    monkeypatch.setattr(timing, "timed", timed)
    clips = sorted(tiny.data.glob("dfdc_train_part_0/*.mp4"))
    first, second = ([timing.Trial("opencv-haar", "540x960", clip)] for clip in clips[:2])
    for trials in (first, first, second, second):
        times = timing.kept(tiny, "times", "study.timing", trials)
        assert times["detector"].tolist() == ["opencv-haar"]
    assert calls == [first, second]


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
    rates = timing.frames_per_second(times, ["detector"])
    assert rates["detector"].tolist() == ["a"]
    assert rates[["fps", "low", "high", "calls"]].iloc[0].tolist() == [1, 0.75, 1.5, 3]


def test_clips_of_the_sample_have_the_three_sizes(sample: Run) -> None:
    assert timing.clips(sample)["size"].tolist() == list(timing.SIZES)


def test_other_data_lend_a_video(tiny: Run) -> None:
    clips = timing.clips(tiny)
    assert clips["path"].nunique() == 1
    assert clips["origin"].unique().tolist() == ["first readable video, resized"]


def test_missing_benchmark_clip_is_named(tiny: Run) -> None:
    (tiny.data / "benchmark").mkdir()
    with pytest.raises(InputError, match=r"benchmark_540x960\.mp4"):
        timing.clips(tiny)
