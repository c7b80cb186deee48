"""One local worker against two, on a handful of videos."""

import json

import pytest

from study import results
from study.experiments import two_workers


@pytest.mark.slow
def test_both_numbers_of_workers_are_timed(few, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    monkeypatch.setattr(two_workers, "WARM_UP", 1)
    result = two_workers.measure(few, videos=4, repeats=1)
    assert result == results.read("two_workers") == json.loads(capsys.readouterr().out)
    assert result["videos"] == 4
    (one,), (two,) = result["seconds"]["1"], result["seconds"]["2"]
    assert one > 0 and two > 0
    assert result["speedup"] == pytest.approx(one / two, rel=0.2)
    assert not list(few.build.glob("tmp*"))
