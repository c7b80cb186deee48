"""The extractor and the report's detector, both against the truth."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from dfd.run import Run
from study.experiments import extraction_accuracy as accuracy
from study.records import Result


def made_up(missed: int) -> pd.DataFrame:
    """Twenty faces of ten actors, of which the extractor misses some; one box hits no face."""
    rows = []
    for way in accuracy.WAYS:
        iou = np.full(20, 0.8)
        iou[: missed if way == accuracy.EXTRACTOR else 0] = np.nan
        facts = {
            "way": way,
            "video": np.arange(20) // 2,
            "frame": np.arange(20),
            "person": 0,
            "unit": np.arange(20) // 2,
        }
        rows.append(pd.DataFrame(facts).assign(iou=iou, again=1.0))
    return pd.concat([*rows, rows[0].head(1).assign(person=-1)], ignore_index=True)


def test_what_the_extractor_misses_lowers_its_recall() -> None:
    estimates = accuracy.estimate(made_up(missed=4))
    assert estimates["recall, this book's extractor"].value == pytest.approx(0.8)
    assert estimates["recall: extractor less the report's detector"].value == pytest.approx(-0.2)
    assert estimates["boxes on no face, the report's detector"].value == 1
    assert estimates["boxes that half precision moves"].value == 0
    assert estimates["mean IoU, the report's detector"].value == pytest.approx(0.8)


def test_draw() -> None:
    table = made_up(missed=1)
    plt.close(
        accuracy.draw(Result("extraction_accuracy", "quick", table, accuracy.estimate(table), "actors", 10))
    )


@pytest.mark.slow
def test_all_ways_look_for_the_same_faces(extracted: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accuracy, "SOME", {"quick": 2, "full": 2})
    monkeypatch.setattr(accuracy, "EVERY", 24)
    result = accuracy.measure(extracted)
    faces = result.table.query("person >= 0").groupby("way").size()
    assert faces.nunique() == 1 and set(faces.index) == set(accuracy.WAYS)
    assert result.estimates["recall, the report's detector"].value > 0.9
