"""Crops of several face detectors, judged by one probe."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from dfd.run import Run
from study.experiments import detector_choice
from study.records import Result


@pytest.fixture
def table() -> pd.DataFrame:
    """Scores that tell fakes well on the first detector's crops, and not at all on the others'."""
    random = np.random.default_rng(0)
    fake = np.tile([True, False], 60)
    facts = pd.DataFrame(
        {"video": np.arange(120), "unit": np.arange(120) // 4, "label": np.where(fake, "FAKE", "REAL")}
    )
    parts = [
        facts.assign(
            detector=name,
            share=1.0,
            p_fake=random.random(120) + (2 * fake if name == "facenet-pytorch" else 0),
        )
        for name in (*detector_choice.COMPARED, *detector_choice.SHAKEN)
    ]
    return pd.concat(parts, ignore_index=True)


def test_scores_of_detectors_are_compared(table: pd.DataFrame) -> None:
    estimates = detector_choice.estimate(table)
    assert estimates["AUC, crops of facenet-pytorch"].value == 1
    assert estimates["AUC: facenet-pytorch less dlib HOG"].low > 0.2
    assert estimates["frames with a face, OpenCV Haar"].value == 1
    assert estimates["AUC: boxes as they are less shaken by 40%"].low > 0.2
    plt.close(detector_choice.draw(Result("detector_choice", "quick", table, estimates, "actors", 30)))


def test_each_split_gives_the_same_number_of_sources(sample: Run) -> None:
    videos = detector_choice.videos(sample, detector_choice.Plan(sources=4, fakes=2, frames=1))
    counts = videos.groupby(["split", "label"]).size()
    assert (counts.xs("REAL", level="label") == 4).all()
    assert (counts.xs("FAKE", level="label") == 8).all()
    everything = detector_choice.videos(sample, detector_choice.PLANS["full"])
    assert len(everything) == 288


@pytest.mark.slow
def test_every_video_is_judged_on_the_crops_of_each_detector(
    tiny: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        detector_choice, "PLANS", dict.fromkeys(("quick", "full"), detector_choice.Plan(2, 1, 1))
    )
    result = detector_choice.measure(tiny)
    assert len(result.table) == 8 * 12
    assert result.table["p_fake"].between(0, 1).all()
    assert result.table["share"].between(0, 1).all()


def test_a_video_without_a_face_is_anybodys_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = pd.DataFrame(
        {"video": ["a", "b"], "source": "a", "unit": "x", "label": ["REAL", "FAKE"], "split": "test"}
    )
    crops = pd.DataFrame({"video": ["a", "b"], "frame": 0, "detector": "d", "vector": [np.ones(2), None]})
    monkeypatch.setattr(
        detector_choice.linear_probe, "judge", lambda rows, vectors: rows[["video"]].assign(p_fake=0.9)
    )
    judged = detector_choice._judged(listed, crops, "d")
    assert judged["p_fake"].tolist() == [0.9, 0.5]
    assert judged["share"].tolist() == [1, 0]


def test_boxes_are_shaken_by_the_amount_asked_for() -> None:
    boxes = np.tile([[10.0, 20.0, 30.0, 60.0]], (4000, 1))
    shaken = detector_choice._shaken(boxes, 0.1, np.random.default_rng(0))
    middles = (shaken[:, :2] + shaken[:, 2:]) / 2
    np.testing.assert_allclose(middles.mean(axis=0), [20, 40], atol=0.3)
    np.testing.assert_allclose(middles.std(axis=0), [2, 4], rtol=0.05)
    ratios = (shaken[:, 2:] - shaken[:, :2]) / [20, 40]
    np.testing.assert_allclose(ratios[:, 0], ratios[:, 1])
    assert np.log(ratios[:, 0]).std() == pytest.approx(0.1, rel=0.05)
