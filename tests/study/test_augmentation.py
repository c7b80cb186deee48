"""A probe fitted to changed faces."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from dfd.run import Run
from study import linear_probe
from study.experiments import augmentation
from study.records import Result


def test_gains_are_over_unchanged_faces() -> None:
    fake = np.resize([True, False], 40)
    facts = pd.DataFrame({"video": np.arange(40), "unit": np.arange(40) // 4})
    facts = facts.assign(label=np.where(fake, "FAKE", "REAL"))
    chance = np.random.default_rng(0).random(40)
    parts = [
        facts.assign(change=augmentation.NONE, p_fake=chance),
        facts.assign(change="ToGray", p_fake=fake * 0.9),
    ]
    table = pd.concat(parts, ignore_index=True)
    estimates = augmentation.estimate(table)
    assert estimates["AUC: ToGray"].value == 1
    assert estimates["gain: ToGray"].low > 0
    plt.close(augmentation.draw(Result("augmentation", "quick", table, estimates, "actors", 10)))


def test_every_step_but_the_padding_is_compared(sample: Run) -> None:
    names = augmentation.changes(sample, "full")
    assert names[:2] == [augmentation.NONE, augmentation.WHOLE]
    assert {"ImageCompression", "GaussNoise", "ToGray", "Affine", "HorizontalFlip"} <= set(names)
    assert "PadIfNeeded" not in names
    assert augmentation.changes(sample, "quick") == names[:2]


@pytest.mark.slow
def test_faces_are_changed_for_the_fit_alone(extracted: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(linear_probe.PLANS, "quick", linear_probe.Plan(6, 1, 1))
    table = augmentation.collect(replace(extracted, jobs=1), "quick")
    counts = table.groupby("change")["video"].nunique()
    assert set(counts.index) == {augmentation.NONE, augmentation.WHOLE} and counts.nunique() == 1
