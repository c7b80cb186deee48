import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
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


def test_rows_are_counted(tmp_path):
    tables.write(FRAME, tmp_path / "table.parquet", "abc")
    assert tables.count(tmp_path / "table.parquet") == 2


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


def parts(count):
    """Tables of three rows each, with a missing name, and the same rows as one frame."""
    frames = [
        pd.DataFrame(
            {
                "name": pd.Series([f"{number}", None, "c"], dtype="str"),
                "frame": [number, 1, 2],
                "x0": np.float32([0.1, 0.2, number]),
                "vector": list(np.float32([[number, 1], [2, 3], [4, 5]])),
            }
        )
        for number in range(count)
    ]
    several = (pa.Table.from_pandas(frame, preserve_index=False) for frame in frames)
    return several, pd.concat(frames, ignore_index=True)


@pytest.mark.parametrize(("rows", "groups"), [(1000, 1), (4, 3)])
def test_a_joined_table_is_that_of_its_parts_in_one_piece(tmp_path, monkeypatch, rows, groups):
    monkeypatch.setattr(tables, "GROUP_PARTS", rows)
    several, whole = parts(10)
    path = tmp_path / "joined.parquet"
    tables.join(several, path, "abc")
    assert pq.read_metadata(path).num_row_groups == groups
    assert tables.stored_fingerprint(path) == "abc" and tables.count(path) == len(whole)
    pd.testing.assert_frame_equal(tables.read(path), whole)
    pd.testing.assert_frame_equal(tables.read(path, ["frame", "name"]), whole[["frame", "name"]])
    tables.write(whole, tmp_path / "written.parquet", "abc")
    pd.testing.assert_frame_equal(tables.read(path), tables.read(tmp_path / "written.parquet"))


def test_few_parts_are_in_memory_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "GROUP_BYTES", 200)
    several, whole = parts(10)
    tables.join(several, tmp_path / "joined.parquet", "abc")
    assert pq.read_metadata(tmp_path / "joined.parquet").num_row_groups > 3
    pd.testing.assert_frame_equal(tables.read(tmp_path / "joined.parquet"), whole)


def test_a_table_is_joined_once_and_again_when_its_inputs_change(tmp_path):
    path, calls = tmp_path / "joined.parquet", []

    def several():
        calls.append(1)
        return parts(len(calls))[0]

    lengths = [len(tables.reuse_or_join(path, name, several)) for name in ("one", "one", "two", "two")]
    assert lengths == [3, 3, 6, 6]


def test_a_join_that_fails_leaves_the_old_table_and_nothing_else(tmp_path):
    def broken():
        yield from parts(2)[0]
        raise InputError("shard", "cannot be read")

    path = tmp_path / "joined.parquet"
    tables.join(parts(1)[0], path, "old")
    with pytest.raises(InputError, match="shard: cannot be read"):
        tables.join(broken(), path, "new")
    assert tables.stored_fingerprint(path) == "old" and list(tmp_path.iterdir()) == [path]


def test_pictures_are_stored_as_they_are_and_other_columns_as_ever(tmp_path):
    path = tmp_path / "faces.parquet"
    frame = pd.DataFrame({"face_id": ["a", "b"], "image": [b"jpeg" * 100] * 2})
    tables.write(frame, path, "abc")
    stored = pq.read_metadata(path).row_group(0)
    columns = {stored.column(place).path_in_schema: stored.column(place) for place in range(2)}
    assert columns["image"].compression == "UNCOMPRESSED" and "PLAIN" in columns["image"].encodings
    assert columns["image"].has_dictionary_page is False
    assert columns["face_id"].compression == "SNAPPY" and columns["face_id"].has_dictionary_page
    pd.testing.assert_frame_equal(tables.read(path), frame)


@pytest.mark.parametrize("look", [tables.count, lambda path: tables.read_arrow(path, ["video"])])
def test_whoever_looks_into_a_table_names_the_file_and_the_reason(tmp_path, look):
    with pytest.raises(InputError, match=r"absent\.parquet: no such table"):
        look(tmp_path / "absent.parquet")
    (tmp_path / "text.parquet").write_text("no table")
    with pytest.raises(InputError, match=r"text\.parquet: not a readable Parquet file"):
        look(tmp_path / "text.parquet")
