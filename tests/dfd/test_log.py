from concurrent.futures import ProcessPoolExecutor
from datetime import datetime

from dfd import log
from dfd.log import Entry


def entry(stage="faces", state="ended", done=119_154, made=19_154, seconds=1954.5):
    return Entry(stage, state, done, 119_154, "videos", made, seconds, "16 processes on cpu")


def append_many(folder):
    for number in range(50):
        log.append(folder, entry(done=number))


def test_what_is_appended_is_read_again(tmp_path):
    lines = [
        entry("embedding backbone", "begun", done=0, made=0, seconds=0.0),
        entry(state="under way"),
        entry(state="ended"),
        entry(state="stopped"),
    ]
    for line in lines:
        log.append(tmp_path / "build" / "dfdc", line)
    assert log.read(tmp_path / "build" / "dfdc") == lines


def test_a_line_says_what_a_person_wants_to_know():
    line = str(
        Entry("faces", "ended", 3, 3, "videos", 2, 4.0, "2 processes on cpu", 7, "host", datetime(2026, 1, 2))
    )
    assert line == (
        "2026-01-02 00:00:00 faces ended: 3 of 3 videos, 2 made in 4.00 s, 0.50 a second; "
        "2 processes on cpu; process 7 on host"
    )


def test_a_stage_that_made_nothing_has_no_rate():
    assert entry(made=0).rate is None
    assert entry(seconds=0.0).rate is None
    assert entry(made=10, seconds=5.0).rate == 2.0


def test_lines_of_several_processes_stay_whole(tmp_path):
    with ProcessPoolExecutor(4) as pool:
        list(pool.map(append_many, [tmp_path] * 4))
    read = log.read(tmp_path)
    assert len(log.path(tmp_path).read_text().splitlines()) == len(read) == 200
    assert len({line.process for line in read}) > 1


def test_where_nothing_can_be_written_nothing_fails(tmp_path):
    (tmp_path / "file").touch()
    log.append(tmp_path / "file" / "build", entry())
    log.path(tmp_path).mkdir()
    log.append(tmp_path, entry())
    assert log.read(tmp_path) == []


def test_lines_of_another_form_are_left_out(tmp_path):
    log.append(tmp_path, entry())
    with log.path(tmp_path).open("a") as stream:
        stream.write("a note of somebody's\n2026-11-27 10:03:12 faces ended: 3 of")
    assert len(log.read(tmp_path)) == 1


def test_there_is_no_log_before_anything_was_made(tmp_path):
    assert log.read(tmp_path / "build") == []
