"""The drill: a folder of many videos made of few clips, and all stages of the profile dfdc on it."""

import json
from dataclasses import replace

import numpy as np
import pytest

import dfd.run
from dfd import dataset, embedding, faces, listing
from dfd.errors import InputError
from study import drill, drill_tree, watched
from study.drill_tree import Size
from study.watched import Usage

SIZE = Size(parts=2, videos=12, faces=30)


@pytest.fixture
def run(extracted, tmp_path):
    """The run of a folder of a dozen videos."""
    return replace(extracted, name="dfdc", data=tmp_path / "dfdc", build=tmp_path / "drill" / "dfdc")


def test_the_default_size_is_that_of_dfdc():
    assert (Size().real, Size().videos, Size().parts) == (19_154, 119_154, 50)


def test_the_folder_is_one_of_dfdc(extracted, run):
    videos = drill_tree.make(extracted, SIZE, run.data)
    assert (len(videos), videos["faces"].sum(), videos["video"].nunique()) == (12, 30, 12)
    assert videos["video"].str.fullmatch("[a-z]{10}.mp4").all()
    listed = dataset.table(run)
    assert listed["status"].eq("ok").all() and listed["original_listed"].sum() == 10
    assert sorted(listed["part"].unique()) == [0, 1]
    pairs = listed.merge(videos[["video", "clip"]], on="video")
    for row in pairs.to_dict("records"):
        one, other = run.data / row["path"], next(extracted.data.glob(f"*/{row['clip']}"))
        assert one.samefile(other)


def test_parts_that_are_there_are_not_made_again(extracted, run):
    drill_tree.make(extracted, SIZE, run.data)
    first, second = (run.data / f"dfdc_train_part_{number}" for number in (0, 1))
    before = (first / listing.METADATA).stat().st_mtime_ns
    entries = json.loads((second / listing.METADATA).read_text())
    (second / listing.METADATA).unlink()
    drill_tree.make(extracted, SIZE, run.data)
    assert (first / listing.METADATA).stat().st_mtime_ns == before
    assert json.loads((second / listing.METADATA).read_text()) == entries


def test_more_faces_than_clips_have_are_refused(extracted):
    with pytest.raises(InputError, match="clip of the sample has so many faces"):
        drill_tree.plan(extracted, replace(SIZE, faces=10_000))


def test_stages_take_repeated_faces_and_vectors_for_their_own(extracted, run, monkeypatch):
    videos = drill_tree.make(extracted, SIZE, run.data)
    drill_tree.fill_faces(extracted, run, videos)
    monkeypatch.setattr(faces, "_extract_one", None)
    table = faces.table(run)
    assert len(table) == 30 and table["face_id"].is_unique
    assert len(faces.images(run, table["face_id"].to_list())) == 30
    assert drill_tree.fill_vectors(extracted, run, videos, "backbone", computed=0) == 30
    monkeypatch.setattr(embedding, "embedder", None)
    vectors = embedding.table(run)
    assert vectors["face_id"].to_list() == table["face_id"].to_list()
    clip_of = dict(zip(videos["video"], videos["clip"], strict=True))
    own = embedding.table(extracted).set_index("face_id")["vector"]
    for face_id, vector in zip(vectors["face_id"], vectors["vector"], strict=True):
        same = own[drill_tree._face_of_clip(face_id, clip_of)]
        assert not np.array_equal(vector, same)
        assert np.corrcoef(vector, same)[0, 1] > 0.98


def test_a_drill_goes_on_after_the_stages_that_are_done(tmp_path, monkeypatch, extracted, run):
    monkeypatch.setattr(drill, "_runs", lambda folder: (extracted, run))
    names = ["one", "two", "01_data_analysis", "08_evaluation"]
    monkeypatch.setattr(drill, "stages", lambda *arguments: [drill.Stage(name, [name]) for name in names])
    outcomes = {"two": None, "01_data_analysis": 1}
    ran = []

    def fake_run(command, log, limit, **variables):
        ran.extend(command)
        return Usage(outcomes.get(*command, 0), 1.0, 2.0, 3)

    monkeypatch.setattr(watched, "run", fake_run)
    monkeypatch.setattr(drill, "_measured", lambda run, plan, done: done)
    plan = drill.Plan(SIZE)
    with pytest.raises(InputError, match=r"two .stopped for its memory after 1 s, 0.0 GB.; see .*drill.log"):
        drill.measure(tmp_path / "drill", plan)
    outcomes.pop("two")
    with pytest.raises(InputError, match=r"01_data_analysis .exit status 1"):
        drill.measure(tmp_path / "drill", plan)
    assert ran == ["one", "two", "two", "01_data_analysis", "08_evaluation"]
    outcomes.clear()
    assert list(drill.measure(tmp_path / "drill", plan, keep=True)) == [
        *("one", "two", "08_evaluation", "01_data_analysis")
    ]
    assert (tmp_path / "drill").is_dir()
    drill.measure(tmp_path / "drill", plan)
    assert not (tmp_path / "drill").exists()


@pytest.mark.long
def test_a_small_drill_holds(tmp_path):
    plan = drill.Plan(Size(parts=2, videos=150, faces=400), embedded=128)
    measured = drill.measure(tmp_path / "drill", plan)
    assert measured["faces"] == 400 and measured["videos"] == 150
    assert set(drill.CHAPTERS) < set(measured["stages"])
    assert max(stage["peak"] for stage in measured["stages"].values()) < plan.limit
    assert not (tmp_path / "drill").exists()
    assert dfd.run.build_folder("sample").is_dir()
