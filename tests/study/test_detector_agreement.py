"""What the two MTCNNs find in the same frames."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from dfd.boxes import BOX, LANDMARK_COLUMNS
from dfd.run import Run
from study.experiments import detector_agreement as agreement
from study.records import Result

POINTS = np.array([[3, 4], [7, 4], [5, 6], [3, 8], [7, 8]], float)


def detection(detector: str, video: str, shift: float = 0.0, score: float = 0.9, scale: float = 1.0) -> dict:
    box = dict(zip(BOX, [shift, 0, shift + 10, 10], strict=True))
    points = dict(zip(LANDMARK_COLUMNS, (POINTS + np.array([shift, 0])).ravel(), strict=True))
    facts = {"detector": detector, "scale": scale, "video": video, "frame": 0, "unit": video, "reason": None}
    return facts | box | points | {"score": score}


@pytest.fixture
def table() -> pd.DataFrame:
    """In a both agree, in b the boxes differ, in c only one finds a face."""
    one, other = agreement.ONE, agreement.OTHER
    rows = [detection(one, "a"), detection(other, "a", score=0.8), detection(one, "b")]
    rows += [detection(other, "b", shift=1.0), detection(one, "c")]
    return pd.DataFrame(rows)


def test_agreement(table: pd.DataFrame) -> None:
    faces = agreement.agreement(table).set_index("video")
    assert faces["both"].to_dict() == {"a": True, "b": True, "c": False}
    assert faces["found_by"].to_dict() == {"a": "both", "b": "both", "c": agreement.ONE}
    assert faces.loc["a", ["iou", "landmark_difference", "wider"]].tolist() == [1, 0, 1]
    assert faces.loc["a", "score_difference"] == pytest.approx(0.1)
    # One pixel aside, with four between the eyes.
    assert faces.loc["b", "nose_difference"] == pytest.approx(0.25)
    assert faces.loc["b", "iou"] == pytest.approx(9 / 11)


def test_agreement_counts_faces_that_only_one_finds(table: pd.DataFrame) -> None:
    estimates = agreement.estimate(table)
    assert estimates["faces on which both MTCNNs agree"].value == pytest.approx(1 / 3)
    assert estimates["faces that both find"].value == pytest.approx(2 / 3)
    assert estimates["median overlap of their boxes (IoU)"].value == pytest.approx((1 + 9 / 11) / 2)


def test_a_missing_package_is_no_disagreement(table: pd.DataFrame) -> None:
    gone = pd.DataFrame([{"detector": agreement.OTHER, "reason": "its process died"}])
    alone = pd.concat([table[table["detector"] == agreement.ONE], gone], ignore_index=True)
    assert np.isnan(agreement.estimate(alone)["faces on which both MTCNNs agree"].value)
    assert agreement.agreement(alone.iloc[:0]).empty


def test_tables_and_figures(table: pd.DataFrame) -> None:
    table = pd.concat([table, table.assign(scale=0.5)], ignore_index=True)
    result = Result("detector_agreement", "quick", table, agreement.estimate(table), "actors", 3)
    rows = agreement.differences(result)
    assert rows.columns.to_list() == ["scale 1", "scale 0.5"]
    assert rows.loc["only by facenet-pytorch", "scale 1"] == "1"
    plt.close(agreement.draw(result))


def test_close_up_shows_every_box_in_its_colour(face: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    image, box, points = face
    rows = [
        dict(zip(BOX + LANDMARK_COLUMNS, [*box, *points.ravel()], strict=True)),
        dict(zip(BOX + LANDMARK_COLUMNS, [*(box + 10), *[np.nan] * 10], strict=True)),
    ]
    boxes = pd.DataFrame(rows).assign(detector=["a", "b"])
    picture = agreement.close_up_of_boxes(image, boxes, {"a": "#ff0000", "b": "#00ff00"}, width=200)
    assert picture.shape[1] == 200
    for colour in ((255, 0, 0), (0, 255, 0)):
        assert (picture == colour).all(axis=2).sum() > 200


@pytest.mark.slow
def test_both_search_the_same_frames(tiny: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (tiny.data / "truth").unlink()
    monkeypatch.setattr(agreement, "FRAMES", {"quick": (3, 1), "full": (3, 1)})
    result = agreement.measure(tiny)
    assert result.unit == "source videos"
    assert result.table["detector"].nunique() == 2
    assert 0.8 < result.estimates["median overlap of their boxes (IoU)"].value < 1
    plt.close(agreement.draw_odd(tiny, result))
