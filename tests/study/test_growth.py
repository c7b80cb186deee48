import time

import numpy as np
import pandas as pd

from study import growth


def test_slow_and_failing_algorithms_are_left_out_with_a_reason():
    def refuses(points):
        raise ValueError("too flat")

    algorithms = {"quick": np.sum, "slow": lambda points: time.sleep(0.05), "refuses": refuses}
    times = growth.measure(algorithms, lambda count: np.zeros((count, 2)), (10, 20, 200), limit=1)
    reasons = times.set_index(["algorithm", "n"])["reason"]
    assert (times.loc[times["algorithm"] == "quick", "seconds"] > 0).all()
    assert reasons["slow", 10] == reasons["slow", 20] == ""
    assert "more than 1 s" in reasons["slow", 200]
    assert reasons["refuses", 10] == "failed: too flat"


def test_growth_finds_the_exponent():
    n = np.array([100, 200, 400, 800])
    times = pd.DataFrame({"algorithm": "cubic", "n": n, "seconds": 1e-9 * n**3.0})
    fit = growth.growth(times).loc["cubic"]
    assert np.isclose(fit["exponent"], 3) and np.isclose(fit["factor"], 1e-9)
    assert fit["largest"] == 800


def test_around_gives_the_points_themselves_and_then_more_like_them():
    vectors = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    draw = growth.around(vectors, seed=1)
    assert {tuple(row) for row in draw(50)} == {tuple(row) for row in vectors}
    more = draw(500)
    assert more.shape == (500, 4) and np.allclose(more.std(axis=0), vectors.std(axis=0), rtol=0.2)
