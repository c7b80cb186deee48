"""Files are known by what they hold, and read only once."""

import os

import pytest

from dfd import contents, log


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data").mkdir()
    for name in "ab":
        (tmp_path / "data" / name).write_text(name)
    return tmp_path / "data"


@pytest.fixture
def read(monkeypatch):
    """The files that were read, in order."""
    files, sha256 = [], contents.sha256

    def note(path):
        files.append(path.name)
        return sha256(path)

    monkeypatch.setattr(contents, "sha256", note)
    return files


def test_a_copy_with_other_times_has_the_same_hashes(folder, tmp_path):
    before = contents.hashes(folder, ["a", "b"])
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in "ab":
        (copy / name).write_text(name)
        os.utime(copy / name, (1, 1))
    assert contents.hashes(copy, ["a", "b"]) == before
    (copy / "a").write_text("c")
    assert contents.hashes(copy, ["a"])["a"] != before["a"]


def test_a_file_is_read_again_only_if_its_size_or_time_has_changed(folder, tmp_path, read):
    kept = tmp_path / "hashes.parquet"
    before = contents.hashes(folder, ["a", "b"], kept)
    assert read == ["a", "b"]
    written = kept.stat().st_mtime_ns
    assert contents.hashes(folder, ["a", "b"], kept) == before
    assert read == ["a", "b"]
    assert kept.stat().st_mtime_ns == written
    os.utime(folder / "a", (1, 1))
    assert contents.hashes(folder, ["a", "b"], kept) == before
    assert read == ["a", "b", "a"]


def test_files_that_are_not_there_are_left_out(folder):
    assert list(contents.hashes(folder, ["a", "absent"])) == ["a"]


def test_files_are_compared_with_what_is_kept_without_being_read(folder, tmp_path, read):
    kept = tmp_path / "hashes.parquet"
    before = contents.hashes(folder, ["a", "b"], kept)
    read.clear()
    (folder / "a").write_text("another")
    (folder / "c").write_text("c")
    compared = contents.compare(folder, ["a", "b", "c", "absent", "absent/d"], kept, most=10)
    assert compared == contents.Comparison(before, new=["c"], changed=["a"])
    (folder / "b").unlink()
    assert contents.compare(folder, ["a", "b", "c"], kept, most=10).hashes == {"a": before["a"]}
    assert contents.compare(folder, ["a"], tmp_path / "none", most=10).new == ["a"]
    assert read == []


def test_of_many_files_some_are_compared(folder, tmp_path):
    names = [f"{number}" for number in range(20)]
    for name in names:
        (folder / name).write_text(name)
    kept = tmp_path / "hashes.parquet"
    contents.hashes(folder, names, kept)
    for name in names:
        os.utime(folder / name, (1, 1))
    assert len(contents.compare(folder, names, kept, most=7).changed) == 7
    assert len(contents.compare(folder, names, kept, most=20).changed) == 20


def test_hashing_is_noted_in_the_log_beside_the_hashes(folder, tmp_path):
    contents.hashes(folder, ["a", "b"], tmp_path / "build" / "hashes.parquet", jobs=2)
    contents.hashes(folder, ["a", "b"], tmp_path / "build" / "hashes.parquet", jobs=2)
    notes = [(entry.stage, entry.state, entry.done, entry.workers) for entry in log.read(tmp_path / "build")]
    assert notes == [("hashes", "begun", 0, "2 threads"), ("hashes", "ended", 2, "2 threads")]


def test_folders_are_not_among_the_files_of_a_folder(folder):
    (folder / "inner").mkdir()
    assert contents.files_in(folder) == {"a", "b"}
    assert contents.files_in(folder / "absent") == set()
