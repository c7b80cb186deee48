import pandas as pd
import pytest

from dfd import tables
from dfd.errors import InputError

FRAME = pd.DataFrame({"video": ["a.mp4", "b.mp4"], "frames": [300, 299], "vector": [[0.5, 1.0], [2.0, 3.0]]})


def test_a_table_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "deep" / "table.parquet"
    tables.write(FRAME, path, "abc")
    read = tables.read(path)
    assert list(read["video"]) == ["a.mp4", "b.mp4"]
    assert read["frames"].tolist() == [300, 299]
    assert [list(vector) for vector in read["vector"]] == [[0.5, 1.0], [2.0, 3.0]]
    assert list(tables.read(path, columns=["frames"])) == ["frames"]
    assert tables.stored_fingerprint(path) == "abc"


def test_fingerprint_of_what_is_no_table(tmp_path):
    assert tables.stored_fingerprint(tmp_path / "absent.parquet") is None
    (tmp_path / "text.parquet").write_text("no table")
    assert tables.stored_fingerprint(tmp_path / "text.parquet") is None
    FRAME.to_parquet(tmp_path / "foreign.parquet")
    assert tables.stored_fingerprint(tmp_path / "foreign.parquet") is None


def test_read_names_the_file_and_the_reason(tmp_path):
    with pytest.raises(InputError, match=r"absent\.parquet: no such table"):
        tables.read(tmp_path / "absent.parquet")
    (tmp_path / "text.parquet").write_text("no table")
    with pytest.raises(InputError, match=r"text\.parquet: not a readable Parquet file"):
        tables.read(tmp_path / "text.parquet")


def test_a_table_is_made_once_and_again_when_its_inputs_change(tmp_path):
    path, calls = tmp_path / "table.parquet", []

    def make():
        calls.append(1)
        return FRAME.assign(call=len(calls))

    for fingerprint, call in (("one", 1), ("one", 1), ("two", 2), ("two", 2)):
        assert tables.reuse_or_make(path, fingerprint, make)["call"].unique() == [call]


def test_a_truncated_table_is_made_again(tmp_path):
    path = tmp_path / "table.parquet"
    tables.write(FRAME, path, "one")
    path.write_bytes(path.read_bytes()[:-20])
    assert len(tables.reuse_or_make(path, "one", lambda: FRAME)) == len(FRAME)


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), tables.replacing(path) as aside:
        aside.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_fingerprint_depends_on_all_parts_in_whatever_order_they_are_named():
    one = tables.fingerprint(1, "videos", {"margin": 0.6, "size": 240})
    assert one == tables.fingerprint(1, "videos", {"size": 240, "margin": 0.6})
    assert one != tables.fingerprint(1, "videos", {"size": 240, "margin": 0.5})
    assert one != tables.fingerprint(2, "videos", {"size": 240, "margin": 0.6})
