"""One classifier judged by folds that share more and more."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from dfd.run import Run
from study.experiments import leak_worth
from study.records import Result


def scored(apart: str, ahead: float) -> pd.DataFrame:
    """Sixty videos of twenty people, whose fakes score so much more than chance would give them."""
    random = np.random.default_rng(1)
    fake = np.resize([True, False, True], 60)
    facts = {"video": np.arange(60), "source": np.arange(60) // 3, "unit": np.arange(60) // 3}
    scores = np.clip(random.random(60) * (1 - ahead) + ahead * fake, 0.01, 0.99)
    table = pd.DataFrame(facts).assign(label=np.where(fake, "FAKE", "REAL"), p_fake=scores)
    return table.assign(apart=apart, repeat=0)


def test_a_leak_shows_as_a_difference_from_people_apart() -> None:
    leaks = {"frames": 0.9, "videos": 0.3, "sources": 0.3, "people": 0.3}
    table = pd.concat([scored(what, ahead) for what, ahead in leaks.items()], ignore_index=True)
    estimates = leak_worth.estimate(table)
    assert estimates["AUC: frames apart less people apart"].low > 0
    assert estimates["AUC: sources apart less people apart"].value == 0
    plt.close(leak_worth.draw(Result("leak_worth", "quick", table, estimates, "actors", 20)))


def test_folds_share_no_name_and_are_of_about_the_same_size() -> None:
    names = pd.Series(np.repeat([f"video {n}" for n in range(31)], 4))
    parts = leak_worth.folds(names, seed=3)
    assert pd.Series(parts).groupby(names).nunique().max() == 1
    assert np.bincount(parts).min() >= 4 * 10
    assert (parts != leak_worth.folds(names, seed=4)).any()


@pytest.mark.slow
def test_every_video_is_judged_in_each_way(extracted: Run) -> None:
    table = leak_worth.collect(extracted, "quick")
    assert set(table["apart"]) == set(leak_worth.APART)
    assert table.groupby("apart")["video"].nunique().nunique() == 1
    assert table["p_fake"].dropna().between(0, 1).all()
