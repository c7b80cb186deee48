import numpy as np
import pandas as pd
import pytest
from made_up import judged

from study.experiments import balancing

NAMES = [name for name in balancing.SAMPLINGS if name != balancing.FEWER_PEOPLE]


@pytest.fixture
def table():
    whole = judged("sampling", NAMES, better=NAMES).assign(part=0)
    parts = [
        judged("sampling", [balancing.FEWER_PEOPLE], better=[], seed=part).assign(part=part)
        for part in range(balancing.PARTS)
    ]
    return pd.concat([whole, *parts], ignore_index=True)


def test_recall_shows_on_which_side_the_line_is_drawn(table):
    rows = table["sampling"] == balancing.EQUAL
    table.loc[rows, "p_fake"] = 0.5 + table.loc[rows, "p_fake"] / 2
    estimates = balancing.estimate(table)
    assert estimates[f"FAKE judged rightly: {balancing.EQUAL}"].value == 1
    assert estimates[f"REAL judged rightly: {balancing.EQUAL}"].value == 0
    apart = estimates[f"FAKE less REAL: {balancing.EQUAL}"]
    assert apart.value == 1 and 0.7 < apart.low < 1
    assert estimates[f"AUC: {balancing.EQUAL}"].value > 0.9
    assert estimates["gain: all people with 8 faces over a fifth of them with 40"].low > 0


def test_a_missing_class_gives_no_recall(table):
    estimates = balancing.estimate(table[table["label"] == "FAKE"])
    assert all(np.isnan(estimates[f"FAKE less REAL: {name}"].value) for name in NAMES)


def test_people_are_divided_evenly_within_each_split(sample):
    units = np.repeat(np.arange(20), 3)
    splits = np.where(units < 10, "train", "test")
    rows = pd.DataFrame({"unit": units, "split": splits, "label": ["REAL", "FAKE", "FAKE"] * 20})
    parts = rows.assign(part=balancing._part(sample, rows, 5))
    assert parts.groupby("unit")["part"].nunique().eq(1).all()
    real = parts[parts["label"] == "REAL"]
    assert real.groupby(["split", "part"]).size().to_list() == [2] * 10


@pytest.mark.slow
def test_every_sampling_judges_the_same_videos(few):
    table = balancing.collect(few, "quick")
    by_sampling = table.groupby("sampling")
    assert set(by_sampling.groups) == set(balancing.SAMPLINGS)
    assert by_sampling["video"].agg(frozenset).nunique() == 1
    assert by_sampling["part"].nunique()[balancing.FEWER_PEOPLE] == balancing.PARTS
