import json
import shutil
from collections import namedtuple
from dataclasses import replace

import pytest
from distributed import system

from dfd import faces, listing, requirements, weights
from dfd.errors import InputError

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def without_b7(tiny, tmp_path, monkeypatch):
    """A run with a backbone whose weights cannot be had."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    unreachable = replace(weights.WEIGHTS["efficientnet-b7"], address="http://127.0.0.1:9/b7.pth")
    monkeypatch.setitem(weights.WEIGHTS, "efficientnet-b7", unreachable)
    return replace(tiny, backbone="efficientnet-b7")


@pytest.fixture
def free(monkeypatch):
    """Sets how many bytes are free on the disk."""
    return lambda count: monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(count, 0, count))


def leak(run):
    """Put a fake into another split than its original."""
    file = run.data / "dfdc_train_part_0" / "metadata.json"
    entries = json.loads(file.read_text())
    name = next(name for name, entry in entries.items() if entry["label"] == "FAKE")
    entries[name]["split"] = "test" if entries[name]["split"] != "test" else "train"
    file.write_text(json.dumps(entries))
    return entries[name]["original"]


def test_a_run_that_has_everything(tiny):
    requirements.check(tiny)
    assert not tiny.build.exists()


def test_only_what_a_stage_needs_is_asked_for(without_b7):
    requirements.check(without_b7, model=None)
    requirements.check(without_b7, model="dlib")
    with pytest.raises(
        InputError, match=r"efficientnet-b7-dcc49843\.pth: not on this machine, and the download"
    ):
        requirements.check(without_b7)
    with pytest.raises(InputError, match=r"vggface2\.pt: not on this machine"):
        requirements.check(without_b7, model="facenet")


def test_crops_count_where_they_are_still_to_be_made(tiny):
    videos = listing.listed(tiny.data)
    reals, fakes = (int((videos["label"] == label).sum()) for label in ("REAL", "FAKE"))

    def needed(reals):
        faces = reals * tiny.faces_per_real + fakes * tiny.faces_per_fake
        return faces * requirements.CROP_BYTES

    assert requirements.crop_bytes(tiny, videos) == needed(reals)
    (tiny.data / videos.loc[videos["label"] == "REAL", "path"].iloc[0]).unlink()
    assert requirements.crop_bytes(tiny, videos) == needed(reals - 1)


def test_crops_that_are_made_need_no_room(tiny):
    few = replace(tiny, videos=2, faces_per_real=2, faces_per_fake=1)
    videos = listing.listed(few.data, limit=2)
    assert requirements.crop_bytes(few, videos) > 0
    faces.table(few)
    assert requirements.crop_bytes(few, videos) == 0


def test_too_little_room(tiny, free):
    needed = requirements.crop_bytes(tiny, listing.listed(tiny.data))
    free(needed)
    requirements.check(tiny)
    free(needed - 1)
    with pytest.raises(InputError, match="face crops need some ") as error:
        requirements.check(tiny)
    assert str(error.value).startswith(str(tiny.build))


def test_too_little_memory(tiny, monkeypatch):
    monkeypatch.setattr(system, "MEMORY_LIMIT", 4 * 2**30)
    requirements.check(replace(tiny, jobs=8))
    with pytest.raises(InputError, match=r"^memory: .*, and JOBS=9 needs .* at least; set JOBS=8 or less$"):
        requirements.check(replace(tiny, jobs=9))
    requirements.check(replace(tiny, jobs=9, scheduler="tcp://127.0.0.1:9"))
    monkeypatch.setattr(system, "MEMORY_LIMIT", 2**30)
    with pytest.raises(InputError, match=r"^memory: .*, and JOBS=1 needs .* at least$"):
        requirements.check(tiny)


def test_splits_that_leak_stop_a_run(tiny):
    source = leak(tiny)
    with pytest.raises(InputError, match=f"1 of 6 sources are in more than one of them.*{source}"):
        requirements.check(tiny)


def test_all_that_is_missing_is_said_at_once(without_b7, monkeypatch, free):
    free(0)
    monkeypatch.setattr(system, "MEMORY_LIMIT", 2**30)
    with pytest.raises(InputError) as error:
        requirements.check(without_b7)
    first, *reasons = str(error.value).splitlines()
    assert first == "profile 'sample': this run cannot begin:"
    assert [reason.split(":")[0] for reason in reasons] == [
        f"- {without_b7.build}",
        "- efficientnet-b7-dcc49843.pth",
        "- memory",
    ]
    (without_b7.data / "dfdc_train_part_0" / "metadata.json").unlink()
    with pytest.raises(InputError, match=r"metadata\.json: missing(.|\n)*efficientnet-b7(.|\n)*memory"):
        requirements.check(without_b7)
