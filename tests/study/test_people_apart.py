import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from dfd import identities
from study import measuring, truth
from study.experiments import people_apart
from study.experiments.people_apart import ALONE, OWN, PEOPLE, RECOGNISED, SOURCE, SPLITS


def people(clusters, way=OWN):
    """Four actors in two sources each; the clusters of the eight people of sources."""
    number = np.arange(8)
    actors = [f"actor {n}" for n in number // 2]
    sources = [f"source {n}" for n in number]
    facts = {"what": PEOPLE, "way": way, "source": sources, "actor": actors, "unit": actors}
    return pd.DataFrame(facts | {"number": 0, "cluster": clusters})


def splits(parted, way):
    actors = [f"actor {n}" for n in range(4)]
    facts = {"what": SPLITS, "way": way, "actor": actors, "unit": actors, "divisions": 10}
    return pd.DataFrame(facts | {"parted": parted})


def test_people_are_compared_with_what_knows_only_sources():
    number = np.arange(8)
    rows = [
        people(number // 2),
        people(number, SOURCE),
        splits([4, 4, 2, 2], ALONE),
        splits([0] * 4, RECOGNISED),
    ]
    estimates = people_apart.estimate(pd.concat(rows, ignore_index=True))
    assert estimates[f"ARI: {OWN}"].value == estimates[f"actors put together: {OWN}"].value == 1
    assert estimates[f"ARI: {SOURCE}"].value == estimates[f"actors put together: {SOURCE}"].value == 0
    assert estimates[f"pairs of one actor parted: {SOURCE}"].value == 1
    assert estimates[f"actors in two splits: {ALONE}"].value == pytest.approx(0.3)
    assert estimates[f"actors in two splits: {RECOGNISED}"].value == 0
    assert estimates[f"actors in two splits: {RECOGNISED}"].high > 0


def test_one_giant_cluster_and_noise_are_told():
    parts = [people(0), people([0, 0, 1, 1, -1, -1, -1, -1], "HDBSCAN"), splits([1] * 4, ALONE)]
    table = pd.concat(parts, ignore_index=True)
    estimates = people_apart.estimate(table)
    assert estimates[f"share of the largest: {OWN}"].value == 1
    assert estimates[f"pairs of two actors joined: {OWN}"].value == 1
    assert estimates["noise: HDBSCAN"].value == estimates["actors put together: HDBSCAN"].value == 0.5
    assert estimates["pairs of two actors joined: HDBSCAN"].value == 0


@pytest.fixture
def three(sample, tmp_path, monkeypatch):
    """Three real clips, two of them of one actor, and few frames of each."""
    monkeypatch.setattr(identities, "FRAMES", 2)
    made = truth.videos(sample)
    single = made[(made["label"] == "REAL") & made["second_actor"].isna()]
    counts = single["actor"].map(single["actor"].value_counts())
    pair = single[counts == 2].sort_values("actor").head(2)["video"]
    part = tmp_path / "data" / "dfdc_train_part_0"
    part.mkdir(parents=True)
    names = [*pair, single.loc[counts == 1, "video"].iloc[0]]
    for name in names:
        shutil.copy(next(sample.data.glob(f"*/{name}")), part)
    (part / "metadata.json").write_text(
        json.dumps({name: {"label": "REAL", "split": "train"} for name in names})
    )
    (tmp_path / "data" / "truth").symlink_to(sample.data / "truth")
    return replace(sample, data=tmp_path / "data", build=tmp_path / "build", jobs=1)


@pytest.mark.slow
def test_clips_are_measured_and_drawn(three):
    result = people_apart.measure(three)
    rows = result.table[result.table["what"] == PEOPLE]
    assert rows.groupby("way")["source"].nunique().eq(3).all() and rows["actor"].nunique() == 2
    plt.close(people_apart.draw(result))


def test_nobody_knows_who_is_in_dfdc(tiny):
    (tiny.data / "truth").unlink()
    result = people_apart.measure(tiny)
    assert "not published" in result.obstacle
    plt.close(people_apart.draw(result))
    assert measuring.name_of(people_apart) == "people_apart"
