"""Results of benchmarks, stored with what made them."""

import json
from importlib.metadata import version

import pandas as pd
import pytest

from study import provenance, results


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    return tmp_path


def test_what_is_stored_is_read_again(folder):
    stored = results.store("speed", "seconds", ("numpy",), seconds=[1.5, 2])
    assert results.read("speed") == stored == json.loads((folder / "speed.json").read_text())
    assert stored["what"] == "seconds"
    assert stored["seconds"] == [1.5, 2]


def test_a_stored_result_says_what_made_it(folder):
    stored = results.store("speed", "seconds", ("numpy", "no such package"), seconds=1)
    assert stored["machine"] == provenance.machine()
    assert list(stored["versions"]) == ["Python", "numpy", "no such package", "dfd"]
    assert stored["versions"]["numpy"] == version("numpy")
    assert stored["versions"]["no such package"] == "(not installed)"
    assert pd.Timestamp(stored["date"]) <= pd.Timestamp.now(tz="UTC").tz_localize(None)


def test_what_was_not_measured_has_no_result(folder):
    assert results.read("speed") is None


def test_figures_that_cannot_be_written_leave_the_old_ones(folder):
    results.store("speed", "seconds", (), seconds=1)
    with pytest.raises(TypeError):
        results.store("speed", "seconds", (), seconds={1, 2})
    assert results.read("speed")["seconds"] == 1
    assert [path.name for path in folder.iterdir()] == ["speed.json"]


def test_committed_results_say_what_made_them():
    stored = sorted(results.FOLDER.glob("*.json"))
    assert stored
    for path in stored:
        assert {"what", "date", "machine", "versions"} <= set(results.read(path.stem)), path.name


def test_every_committed_result_stands_in_the_list_of_them():
    listed = (results.FOLDER / "README.md").read_text()
    for path in results.FOLDER.glob("*.json"):
        assert f"`{path.name}`" in listed
