"""Whole ways from a video to its faces."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from dfd.run import Run
from study.experiments import detection_pipelines as pipelines
from study.records import Result

COLUMNS = ["unit", "way", "part", "seconds", "frames", "faces", "reason", "size"]
SECONDS = {pipelines.START: 1.0, pipelines.BATCHES: 0.8, pipelines.REPORTS: 0.6, pipelines.OURS: 0.1}


@pytest.fixture
def table() -> pd.DataFrame:
    whole = [("whole", way, seconds) for way, seconds in SECONDS.items()]
    decoding = [("decoding", way, 0.05) for way in (pipelines.READ, pipelines.GRAB, pipelines.OURS)]
    rows = [
        {"unit": repeat, "part": part, "way": way, "seconds": seconds, "size": size, "reason": None}
        for size in pipelines.SIZES
        for repeat in range(3)
        for part, way, seconds in whole + decoding
    ]
    return pd.DataFrame(rows)


def test_ways_are_compared_with_the_first(table: pd.DataFrame) -> None:
    estimates = pipelines.estimate(table)
    assert estimates[f"saved here by {pipelines.REPORTS}, 1080x1920"].value == pytest.approx(0.4)
    assert estimates[f"times as fast: {pipelines.OURS}, 540x960"].value == pytest.approx(10)
    assert estimates[f"share of decoding: {pipelines.START}, 1080x1920"].value == pytest.approx(0.05)
    assert estimates[f"share of decoding: {pipelines.OURS}, 1080x1920"].value == pytest.approx(0.5)


def test_ways_that_could_not_be_timed_are_not_computable() -> None:
    table = pd.DataFrame([{"reason": "its process died", "size": "1080x1920"}], columns=COLUMNS)
    estimates = pipelines.estimate(table)
    assert np.isnan(estimates[f"saved here by {pipelines.REPORTS}, 1080x1920"].value)


def test_the_reports_own_figures_are_conditions(table: pd.DataFrame) -> None:
    batches = pipelines.estimate(table)["saved by batches, Table 3.1"]
    assert batches.low == pytest.approx(0.228, abs=0.001) and batches.high == pytest.approx(0.271, abs=0.001)
    assert pipelines.by_report().loc["from read() to grab() and retrieve()", "at most"] == "34.0%"


def test_tables_and_figures(table: pd.DataFrame) -> None:
    result = Result("detection_pipelines", "quick", table, pipelines.estimate(table), "repeats", 3)
    rows = pipelines.saved(result)
    assert rows.loc[pipelines.START].to_list() == ["1.000", "", "1.000", ""]
    assert rows.loc[pipelines.OURS, "saved, 1080x1920"] == "90% (90% to 90%)"
    plt.close(pipelines.draw(result))


@pytest.mark.slow
def test_all_ways_find_the_faces_of_the_same_frames(tiny: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipelines, "REPEATS", {"quick": 1, "full": 1})
    monkeypatch.setattr(pipelines, "STEP", 24)
    table = pipelines.collect(tiny, "quick")
    whole = table[table["part"] == "whole"]
    assert set(whole["way"]) == set(pipelines.WAYS)
    assert whole["frames"].nunique() == 1
    assert (whole["faces"] > 0).all() and (table["seconds"] > 0).all()
