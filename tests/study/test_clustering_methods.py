from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from dfd import clustering
from study.claims import CLAIMS
from study.experiments import clustering_methods


@pytest.fixture(scope="module")
def blobs():
    """Five well separated clusters of 40 points in three dimensions, and their numbers."""
    random = np.random.default_rng(0)
    codes = np.repeat(np.arange(5), 40)
    return random.uniform(-50, 50, size=(5, 3))[codes] + random.normal(size=(200, 3)), codes


def measured(blobs, slower):
    """A table in which DBSCAN takes `slower` times as long as HDBSCAN."""
    points, codes = blobs
    times = [
        (name, n, repeat, n * factor * 1e-4, "")
        for name, factor in (("HDBSCAN", 1), ("DBSCAN", slower), ("k-means", 1))
        for n in (25_000, 50_000, 100_000)
        for repeat in range(5)
    ]
    times = pd.DataFrame(times, columns=["algorithm", "n", "repeat", "seconds", "reason"])
    clusters = clustering_methods.trials(points, draws=3, seed=0)
    clusters["unit"] = np.char.add("actor ", (codes * 2 + np.arange(200) % 2).astype(str))[clusters["face"]]
    return pd.concat([times, clusters], ignore_index=True)


def test_every_algorithm_finds_the_clusters(blobs):
    points, codes = blobs
    for name, algorithm in clustering_methods.algorithms(5, clustering_methods.knee_radius, seed=0).items():
        assert clustering.summary(algorithm(points), codes)["NMI"] > 0.9, name


def test_knee_radius_is_beyond_the_neighbours_and_short_of_the_next_cluster(blobs):
    assert 0.2 < clustering_methods.knee_radius(blobs[0]) < 10


def test_trials_find_clear_clusters_again(blobs):
    estimates = clustering_methods.estimate(measured(blobs, slower=2))
    for against in clustering_methods.AGAINST.values():
        if against != "the seed":
            assert estimates[f"stability against {against}, HDBSCAN"].value > 0.95
    assert {name for name in estimates if "the seed" in name} == {"stability against the seed, k-means"}


@pytest.mark.parametrize(("slower", "verdict"), [(2, "reproduced"), (0.5, "not reproduced")])
def test_times_are_compared_at_the_reports_size(blobs, slower, verdict):
    estimates = clustering_methods.estimate(measured(blobs, slower))
    ratio = estimates["time at 100,000 points: DBSCAN's as a multiple of HDBSCAN's"]
    assert ratio.value == pytest.approx(slower)
    assert estimates["time grows with n to the power, HDBSCAN"].value == pytest.approx(1)
    assert CLAIMS["C15"].rule.parts[0].judge(estimates).verdict == verdict


def test_a_quick_measurement_does_not_speak_of_the_reports_size(blobs):
    table = measured(blobs, slower=2)
    estimates = clustering_methods.estimate(table[table["n"] != clustering_methods.REPORTED])
    assert np.isnan(estimates["time at 100,000 points: DBSCAN's as a multiple of HDBSCAN's"].value)
    assert CLAIMS["C15"].rule.judge(estimates).verdict != "reproduced"


@pytest.mark.slow
def test_measured_times_and_clusters_have_their_units(few, monkeypatch):
    plan = clustering_methods.Plan((20, 40), 5.0, 2, 2)
    monkeypatch.setattr(clustering_methods, "PLANS", {"quick": plan})
    run = replace(few)
    result = clustering_methods.measure(run)
    times = clustering_methods.of_times(result.table)
    assert set(times["n"]) == {20, 40} and times["seconds"].notna().any()
    assert result.units > 1 and result.table.loc[result.table["n"].isna(), "unit"].notna().all()
    assert set(clustering_methods.RIVALS) <= set(clustering_methods.largest(result.table).index)
    plt.close(clustering_methods.draw(result))
