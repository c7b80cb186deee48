"""Crops of no face among the faces, and without them."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from dfd.boxes import iou
from dfd.run import Run
from study import linear_probe
from study.experiments import face_filter
from study.records import Result

WAYS = [face_filter.CLEAN, face_filter.BESIDE]
WAYS += [f"{share:.0%} no face{end}" for share in face_filter.SHARES for end in ("", ", filtered")]


def test_costs_and_gains() -> None:
    fake = np.resize([True, False], 40)
    facts = pd.DataFrame({"video": np.arange(40), "unit": np.arange(40) // 4})
    facts = facts.assign(label=np.where(fake, "FAKE", "REAL"))
    facts = facts.assign(**{"face confirmed": 1.0, "beside confirmed": 0.1})
    chance = np.random.default_rng(0).random(40)
    parts = [
        facts.assign(way=way, p_fake=chance if way == "30% no face" else 0.1 + 0.8 * fake) for way in WAYS
    ]
    table = pd.concat(parts, ignore_index=True)
    estimates = face_filter.estimate(table)
    assert estimates["cost: 10% no face"].value == 0
    assert estimates["cost: 30% no face"].low > 0
    assert estimates["gain: filtering 30%"].low > 0
    assert estimates["kept by the filter: crops of no face"].value == pytest.approx(0.1)
    plt.close(face_filter.draw(Result("face_filter", "quick", table, estimates, "actors", 10)))


def test_a_box_beside_the_face_has_its_size_and_lies_in_the_frame() -> None:
    box = np.array([100.0, 80.0, 160.0, 170.0])
    other = face_filter.beside(box, 640, 360, np.random.default_rng(0))
    np.testing.assert_allclose(other[2:] - other[:2], [60, 90])
    assert (other >= 0).all() and other[2] <= 640 and other[3] <= 360
    assert iou(other[None], box[None])[0, 0] == 0
    large = face_filter.beside(np.array([0.0, 0.0, 700.0, 300.0]), 640, 360, np.random.default_rng(0))
    assert large[2] <= 640


@pytest.mark.slow
def test_every_video_is_judged_in_each_way(extracted: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(linear_probe.PLANS, "quick", linear_probe.Plan(6, 1, 2))
    table = face_filter.collect(extracted, "quick")
    assert set(table["way"]) == set(WAYS)
    clean = table[table["way"] == face_filter.CLEAN]
    assert clean["face confirmed"].mean() > 0.8 > clean["beside confirmed"].mean()
