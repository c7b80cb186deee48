"""Draws of whole videos."""

import numpy as np
import pandas as pd
import pytest

from dfd import sampling


def videos_of(table, label):
    return set(table.loc[table["label"] == label, "video"])


def test_some_videos_are_whole_and_of_both_labels_in_proportion():
    counts = {f"{number:03d}": ("REAL", 40) if number % 6 == 0 else ("FAKE", 8) for number in range(300)}
    rows = [(name, label) for name, (label, faces_of) in counts.items() for _ in range(faces_of)]
    table = pd.DataFrame(rows, columns=["video", "label"]).sample(frac=1, random_state=0)
    some = sampling.some_videos(table, 1000, seed=1)
    assert 1000 - 40 < len(some) <= 1000
    assert (
        some["video"].value_counts().equals(table["video"].value_counts()[some["video"].value_counts().index])
    )
    assert some.index.equals(table.index[table["video"].isin(some["video"])])
    assert len(videos_of(some, "FAKE")) / len(videos_of(some, "REAL")) == pytest.approx(5, abs=0.5)
    assert sampling.some_videos(table, 1000, seed=1).equals(some)
    assert set(sampling.some_videos(table, 1000, seed=2)["video"]) != set(some["video"])
    assert sampling.some_videos(table, len(table), seed=1).equals(table)
    assert sampling.some_videos(table, 3, seed=1)["video"].nunique() == 1


def test_more_faces_of_the_same_draw_have_the_videos_of_fewer():
    table = pd.DataFrame({"video": np.repeat([f"{n:03d}" for n in range(60)], 10)})
    table["label"] = np.where(table["video"] < "010", "REAL", "FAKE")
    few, many = (set(sampling.some_videos(table, most, seed=1)["video"]) for most in (100, 200))
    thin = set(sampling.some_videos(table.groupby("video").head(2), 40, seed=1)["video"])
    assert len(few) == 10 and few < many == thin
