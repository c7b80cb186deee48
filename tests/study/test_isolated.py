"""Work in processes of its own, and detectors that cannot be had."""

import os
import sys
from collections.abc import Iterator

import pytest

from dfd import detectors
from dfd.errors import InputError
from study import isolated


def process_ids(detector: detectors.Detector, fact: int) -> Iterator[dict]:
    """Yield a row that says in which process it was made."""
    yield {"process": os.getpid(), "name": detector.name, "fact": fact}


def nothing(detector: detectors.Detector) -> Iterator[dict]:
    """Yield no row."""
    yield from ()


def test_a_dead_process_is_a_reason() -> None:
    rows = isolated.in_process("dlib-hog", os._exit, 1)
    assert rows[0]["detector"] == "dlib-hog"
    assert "died" in rows[0]["reason"]


def test_every_detector_has_a_process_of_its_own() -> None:
    names = ("opencv-haar", "facenet-pytorch", "no such detector")
    rows = isolated.all_in_processes(2, names, process_ids, 7)
    assert [row["detector"] for row in rows] == list(names)
    assert [row["name"] for row in rows[:2]] == list(names[:2])
    assert [row["fact"] for row in rows[:2]] == [7, 7]
    assert len({row["process"] for row in rows[:2]} | {os.getpid()}) == 3
    assert "no such detector" in rows[2]["reason"]


def test_a_search_without_rows_leaves_one_with_the_reason() -> None:
    rows = isolated.all_in_processes(1, ("opencv-haar",), nothing)
    assert rows == [{"detector": "opencv-haar", "reason": "found no face in any frame"}]


def test_a_detector_whose_package_is_missing_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dlib", None)
    with pytest.raises(InputError, match="extra 'detectors'"):
        detectors.make("dlib-hog")
