import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from study import comparing, crossfit
from study.experiments import method_controls
from study.experiments.method_controls import AS_THEY_ARE, LEAKING, RANDOM
from study.records import Result


@pytest.fixture(scope="module")
def divided(sample) -> tuple[pd.DataFrame, crossfit.Fold]:
    """The videos of one training, and the training."""
    fold = crossfit.folds(sample, "full")[0]
    return comparing.divide(sample, fold, "full"), fold


def test_random_labels_tell_nothing_of_the_true_ones(divided):
    videos, fold = divided
    mixed = method_controls.at_random(videos, fold)
    learned = videos["part"] == "train"
    assert mixed.loc[~learned, "label"].equals(videos.loc[~learned, "label"])
    counts = [table[learned].groupby("source")["label"].value_counts() for table in (videos, mixed)]
    pd.testing.assert_series_equal(*[count.sort_index() for count in counts])
    assert (mixed.loc[learned, "label"] != videos.loc[learned, "label"]).mean() > 0.2


def test_the_leak_check_catches_the_split_that_leaks(divided):
    videos, fold = divided
    leaking = method_controls.leaking(videos, fold)
    assert method_controls.leaked(videos) == 0
    assert method_controls.leaked(leaking) > 0.8 * videos.loc[videos["part"] == "judged", "source"].nunique()
    assert 0 < (leaking["part"] == "judged").sum() < (videos["part"] == "judged").sum()


def test_controls_are_told_apart_and_drawn():
    random = np.random.default_rng(0)
    parts = []
    for control, strength, leaks in ((AS_THEY_ARE, 1.0, 0), (RANDOM, 0.0, 0), (LEAKING, 3.0, 9)):
        rows = pd.DataFrame({"unit": np.repeat(np.arange(30), 2), "label": ["REAL", "FAKE"] * 30})
        rows = rows.assign(video=np.arange(60).astype(str), training="test 0", rotation=0, method="a method")
        rows["logit"] = random.normal(size=60) + strength * (rows["label"] == "FAKE")
        parts.append(rows.assign(control=control, leaks=leaks))
    table = pd.concat(parts, ignore_index=True)
    estimates = method_controls.estimate(table)
    nothing = estimates[f"AUC, {RANDOM}: a method"]
    assert nothing.low < 0.5 < nothing.high
    assert estimates[f"AUC, {LEAKING}: a method"].low > 0.8
    assert estimates[f"sources that the leak check reports, {LEAKING}"].value == 9
    figure = method_controls.draw(Result("method_controls", "quick", table, estimates, "actors", 30))
    assert len(figure.axes) == 3
    plt.close(figure)
