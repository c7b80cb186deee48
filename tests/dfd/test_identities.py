"""Who is in which source: people within a video, the same people in several, and who is nobody."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from dfd import dataset, embedding, identities
from dfd.errors import MissingExtraError
from study import truth

FACES = 4
SPREAD = 0.02


def people(count, spread=0.05, seed=0):
    """Middles of people, far apart as an embedding has them."""
    return np.random.default_rng(seed).normal(0, spread, (count, 128))


def near(middles, seed=1):
    return middles + np.random.default_rng(seed).normal(0, SPREAD, middles.shape)


def clips(run, *names):
    """Leave only some clips in the metadata, all in one split."""
    file = next(run.data.glob("*/metadata.json"))
    entries = json.loads(file.read_text())
    file.write_text(json.dumps({name: entries[name] | {"split": "train"} for name in names or entries}))
    return run


@pytest.fixture
def folder(sample, tmp_path, monkeypatch):
    """Three real clips: one with two people, and two of one person; few frames of each are looked at."""
    monkeypatch.setattr(identities, "FRAMES", FACES)
    made = truth.videos(sample)
    originals = made[made["label"] == "REAL"]
    pair = originals.dropna(subset="second_actor")["video"].iloc[0]
    single = originals[originals["second_actor"].isna()]
    actor = single["actor"].value_counts().idxmax()
    names = [pair, *single.loc[single["actor"] == actor, "video"].iloc[:2]]
    part = tmp_path / "data" / "dfdc_train_part_0"
    part.mkdir(parents=True)
    for name in names:
        shutil.copy(next(sample.data.glob(f"*/{name}")), part)
    entries = {name: {"label": "REAL", "split": "train"} for name in names}
    (part / "metadata.json").write_text(json.dumps(entries))
    return replace(sample, data=tmp_path / "data", build=tmp_path / "build", jobs=1), names


def test_two_people_of_a_clip_are_two_and_a_broken_clip_stops_nothing(folder, monkeypatch):
    run, (pair, first, second) = folder
    broken = next(run.data.glob(f"*/{second}"))
    whole = broken.read_bytes()
    broken.write_text("not a video")
    rows = identities.table(run)
    members = identities.members(run)
    assert members.loc[members["source"] == pair].groupby("frame")["number"].nunique().max() == 2
    assert set(rows["source"]) == {pair, first}
    assert rows.equals(identities.table(run))
    # Another file is looked at again; the others are not.
    broken.write_bytes(whole)
    made = {file.stem: file.stat().st_mtime_ns for file in identities.shard_folder(run).iterdir()}
    rows = identities.table(run)
    assert set(rows["source"]) == {pair, first, second}
    after = {file.stem: file.stat().st_mtime_ns for file in identities.shard_folder(run).iterdir()}
    assert {stem: after[stem] for stem in made} == made
    # Nothing is read where all is there but the table.
    dataset.people_path(run).unlink()
    monkeypatch.setattr(identities, "_faces", None)
    assert identities.table(run).equals(rows)


def test_who_shares_a_source_is_in_one_split(folder):
    run, names = folder
    before = dataset.table(run)
    assert before["split"].nunique() == 3
    identities.table(run)
    rows = pd.DataFrame({"source": names, "person": ["a", "b", "b"]})
    rows.to_parquet(dataset.people_path(run))
    after = dataset.table(run).set_index("video")["split"]
    assert after[names[1]] == after[names[2]] != after[names[0]]
    dataset.people_path(run).unlink()
    assert dataset.table(run).equals(before)


def test_a_division_of_the_metadata_stays(tiny):
    before = dataset.table(tiny)
    fingerprint = dataset.tables.stored_fingerprint(dataset.path(tiny))
    sources = before["source"].drop_duplicates()
    pd.DataFrame({"source": sources, "person": "everybody"}).to_parquet(dataset.people_path(tiny))
    assert dataset.table(tiny).equals(before)
    assert dataset.tables.stored_fingerprint(dataset.path(tiny)) == fingerprint
    assert "metadata" in identities.obstacle(tiny)


def test_sources_in_a_chain_are_one_group_and_keep_their_split():
    sources = [f"video{number:04d}.mp4" for number in range(2000)]
    videos = pd.DataFrame({"source": sources})
    chain = pd.DataFrame(
        [(sources[0], "x"), (sources[1], "x"), (sources[1], "y"), (sources[2], "y"), ("elsewhere.mp4", "y")],
        columns=["source", "person"],
    )
    alone, divided = dataset.assign_splits(videos, 1), dataset.assign_splits(videos, 1, chain)
    assert divided[:3].nunique() == 1
    assert (alone[3:] == divided[3:]).all()
    assert dataset.assign_splits(videos, 1, chain.head(0)).equals(alone)
    assert dataset.assign_splits(videos.iloc[::-1], 1, chain.iloc[::-1]).sort_index().equals(divided)


def test_a_group_too_large_for_a_small_split_is_trained_on():
    videos = pd.DataFrame({"source": [f"video{number}.mp4" for number in range(100)]})
    crowd = pd.DataFrame({"source": videos["source"][:40], "person": "crowd"})
    for seed in range(10):
        splits = dataset.assign_splits(videos, seed, crowd)
        assert set(splits[:40]) == {"train"} and splits.nunique() == 3


def test_faces_in_one_frame_are_never_one_person_and_what_is_seen_once_is_noise():
    middles = people(2, spread=0.01)
    vectors = np.concatenate([middles, middles, middles, [middles[0] + 1]])
    frames = np.array([0, 0, 5, 5, 9, 9, 9])
    assert identities.within(frames, vectors, 0.6).tolist() == [0, 1, 0, 1, 0, 1, -1]
    assert identities.within(frames[:1], vectors[:1], 0.6).tolist() == [-1]
    assert identities.within(frames[:0], vectors[:0], 0.6).tolist() == []


def test_noise_has_no_person():
    rows = pd.DataFrame({"source": ["a", "a", "b"], "number": [0, 0, -1], "vector": list(people(3))})
    assert identities.means(rows)[0].to_dict("list") == {"source": ["a"], "number": [0]}
    table, vectors = identities.means(rows.tail(1))
    assert table.empty and len(identities.together(vectors, 0.6)) == 0


def test_people_of_several_sources_are_put_together():
    middles = people(40)
    several = np.concatenate([near(middles), near(middles[:30], seed=2)])
    clusters = identities.together(several, 0.6)
    assert (clusters[:30] == clusters[40:]).all() and len(set(clusters)) == 40


def test_the_threshold_follows_how_far_people_lie_apart_up_to_the_published_one():
    random = np.random.default_rng(0)
    near, far = random.normal(0.64, 0.09, 5000), random.normal(1.2, 0.09, 5000)
    same = random.normal(0.2, 0.05, 50)
    expected = 0.64 - 3.09 * 0.09
    assert identities.threshold(near, 0.6) == pytest.approx(expected, abs=0.02)
    assert identities.threshold(np.concatenate([near, same]), 0.6) == pytest.approx(expected, abs=0.02)
    assert identities.threshold(far, 0.6) == 0.6
    assert identities.threshold(near[:5], 0.6) == 0.6


def test_without_an_embedding_of_people_there_is_no_table(tiny, monkeypatch):
    monkeypatch.setattr(embedding, "find_spec", lambda name: None)
    assert identities.obstacle(clips(tiny)).startswith("no embedding is at hand")
    with pytest.raises(MissingExtraError, match="detectors"):
        identities.table(tiny)
