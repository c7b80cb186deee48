"""Matching detections to the truth, and the rates that follow from it."""

import numpy as np
import pandas as pd
import pytest

from dfd import detector_accuracy as accuracy
from dfd.profile import Profile

FACE = np.array([[0, 0, 10, 10]], dtype=float)


def shifted(*distances: float) -> np.ndarray:
    return np.array([[d, 0, 10 + d, 10] for d in distances], dtype=float)


def test_match_finds_a_face_only_once() -> None:
    faces, overlaps = accuracy.match(shifted(2, 0), np.array([0.9, 0.8]), FACE)
    # Eight of twelve pixel columns are shared. The better box comes second in score, and too late.
    assert faces.tolist() == [0, -1]
    assert overlaps == pytest.approx([8 / 12, 1])


def test_match_needs_half_of_the_union() -> None:
    assert accuracy.match(shifted(3.3), np.ones(1), FACE)[0].tolist() == [0]
    assert accuracy.match(shifted(3.4), np.ones(1), FACE)[0].tolist() == [-1]


def test_match_gives_each_box_its_own_face() -> None:
    truth = shifted(0, 20)
    faces, _ = accuracy.match(shifted(21, 1, 50), np.array([0.1, 0.2, 0.9]), truth)
    assert faces.tolist() == [1, 0, -1]


def test_match_without_boxes_or_faces() -> None:
    none = np.empty((0, 4))
    assert accuracy.match(none, np.empty(0), FACE)[0].tolist() == []
    assert accuracy.match(FACE, np.ones(1), none)[0].tolist() == [-1]


@pytest.fixture
def scene() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Two videos: in a.mp4 one face is found twice and one missed, b.mp4 has a frame with a false face."""
    chosen = pd.DataFrame(
        {"video": ["a.mp4", "b.mp4"], "path": ["a", "b"], "frame": [0, 5], "face": [True, False]}
    )
    points = {
        "left_eye": (3, 4), "right_eye": (7, 4), "nose": (5, 6), "mouth_left": (3, 8), "mouth_right": (7, 8)
    }  # fmt: skip
    landmarks = {
        f"{name}_{axis}": value for name, xy in points.items() for axis, value in zip("xy", xy, strict=True)
    }
    face = dict(zip(accuracy.BOX, FACE[0], strict=True)) | landmarks
    other = face | {column: face[column] + 100 for column in face if column.startswith("x")}
    truth = pd.DataFrame(
        [{"video": "a.mp4", "frame": 0, "person": p} | f for p, f in enumerate((face, other))]
    )
    moved = {column: value + 1 if column.endswith("_x") else value for column, value in face.items()}
    found = pd.DataFrame(
        [
            {"video": "a.mp4", "frame": 0, "score": 0.9} | moved,
            {"video": "a.mp4", "frame": 0, "score": 0.5} | face,
            {"video": "b.mp4", "frame": 5, "score": 0.7} | face,
        ]
    ).assign(detector="d", reason=None)
    return chosen, found, truth


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
    chosen, found, truth = scene
    faces, boxes = accuracy.compare(chosen, found[found["video"] == "b.mp4"], truth)
    assert faces["found"].tolist() == [False, False]
    assert len(boxes) == 1


def test_precision_recall(scene: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]) -> None:
    _, boxes = accuracy.compare(*scene)
    curve = accuracy.precision_recall(boxes, 2)
    assert curve["score"].tolist() == [0.9, 0.7, 0.5]
    assert curve["precision"].tolist() == pytest.approx([1, 1 / 2, 1 / 3])
    assert curve["recall"].tolist() == [0.5, 0.5, 0.5]


def test_agreement(scene: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]) -> None:
    _, found, _ = scene
    both = pd.concat([found, found[found["video"] == "a.mp4"].head(1).assign(detector="e", score=0.8)])
    result = accuracy.agreement(both, "d", "e")
    assert result["both"].sum() == 1
    assert len(result) == 3
    pair = result[result["both"]].iloc[0]
    assert pair["iou"] == 1
    assert pair["score_difference"] == pytest.approx(0.1)
    assert pair["landmark_difference"] == 0


def test_agreement_of_detectors_that_found_nothing() -> None:
    columns = ["detector", "video", "frame", *accuracy.BOX, "score", *accuracy.LANDMARKS, "reason"]
    assert accuracy.agreement(pd.DataFrame(columns=columns), "d", "e").empty


def test_share_draws_videos_not_frames() -> None:
    table = pd.DataFrame({"video": ["a"] * 50 + ["b"] * 50, "found": [True] * 50 + [False] * 50})
    result = accuracy.share(table, "found")
    assert result["mean"] == 0.5
    # With two videos the draws are all of one, all of the other, or half and half.
    assert (result["low"], result["high"]) == (0, 1)
    assert (result["count"], result["videos"]) == (100, 2)


def test_share_of_one_video_or_none_has_no_interval() -> None:
    one = accuracy.share(pd.DataFrame({"video": ["a"], "found": [True]}), "found")
    assert one["mean"] == 1
    assert np.isnan(one["low"])
    assert np.isnan(accuracy.share(pd.DataFrame({"video": [], "found": []}), "found")["mean"])


def test_slices() -> None:
    faces = pd.DataFrame(
        {
            "detector": "d",
            "video": ["a", "b", "c", "d"],
            "width": [20.0, 30.0, 50.0, 200.0],
            "yaw": [-5.0, 15.0, -15.0, 30.0],
            "found": [False, True, True, True],
        }
    )
    result = accuracy.slices(faces, "found").set_index(["property", "value"])
    widths = result.loc["width of the face in pixels"]
    assert widths["count"].to_dict() == {"under 30": 2, "45 to 60": 1, "over 120": 1}
    assert widths.loc["under 30", "mean"] == 0.5
    assert result.loc["head turned by"]["count"].to_dict() == {"under 10°": 1, "10 to 25°": 2, "over 25°": 1}


def test_frames_with_truth(tiny: Profile) -> None:
    chosen = accuracy.frames(tiny)
    truth = accuracy.truth_faces(tiny)
    with_face = set(zip(truth["video"], truth["frame"], strict=True))
    keys = list(zip(chosen["video"], chosen["frame"], strict=True))
    assert len(set(keys)) == len(keys) > 0
    assert chosen["face"].tolist() == [key in with_face for key in keys]
    assert chosen["face"].groupby(chosen["video"]).sum().max() == accuracy.FRAMES_PER_VIDEO
    assert (chosen["video"].value_counts() <= accuracy.FRAMES_PER_VIDEO + accuracy.FACELESS_PER_VIDEO).all()
    assert {"ancestry", "monk"} <= set(truth.columns)


def test_detections_on_real_frames(tiny: Profile) -> None:
    found = accuracy.detections(tiny, names=("facenet-pytorch",))
    chosen, truth = accuracy.frames(tiny), accuracy.truth_faces(tiny)
    full = found[found["scale"] == 1]
    faces, boxes = accuracy.compare(chosen, full, truth)
    assert faces["found"].mean() >= 0.9
    assert faces["landmark_error"].median() < 0.25
    assert set(boxes["detector"]) == {"facenet-pytorch"}
    # Boxes are in pixels of the frame at every scale, so that half the size still finds the same faces.
    by_scale = accuracy.compare_at_scales(chosen, found, truth).groupby("scale")
    assert by_scale["found"].mean()[0.5] >= 0.8
    assert by_scale["width"].median()[0.5] == by_scale["width"].median()[1.0] / 2


def test_without_truth_only_the_mtcnns_are_run(tiny: Profile) -> None:
    (tiny.data / "truth").unlink()
    assert accuracy.truth_faces(tiny) is None
    assert accuracy.frames(tiny)["face"].isna().all()
