import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from dfd import dataset, listing, summary
from dfd.errors import InputError

STATUSES = ("missing", "empty", "unreadable", "no video stream", "bad metadata", "no face")


@pytest.fixture
def large():
    """A table of 20,000 videos of 50 parts, with every status in every part but three."""
    numbers = np.arange(20_000)
    status = np.where(numbers % 50 < 3, "ok", np.array([*STATUSES, "ok"])[numbers % 7])
    return pd.DataFrame(
        {
            "video": [f"v{number}.mp4" for number in numbers],
            "part": numbers % 50,
            "label": np.where(numbers % 6, "FAKE", "REAL"),
            "source": [f"v{number - number % 6}.mp4" for number in numbers],
            "split": np.array(dataset.SPLITS)[numbers // 6 % 3],
            "duration": 10.0,
            "bytes": 4_000_000,
            "status": status,
            "reason": np.where(status == "ok", "", "for a reason\nof two lines"),
        }
    )


def test_the_summary_is_as_short_for_many_videos(large):
    lines = summary.lines(large)
    assert len(lines) <= 20
    assert all(len(line) < 300 and line.isprintable() for line in lines)
    ok = (large["status"] == "ok").sum()
    assert lines[0].startswith(f"20,000 videos: {ok:,} ok, ")
    assert lines[1] == "80.0 GB, 55.56 hours of video"
    assert "parts 0 to 2: 1,200 videos, all ok" in lines
    assert any(line.startswith("42 other parts: ") for line in lines)
    for status in STATUSES:
        (line,) = [line for line in lines if line.startswith(f"{status}: ")]
        names = large.loc[large["status"] == status, "video"].tolist()
        assert ", ".join(names[:5]) + f" and {len(names) - 5:,} more" in line


def test_sources_count_with_an_original_that_can_be_used(tiny):
    part = tiny.data / "dfdc_train_part_0"
    metadata = json.loads((part / "metadata.json").read_text())
    listed, absent, *_ = [name for name, entry in metadata.items() if entry["label"] == "REAL"]
    (part / absent).unlink()
    del metadata[listed]
    (part / "metadata.json").write_text(json.dumps(metadata))
    lines = summary.lines(dataset.table(tiny))
    assert "6 sources: 4 with an original that can be used, 2 without" in lines


def test_parts_are_counted_apart(tiny):
    for part, name in ((1, "absent"), (3, "away")):
        folder = tiny.data / f"dfdc_train_part_{part}"
        folder.mkdir()
        (folder / "metadata.json").write_text(json.dumps({f"{name}.mp4": {"label": "REAL"}}))
    lines = summary.lines(dataset.table(tiny))
    assert lines[4:7] == [
        "part 1: 1 videos: 1 missing",
        "part 3: 1 videos: 1 missing",
        "part 0: 12 videos, all ok",
    ]


def test_20_000_absent_files_are_listed_without_opening_any(tmp_path, tiny):
    part = tmp_path / "dfdc_train_part_4"
    part.mkdir()
    entries = {f"v{number}.mp4": {"label": "REAL", "split": "train"} for number in range(20_000)}
    (part / "metadata.json").write_text(json.dumps(entries))
    run = replace(tiny, data=tmp_path)
    videos = dataset.examine(run, listing.listed(tmp_path))
    lines = summary.lines(videos)
    assert lines[0] == "20,000 videos: 20,000 missing"
    assert len(lines) < 10
    summary.write(summary.unusable(videos), tmp_path / "new" / "list.csv")
    rows = pd.read_csv(tmp_path / "new" / "list.csv")
    assert rows.columns.tolist() == ["video", "part", "status", "reason"]
    assert len(rows) == 20_000 and set(rows["part"]) == {4}


def test_a_list_that_cannot_be_written(large, tmp_path):
    (tmp_path / "file").touch()
    for file in (tmp_path / "file" / "list.csv", tmp_path):
        with pytest.raises(InputError, match="cannot be written"):
            summary.write(summary.unusable(large), file)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_no_video_that_could_be_listed(tiny):
    (tiny.data / "dfdc_train_part_0" / "metadata.json").write_text(json.dumps({"x": 1, "a" * 999: 2}))
    lines = summary.lines(dataset.table(tiny))
    assert lines[0] == "2 videos: 2 bad metadata"
    assert "splits: none" in lines
    assert max(map(len, lines)) < 300
