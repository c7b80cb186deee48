"""Files are known by what they hold, and read only once."""

import os

import pytest

from dfd import contents


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
