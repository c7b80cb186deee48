"""Table 2.1 beside the published counts and those of a run."""

import json
from dataclasses import replace

import matplotlib.pyplot as plt
import pytest

from study import records
from study.claims import CLAIMS
from study.experiments import published_counts


def test_the_published_counts_decide_where_a_run_has_a_part(tiny):
    result = published_counts.measure(tiny)
    estimates = result.estimates
    assert estimates["originals for each fake of the DFDC's training set"].value == pytest.approx(0.19154)
    assert estimates["share of fakes in this run"].value == pytest.approx(0.5)
    assert CLAIMS["C01"].rule.judge(estimates).verdict == "source error"
    assert CLAIMS["C02"].rule.judge(estimates).verdict == "reproduced"
    sentence = published_counts.comparison(result.table)
    assert "12 videos" in sentence and "50.0% are fake" in sentence and "does not have" in sentence
    figure = published_counts.draw(result)
    assert [panel.get_title() for panel in figure.axes] == ["this run (sample)", "DFDC, training set"]
    plt.close(figure)


def test_a_run_with_the_whole_training_set_speaks_for_itself(tiny, monkeypatch):
    small = [
        (name, ratio, videos, 6, 6, source) if name == published_counts.TRAINING_SET else
        (name, ratio, videos, fakes, originals, source)
        for name, ratio, videos, fakes, originals, source in published_counts.PUBLISHED
    ]  # fmt: skip
    monkeypatch.setattr(published_counts, "PUBLISHED", tuple(small))
    run = replace(tiny, name="dfdc")
    table = published_counts.collect(run, "quick")
    estimates = published_counts.estimate(table)
    assert "by its own counts" in published_counts.comparison(table)
    assert CLAIMS["C02"].rule.judge(estimates).verdict == "not reproduced"


def test_a_run_without_fakes_has_no_ratio(tiny):
    path = next(tiny.data.glob("*/metadata.json"))
    entries = json.loads(path.read_text())
    path.write_text(json.dumps({name: e for name, e in entries.items() if e["label"] == "REAL"}))
    result = published_counts.measure(tiny)
    assert result.estimates["share of fakes in this run"].value == 0
    assert result.unit == records.FIGURES
    plt.close(published_counts.draw(result))
