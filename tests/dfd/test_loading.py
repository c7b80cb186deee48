"""Faces for a network come from the shards, and are the same wherever they are loaded."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch

from dfd import augment, dataset, faces, loading, training

SIZE = 96


@pytest.fixture(scope="module")
def table(few):
    return training.labelled_faces(few)


@pytest.fixture(scope="module")
def stored(few, table):
    """All crops of the run, read from the shards by pandas."""
    shards = [pd.read_parquet(shard) for shard in sorted((few.build / "faces").glob("*.parquet"))]
    return pd.concat(shards).set_index("face_id")["image"]


def draws_of(table):
    return list(loading.Pairs(table, 24, seed=3, augmented=True))


def test_a_draw_is_the_crop_decoded_scaled_and_augmented_by_its_seed(few, table, stored):
    shown, transform = loading.Faces(table, faces.Crops(few), SIZE), augment.training(SIZE)
    for position, seed in [*draws_of(table), (0, None)]:
        crop = faces.decode(stored[table["face_id"].iloc[position]])
        expected = loading.resized(crop[None], SIZE)[0]
        if seed is not None:
            transform.set_random_seed(seed)
            expected = transform(image=expected)["image"]
        picture, fake = shown[position, seed]
        assert np.array_equal(picture, expected)
        assert fake == (table["label"].iloc[position] == "FAKE")


def test_two_processes_load_what_one_does(few, table):
    shown = loading.Faces(table, faces.Crops(few), SIZE)
    alone, shared = (list(loading.batches(shown, draws_of(table), 8, jobs)) for jobs in (0, 2))
    assert len(alone) == 3
    for (inputs, fake), (again, fake_again) in zip(alone, shared, strict=True):
        assert torch.equal(inputs, again) and torch.equal(fake, fake_again)


def test_the_loader_holds_no_crop(few, table, stored):
    shown = loading.Faces(table, faces.Crops(few), SIZE)
    shown[0, None]
    sizes = [len(pickle.dumps(loading.Faces(part, shown.crops, SIZE))) for part in (table[:1], table)]
    assert sizes[1] - sizes[0] < 100 * len(table) < stored.map(len).sum() / 50


def test_pairs_are_of_sources_with_both_labels_and_by_position():
    rows = [("b", "b0", "REAL"), ("a", "a1", "FAKE"), ("b", "b1", "FAKE"), ("b", "b0", "REAL")]
    table = pd.DataFrame(rows, columns=["source", "video", "label"])
    ((real, fake),) = loading.paired(table)
    assert [videos.tolist() for videos in real] == [[0, 3]] and [videos.tolist() for videos in fake] == [[2]]
    assert loading.paired(table[dataset.is_fake(table)]) == []
