"""The report's largest computation, in small."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from study.claims import CLAIMS
from study.experiments import many_faces


def times(sizes, seconds_a_point):
    """Timings that grow in proportion to the number of points."""
    rows = [
        (step, n, repeat, share * n * seconds_a_point * (1 + repeat / 100))
        for n in sizes
        for repeat in range(5)
        for step, share in zip(many_faces.STEPS, (0.9, 0.1), strict=True)
    ]
    return pd.DataFrame(rows, columns=["algorithm", "n", "unit", "seconds"])


@pytest.mark.parametrize(
    ("sizes", "seconds_a_point", "verdict"),
    [
        ((1000, 2000, 4000), 0.01, "inconclusive"),
        ((10_000, 20_000, 40_000), 0.01, "reproduced"),
        ((10_000, 20_000, 40_000), 0.1, "not reproduced"),
        ((1000, 2000, 4000), 1.0, "not reproduced"),
        ((130_000,), 0.01, "reproduced"),
    ],
)
def test_only_times_of_a_quarter_of_the_points_decide(sizes, seconds_a_point, verdict):
    estimates = many_faces.estimate(times(sizes, seconds_a_point))
    assert CLAIMS["C16"].rule.judge(estimates).verdict == verdict


def test_too_few_points_give_a_lower_bound_and_no_more():
    minutes = many_faces.estimate(times((1000, 2000, 4000), 0.01))["minutes for 130,000 points"]
    assert minutes.low == pytest.approx(40 / 60, rel=0.05) and np.isinf(minutes.high)
    assert str(minutes).startswith("at least")


@pytest.mark.slow
def test_each_step_is_timed(few, monkeypatch):
    monkeypatch.setattr(many_faces, "PLANS", {"quick": many_faces.Plan((20, 30, 40), 2)})
    result = many_faces.measure(few)
    assert many_faces.beside(result.table).shape == (3, 3)
    assert (result.table["seconds"] > 0).all()
    assert result.estimates["people of 40 drawn faces"].value == 1
    plt.close(many_faces.draw(result))
