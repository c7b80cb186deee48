"""Relatives of held-out fakes in the training data, by how the videos are divided."""

import json

import matplotlib.pyplot as plt
import pytest

from study.experiments import split_leaks


def test_dividing_by_source_keeps_sources_apart(tiny, monkeypatch):
    monkeypatch.setattr(split_leaks, "DIVISIONS", 20)
    result = split_leaks.measure(tiny)
    shares = {name: interval.value for name, interval in result.estimates.items()}
    original, person = split_leaks.LEAKS.values()
    assert shares[f"{original}: by source"] == shares[f"{original}: as this run divides them"] == 0
    # A fake of a source with two videos has its original in the training data four times in five.
    assert shares[f"{original}: video by video"] == pytest.approx(0.8, abs=0.2)
    assert shares[f"{person}: as this run divides them"] == 0
    figure = split_leaks.draw(result)
    assert [panel.get_title() for panel in figure.axes] == [original, person]
    plt.close(figure)


def test_who_is_filmed_may_be_unknown(tiny, monkeypatch):
    monkeypatch.setattr(split_leaks, "DIVISIONS", 2)
    (tiny.data / "truth").unlink()
    result = split_leaks.measure(tiny)
    assert str(result.estimates[f"{split_leaks.LEAKS['person']}: by source"]) == "not computable"
    plt.close(split_leaks.draw(result))


def test_a_run_without_fakes_says_so(tiny):
    path = next(tiny.data.glob("*/metadata.json"))
    entries = json.loads(path.read_text())
    path.write_text(json.dumps({name: e for name, e in entries.items() if e["label"] == "REAL"}))
    assert "no fakes" in split_leaks.measure(tiny).obstacle


def test_a_run_that_lacks_a_split_says_so(tiny):
    path = next(tiny.data.glob("*/metadata.json"))
    entries = json.loads(path.read_text())
    path.write_text(json.dumps({name: e for name, e in entries.items() if e["split"] != "test"}))
    assert split_leaks.obstacle(tiny).startswith("Not all three splits")
