import numpy as np
import pandas as pd
import pytest

from study import truth
from study.experiments import by_part, fine_tuning
from study.records import Result


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Twenty actors of two ancestries; fakes by one method are easy to see, those by the other are not."""
    random = np.random.default_rng(0)
    rows = [(actor, copy, rotation) for rotation in range(2) for actor in range(20) for copy in range(5)]
    made = pd.DataFrame(rows, columns=["actor", "copy", "rotation"])
    fake = made["copy"] > 0
    made["label"] = np.where(fake, "FAKE", "REAL")
    made["unit"] = made["actor"].astype(str)
    made["video"] = made["unit"] + "-" + made["copy"].astype(str)
    made["training"] = "training " + made["rotation"].astype(str)
    made["method"] = made["copy"].map({1: "easy", 2: "easy", 3: "hard", 4: "hard"})
    made["strength"] = made["copy"].map({1: "fine", 2: "crude", 3: "fine", 4: "crude"})
    made["gender"] = np.where(made["actor"] % 2, "female", "male")
    made["ancestry"] = np.where(made["actor"] < 10, "african", "asian")
    signal = np.where(made["method"] == "easy", 3.0, 0.0)
    return made.assign(p_fake=1 / (1 + np.exp(-signal - random.normal(0, 1, len(made)))))


def test_an_easy_method_is_told_from_a_hard_one(table):
    estimates = by_part.estimate(table)
    assert estimates["AUC: method easy"].value > 0.95
    assert estimates["AUC: method hard"].value == pytest.approx(0.5, abs=0.15)
    assert estimates["less the others: method easy"].low > 0
    assert estimates["less the others: method hard"].high < 0
    gender = estimates["less the others: gender female"]
    assert gender.low < 0 < gender.high
    assert gender.value == pytest.approx(-estimates["less the others: gender male"].value)


def test_every_part_has_a_point_with_its_videos(table):
    result = Result("by_part", "quick", table, by_part.estimate(table), "actors", 20)
    labels = [text.get_text() for text in by_part.draw(result).axes[0].get_yticklabels()]
    assert "method: easy (40 : 20 videos, 20 actors)" in labels
    assert "gender: female (40 : 10 videos, 10 actors)" in labels


def test_data_without_truth_tables_say_so(sample, monkeypatch):
    monkeypatch.setattr(truth, "videos", lambda run: None)
    assert "no truth tables" in by_part.obstacle(sample)
    assert by_part.draw(Result("by_part", "quick", pd.DataFrame(), {}, "actors", 0, by_part.obstacle(sample)))


@pytest.mark.slow
def test_mistakes_are_shown_with_their_method(sample):
    videos = truth.videos(sample).groupby("label").head(20)
    random = np.random.default_rng(0)
    rows = videos[["video", "label"]].assign(training="a", rotation=0, source="", unit=videos["actor"])
    rows["part"] = np.where(np.arange(len(rows)) % 2, "calibration", "judged")
    rows = rows.assign(**dict.fromkeys(fine_tuning.POLICIES, random.normal(size=len(rows))))
    figure = by_part.mistakes(sample, rows, count=3)
    titles = [panel.get_title() for panel in figure.axes if panel.get_title()]
    assert len(titles) == 6
    assert all(title.startswith("FAKE") and title.split("\n")[1] for title in titles[:3])
