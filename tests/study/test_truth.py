"""The truth tables, and what they say of detected faces and scored videos."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from dfd import dataset, faces, tables
from dfd.boxes import BOX
from dfd.errors import InputError
from dfd.run import Run
from study import truth

READERS = (truth.videos, truth.actors, truth.frames, truth.faces)


def test_identities_are_those_of_the_truth_tables(few: Run) -> None:
    people = truth.identities(few, faces.table(few))
    actors = truth.videos(few).set_index("video")["actor"]
    assert people["actor"].notna().mean() > 0.95
    first = people[people["person"] == 0]
    assert (first["actor"] == first["video"].map(actors)).mean() > 0.95


def test_identities_are_null_without_truth_tables(few: Run, tmp_path: Path) -> None:
    people = truth.identities(replace(few, data=tmp_path), faces.table(few))
    assert people[truth.WHO].isna().all(axis=None)


def test_the_true_face_that_overlaps_most_is_taken_and_none_that_overlaps_little(sample: Run) -> None:
    true_faces = truth.frames(sample)
    crowd = true_faces[true_faces.duplicated(["video", "frame"], keep=False)].head(2)
    assert crowd["person"].tolist() == [0, 1]
    detected = pd.concat([crowd[::-1], crowd.head(1)])[["video", "frame", *BOX]]
    detected["face_id"] = ["second", "first", "beside"]
    width = detected["x1"] - detected["x0"]
    detected[["x0", "x1"]] = detected[["x0", "x1"]].add(width * [0, 0.1, 100], axis=0)
    people = truth.identities(sample, detected).set_index("face_id")
    assert people.loc[["second", "first"], "person"].tolist() == [1, 0]
    assert people.loc[["second", "first"], "actor"].tolist() == crowd["actor"].tolist()[::-1]
    assert people.loc["beside", truth.WHO].isna().all()


def test_rows_of_faces_keep_their_order_and_number(few: Run) -> None:
    table = faces.table(few).sample(frac=1, random_state=0)
    people = truth.identities(few, table)
    assert people["face_id"].tolist() == table["face_id"].tolist()
    assert truth.identities(few, table.head(0)).columns.tolist() == [*table.columns, *truth.WHO]


def test_faces_know_their_actor_and_what_their_video_has_suffered(sample: Run) -> None:
    table = truth.faces(sample)
    assert len(table) == len(truth.frames(sample))
    assert {"ancestry", "monk", *truth.DEGRADATIONS} <= set(table.columns)
    assert table["gender"].notna().all()
    of_videos = table["video"].isin(truth.videos(sample)["video"])
    assert table.loc[of_videos, "crf"].notna().all()
    assert set(table.loc[~of_videos, "video"].str.split("_").str[0]) == {"benchmark"}


def test_scored_videos_keep_their_rows(sample: Run) -> None:
    videos = truth.videos(sample)
    scored = pd.DataFrame({"video": [*videos["video"].tail(3), "unheard_of.mp4"], "logit": 0.0})
    table = truth.of_videos(sample, scored)
    assert table["video"].tolist() == scored["video"].tolist()
    assert table["actor"].tolist()[:3] == videos["actor"].tail(3).tolist()
    assert table["monk"].isna().tolist() == [False, False, False, True]


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_data_without_truth_tables_have_none(sample: Run, tmp_path: Path, reader: object) -> None:
    assert reader(replace(sample, data=tmp_path)) is None


def test_videos_of_data_without_truth_tables_are_not_known(sample: Run, tmp_path: Path) -> None:
    assert truth.of_videos(replace(sample, data=tmp_path), pd.DataFrame({"video": ["a.mp4"]})) is None


def test_a_missing_table_is_named(sample: Run, tmp_path: Path) -> None:
    (tmp_path / "truth").mkdir()
    with pytest.raises(InputError, match=r"actors\.parquet"):
        truth.actors(replace(sample, data=tmp_path))


def test_without_truth_tables_recognised_people_are_drawn(few: Run, tmp_path: Path) -> None:
    run = replace(few, data=tmp_path, build=tmp_path / "build")
    table = pd.DataFrame(
        {"video": list("vwxyz"), "source": ["a", "b", "c", None, "a"]}, index=[3, 1, 4, 0, 2]
    )
    assert truth.unit(run) == "source videos"
    assert truth.with_unit(run, table)["unit"].tolist()[:3] == ["a", "b", "c"]
    people = pd.DataFrame({"source": ["b", "a", "a"], "person": [7, 7, 8]})
    tables.write(people, dataset.people_path(run), "made")
    assert truth.unit(run) == "recognised people"
    units = truth.with_unit(run, table)["unit"]
    assert units.tolist()[:3] == ["person 7", "person 7", "c"] and pd.isna(units[0])
    assert units.index.tolist() == table.index.tolist()
