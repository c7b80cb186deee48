"""What two detectors find in the same frames."""

import numpy as np
import pandas as pd
import pytest

from dfd.boxes import BOX, LANDMARK_COLUMNS
from study.experiments import detector_agreement as agreement


def test_agreement(scene: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]) -> None:
    _, found, _ = scene
    gone = pd.DataFrame([{"detector": "f", "reason": "its process died"}])
    both = pd.concat([found, found[found["video"] == "a.mp4"].head(1).assign(detector="e", score=0.8), gone])
    result = agreement.agreement(both, "d", "e")
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
    other_way = agreement.agreement(both, "e", "d")
    assert other_way["found_by"].value_counts().to_dict() == {"d": 2, "both": 1}


def test_agreement_of_detectors_that_found_nothing() -> None:
    columns = ["detector", "video", "frame", *BOX, "score", *LANDMARK_COLUMNS, "reason"]
    assert agreement.agreement(pd.DataFrame(columns=columns), "d", "e").empty


def test_drawn_shows_every_box_in_its_colour(face: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
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
