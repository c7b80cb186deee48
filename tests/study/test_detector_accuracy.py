"""What detectors find in hard pictures, held against the truth."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from dfd.detectors import Detections
from dfd.run import Run
from study import damage, lineup
from study.experiments import detector_accuracy as accuracy
from study.records import Result

ACTORS = 30


def test_recalls_differ_by_condition(searched_faces: pd.DataFrame) -> None:
    estimates = accuracy.estimate(searched_faces)
    assert estimates["recall, large faces: dlib CNN"].value == 1
    assert estimates["recall, small faces: dlib CNN"].value == 0
    assert estimates["recall, small faces, all asked for 20 px: dlib CNN"].value == 1
    assert estimates["recall, damaged faces: dlib HOG"].value == pytest.approx(2 / 3)
    assert estimates["recall, turned heads: dlib HOG"].value == 1
    assert estimates["recall, rolled pictures: dlib CNN"].value == 0
    less = estimates["recall, damaged faces: facenet-pytorch less dlib HOG"]
    assert less.value == pytest.approx(1 / 3) and 0 < less.low < less.high < 0.7


def test_a_difference_without_variation_has_a_width(searched_faces: pd.DataFrame) -> None:
    estimates = accuracy.estimate(searched_faces)
    none = estimates["recall, large faces: facenet-pytorch less dlib CNN"]
    assert none.value == 0 and none.low < -0.05 and none.high > 0.05
    whole = estimates["recall, small faces: facenet-pytorch less dlib CNN"]
    assert whole.value == 1 and 0.7 < whole.low < 1


def test_what_was_not_searched_is_not_computable(searched_faces: pd.DataFrame) -> None:
    estimates = accuracy.estimate(searched_faces[searched_faces["detector"] != "dlib-cnn"])
    assert np.isnan(estimates["recall, small faces: facenet-pytorch less dlib CNN"].value)
    assert estimates["recall, small faces: facenet-pytorch less dlib HOG"].value == 1


def test_held_gives_faces_false_boxes_and_empty_frames() -> None:
    points = np.array([[3, 4], [7, 4], [5, 6], [3, 8], [7, 8]], float)
    box = np.array([0, 0, 10, 10], np.float32)
    found = Detections(
        np.stack([box, box, box + 50]),
        np.array([0.9, 0.5, 0.4], np.float32),
        np.stack([points + np.array([1, 0])] * 3),
    )
    true_boxes = np.array([[0, 0, 10, 10], [100, 0, 120, 20]], float)
    held = accuracy.held(found, true_boxes, np.stack([points, points + np.array([100, 0])]))
    assert [row["kind"] for row in held] == ["face", "face", "false", "false"]
    # All points are one pixel too far right, and the eyes four pixels apart.
    assert held[0] == {
        "kind": "face",
        "person": 0,
        "width": 10,
        "score": pytest.approx(0.9),
        "iou": 1,
        "eyes": 0.25,
    }
    assert held[1] == {"kind": "face", "person": 1, "width": 20}
    assert accuracy.held(found, np.empty((0, 4)), np.empty((0, 5, 2))) == [
        {"kind": "frame", "person": -1, "score": pytest.approx(0.9)}
    ]


def test_draw(searched_faces: pd.DataFrame) -> None:
    result = Result(
        "detector_accuracy", "quick", searched_faces, accuracy.estimate(searched_faces), "actors", ACTORS
    )
    figure = accuracy.draw(result)
    assert figure.axes[0].get_ylabel() == "recall"
    plt.close(figure)


@pytest.mark.slow
def test_detectors_search_frames_of_the_sample(tiny: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = accuracy.Plan(videos=3, frames=1, faceless=1, damaged=1, steps=slice(1, 2))
    monkeypatch.setattr(accuracy, "PLANS", {"quick": plan, "full": plan})
    monkeypatch.setattr(lineup, "SEARCHING", ("facenet-pytorch", "opencv-haar", "no such detector"))
    result = accuracy.measure(tiny)
    table = result.table
    assert set(table["detector"]) == {"facenet-pytorch", "opencv-haar", "no such detector"}
    assert table["reason"].dropna().iloc[0].startswith("detector 'no such detector'")
    own = table[(table["detector"] == "facenet-pytorch") & (table["kind"] == "face")]
    assert sorted(own["scale"].unique()) == sorted(accuracy.SCALES)
    assert own[own["scale"] >= 0.5].query("stress == 'none'")["score"].notna().all()
    assert set(own["stress"]) == {damage.NONE, *damage.STRESSES}
    assert result.units == 3
    assert own["iou"].dropna().between(accuracy.LOWEST_IOU, 1).all()


def test_without_truth_there_is_an_obstacle(tiny: Run) -> None:
    (tiny.data / "truth").unlink()
    result = accuracy.measure(tiny)
    assert "marked the faces" in result.obstacle
    plt.close(accuracy.draw(result))
