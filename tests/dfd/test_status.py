"""What a run has: before anything is made, in the middle, afterwards, and when something has changed."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from dfd import contents, dataset, embedding, faces, log, status, tables, training
from dfd.log import Entry


def states(run):
    return {state.name: state for state in status.look(run)}


def files(folder):
    """All files below a folder, with what they hold and when they changed."""
    there = [path for path in folder.rglob("*") if path.is_file()]
    return {path: (contents.sha256(path), path.stat().st_mtime_ns) for path in there}


def note(run, stage="faces", state="ended", made=10, seconds=5.0, **settings):
    log.append(
        run.build, Entry(stage, state, made, 10, "videos", made, seconds, "2 processes on cpu", **settings)
    )


@pytest.fixture
def recipe(monkeypatch):
    """The recipe by which the fixture `trained` trains."""
    own = training.Recipe(size=64, epochs=1, faces=16, batch=8)
    monkeypatch.setattr(training, "own_recipe", lambda run, **changes: own)


def test_an_empty_run(tiny):
    there = states(tiny)
    assert [state.holds for state in there.values()] == [""] * len(there)
    assert there["videos"].left.endswith("videos, unknown time")
    assert there["faces"].left == "the videos first, then unknown time"
    assert "not there; left: " in str(there["videos"])
    assert status.under_way(tiny) == []
    assert not tiny.build.exists()


def test_a_finished_run_is_up_to_date_and_stays_as_it_is(trained, recipe):
    embedding.table(trained)
    before = files(trained.build)
    there = states(trained)
    made = ("videos", "faces", "embeddings, backbone", "classifier", "predictions", "model")
    assert {name: (there[name].stale, there[name].left) for name in made} == dict.fromkeys(made, ("", ""))
    assert there["videos"].holds == f"{len(dataset.table(trained))} videos ({len(dataset.table(trained))} ok)"
    assert "up to date" in str(there["faces"])
    assert files(trained.build) == before


def test_a_half_finished_run_says_what_is_left_and_how_long_it_takes(extracted):
    count = len(dataset.table(extracted))
    faces.status_path(extracted).unlink()
    shutil.rmtree(embedding.path(extracted).parent)
    for shard in sorted(faces.shard_folder(extracted).iterdir())[:2]:
        shard.unlink()
    log.path(extracted.build).unlink()
    assert states(extracted)["faces"].left == f"2 of {count} videos, unknown time"
    note(extracted, made=5, seconds=10.0)
    note(extracted, state="begun", made=0, seconds=0.0)
    measured = "faces: 30.0 a minute with 2 processes on cpu"
    assert states(extracted)["faces"].left == f"2 of {count} videos, 4 s ({measured})"
    assert states(extracted)["embeddings, backbone"].left == "the faces first, unknown time"


def test_shards_of_embeddings_that_are_left_are_counted(extracted):
    made = list(embedding.path(extracted).with_suffix("").iterdir())
    embedding.path(extracted).unlink()
    assert states(extracted)["embeddings, backbone"].left == f"0 of {len(made)} shards, seconds"
    made[0].unlink()
    left = states(extracted)["embeddings, backbone"].left
    assert left.startswith(f"1 of {len(made)} shards, ") and "embedding backbone: " in left
    log.path(extracted.build).unlink()
    assert states(extracted)["embeddings, backbone"].left == f"1 of {len(made)} shards, unknown time"


def test_other_settings_are_told_from_other_videos(extracted):
    other = states(replace(extracted, margin=0.3))
    assert other["videos"].stale == ""
    assert other["faces"].stale == "other faces of a video, margin or size"
    assert "there is a file that does not fit" in other["faces"].left
    assert other["embeddings, backbone"].stale == "it is made of the faces, which are stale"
    table = tables.read(dataset.path(extracted))
    tables.write(table, dataset.path(extracted), "another")
    again = states(extracted)
    assert again["videos"].stale.startswith("other labels, originals or splits")
    assert again["faces"].stale == "it is made of the videos, which are stale"


def test_faces_of_videos_whose_table_was_made_again(extracted):
    run = replace(extracted, seed=7)
    dataset.table(run)
    assert states(run)["faces"].stale == "the videos table has changed"


def test_an_older_version_is_named(extracted):
    stored = tables.read(faces.status_path(extracted))
    tables.write(stored, faces.status_path(extracted), faces.expected_fingerprint(extracted, version=1))
    reason = f"version 1 of its stage made it, and now there is version {faces.VERSION}"
    assert states(extracted)["faces"].stale == reason


def test_faces_that_are_newer_than_embeddings_are_told(extracted):
    run = replace(extracted, faces_per_real=5)
    faces.table(run)
    assert states(run)["embeddings, backbone"].stale == "faces.parquet was made after it"


def test_other_weights_are_told(extracted):
    tables.write(tables.read(embedding.path(extracted)), embedding.path(extracted), "another")
    reason = "another network, other weights or another seed"
    assert states(extracted)["embeddings, backbone"].stale == reason


def test_weights_that_are_not_here_are_not_downloaded(extracted, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    state = states(replace(extracted, backbone="efficientnet-b7"))["embeddings, backbone"]
    assert state.stale == "its weights are not on this machine"
    assert not (tmp_path / "torch").exists()


def test_new_and_changed_videos_are_counted(extracted):
    first, second = sorted(extracted.data.glob("dfdc_train_part_0/*.mp4"))[:2]
    content = first.read_bytes()
    first.unlink()
    first.write_bytes(content + b"more")
    kept = extracted.build / dataset.HASHES
    rows = tables.read(kept)
    tables.write(rows[~rows["name"].str.endswith(second.name)], kept, "")
    assert states(extracted)["videos"].stale == "1 videos are new and 1 have changed"


def test_a_narrower_run_is_told(extracted):
    videos = len(dataset.table(extracted))
    reason = f"the list of videos is another, by {videos - 3} of them (metadata, PARTS or VIDEOS)"
    assert states(replace(extracted, videos=3))["videos"].stale == reason


def test_what_has_begun_and_not_ended_is_under_way(extracted):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    note(extracted, "faces", "begun", 0, 0.0)
    note(extracted, "faces", "under way", 4)
    note(extracted, "embedding backbone", "begun", 0, 0.0, process=gone.pid)
    note(extracted, "hashes", "begun", 0, 0.0)
    note(extracted, "hashes", "ended")
    note(extracted, "headers", "begun", 0, 0.0, host="another", process=gone.pid)
    lines = {line.partition(":")[0]: line for line in status.under_way(extracted)}
    assert set(lines) == {"faces", "embedding backbone", "headers"}
    assert "4 of 10 videos at " in lines["faces"] and "last file written " in lines["faces"]
    assert lines["embedding backbone"].endswith("its process is gone")
    assert "gone" not in lines["faces"] + lines["headers"]


def test_dlib_has_shards_of_its_own_number(extracted):
    counted = embedding.spread_faces(faces.table(extracted), embedding.DLIB_FACES)
    pieces = -(-len(counted) // embedding.SHARD)
    state = states(extracted)["embeddings, dlib"]
    assert state.left.startswith((f"{pieces} of {pieces} shards", "nothing: "))


def test_a_run_that_cannot_train_says_why_nothing_is_left(tiny):
    run = replace(tiny, faces_per_fake=1, faces_per_real=1)
    file = next(run.data.glob("*/metadata.json"))
    entries = json.loads(file.read_text())
    file.write_text(json.dumps({name: entry for name, entry in entries.items() if entry["label"] == "REAL"}))
    faces.table(run)
    states = {state.name: state for state in status.look(run)}
    assert states["classifier"].left.startswith("nothing: the train split has REAL faces only")
