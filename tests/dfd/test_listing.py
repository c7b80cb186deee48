import json
import shutil
from dataclasses import replace

import pytest

from dfd import dataset, listing
from dfd.errors import InputError


@pytest.fixture
def folder(tiny):
    return tiny.data / "dfdc_train_part_0"


def names(folder):
    return list(json.loads((folder / "metadata.json").read_text()))


def write(folder, entries):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metadata.json").write_text(json.dumps(entries))


def test_one_part_given_by_itself(folder, tiny):
    whole = listing.listed(tiny.data)
    part = folder.rename(folder.with_name("dfdc_train_part_7"))
    videos = listing.listed(part)
    assert set(videos["part"]) == {7}
    assert (videos["path"] == videos["video"]).all()
    columns = ["video", "label", "original", "original_listed", "source", "split", "status", "reason"]
    assert videos[columns].equals(whole[columns])
    assert (dataset.table(replace(tiny, data=part))["status"] == "ok").all()
    assert listing.folders(part, (7,)) == {7: part}
    with pytest.raises(InputError, match="dfdc_train_part_3: no such part"):
        listing.listed(part, (3,))


def test_kaggles_sample_inside_the_folder_and_by_itself(folder, tiny):
    small = folder.rename(folder.with_name("train_sample_videos"))
    inside, itself = listing.listed(tiny.data), listing.listed(small)
    assert set(inside["part"]) == set(itself["part"]) == {0}
    assert inside["path"].tolist() == [f"train_sample_videos/{name}" for name in names(small)]
    assert itself["path"].tolist() == names(small)
    videos = dataset.table(tiny)
    assert (videos["status"] == "ok").all()


def test_kaggles_sample_beside_other_parts(folder, tiny):
    write(tiny.data / "train_sample_videos", {"aaaaaaaaaa.mp4": {"label": "REAL"}})
    with pytest.raises(
        InputError, match="dfdc_train_part_0 and train_sample_videos have one number; keep one"
    ):
        listing.listed(tiny.data)
    folder.rename(folder.with_name("dfdc_train_part_1"))
    assert list(listing.folders(tiny.data)) == [0, 1]
    assert set(listing.listed(tiny.data, (1,))["part"]) == {1}


def test_parts_inside_go_before_what_the_folder_is_called(folder, tiny):
    outside = tiny.data.rename(tiny.data.with_name("dfdc_train_part_00"))
    (outside / "metadata.json").write_text("{}")
    assert listing.folders(outside) == {0: outside / folder.name}


def test_a_folder_of_another_name_with_metadata_is_a_part(folder, tiny):
    part = folder.rename(folder.with_name("mine"))
    assert listing.folders(part) == {0: part}


def test_a_folder_with_none_of_these_says_what_was_looked_for(tmp_path):
    with pytest.raises(InputError) as error:
        listing.listed(tmp_path)
    for looked_for in (str(tmp_path), "dfdc_train_part_*", "train_sample_videos", "metadata.json"):
        assert looked_for in str(error.value)
    assert "ZIP" not in str(error.value)
    (tmp_path / "dfdc_train_part_00.zip").touch()
    with pytest.raises(InputError, match="unpack the ZIP files"):
        listing.listed(tmp_path)


def test_a_part_unpacked_one_level_too_deep(folder, tiny):
    outer = tiny.data / "dfdc_train_part_00"
    outer.mkdir()
    folder.rename(outer / folder.name)
    with pytest.raises(
        InputError, match=r"dfdc_train_part_00.metadata\.json: missing; .* from dfdc_train_part_0"
    ):
        listing.listed(tiny.data)


def test_a_part_by_itself_without_metadata(folder):
    (folder / "metadata.json").unlink()
    with pytest.raises(InputError, match=r"metadata\.json: missing"):
        listing.listed(folder)


@pytest.mark.parametrize("end", ["entry", "name", "comma", "bracket", "zeros"])
def test_metadata_of_a_download_that_was_stopped(folder, tiny, end):
    file = folder / "metadata.json"
    entries = {f"video{number}.mp4": {"label": "REAL", "split": "train"} for number in range(9)}
    text = json.dumps(entries)
    fourth = text.index('"video4.mp4"')
    cut = {
        "entry": text[: fourth + 20],
        "name": text[: fourth + 5],
        "comma": text[: fourth - 1],
        "bracket": text[: fourth - 2],
        "zeros": text[:fourth] + "\0" * 40,
    }
    file.write_text(cut[end])
    with pytest.raises(InputError, match="seems cut off, with 4 whole entries") as error:
        listing.listed(tiny.data)
    assert str(file) in str(error.value)


@pytest.mark.parametrize("text", ['{"a.mp4": {"label": "REAL"},}', "[1, 2", '{"a.mp4": {}} {', "no"])
def test_other_text_is_not_called_cut_off(folder, tiny, text):
    (folder / "metadata.json").write_text(text)
    with pytest.raises(InputError, match="not JSON") as error:
        listing.listed(tiny.data)
    assert "cut off" not in str(error.value)


def test_names_with_half_a_character(folder, tiny):
    (folder / "metadata.json").write_text(r'{"\ud800.mp4": {"label": "\ud800"}, "a.mp4": {"label": "REAL"}}')
    videos = dataset.table(tiny)
    assert videos["video"].tolist() == [r"\ud800.mp4", "a.mp4"]
    assert videos["status"].tolist() == ["bad metadata", "missing"]


def test_which_videos_are_there(folder, tiny):
    videos = listing.listed(tiny.data)
    assert listing.there(tiny.data, videos).all()
    first = names(folder)[0]
    (folder / first).unlink()
    assert videos.loc[~listing.there(tiny.data, videos), "video"].tolist() == [first]
    shutil.rmtree(tiny.data / "dfdc_train_part_0")
    write(folder, {"../x.mp4": {"label": "REAL"}})
    assert not listing.there(tiny.data, listing.listed(tiny.data)).any()
