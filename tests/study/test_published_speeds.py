"""What the report and others say of the speed of detectors."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from dfd.run import Run
from study.experiments import published_speeds
from study.records import Result


def test_every_figure_of_the_report_is_the_readmes(sample: Run) -> None:
    table = published_speeds.collect(sample, "full")
    assert len(table) == 12
    (estimate,) = published_speeds.estimate(table).values()
    assert estimate.value == 0
    result = Result("published_speeds", "quick", table, {}, "figures", 12)
    assert published_speeds.side_by_side(result).loc["dlib HOG", "1080x1920"] == "3.80 | 3.80"
    plt.close(published_speeds.draw(result))


def test_a_figure_of_the_reports_own_counts() -> None:
    (estimate,) = published_speeds.estimate(pd.DataFrame({"own": [True, False, False, False]})).values()
    assert estimate.value == 0.25


def test_without_the_readmes_table_there_is_an_obstacle(sample: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published_speeds, "readme", lambda: "no table here")
    assert "its README has no table of speeds" in published_speeds.obstacle(sample)


def test_the_laptop_was_the_slowest_with_batches() -> None:
    assert published_speeds.laptop().loc["facenet-pytorch, batched", "540x960"] == "2.74"
    assert (published_speeds.PUBLISHED["laptop"].idxmin() == "facenet-pytorch-batched").all()


def test_saved_by_report() -> None:
    saved = published_speeds.saved_by_report()
    assert saved["saved"].iloc[-1] == pytest.approx(55 / 162)
    batches = saved[saved["change"] == "from facenet-pytorch to batches"].set_index("size")["saved"]
    assert batches["540x960"] == pytest.approx(1 - 19.68 / 25.5)
    assert len(saved) == 10
