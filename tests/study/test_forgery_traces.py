import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from study.experiments import forgery_traces, gan_detector
from study.experiments.forgery_traces import BANDS
from study.records import Result


@pytest.fixture
def table() -> pd.DataFrame:
    """A kind of forgery that loses fine detail, and one that loses none."""
    random = np.random.default_rng(0)
    parts = []
    for kind, loss in (("smooth", 2.0), ("faithful", 0.0)):
        values = random.normal(0, 0.2, (40, len(BANDS))) - loss * np.linspace(0, 1, len(BANDS))
        parts.append(pd.DataFrame(values, columns=BANDS).assign(kind=kind, unit=np.arange(40) // 2))
    return pd.concat(parts, ignore_index=True)


def test_lost_detail_is_seen(table):
    estimates = forgery_traces.estimate(table)
    assert estimates["change of fine detail, smooth"].high < -1
    assert (
        estimates["change of fine detail, faithful"].low
        < 0
        < estimates["change of fine detail, faithful"].high
    )


def test_it_is_drawn(table):
    result = Result("forgery_traces", "quick", table, forgery_traces.estimate(table), "faces", 20)
    figure = forgery_traces.draw(result)
    assert len(figure.axes[0].lines) == 3
    plt.close(figure)


def test_a_fake_is_compared_with_its_original(extracted):
    rows = forgery_traces._of_fakes(extracted)
    assert len(rows) and rows[BANDS].notna().all(axis=None) and rows["kind"].notna().all()


def test_drawings_are_compared_with_photographs(extracted, monkeypatch):
    monkeypatch.setattr(gan_detector, "STEPS", 2)
    gan_detector.train.cache_clear()
    rows = forgery_traces._of_drawings(extracted, "quick")
    gan_detector.train.cache_clear()
    assert len(rows) == forgery_traces.DRAWINGS and rows["unit"].is_unique
