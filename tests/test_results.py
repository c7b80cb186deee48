"""Results of benchmarks on their way to the pages."""

import json
from importlib.metadata import PackageNotFoundError, version

import pytest

from dfd import results


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    return tmp_path


def test_what_is_stored_is_read_again(folder):
    stored = results.store("speed", "seconds", ("numpy",), seconds=[1.5, 2])
    assert results.read("speed") == stored == json.loads((folder / "speed.json").read_text())
    assert stored["what"] == "seconds"
    assert stored["seconds"] == [1.5, 2]
    assert stored["versions"]["numpy"] == version("numpy")
    assert {"date", "machine"} <= set(stored)


def test_a_benchmark_that_was_not_run_has_no_results(folder):
    assert results.read("speed") is None


def test_figures_that_cannot_be_written_leave_the_old_ones(folder):
    results.store("speed", "seconds", (), seconds=1)
    with pytest.raises(TypeError):
        results.store("speed", "seconds", (), seconds={1, 2})
    with pytest.raises(PackageNotFoundError):
        results.store("speed", "seconds", ("no such package",), seconds=2)
    assert results.read("speed")["seconds"] == 1
    assert [path.name for path in folder.iterdir()] == ["speed.json"]
