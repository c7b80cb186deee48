import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from study.experiments import face_swap, forgery_traces
from study.records import Result


def made_up(swapped: float, control: float) -> pd.DataFrame:
    """Ten pairs with four faces each; positive numbers are faces that come nearer the donor."""
    random = np.random.default_rng(0)
    parts = []
    for network, shift in ((face_swap.SWAPPING, swapped), (face_swap.CONTROL, control)):
        noise = random.normal(0, 0.02, (40, 4)) + 0.6
        columns = ["to donor before", "to person filmed before", "to donor after", "to person filmed after"]
        rows = pd.DataFrame(noise - [0, 0.3, shift, 0], columns=columns)
        parts.append(rows.assign(unit=np.repeat(np.arange(10), 4), network=network))
    return pd.concat(parts, ignore_index=True)


def test_who_is_nearer_is_told_of_each_network():
    estimates = face_swap.estimate(made_up(swapped=0.2, control=-0.3))
    assert estimates["nearer the donor by, two decoders"].low > 0.1
    assert estimates["nearer the donor by, one decoder"].high < -0.2
    assert estimates["nearer the donor by, as filmed"].high < 0
    assert estimates["nearer the donor, two decoders"].value == 1


def test_it_is_drawn():
    table = made_up(0.2, -0.3)
    result = Result("face_swap", "quick", table, face_swap.estimate(table), "pairs of people", 10)
    figure = face_swap.draw(result)
    assert len(figure.axes[0].lines) == 4
    plt.close(figure)


def test_the_nearest_are_paired_and_nobody_twice():
    points = np.array([[0.0], [10.0], [0.5], [11.0], [50.0]])
    assert face_swap._nearest(points) == [(0, 2), (1, 3)]
    assert face_swap._nearest(points[:1]) == []


def test_nobody_is_trained_on_the_faces_that_are_swapped(sample):
    for name in face_swap.pairs(sample)[0]:
        learned, swapped = face_swap.person_faces(sample, name)
        assert len(swapped) == face_swap.SWAPPED
        assert not set(learned["face_id"]) & set(swapped["face_id"])
        assert set(learned["unit"]) == set(swapped["unit"]) == {name}


def test_pairs_are_of_one_split_and_disjoint(sample):
    couples = face_swap.pairs(sample)
    splits = face_swap._alone(sample).groupby("unit")["split"].unique()
    assert len(couples) >= face_swap.PAIRS["full"]
    assert all(set(splits[first]) == set(splits[second]) for first, second in couples)
    assert len({name for couple in couples for name in couple}) == 2 * len(couples)


def test_a_run_with_too_few_faces_says_so(sample, monkeypatch):
    monkeypatch.setattr(face_swap, "FEWEST", 10_000)
    face_swap.pairs.cache_clear()
    assert "No two people" in face_swap.obstacle(sample)
    for draw in (face_swap.draw_training, face_swap.draw_steps, forgery_traces.examples):
        figure = draw(sample)
        assert "No two people" in figure.texts[0].get_text()
        plt.close(figure)
    face_swap.pairs.cache_clear()


@pytest.mark.slow
def test_distances_are_measured_of_every_swapped_face(sample, monkeypatch):
    monkeypatch.setattr(face_swap, "STEPS", 4)
    monkeypatch.setitem(face_swap.PAIRS, "quick", 1)
    face_swap.train.cache_clear()
    table = face_swap.collect(sample, "quick")
    face_swap.train.cache_clear()
    assert table.groupby("network").size().to_dict() == dict.fromkeys(face_swap.NETWORKS, face_swap.SWAPPED)
    assert table.filter(like="to ").gt(0).all(axis=None)
