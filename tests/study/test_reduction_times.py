"""Times of reductions to three dimensions."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from dfd import embedding
from study import growth
from study.experiments import reduction_times


def test_candidates_reduce_to_three_dimensions():
    random = np.random.default_rng(0)
    vectors = np.repeat(random.normal(size=(4, 20)) * 10, 30, axis=0) + random.normal(size=(120, 20))
    for name, candidate in reduction_times.candidates(seed=0).items():
        assert np.shape(candidate(vectors)) == (120, 3), name


def test_exponents_come_from_the_sizes_that_were_timed():
    rows = [("PCA", n, r, 1e-6 * n * (1 + 0.01 * r), "") for n in (100, 200, 400) for r in range(5)]
    rows += [("MDS", n, r, 1e-6 * n**2, "") for n in (100, 200) for r in range(5)]
    columns = ["algorithm", "n", "repeat", "seconds", "reason"]
    estimates = reduction_times.estimate(pd.DataFrame(rows, columns=columns))
    assert list(estimates) == ["exponent: PCA"]
    assert estimates["exponent: PCA"].value == pytest.approx(1)


def test_times_are_measured(sample, monkeypatch):
    vectors = list(np.random.default_rng(0).normal(size=(20, 8)).astype(np.float32))
    monkeypatch.setattr(embedding, "table", lambda run: pd.DataFrame({"vector": vectors}))
    monkeypatch.setattr(reduction_times, "candidates", lambda seed: {"mean": np.mean, "left out": np.sum})
    monkeypatch.setitem(reduction_times.PLANS, "quick", reduction_times.Plan((4, 8, 30), 1, 2, ("left out",)))
    assert not reduction_times.obstacle(sample)
    table = reduction_times.collect(sample, "quick")
    assert table["n"].tolist() == [4, 4, 8, 8, 30, 30]
    assert table["unit"].nunique() == 2 and (table["seconds"] > 0).all()
    plt.close(growth.draw(table))
