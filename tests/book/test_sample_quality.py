"""The sample is what its data sheet says: whole, balanced, no leaks, no shortcuts, hard but not too hard."""

import hashlib
import json
from typing import cast

import numpy as np
import pandas as pd
import pytest

from dfd.run import Run
from study import evidence
from study.experiments import crop_statistics
from study.measuring import Experiment
from synth import classifier, dataset, datasheet, detection, recognition, shortcut

LABELS = {"REAL", "FAKE"}
LARGEST_SAMPLE = 25e6
SWAPS_LOOKED_AT = 24
HIGHEST_AUC = 0.65


@pytest.fixture(scope="module")
def videos(sample: Run) -> pd.DataFrame:
    return dataset.table(sample.data, "videos")


@pytest.fixture(scope="module")
def actors(sample: Run) -> pd.DataFrame:
    return dataset.table(sample.data, "actors")


def test_every_file_is_listed_and_as_it_was_made(sample: Run) -> None:
    lines = (sample.data / "SHA256SUMS").read_text().splitlines()
    listed = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    present = {p.relative_to(sample.data).as_posix() for p in sample.data.rglob("*") if p.is_file()}
    assert present - {"SHA256SUMS"} == set(listed)
    for name, digest in listed.items():
        assert hashlib.sha256((sample.data / name).read_bytes()).hexdigest() == digest, name


def test_sample_is_small_enough(sample: Run) -> None:
    assert sum(path.stat().st_size for path in sample.data.rglob("*") if path.is_file()) <= LARGEST_SAMPLE


def test_metadata_and_truth_agree(sample: Run, videos: pd.DataFrame) -> None:
    listed = {}
    for path in sorted(sample.data.glob("dfdc_train_part_*/metadata.json")):
        entries = json.loads(path.read_text())
        assert {clip.name for clip in path.parent.glob("*.mp4")} == set(entries)
        assert all(entry.get("original", name) in entries for name, entry in entries.items())
        listed |= entries
    truth = videos.set_index("video")
    assert set(listed) == set(truth.index)
    for name, entry in listed.items():
        assert (entry["label"], entry["split"]) == (truth.label[name], truth.split[name])
        assert entry.get("original") == (None if entry["label"] == "REAL" else truth.original[name])


def test_enough_of_everything(videos: pd.DataFrame, actors: pd.DataFrame) -> None:
    real, fake = videos[videos.label == "REAL"], videos[videos.label == "FAKE"]
    assert len(actors) >= 24
    assert 36 <= len(real) <= 48
    assert 4 <= len(fake) / len(real) <= 6
    assert (actors.clips >= 2).mean() >= 0.5
    assert fake.method.nunique() >= 3
    assert (real.people > 1).any()
    assert (real.faceless_frames > 0).any()
    assert real.quarter_turn.any()
    assert {np.sign(w - h) for w, h in zip(real.width, real.height, strict=True)} == {-1, 0, 1}


def test_no_actor_is_in_two_splits(videos: pd.DataFrame, actors: pd.DataFrame) -> None:
    splits = actors.set_index("actor").split
    for role in ("actor", "second_actor", "donor"):
        cast = videos[videos[role].notna()]
        assert (cast[role].map(splits) == cast.split).all()


def test_groups_are_balanced_in_each_split(actors: pd.DataFrame) -> None:
    counts = actors.groupby(["split", "ancestry", "gender"]).size()
    assert len(counts) == 18
    assert (counts.groupby(level="split").nunique() == 1).all()


def test_every_fake_says_what_was_changed(sample: Run, videos: pd.DataFrame) -> None:
    changes = dataset.table(sample.data, "changes")
    fakes = set(videos[videos.label == "FAKE"].video)
    assert set(changes.video) == fakes
    assert ((changes.x1 > changes.x0) & (changes.y1 > changes.y0)).all()


@pytest.mark.long
def test_detector_finds_the_faces(sample: Run, videos: pd.DataFrame) -> None:
    some = videos.iloc[np.linspace(0, len(videos) - 1, 40).astype(int)]
    assert detection.compare(sample.data, some, step=24)["found"].mean() >= 0.99


@pytest.mark.long
def test_landmarks_of_real_faces_agree_with_the_detector(sample: Run, videos: pd.DataFrame) -> None:
    real = videos[videos.label == "REAL"]
    assert detection.summary(detection.compare(sample.data, real, step=24))["median_landmark"] <= 0.05


@pytest.mark.long
def test_embedding_tells_actors_of_a_group_apart(sample: Run) -> None:
    assert recognition.identity(sample.data, count=2)["same_group_auc"] >= 0.95


@pytest.mark.long
def test_swaps_look_like_their_donors(sample: Run) -> None:
    assert recognition.nearer_donor(sample.data, limit=SWAPS_LOOKED_AT, count=1)["nearer_donor"] >= 0.7


@pytest.fixture(scope="module")
def described(sample: Run) -> pd.DataFrame:
    """Light, colour and sharpness of the face crops of every clip, and its file."""
    stored, reason = evidence.read_stored(sample, cast(Experiment, crop_statistics))
    assert stored is not None, reason
    return stored.table


def passes_the_gate(described: pd.DataFrame) -> bool:
    """Whether light, colour and file surely tell fake from real worse than the limit."""
    return crop_statistics.estimate(described)[shortcut.FIGURES["light_colour_file"]].high < HIGHEST_AUC


def test_light_colour_and_file_do_not_tell_fake_from_real(described: pd.DataFrame) -> None:
    assert passes_the_gate(described)


@pytest.mark.parametrize("planted", ["mean of red, whole", "bytes"])
def test_the_gate_notices_a_planted_shortcut(described: pd.DataFrame, planted: str) -> None:
    fake = described["label"] == "FAKE"
    shifted = described[planted] + fake * described[planted].std()
    assert not passes_the_gate(described.assign(**{planted: shifted}))


def test_the_data_sheet_says_what_the_book_measures(sample: Run, described: pd.DataFrame) -> None:
    estimates = crop_statistics.estimate(described)
    quality = json.loads((sample.data / datasheet.QUALITY).read_text())["shortcut"]
    for name, estimate in shortcut.FIGURES.items():
        assert quality[name] == pytest.approx(estimates[estimate].value, abs=0.005)
        bounds = [estimates[estimate].low, estimates[estimate].high]
        assert quality[f"{name}_interval"] == pytest.approx(bounds, abs=0.01)


def test_the_data_sheet_is_written_from_the_data(sample: Run) -> None:
    assert (sample.data / "README.md").read_text() == datasheet.text(sample.data)


@pytest.mark.long
def test_fine_tuned_network_sees_the_traces(sample: Run) -> None:
    result = classifier.measure(sample.data)
    assert result["auc"] >= 0.9
    assert result["log_loss_balanced"] <= 0.45
    assert result["auc hard"] < result["auc crude"]
