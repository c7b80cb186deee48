"""Detectors on the hard faces: what counts as found, and which differences are told."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from dfd.run import Run
from study import hard_faces, hard_views, lineup, precision
from study.experiments import hard_detection as hard
from study.records import Result

ACTORS = 20


def rows(detector: str, found: int, false: int = 0, false_score: float = 0.5) -> pd.DataFrame:
    """One face of each actor, the first of which are found, and boxes on nothing in faceless stills."""
    about = {"stratum": "dark", "light": "dark", "occlusion": "", "yaw": 5.0, "pitch": 3.0, "roll": 2.0}
    faces = pd.DataFrame(
        {
            "image": [f"{number:04d}.jpg" for number in range(ACTORS)],
            "face": 0,
            "kind": "face",
            "score": np.where(np.arange(ACTORS) < found, 0.9, np.nan),
            "iou": 0.8,
            "eyes": np.where(np.arange(ACTORS) < found, 0.03, np.nan),
            "tone": np.resize(list(hard_faces.TONES), ACTORS),
            "width": np.where(np.arange(ACTORS) % 2, 15.0, 60.0),
            "unit": [f"actor {number}" for number in range(ACTORS)],
        }
    ).assign(**about)
    stills = faces[["image", "unit", "stratum", "light"]].assign(kind="still", face=-1)
    empty = pd.DataFrame({"image": [f"9{n:03d}.jpg" for n in range(10)], "kind": "still", "face": -1})
    wrong = empty.head(false).assign(kind="false", score=false_score)
    nothing = pd.concat([empty, wrong]).assign(stratum="faceless", light="normal")
    return pd.concat([faces, stills, nothing], ignore_index=True).assign(detector=detector, reason=None)


@pytest.fixture
def table() -> pd.DataFrame:
    """MTCNN finds all but two, YuNet all, dlib's HOG half; one box of MTCNN is no face."""
    parts = [rows("facenet-pytorch", 18, 1), rows("yunet", 20), rows("dlib-hog", 10)]
    return pd.concat(parts, ignore_index=True)


def test_estimates(table: pd.DataFrame) -> None:
    estimates = hard.estimate(table)
    assert estimates["AP: YuNet"].value == 1 and estimates["AP: YuNet"].low < 1
    assert estimates["AP: facenet-pytorch"].value == pytest.approx(0.9)
    assert estimates["AP: dlib HOG less facenet-pytorch"].high < 0
    assert estimates["AP: YuNet less facenet-pytorch"].value == pytest.approx(0.1)
    assert estimates["boxes in a thousand faceless stills: facenet-pytorch"].value == 100
    assert estimates["boxes in a thousand faceless stills: YuNet"].value == 0
    assert estimates["boxes in a thousand faceless stills: YuNet"].high > 200
    assert estimates["dark, dark skin: YuNet"].value == 1
    assert estimates["eyes off by: YuNet"].value == pytest.approx(0.03)


def test_small_faces_do_not_count_against_dlib(table: pd.DataFrame) -> None:
    larger = hard.estimate(table)["recall of faces from 20 px: facenet-pytorch less dlib HOG"]
    assert larger.value == pytest.approx(9 / 10 - 5 / 10)


def test_fewer_mistakes_cost_faces() -> None:
    own = rows("yunet", 20, false=3, false_score=0.95)
    assert hard.faces_at(own, 3 / 30)["hit"].mean() == 1
    assert hard.faces_at(own, 2 / 30)["hit"].mean() == 0


def test_boxes_below_the_packages_own_threshold_are_left_out() -> None:
    own = rows("yunet", 20, false=3, false_score=0.5)
    assert (hard.usual(own)["kind"] == "false").sum() == 0
    assert (hard.usual(own.assign(detector="facenet-pytorch"))["kind"] == "false").sum() == 3


def test_views(table: pd.DataFrame) -> None:
    result = Result("hard_detection", "quick", table, hard.estimate(table), "actors", ACTORS)
    assert hard_views.scores(result).index.to_list() == ["facenet-pytorch", "dlib HOG", "YuNet"]
    assert hard_views.by_tone(result).loc["YuNet", "dark, light skin"].startswith("1.00")
    parts = hard.by_part(table)
    assert parts.loc["YuNet", "dark (20)"] == 1 and parts.loc["dlib HOG", "dark (20)"] == 0.5
    figure = hard.draw(result)
    assert figure.axes
    plt.close("all")


def test_who_is_beaten_by_nobody() -> None:
    points = {"slow and good": (1.0, 0.9), "fast and bad": (9.0, 0.5), "slow and bad": (1.0, 0.4)}
    assert hard_views.unbeaten(points) == ["slow and good", "fast and bad"]


def test_a_packaged_weight_is_listed_with_its_licence() -> None:
    table = hard_views.weight_files().set_index("detector")
    assert table.loc["yunet", "licence"] == "MIT" and table.loc["dlib-cnn", "kB"] > 100


def test_an_average_precision_by_hand() -> None:
    face = np.array([True, False, True, True])
    scores = np.array([0.9, 0.8, 0.7, np.nan])
    assert precision.area(face, scores, np.ones(4)) == pytest.approx((1 + 2 / 3) / 3)


def test_tones_and_units_of_the_faces() -> None:
    faces = hard_faces.faces()
    assert set(faces["tone"]) == set(hard_faces.TONES) and faces["unit"].nunique() >= 60
    assert (faces.loc[faces["tone"] == "dark skin", "monk"] >= 7).all()
    assert hard_faces.image(faces["image"].iloc[0]).ndim == 3


@pytest.mark.slow
def test_detectors_search_the_stills(sample: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lineup, "ALL", ("facenet-pytorch", "yunet"))
    monkeypatch.setitem(hard.EVERY, "quick", 150)
    table = hard.collect(sample, "quick")
    assert set(table["detector"]) == {"facenet-pytorch", "yunet", lineup.EXTRACTOR}
    faces = table[table["kind"] == "face"]
    assert faces["unit"].notna().all() and faces.groupby("detector").size().nunique() == 1
    assert (table["kind"] == "still").sum() == 3 * 7
    assert hard.estimate(table)["AP: YuNet"].value > 0.5
