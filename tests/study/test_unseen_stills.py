"""The extractor on stills of another seed: which stills are taken, and what a page shows of them."""

import json
from functools import partial
from pathlib import Path

import pytest

from dfd import search
from dfd.errors import InputError
from dfd.run import Run
from study import hard_faces, hard_views, lineup, results
from study.experiments import hard_detection, unseen_stills
from study.records import Result


def test_stills_that_nobody_made_say_how_to_make_them(
    sample: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unseen_stills, "FOLDER", tmp_path)
    with pytest.raises(InputError, match="HARD_SEED=2028"):
        unseen_stills.measure(sample)


def test_the_repository_s_own_stills_are_refused(sample: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unseen_stills, "FOLDER", hard_faces.FOLDER)
    with pytest.raises(InputError, match="stills of seed 2027"):
        unseen_stills.measure(sample)


@pytest.fixture
def measured(sample: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Some of the repository's own stills in the part of the unseen ones, without MTCNN."""
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    monkeypatch.setattr(unseen_stills, "FOLDER", hard_faces.FOLDER)
    monkeypatch.setattr(unseen_stills, "SEED", 2027)
    monkeypatch.setattr(unseen_stills, "COMPARED", ("yunet", lineup.EXTRACTOR))
    monkeypatch.setattr(lineup, "RIVALS", ("yunet",))
    monkeypatch.setattr(hard_detection, "searched", partial(hard_detection.searched, every=20))
    unseen_stills.measure(sample)
    return tmp_path / "unseen_stills.json"


@pytest.mark.slow
def test_the_page_sets_both_stills_side_by_side(sample: Run, measured: Path) -> None:
    stored = json.loads(measured.read_text())
    assert stored["stills"] == 993 and stored["search"] == search.VERSION
    table = hard_detection.searched(1, (lineup.EXTRACTOR,), hard_faces.FOLDER)
    result = Result("hard_detection", "quick", table, hard_detection.estimate(table), "actors", 60)
    shown = hard_views.unseen(result)
    assert shown.columns.to_list()[0] == "extractor, these stills"
    assert shown.loc["average precision", "YuNet, other people"].startswith("0.")

    measured.write_text(json.dumps(stored | {"search": 0}))
    with pytest.raises(InputError, match="another extractor"):
        hard_views.unseen(result)
