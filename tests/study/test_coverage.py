"""Promised and kept coverage, on made-up logits."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from study.experiments import coverage
from study.records import Result


@pytest.fixture
def table() -> pd.DataFrame:
    random, rows = np.random.default_rng(0), []
    for training in range(3):
        for number in range(120):
            label = "FAKE" if number % 2 else "REAL"
            logit = random.normal(1.0 if number % 2 else -1.0)
            name = f"{training} {number}"
            rows.append((training, 0, "judged", name, name, f"actor {number % 20}", label, logit))
    columns = ["training", "rotation", "part", "video", "source", "unit", "label", "mean logit"]
    return pd.DataFrame(rows, columns=columns)


def test_what_is_promised_is_kept(table: pd.DataFrame) -> None:
    estimates = coverage.estimate(table)
    for promised in coverage.PROMISED:
        for name in coverage.LABELS.values():
            kept = estimates[f"{name} that keep their class, promised {promised:.0%}"]
            assert kept.value == pytest.approx(promised, abs=0.08)
    assert estimates["wrong, promised 90%"].high < 0.15
    plt.close(coverage.draw(Result("coverage", "quick", table, estimates, "actors", 20)))


def test_where_all_look_alike_there_is_no_verdict(table: pd.DataFrame) -> None:
    alike = table.assign(**{"mean logit": np.random.default_rng(1).normal(size=len(table))})
    assert coverage.estimate(alike)["cannot tell, promised 90%"].value > 0.7
