"""Matching detections to the truth, and the rates that follow from it."""

import os

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from dfd import detector_accuracy as accuracy
from dfd.errors import InputError
from dfd.profile import Profile
from dfd.video import read_frame

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
    chosen, found, truth = scene
    _, boxes = accuracy.compare(chosen, found, truth)
    row = accuracy.false_alarms(chosen, boxes).iloc[0]
    assert (row["detector"], row["boxes"], row["best_score"], row["mean"]) == ("d", 1, 0.7, 1)
    assert accuracy.false_alarms(chosen.assign(face=True), boxes).empty


def test_a_detector_without_false_alarms_is_counted(
    scene: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    chosen, found, truth = scene
    _, boxes = accuracy.compare(chosen, found[found["video"] == "a.mp4"], truth)
    row = accuracy.false_alarms(chosen, boxes).iloc[0]
    assert (row["boxes"], row["mean"], row["count"]) == (0, 0, 1)


def test_boxes_take_the_properties_of_the_largest_face(
    scene: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    chosen, found, truth = scene
    _, boxes = accuracy.compare(chosen, found, truth)
    truth = truth.assign(x1=truth["x1"] + [0, 5], monk=[2, 9])
    beside = accuracy.beside_faces(boxes, truth)
    assert beside["video"].tolist() == ["a.mp4", "a.mp4"]
    assert set(beside["monk"]) == {9}
    assert set(beside["width"]) == {15}


def test_agreement(scene: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]) -> None:
    _, found, _ = scene
    gone = pd.DataFrame([{"detector": "f", "reason": "its process died"}])
    both = pd.concat([found, found[found["video"] == "a.mp4"].head(1).assign(detector="e", score=0.8), gone])
    result = accuracy.agreement(both, "d", "e")
    assert result["frame"].dtype.kind == "i"
    assert result["both"].sum() == 1
    assert len(result) == 3
    pair = result[result["both"]].iloc[0]
    assert pair["iou"] == 1
    assert pair["score_difference"] == pytest.approx(0.1)
    assert pair["landmark_difference"] == 0
    assert pair["nose_difference"] == 0
    assert pair["wider"] == 1
    assert result["found_by"].value_counts().to_dict() == {"d": 2, "both": 1}
    assert result["width"].notna().all()
    other_way = accuracy.agreement(both, "e", "d")
    assert other_way["found_by"].value_counts().to_dict() == {"d": 2, "both": 1}


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


@pytest.fixture(scope="module")
def face(sample: Profile) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A picture of one sample's face, its box and its landmarks."""
    chosen = accuracy.frames(sample)
    row = chosen[chosen["face"]].merge(accuracy.truth_faces(sample), on=["video", "frame"]).iloc[0]
    points = row[accuracy.LANDMARKS].to_numpy(float).reshape(5, 2)
    return (
        read_frame(sample.data / row["path"], row["frame"]).image,
        row[accuracy.BOX].to_numpy(float),
        points,
    )


def test_measured_brightness_and_sharpness_follow_the_picture(
    face: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    image, box, points = face
    plain = accuracy.measured(image, box, points)
    darker = accuracy.measured(accuracy.stressed(image, box, "darker", 0.1), box, points)
    softer = accuracy.measured(accuracy.stressed(image, box, "blurred", 0.06), box, points)
    assert darker["brightness"] < plain["brightness"] / 2
    assert softer["sharpness"] < plain["sharpness"]
    assert softer["brightness"] == pytest.approx(plain["brightness"], abs=3)


def test_covered_finds_a_hidden_mouth_and_what_lies_outside(
    face: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    image, box, points = face
    open_face = accuracy.measured(image, box, points)["covered"]
    painted = accuracy.stressed(image, box, "covered", 0.3)
    painted[painted == 128] = 255
    assert accuracy.measured(painted, box, points)["covered"] > open_face + 0.1
    half = round((box[0] + box[2]) / 2)
    cut = accuracy.measured(image[:, :half], box, points)["covered"]
    assert cut > 0.45
    assert accuracy.covered(image, box, points).shape == (
        np.ceil(box[3]) - np.floor(box[1]),
        np.ceil(box[2]) - np.floor(box[0]),
    )


@pytest.mark.parametrize("kind", accuracy.STRESSES)
def test_stress_changes_the_picture_more_with_its_amount(
    face: tuple[np.ndarray, np.ndarray, np.ndarray], kind: str
) -> None:
    image, box, _ = face
    changes = []
    for amount in accuracy.STRESSES[kind][0]:
        damaged = accuracy.stressed(image, box, kind, amount)
        assert (damaged.shape, damaged.dtype) == (image.shape, np.uint8)
        changes.append(np.abs(damaged.astype(float) - image).mean())
    assert changes == sorted(changes)
    assert changes[0] > 0


def test_no_stress_and_unknown_stress(face: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    image, box, _ = face
    assert (accuracy.stressed(image, box, "none", np.nan) == image).all()
    with pytest.raises(InputError, match="there are darker, blurred"):
        accuracy.stressed(image, box, "burnt", 1)


def test_close_up_keeps_the_face(face: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    image, box, _ = face
    picture, inside = accuracy.close_up(image, box)
    x0, y0, x1, y1 = np.round(inside).astype(int)
    left, top = np.round(box[:2]).astype(int)
    assert (picture[y0:y1, x0:x1] == image[top : top + y1 - y0, left : left + x1 - x0]).all()
    assert picture.shape[1] < image.shape[1] or picture.shape[0] < image.shape[0]


def test_appearance_has_a_row_for_every_true_face(tiny: Profile) -> None:
    chosen, truth = accuracy.frames(tiny), accuracy.truth_faces(tiny)
    looks = accuracy.appearance(tiny, chosen, truth)
    assert len(looks) == len(chosen.merge(truth, on=["video", "frame"]))
    assert looks[["exposure", "brightness", "sharpness", "covered", "crf"]].notna().all(axis=None)
    assert looks["covered"].between(0, 1).all()
    for column, (source, labels) in accuracy.THIRDS.items():
        medians = looks.groupby(column, observed=True)[source].median()
        assert medians.index.tolist() == labels
        assert medians.is_monotonic_increasing
    assert set(accuracy.SLICES) <= set(looks.columns)


def test_portrait_colours_what_is_covered(tiny: Profile) -> None:
    looks = accuracy.appearance(tiny, accuracy.frames(tiny), accuracy.truth_faces(tiny))
    most = looks.loc[looks["covered"].idxmax()]
    plain, coloured = (accuracy.portrait(tiny, most, coloured) for coloured in (False, True))
    assert plain.shape == coloured.shape == (150, 120, 3)
    changed = (plain != coloured).any(axis=2).mean()
    # The oval has pi / 4 of the box.
    assert changed == pytest.approx(most["covered"] * np.pi / 4, abs=0.05)


def test_drawn_shows_every_box_in_its_colour(face: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    image, box, points = face
    rows = [
        dict(zip(accuracy.BOX + accuracy.LANDMARKS, [*box, *points.ravel()], strict=True)),
        dict(zip(accuracy.BOX + accuracy.LANDMARKS, [*(box + 10), *[np.nan] * 10], strict=True)),
    ]
    boxes = pd.DataFrame(rows).assign(detector=["a", "b"])
    picture = accuracy.drawn(image, boxes, {"a": "#ff0000", "b": "#00ff00"}, width=200)
    assert picture.shape[1] == 200
    for colour in ((255, 0, 0), (0, 255, 0)):
        assert (picture == colour).all(axis=2).sum() > 200


def test_stress_counts_what_is_still_found(tiny: Profile) -> None:
    result = accuracy.stress(tiny, names=("opencv-haar", "no such detector"))
    gone = result.dropna(subset="reason")
    assert gone["detector"].tolist() == ["no such detector"]
    own = result[result["detector"] == "opencv-haar"]
    amounts = sum(len(amounts) for amounts, _ in accuracy.STRESSES.values())
    assert len(own) == own["video"].nunique() * (amounts + 1)
    rates = own.groupby(["stress", "amount"], dropna=False)["found"].mean()
    assert rates["none"].iloc[0] > rates.loc[("covered", 0.75)]


def test_stress_needs_truth(tiny: Profile) -> None:
    (tiny.data / "truth").unlink()
    with pytest.raises(InputError, match="truth"):
        accuracy.stress(tiny)


def test_draw_slices() -> None:
    rows = [
        {"detector": d, "property": p, "value": v, "mean": 0.5, "low": 0.4, "high": 0.6, "count": 3}
        for d in "ab"
        for p, values in {"light": ["dark", "bright"], "blur": ["some"]}.items()
        for v in values
    ]
    titles = {"a": "A", "b": "B", "c": "C"}
    figure = accuracy.draw_slices(pd.DataFrame(rows), dict.fromkeys("abc", "red"), titles, "recall")
    assert [ax.get_title() for ax in figure.axes] == ["light", "blur"]
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["dark (3)", "bright (3)"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["A", "B"]
    plt.close(figure)


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


def test_compare_without_any_detector_names_the_reasons(
    scene: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    chosen, found, truth = scene
    dead = found.head(1).assign(score=np.nan, reason="its process died")
    with pytest.raises(InputError, match="its process died"):
        accuracy.compare(chosen, dead, truth)


def test_a_dead_process_is_a_reason() -> None:
    rows = accuracy.in_process("dlib-hog", os._exit, 1)
    assert rows[0]["detector"] == "dlib-hog"
    assert "died" in rows[0]["reason"]


def test_a_detector_that_cannot_be_had_is_a_row_with_the_reason(tiny: Profile) -> None:
    found = accuracy.detections(tiny, names=("no such detector",))
    assert found["detector"].tolist() == ["no such detector"]
    assert "there are facenet-pytorch" in found["reason"].iloc[0]
    assert found["score"].isna().all()
