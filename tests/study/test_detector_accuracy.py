"""Detections held against the truth, and the rates that follow from it."""

import numpy as np
import pandas as pd
import pytest

from dfd.errors import InputError
from dfd.run import Run
from study import truth as truth_tables
from study.experiments import detector_accuracy as accuracy


def test_compare(scene: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]) -> None:
    faces, boxes = accuracy.compare(*scene)
    assert faces["found"].tolist() == [True, False]
    # All points are one pixel too far right, and the eyes four pixels apart.
    assert faces["landmark_error"].iloc[0] == pytest.approx(0.25)
    assert faces["landmark_error_5"].iloc[0] == pytest.approx(0.25)
    assert faces.loc[~faces["found"].astype(bool), ["iou", "score", "landmark_error"]].isna().all(axis=None)
    assert boxes["correct"].tolist() == [True, False, False]


def test_compare_counts_the_misses_of_a_detector_that_found_nothing_in_a_frame(
    scene: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    frames, found, truth = scene
    faces, boxes = accuracy.compare(frames, found[found["video"] == "b.mp4"], truth)
    assert faces["found"].tolist() == [False, False]
    assert len(boxes) == 1


def test_precision_recall(scene: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]) -> None:
    _, boxes = accuracy.compare(*scene)
    curve = accuracy.precision_recall(boxes, 2)
    assert curve["score"].tolist() == [0.9, 0.7, 0.5]
    assert curve["precision"].tolist() == pytest.approx([1, 1 / 2, 1 / 3])
    assert curve["recall"].tolist() == [0.5, 0.5, 0.5]


def test_boxes_of_one_score_are_accepted_together() -> None:
    boxes = pd.DataFrame({"score": [1.0, 1.0, 0.5], "correct": [False, True, True]})
    curve = accuracy.precision_recall(boxes, 2)
    assert curve["score"].tolist() == [1, 0.5]
    assert curve["precision"].tolist() == pytest.approx([1 / 2, 2 / 3])


def test_average_precision(scene: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]) -> None:
    faces, boxes = accuracy.compare(*scene)
    result = accuracy.average_precision(boxes, faces)
    # One of two faces is found, by the box with the best score.
    assert result["mean"] == pytest.approx(0.5)
    assert (result["count"], result["videos"]) == (2, 2)
    assert result["low"] <= result["mean"] <= result["high"]


def test_average_precision_of_a_ranking() -> None:
    boxes = pd.DataFrame({"video": "a", "score": [0.9, 0.8, 0.7], "correct": [True, False, True]})
    faces = pd.DataFrame({"video": ["a", "a"]})
    result = accuracy.average_precision(boxes, faces)
    assert result["mean"] == pytest.approx((1 + 2 / 3) / 2)
    assert np.isnan(result["low"])
    nothing = accuracy.average_precision(boxes.iloc[:0], faces)
    assert nothing["mean"] == 0


def test_false_alarms(scene: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]) -> None:
    frames, found, truth = scene
    _, boxes = accuracy.compare(frames, found, truth)
    row = accuracy.false_alarms(frames, boxes).iloc[0]
    assert (row["detector"], row["boxes"], row["best_score"], row["mean"]) == ("d", 1, 0.7, 1)
    assert accuracy.false_alarms(frames.assign(face=True), boxes).empty


def test_a_detector_without_false_alarms_is_counted(
    scene: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    frames, found, truth = scene
    _, boxes = accuracy.compare(frames, found[found["video"] == "a.mp4"], truth)
    row = accuracy.false_alarms(frames, boxes).iloc[0]
    assert (row["boxes"], row["mean"], row["count"]) == (0, 0, 1)


def test_frames_with_truth(tiny: Run) -> None:
    frames = accuracy.frames(tiny)
    truth = truth_tables.faces(tiny)
    with_face = set(zip(truth["video"], truth["frame"], strict=True))
    keys = list(zip(frames["video"], frames["frame"], strict=True))
    assert len(set(keys)) == len(keys) > 0
    assert frames["face"].tolist() == [key in with_face for key in keys]
    assert frames["face"].groupby(frames["video"]).sum().max() == accuracy.FRAMES_PER_VIDEO
    assert (frames["video"].value_counts() <= accuracy.FRAMES_PER_VIDEO + accuracy.FACELESS_PER_VIDEO).all()
    assert {"ancestry", "monk"} <= set(truth.columns)


def test_detections_on_real_frames(tiny: Run) -> None:
    found = accuracy.detections(tiny, names=("facenet-pytorch",))
    frames, truth = accuracy.frames(tiny), truth_tables.faces(tiny)
    full = found[found["scale"] == 1]
    faces, boxes = accuracy.compare(frames, full, truth)
    assert faces["found"].mean() >= 0.9
    assert faces["landmark_error"].median() < 0.25
    assert set(boxes["detector"]) == {"facenet-pytorch"}
    # Boxes are in pixels of the frame at every scale, so that half the size still finds the same faces.
    by_scale = accuracy.compare_at_scales(frames, found, truth).groupby("scale")
    assert by_scale["found"].mean()[0.5] >= 0.8
    assert by_scale["width"].median()[0.5] == by_scale["width"].median()[1.0] / 2


def test_without_truth_only_the_mtcnns_are_run(tiny: Run) -> None:
    (tiny.data / "truth").unlink()
    assert truth_tables.faces(tiny) is None
    assert accuracy.frames(tiny)["face"].isna().all()


def test_compare_without_any_detector_names_the_reasons(
    scene: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    frames, found, truth = scene
    dead = found.head(1).assign(score=np.nan, reason="its process died")
    with pytest.raises(InputError, match="its process died"):
        accuracy.compare(frames, dead, truth)


def test_a_detector_that_cannot_be_had_is_a_row_with_the_reason(tiny: Run) -> None:
    found = accuracy.detections(tiny, names=("no such detector",))
    assert found["detector"].tolist() == ["no such detector"]
    assert "there are facenet-pytorch" in found["reason"].iloc[0]
    assert found["score"].isna().all()
