"""Networks trained with the margin and without."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from dfd.run import Run
from study.experiments import margin_training
from study.records import Result


def test_what_the_margin_is_worth() -> None:
    fake = np.resize([True, False], 60)
    facts = pd.DataFrame({"video": np.arange(60), "unit": np.arange(60) // 4})
    facts = facts.assign(training="test 0", rotation=0, label=np.where(fake, "FAKE", "REAL"))
    chance = np.random.default_rng(0).random(60)
    parts = [
        facts.assign(picture=name, p_fake=0.1 + 0.8 * fake if name == "margin 0.6" else chance)
        for name in margin_training.PICTURES
    ]
    table = pd.concat(parts, ignore_index=True)
    estimates = margin_training.estimate(table)
    assert estimates["AUC: trained, margin 0.6"].value == 1
    assert all(estimates[name].low > 0 for name in margin_training.GAINS)
    plt.close(margin_training.draw(Result("margin_training", "quick", table, estimates, "actors", 15)))


@pytest.mark.slow
def test_each_picture_has_its_network(extracted: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(margin_training, "FACES", {"quick": 8})
    monkeypatch.setattr(margin_training, "EPOCHS", 1)
    table = margin_training.collect(extracted, "quick")
    assert set(table["picture"]) == set(margin_training.PICTURES)
    assert table["p_fake"].between(0, 1).all()
    assert not list(extracted.build.rglob("*.pt"))
