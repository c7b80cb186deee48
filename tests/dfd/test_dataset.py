import json
import shutil
from dataclasses import replace

import av
import numpy as np
import pandas as pd
import pytest

from dfd import dataset, listing, tables
from dfd.errors import InputError


@pytest.fixture
def folder(tiny):
    return tiny.data / "dfdc_train_part_0"


def edit(folder, changes):
    file = folder / "metadata.json"
    metadata = json.loads(file.read_text()) | changes
    file.write_text(json.dumps({name: entry for name, entry in metadata.items() if entry is not None}))


def a_clip(folder, label="REAL"):
    metadata = json.loads((folder / "metadata.json").read_text())
    return next(name for name, entry in metadata.items() if entry["label"] == label)


def row(tiny, name):
    videos = dataset.table(tiny).set_index("video")
    assert (videos["status"] == "ok").sum() == len(videos) - 1, "only the bad one is out"
    return videos.loc[name]


def test_table_describes_the_clips(tiny):
    videos = dataset.table(tiny)
    assert list(videos.columns) == list(dataset.COLUMNS)
    assert (videos["status"] == "ok").all()
    for video in videos.sample(3, random_state=0).itertuples():
        with av.open(str(tiny.data / video.path)) as container:
            decoded = list(container.decode(video=0))
        assert len(decoded) == video.frames
        assert {decoded[0].width, decoded[0].height} == {video.width, video.height}
    assert np.allclose(videos["duration"], videos["frames"] / videos["fps"])
    assert set(videos["split"]) == set(dataset.SPLITS)
    assert videos.loc[videos["label"] == "FAKE", "original_listed"].all()
    assert dataset.leaks(videos).empty


def test_table_is_reused_until_a_file_changes(tiny, folder):
    dataset.table(tiny)
    before = dataset.path(tiny).stat().st_mtime_ns
    dataset.table(tiny)
    assert dataset.path(tiny).stat().st_mtime_ns == before
    fingerprint = tables.stored_fingerprint(dataset.path(tiny))
    (folder / a_clip(folder)).unlink()
    dataset.table(tiny)
    assert tables.stored_fingerprint(dataset.path(tiny)) != fingerprint


def test_a_folder_in_the_same_state_is_not_listed_again(tiny, folder, monkeypatch):
    before = dataset.table(tiny)
    monkeypatch.setattr(dataset, "hashes", None)
    assert dataset.table(tiny).equals(before)
    monkeypatch.undo()
    (folder / before["video"].iloc[0]).unlink()
    assert dataset.table(tiny)["status"].iloc[0] == "missing"


def test_two_folders_of_one_part_are_named(tiny, folder):
    shutil.copytree(folder, folder.with_name("dfdc_train_part_00"))
    with pytest.raises(InputError, match="dfdc_train_part_0 and dfdc_train_part_00"):
        dataset.table(tiny)


def test_metadata_that_begins_with_a_mark(tiny, folder):
    file = folder / "metadata.json"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert (dataset.table(tiny)["status"] == "ok").all()


def test_metadata_that_is_a_folder(tiny, folder):
    (folder / "metadata.json").unlink()
    (folder / "metadata.json").mkdir()
    with pytest.raises(InputError, match=r"metadata\.json: cannot be read"):
        dataset.table(tiny)


def test_a_clip_listed_twice_with_two_labels(tiny, folder):
    name, file = a_clip(folder), folder / "metadata.json"
    again = json.dumps({name: {"label": "FAKE", "original": name}})
    file.write_text(again.rstrip("}") + "}, " + file.read_text().lstrip("{"))
    listed = row(tiny, name)
    assert listed["status"] == "bad metadata" and "twice" in listed["reason"]


def test_missing_video_stays_with_its_status(tiny, folder):
    name = a_clip(folder)
    (folder / name).unlink()
    assert row(tiny, name)["status"] == "missing"


def test_empty_video(tiny, folder):
    name = a_clip(folder)
    (folder / name).unlink()
    (folder / name).touch()
    assert row(tiny, name)["status"] == "empty"


def test_text_in_place_of_a_video(tiny, folder):
    name = a_clip(folder)
    (folder / name).unlink()
    (folder / name).write_text("this is no video\n" * 100)
    found = row(tiny, name)
    assert found["status"] == "unreadable"
    assert "not a readable video" in found["reason"]


@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_truncated_video(tiny, folder, share):
    name = a_clip(folder)
    whole = (folder / name).read_bytes()
    (folder / name).unlink()
    (folder / name).write_bytes(whole[: int(len(whole) * share)])
    assert row(tiny, name)["status"] == "unreadable"


def test_container_that_does_not_say_how_long_it_is(tiny, folder, tmp_path):
    clip = folder / a_clip(folder)
    copy = tmp_path / "copy.mp4"
    with av.open(str(clip)) as old, av.open(str(copy), "w", format="matroska") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    assert dataset.probe(copy)["frames"] == dataset.probe(clip)["frames"]


def test_truncated_after_its_index(tiny, folder):
    name = a_clip(folder)
    whole = folder / "whole.mp4"
    with (
        av.open(str(folder / name)) as old,
        av.open(str(whole), "w", options={"movflags": "faststart"}) as new,
    ):
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    content = whole.read_bytes()
    (folder / name).unlink()
    (folder / name).write_bytes(content[: len(content) * 3 // 4])
    found = row(tiny, name)
    assert found["status"] == "unreadable"
    assert "truncated" in found["reason"]


def test_sound_without_a_picture(tiny, folder):
    name = a_clip(folder)
    (folder / name).unlink()
    with av.open(str(folder / name), "w") as container:
        stream = container.add_stream("aac", rate=16000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.float32), format="fltp", layout="mono")
        sound.rate = 16000
        container.mux(stream.encode(sound))
        container.mux(stream.encode())
    assert row(tiny, name)["status"] == "no video stream"


@pytest.mark.parametrize(
    "entry",
    [
        {"label": "MAYBE", "split": "train"},
        {"label": 1, "split": "train"},
        {"label": "REAL", "split": "holiday"},
        {"label": "FAKE", "split": "train"},
        {"label": "FAKE", "split": "train", "original": "../aaaaaaaaaa.mp4"},
        {},
        "REAL",
    ],
)
def test_entries_that_make_no_sense(tiny, folder, entry):
    edit(folder, {"zzzzzzzzzz.mp4": entry})
    shutil.copy(folder / a_clip(folder), folder / "zzzzzzzzzz.mp4")
    found = row(tiny, "zzzzzzzzzz.mp4")
    assert found["status"] == "bad metadata"
    assert pd.isna(found["path"])


@pytest.mark.parametrize("name", ["../x.mp4", "/etc/x.mp4", "sub/x.mp4", "..\\x.mp4", "x.avi", ""])
def test_names_never_leave_the_folder(tiny, folder, name):
    shutil.copy(folder / a_clip(folder), tiny.data / "x.mp4")
    edit(folder, {name: {"label": "REAL", "split": "train"}})
    found = row(tiny, name)
    assert found["status"] == "bad metadata"
    assert pd.isna(found["path"])
    assert pd.isna(found["bytes"])


def test_a_name_listed_twice_counts_once(tiny, folder):
    other = tiny.data / "dfdc_train_part_1"
    shutil.copytree(folder, other, symlinks=True)
    videos = dataset.table(tiny)
    assert videos.loc[videos["status"] == "ok", "video"].is_unique
    assert set(videos.loc[videos["part"] == 1, "status"]) == {"bad metadata"}


def test_original_outside_the_download_is_kept_as_text(tiny, folder):
    original = a_clip(folder)
    edit(folder, {original: None})
    videos = dataset.table(tiny)
    fakes = videos[videos["original"] == original]
    assert len(fakes) > 0
    assert not fakes["original_listed"].any()
    assert (fakes["status"] == "ok").all()


def test_parts_in_numeric_order_and_by_choice(tiny, folder):
    for part in (10, 2):
        other = tiny.data / f"dfdc_train_part_{part}"
        other.mkdir()
        entry = {"label": "REAL", "split": "train"}
        (other / "metadata.json").write_text(json.dumps({f"video{part}.mp4": entry}))
    assert dataset.table(tiny)["part"].unique().tolist() == [0, 2, 10]
    assert dataset.table(replace(tiny, parts=(2, 10)))["video"].tolist() == ["video2.mp4", "video10.mp4"]
    with pytest.raises(InputError, match="dfdc_train_part_7"):
        dataset.table(replace(tiny, parts=(7,)))


def test_limit_keeps_sources_with_their_fakes(tiny, folder):
    names = json.loads((folder / "metadata.json").read_text())
    shuffled = dict(sorted(names.items(), key=lambda item: item[1]["label"]))
    (folder / "metadata.json").write_text(json.dumps(shuffled))
    sizes = dataset.table(tiny)["source"].value_counts()
    few = dataset.table(replace(tiny, videos=4))
    assert len(few) == 4
    first = few["source"].iloc[0]
    assert (few["source"] == first).sum() == min(4, sizes[first]), "fakes and original are together"


@pytest.mark.parametrize("content", ["{", "[1, 2]", "{}", "\x00\x01"])
def test_unusable_metadata_names_the_file(tiny, folder, content):
    (folder / "metadata.json").write_text(content)
    with pytest.raises(InputError, match=r"metadata\.json"):
        dataset.table(tiny)


def test_metadata_in_another_encoding(tiny, folder):
    (folder / "metadata.json").write_bytes(b'{"\xff\xfe": 1}')
    with pytest.raises(InputError, match="not JSON"):
        dataset.table(tiny)


def test_missing_metadata_beside_good_parts(tiny):
    (tiny.data / "dfdc_train_part_1").mkdir()
    with pytest.raises(InputError, match=r"dfdc_train_part_1.metadata\.json"):
        dataset.table(tiny)
    assert len(dataset.table(replace(tiny, parts=(0,)))) > 0


def test_folder_without_parts(tiny, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no dfdc_train_part"):
        dataset.table(replace(tiny, data=tmp_path / "empty"))


def test_one_split_in_the_metadata_is_divided_by_source(tiny, folder):
    metadata = json.loads((folder / "metadata.json").read_text())
    edit(folder, {name: entry | {"split": "train"} for name, entry in metadata.items()})
    videos = dataset.table(tiny)
    assert dataset.leaks(videos).empty
    assert (videos["split"] == dataset.assign_splits(videos, tiny.seed)).all()


def test_splits_have_their_fractions_and_do_not_move():
    videos = pd.DataFrame({"source": [f"video{number}.mp4" for number in range(5000)]})
    splits = dataset.assign_splits(videos, seed=1)
    shares = splits.value_counts(normalize=True)[list(dataset.SPLITS)]
    assert np.allclose(shares, dataset.FRACTIONS, atol=0.015)
    assert (dataset.assign_splits(videos.iloc[::7], seed=1) == splits.iloc[::7]).all()
    assert (dataset.assign_splits(videos, seed=2) != splits).any()


def test_leaks_are_found(sample):
    videos = dataset.table(sample)
    assert dataset.leaks(videos).empty
    moved = videos.index[videos["label"] == "FAKE"][0]
    videos.loc[moved, "split"] = "test" if videos.loc[moved, "split"] != "test" else "train"
    leaks = dataset.leaks(videos)
    assert set(leaks["source"]) == {videos.loc[moved, "source"]}
    assert leaks["split"].nunique() == 2


def test_splits_that_leak_are_refused(tiny, folder):
    metadata = json.loads((folder / "metadata.json").read_text())
    name = next(name for name, entry in metadata.items() if entry["label"] == "FAKE")
    split = "test" if metadata[name]["split"] != "test" else "train"
    edit(folder, {name: metadata[name] | {"split": split}})
    with pytest.raises(InputError, match=f"1 of 6 sources are in more.*{metadata[name]['original']}$"):
        dataset.table(tiny)
    videos = dataset.examine(tiny, listing.listed(tiny.data))
    assert len(dataset.leaks(videos)) == 2
    with pytest.raises(InputError, match="the metadata's splits"):
        dataset.check_split(videos)


def test_metadata_without_one_good_entry(tiny, folder):
    (folder / "metadata.json").write_text(json.dumps({"aaaaaaaaaa.mp4": {"label": "MAYBE"}, "../b.mp4": 3}))
    videos = dataset.table(tiny)
    assert videos["status"].tolist() == ["bad metadata"] * 2
    assert videos["split"].isna().all()
    assert dataset.leaks(videos).empty
    only = dataset.table(replace(tiny, videos=1))
    assert only["video"].tolist() == ["aaaaaaaaaa.mp4"]


def test_only_originals_keep_text_columns(tiny, folder):
    metadata = json.loads((folder / "metadata.json").read_text())
    edit(folder, {name: None for name, entry in metadata.items() if entry["label"] == "FAKE"})
    videos = dataset.table(tiny)
    assert videos["original"].isna().all()
    assert videos["original"].str.len().isna().all()


@pytest.mark.parametrize("count", [3, 5, 13])
def test_few_sources_still_give_all_three_splits(count):
    videos = pd.DataFrame({"source": [f"s{number}" for number in range(count)]})
    sizes = dataset.assign_splits(videos, seed=2020).value_counts()
    assert set(sizes.index) == set(dataset.SPLITS)
    assert sizes["train"] == count - 2
    assert dataset.assign_splits(videos.head(1), seed=2020).tolist() == ["train"]
