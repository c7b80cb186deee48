from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from study import statistics
from study.experiments import verification


def people(ancestry, gender="woman"):
    """Four people of one group, each with two faces of each of two videos."""
    return pd.DataFrame(
        {
            "video": [f"{gender} {ancestry} {n // 2}" for n in range(16)],
            "actor": [f"{gender} {ancestry} {n // 4}" for n in range(16)],
            "gender": gender,
            "ancestry": ancestry,
            "age": [20 + 5 * (n // 4) for n in range(16)],
        }
    )


def table(told_apart):
    """Comparisons among people of three ancestries; those of some have vectors that say who they are."""
    random, rows = np.random.default_rng(0), []
    for ancestry in ("african", "asian", "caucasian"):
        members = people(ancestry)
        vectors = random.normal(size=(16, 8))
        if ancestry in told_apart:
            vectors = random.normal(size=(4, 8))[np.arange(16) // 4] + 0.05 * vectors
        rows += [("dlib", "woman", ancestry, *row) for row in verification._compared(members, vectors)]
    columns = ["embedding", "gender", "ancestry", "unit", "first", "second", "years", "wins", "comparisons"]
    return pd.DataFrame(rows, columns=columns)


def test_area_is_that_of_all_pairs_of_faces_of_different_videos():
    members, vectors = people("asian"), np.random.default_rng(1).normal(size=(16, 5))
    rows = pd.DataFrame(verification._compared(members, vectors))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    first, second = np.triu_indices(16, 1)
    apart = members["video"].to_numpy()[first] != members["video"].to_numpy()[second]
    same = (members["actor"].to_numpy()[first] == members["actor"].to_numpy()[second])[apart]
    nearness = (unit @ unit.T)[first, second][apart]
    area = statistics.auc(same, nearness, np.ones(len(same)))
    assert rows[4].sum() / rows[5].sum() == pytest.approx(area)


def test_people_are_told_apart_where_vectors_tell_them_apart():
    estimates = verification.estimate(table({"african", "asian", "caucasian"}))
    assert estimates["same person or not, dlib"].low > 0.95
    assert abs(estimates["harder for African ancestry, dlib"].value) < 0.05


def test_gap_is_above_zero_for_people_whose_vectors_say_nothing():
    estimates = verification.estimate(table({"asian", "caucasian"}))
    assert estimates["harder for African ancestry, dlib"].low > 0.2
    assert estimates["dlib, African ancestry"].value < estimates["dlib, Asian ancestry"].value
    assert verification.estimate(table({"african"}))["harder for African ancestry, dlib"].value < -0.2


def test_gains_compare_embeddings_on_the_same_pairs():
    apart, alike = table({"african", "asian", "caucasian"}), table(set())
    both = pd.concat([apart, alike.assign(embedding="pooled features")], ignore_index=True)
    gain = verification.estimate(both)["gain: dlib over pooled features"]
    assert gain.low > 0.2
    values = [verification.estimate(rows) for rows in (apart, alike)]
    expected = [value["same person or not, dlib"].value for value in values]
    assert gain.value == pytest.approx(expected[0] - expected[1])


def test_people_of_unlike_age_do_not_count_where_age_is_held():
    rows = table({"african", "asian", "caucasian"})
    old = rows.assign(years=np.where(rows["ancestry"] == "asian", 40, rows["years"]))
    assert np.isnan(verification.estimate(old)["dlib, Asian ancestry"].value)
    assert verification.estimate(old)["same person or not, dlib"].value > 0.9


@pytest.mark.slow
def test_faces_of_all_embeddings_are_the_same(extracted):
    run = replace(extracted, faces_per_fake=1, faces_per_real=4)
    result = verification.measure(run)
    counts = result.table.groupby("embedding", sort=False)["comparisons"].sum()
    assert list(counts.index) == list(verification.EMBEDDINGS) and counts.nunique() == 1
    plt.close(verification.draw(result))
    assert verification.plan(result).columns.to_list()[0] == "gap"


def test_without_truth_tables_it_says_what_is_missing(tiny):
    (tiny.data / "truth").unlink()
    result = verification.measure(tiny)
    assert "not published" in result.obstacle and result.table.empty
    plt.close(verification.draw(result))
