import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt

from study import autoencoder, swapping
from study.autoencoder import SIDE


@pytest.fixture(scope="module")
def people() -> tuple[np.ndarray, np.ndarray]:
    """Two people who could not be more different: a dark square and a bright one."""
    random = np.random.default_rng(0)
    return tuple(
        (random.integers(0, 30, (12, SIDE, SIDE, 3)) + light).astype(np.uint8) for light in (20, 200)
    )


@pytest.fixture(scope="module")
def training(people):
    return autoencoder.train(people, 40, seed=1)


def test_the_donors_decoder_draws_the_donor(training, people):
    own, other = (autoencoder.draw(training.network, people[0], person).mean() for person in (0, 1))
    assert own < 110 < other
    assert training.losses[-1].sum() < training.losses[0].sum()


def test_a_single_decoder_draws_the_same_for_both(people):
    network = autoencoder.train(people, 2, seed=1, decoders=1).network
    first, second = autoencoder.drawn_by_both(network, people[0][:1])
    np.testing.assert_array_equal(first, second)


def test_the_same_seed_gives_the_same_network(people):
    one, two = (autoencoder.train(people, 2, seed=3).network.state_dict() for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_swap_changes_the_face_and_nothing_around_it(training):
    crop = np.random.default_rng(0).integers(0, 60, (240, 240, 3)).astype(np.uint8)
    marks = 60 + 120 * swapping.alignment.TEMPLATE
    swap = swapping.swap(training.network, crop, marks)
    assert swap.blended.shape == crop.shape and swap.aligned.shape == (SIDE, SIDE, 3)
    np.testing.assert_array_equal(swap.blended[:20], crop[:20])
    assert (swap.blended[110:140, 110:140] != crop[110:140, 110:140]).any()
    for figure in (swapping.draw([swap]), swapping.filmstrip(training)):
        assert figure.axes
        plt.close(figure)


def test_colours_become_those_of_the_other_face():
    random = np.random.default_rng(0)
    dark, bright = (
        (random.normal(mean, 8, (SIDE, SIDE, 3))).clip(0, 255).astype(np.uint8) for mean in (60, 180)
    )
    matched = swapping.match_colours(dark, bright, swapping.alignment.mask(SIDE))
    inside = swapping.alignment.mask(SIDE) > 0.5
    assert matched[inside].mean() == pytest.approx(bright[inside].mean(), abs=4)


def test_blending_follows_the_mask():
    crop, face = np.zeros((64, 64, 3), np.uint8), np.full((64, 64, 3), 200, np.uint8)
    half = np.zeros((64, 64), np.float32)
    half[:, 32:] = 0.5
    blended = swapping.blend(crop, face, half, np.eye(2, 3))
    assert (blended[:, :30] == 0).all() and (blended[:, 34:62] == 100).all()
