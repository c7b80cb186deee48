import io
import re
import sys
import time

import pytest
from tqdm import tqdm

from dfd import log, progress


@pytest.fixture
def talkative(monkeypatch):
    """Says how far it is at once and after every item."""
    for name in ("DELAY", "INTERVAL"):
        monkeypatch.setattr(progress, name, 0.0)


def do(count, **settings):
    with progress.Stage("faces", count, "video", **settings) as stage:
        for _ in range(count):
            time.sleep(0.002)
            stage.advance()


def test_a_short_stage_says_nothing(capsys):
    do(3)
    assert capsys.readouterr() == ("", "")


def test_without_a_terminal_lines_are_complete(capsys, talkative):
    do(3)
    out, err = capsys.readouterr()
    assert out == ""
    assert "\r" not in err and err.endswith("\n")
    lines = err.splitlines()
    assert lines[-1] == "faces: 3 videos in 0 s"
    assert re.fullmatch(r"faces: 2 of 3 videos, [\d,.]+ a second, 0 s left", lines[-3])


def test_lines_come_at_most_so_often(capsys, talkative, monkeypatch):
    monkeypatch.setattr(progress, "INTERVAL", 1000.0)
    do(50)
    assert len(capsys.readouterr().err.splitlines()) <= 3


def test_a_long_first_item_does_not_keep_the_terminal_silent(capsys, monkeypatch):
    monkeypatch.setattr(progress, "DELAY", 0.02)
    with progress.Stage("embedding backbone", 1016, "shard"):
        time.sleep(0.2)
    assert capsys.readouterr().err.startswith("embedding backbone: 0 of 1,016 shards\n")


def test_a_stage_that_stops_says_how_far_it_came(capsys, talkative):
    with pytest.raises(KeyboardInterrupt), progress.Stage("faces", 1200, "video") as stage:
        stage.advance()
        raise KeyboardInterrupt
    assert capsys.readouterr().err.splitlines()[-1] == "faces: 1 of 1,200 videos in 0 s"


def test_on_a_terminal_there_is_a_bar(talkative, monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr("sys.stderr", terminal)
    do(3)
    assert "\rfaces: 100%|" in terminal.getvalue()


def test_a_stage_that_speaks_for_itself_is_only_noted(capsys, talkative, tmp_path):
    do(3, folder=tmp_path, shown=False)
    assert capsys.readouterr().err == ""
    assert len(log.read(tmp_path)) == 2


def test_the_log_has_beginning_and_end(tmp_path):
    with progress.Stage("faces", 3, "video", tmp_path, "16 processes on cpu") as stage:
        stage.advance()
        stage.advance(2, made=False)
    begun, ended = log.read(tmp_path)
    assert (begun.stage, begun.state, begun.done, begun.total) == ("faces", "begun", 0, 3)
    assert (ended.state, ended.done, ended.made, ended.unit) == ("ended", 3, 1, "videos")
    assert ended.workers == "16 processes on cpu"
    assert (begun.process, begun.host) == (ended.process, ended.host)


def test_the_log_says_in_between_how_far_a_stage_is(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "FIRST_NOTE", 0.01)
    do(60, folder=tmp_path)
    states = [entry.state for entry in log.read(tmp_path)]
    assert states[0] == "begun" and states[-1] == "ended"
    assert 2 <= states.count("under way") <= 8


def test_the_log_says_that_a_stage_was_stopped(tmp_path):
    with pytest.raises(ValueError), progress.Stage("faces", 3, "video", tmp_path):
        raise ValueError
    assert [entry.state for entry in log.read(tmp_path)] == ["begun", "stopped"]


def test_a_stage_without_anything_to_do_is_not_noted(tmp_path):
    do(0, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_items_pass_through_in_order(tmp_path):
    assert list(progress.track(iter("abc"), "letters", 3, "letter", tmp_path)) == ["a", "b", "c"]
    assert log.read(tmp_path)[-1].done == 3


def test_other_lines_may_be_written_while_a_stage_runs(monkeypatch, capsys):
    monkeypatch.setattr(progress, "DELAY", 0.0)
    with progress.Stage("faces", 3, "video") as stage:
        for number in range(3):
            stage.advance()
            tqdm.write(f"note {number}", file=sys.stderr)
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if line.startswith("note")] == ["note 0", "note 1", "note 2"]
    assert all(line.startswith(("note", "faces: ")) for line in lines)
