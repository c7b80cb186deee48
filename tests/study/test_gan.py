import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt

from study import gan


@pytest.fixture(scope="module")
def photographs() -> np.ndarray:
    shade = np.linspace(0, 255, gan.SIDE).astype(np.uint8)
    return np.broadcast_to(shade[None, :, None, None], (20, gan.SIDE, gan.SIDE, 3)).copy()


@pytest.fixture(scope="module")
def training(photographs):
    return gan.train(photographs, 3, seed=0)


def test_losses_and_drawings_are_kept(training):
    assert training.losses.shape == (3, 2) and (training.losses > 0).all()
    assert min(training.samples) == 0 and max(training.samples) == 3
    assert all(s.shape == (gan.SAMPLES, gan.SIDE, gan.SIDE, 3) for s in training.samples.values())
    plt.close(gan.draw(training))


def test_losses_of_a_discriminator_that_cannot_tell():
    undecided = torch.zeros(4)
    assert gan.discriminator_loss(undecided, undecided).item() == pytest.approx(np.log(2))
    assert gan.generator_loss(undecided).item() == pytest.approx(np.log(2))
    assert gan.discriminator_loss(undecided + 9, undecided - 9) < 1e-3 < gan.generator_loss(undecided - 9)


def test_labels_are_learned(photographs):
    dark = photographs // 8
    network = gan.supervised(
        np.concatenate([photographs, dark]), np.repeat([False, True], len(dark)), 30, seed=0
    )
    assert gan.logits(network, photographs).mean() > gan.logits(network, dark).mean()


def test_pictures_are_moved_and_keep_their_size(photographs):
    torch.manual_seed(0)
    pictures = gan.autoencoder.tensor(photographs[:2])
    moved = gan.moved(pictures)
    assert moved.shape == pictures.shape and not torch.equal(moved, pictures)
