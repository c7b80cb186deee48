"""Timings of algorithms on more and more points, and the power that is fitted to them."""

import time

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from study import growth


def timings(exponent: float, repeats: int = 5, noise: float = 0.0) -> pd.DataFrame:
    random = np.random.default_rng(0)
    rows = [
        ("a", n, repeat, 1e-9 * n**exponent * np.exp(noise * random.normal()), "")
        for n in (100, 200, 400, 800)
        for repeat in range(repeats)
    ]
    return pd.DataFrame(rows, columns=["algorithm", "n", "repeat", "seconds", "reason"])


def test_slow_and_failing_algorithms_are_left_out_with_a_reason():
    def refuses(points):
        raise ValueError("too flat")

    algorithms = {"quick": np.sum, "slow": lambda points: time.sleep(0.05), "refuses": refuses}
    times = growth.measure(algorithms, lambda count: np.zeros((count, 2)), (10, 20, 200), limit=1, repeats=2)
    quick = times[times["algorithm"] == "quick"]
    assert quick["n"].tolist() == [10, 10, 20, 20, 200, 200]
    assert quick["repeat"].tolist() == [0, 1] * 3
    assert (quick["seconds"] > 0).all()
    reasons = times.groupby(["algorithm", "n"])["reason"].first()
    assert reasons["slow", 10] == reasons["slow", 20] == ""
    assert "more than 1 s" in reasons["slow", 200]
    assert reasons["refuses", 10] == "failed: too flat"
    assert len(times[times["algorithm"] == "refuses"]) == 3


def test_growth_finds_the_exponent_and_says_which_sizes_it_is_of():
    fit = growth.growth(timings(3.0)).loc["a"]
    assert fit["exponent"] == pytest.approx(3) and fit["factor"] == pytest.approx(1e-9)
    assert (fit["smallest"], fit["largest"], fit["repeats"]) == (200, 800, 5)
    noisy = growth.growth(timings(3.0, noise=0.1)).loc["a"]
    assert noisy["low"] < 3 < noisy["high"]
    assert fit["high"] - fit["low"] < noisy["high"] - noisy["low"]


def test_growth_fits_nothing_to_two_sizes():
    times = timings(2.0)
    assert growth.growth(times[times["n"] < 300]).empty


def test_times_are_drawn_with_a_line_for_each_algorithm():
    times = timings(2.0)
    figure = growth.draw(pd.concat([times, times.assign(algorithm="b")]), "faces")
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["a", "b"]
    assert figure.axes[0].get_xlabel() == "number of faces"
    plt.close(figure)


def test_around_gives_the_points_themselves_and_then_more_like_them():
    vectors = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    draw = growth.around(vectors, seed=1)
    assert {tuple(row) for row in draw(50)} == {tuple(row) for row in vectors}
    more = draw(500)
    assert more.shape == (500, 4) and np.allclose(more.std(axis=0), vectors.std(axis=0), rtol=0.2)
