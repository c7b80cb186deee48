"""Tables and figures of what detectors find."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from study import damage, detector_views, precision
from study.experiments import detector_accuracy
from study.records import Result

ACTORS = 30


@pytest.fixture
def result(searched_faces: pd.DataFrame) -> Result:
    estimates = detector_accuracy.estimate(searched_faces)
    return Result("detector_accuracy", "quick", searched_faces, estimates, "actors", ACTORS)


OBSTACLE = Result("detector_accuracy", "quick", pd.DataFrame(), {}, "actors", 0, "Nobody knows.")


def test_accuracy_of_whole_frames(result: Result) -> None:
    rows = detector_views.accuracy(result)
    assert rows.index[0] == "facenet-pytorch"
    assert rows.loc["dlib HOG", "recall (IoU 0.3)"].startswith("1.00 (0.89 to 1.00)")
    # Three false boxes stand beside 60 faces.
    assert rows.loc["facenet-pytorch", "precision"].startswith("0.95")
    assert detector_views.accuracy(OBSTACLE) is OBSTACLE


def test_a_missing_detector_is_named_with_the_reason(result: Result) -> None:
    gone = pd.DataFrame([{"detector": "dlib-cnn", "reason": "not installed"}])
    table = pd.concat([result.table[result.table["detector"] != "dlib-cnn"], gone], ignore_index=True)
    rows = detector_views.accuracy(Result("detector_accuracy", "quick", table, {}, "actors", ACTORS))
    assert rows.loc["dlib CNN"].to_list()[:2] == ["not installed", ""]


def test_empty_frames_count_videos(result: Result) -> None:
    row = detector_views.empty_frames(result).iloc[0]
    assert (row["frames"], row["videos"], row["its best score"]) == (4, 4, "0.80")
    assert row["with a false face"].startswith("0.25")


def test_precision_recall() -> None:
    rows = pd.DataFrame(
        {"kind": ["face", "false", "face", "face"], "score": [0.9, 0.7, 0.7, np.nan], "unit": list("abcd")}
    )
    curve = precision.curve(rows)
    assert curve["score"].tolist() == [0.9, 0.7]
    assert curve["precision"].tolist() == pytest.approx([1, 2 / 3])
    assert curve["recall"].tolist() == pytest.approx([1 / 3, 2 / 3])
    area = detector_views.average_precision(rows)
    assert area.value == pytest.approx(1 / 3 + 2 / 3 / 3)
    assert area.low <= area.value <= area.high
    assert detector_views.average_precision(rows.assign(score=np.nan)).value == 0


def test_parts_count_units(result: Result) -> None:
    faces = result.table[(result.table["detector"] == "dlib-hog") & (result.table["kind"] == "face")]
    parts = detector_views.by_property(faces[faces["stress"] != damage.ROLLED]).set_index("part")
    assert parts.loc["gender: man (30)", "recall"].value == pytest.approx(2 / 3)
    assert parts["error"].iloc[0].value == pytest.approx(0.05)


def test_the_area_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    face, scores = random.random(200) < 0.6, random.random(200).round(2)
    rows = pd.DataFrame({"kind": np.where(face, "face", "false"), "score": scores, "unit": np.arange(200)})
    assert detector_views.average_precision(rows).value == pytest.approx(
        average_precision_score(face, scores)
    )


def test_an_area_without_variation_has_a_width() -> None:
    rows = pd.DataFrame({"kind": "face", "score": 0.9, "unit": np.arange(30)})
    assert detector_views.average_precision(rows).low < 0.9
    missed = detector_views.average_precision(rows.assign(score=np.nan))
    assert missed.value == 0 and missed.high > 0.05


def test_without_empty_frames_a_sentence_says_so(result: Result) -> None:
    faces = result.table[result.table["kind"] == "face"]
    table = detector_views.empty_frames(Result("detector_accuracy", "quick", faces, {}, "actors", ACTORS))
    assert "known to have no face" in table.to_string()


@pytest.mark.parametrize(
    "draw",
    [detector_views.draw_precision_recall, detector_views.draw_damages, detector_views.draw_properties],
)
def test_figures_and_obstacles(result: Result, draw) -> None:
    for shown in (result, OBSTACLE):
        plt.close(draw(shown))
    assert draw(OBSTACLE).texts[0].get_text() == "Nobody knows."
    plt.close("all")
