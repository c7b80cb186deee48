"""Timing detectors."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dfd.errors import InputError
from dfd.run import Run
from study import timing
from study.timing import Pace


@pytest.fixture
def clip(tiny: Run) -> Path:
    return sorted(tiny.data.glob("dfdc_train_part_0/*.mp4"))[0]


def test_timed_gives_repeats_with_frames_faces_and_memory(clip: Path) -> None:
    trials = [
        timing.Trial("facenet-pytorch-batched", "540x960", clip, batch_size=3),
        timing.Trial("facenet-pytorch-batched", "540x960", clip, min_face_size=100),
    ]
    times = timing.timed(trials, "cpu", Pace(repeats=2, seconds=0.01))
    assert times["frames"].unique().tolist() == [3, timing.FRAMES]
    assert times["unit"].tolist() == [0, 1, 0, 1]
    assert (times["seconds"] > 0).all() and (times["memory"] >= 0).all()
    assert times["reason"].isna().all()


def test_a_missing_detector_is_a_row_with_the_reason(clip: Path) -> None:
    trials = [timing.Trial(name, "540x960", clip) for name in ("no such detector", "opencv-haar")]
    times = timing.timed(trials, "cpu", Pace(repeats=3, seconds=0))
    assert times["detector"].tolist() == ["no such detector", *["opencv-haar"] * 3]
    assert times["reason"].iloc[0].startswith("detector 'no such detector': no such detector")
    assert np.isnan(times["unit"].iloc[0])


def test_a_full_measurement_repeats_often_enough_for_an_interval() -> None:
    assert timing.PACES["full"].repeats >= 6


def test_frames_a_second() -> None:
    fps = timing.rate(pd.Series([1.0, 0.5, 0.25]))
    assert (fps.value, fps.low, fps.high) == (2, 1, 4)


def test_the_busiest_moment_counts() -> None:
    assert timing.load(pd.DataFrame({"load": [0.5, 1.75]})).value == 1.75


def test_clips_of_the_sample_have_the_three_sizes(sample: Run) -> None:
    assert timing.clips(sample)["size"].tolist() == list(timing.SIZES)


def test_other_data_lend_a_video(tiny: Run) -> None:
    clips = timing.clips(tiny)
    assert clips["path"].nunique() == 1
    assert clips["origin"].unique().tolist() == ["first readable video, resized"]
    assert len(timing.inputs(tiny)[0]) == 1


def test_missing_benchmark_clip_is_named(tiny: Run) -> None:
    (tiny.data / "benchmark").mkdir()
    with pytest.raises(InputError, match=r"benchmark_540x960\.mp4"):
        timing.clips(tiny)
    assert "benchmark_540x960.mp4" in timing.obstacle(tiny)
