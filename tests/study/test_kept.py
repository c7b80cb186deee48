from dataclasses import replace

import numpy as np
import pytest
import torch

from dfd.errors import InputError
from study import autoencoder, gan, kept


@pytest.fixture
def run(tiny, tmp_path):
    return replace(tiny, build=tmp_path)


def test_a_training_is_carried_out_once(run):
    trainings = []

    def train():
        trainings.append(1)
        return {"weights": {"layer": torch.ones(2)}}

    for made_from in ("a", "a", "b", "b"):
        assert kept.reuse_or_train(run, "net", made_from, train)["weights"]["layer"].tolist() == [1, 1]
    assert len(trainings) == 2


def test_a_damaged_file_is_named(run):
    kept.reuse_or_train(run, "net", "a", lambda: {"x": 1})
    (file,) = run.build.rglob("net.pt")
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(InputError, match=r"net\.pt: cannot be read .*made again once it is deleted"):
        kept.reuse_or_train(run, "net", "a", lambda: {"x": 1})


@pytest.mark.parametrize("decoders", [1, 2])
def test_an_autoencoder_comes_back_the_same(run, decoders):
    images = np.random.default_rng(0).integers(0, 255, (4, 64, 64, 3)).astype(np.uint8)
    training = autoencoder.train((images, images), 2, seed=0, decoders=decoders)
    packed = kept.reuse_or_train(run, "swap", "a", training.pack)
    again = autoencoder.Training.unpack(kept.reuse_or_train(run, "swap", "a", dict))
    assert packed.keys() == {"weights", "losses", "filmstrip"}
    np.testing.assert_array_equal(again.losses, training.losses)
    assert again.filmstrip.keys() == training.filmstrip.keys()
    for person in (0, 1):
        drawn = (autoencoder.draw(t.network, images, person) for t in (training, again))
        np.testing.assert_array_equal(*drawn)


def test_a_gan_comes_back_the_same(run):
    images = np.random.default_rng(0).integers(0, 255, (20, 64, 64, 3)).astype(np.uint8)
    training = gan.train(images, 2, seed=0)
    kept.reuse_or_train(run, "gan", "a", training.pack)
    again = gan.Training.unpack(kept.reuse_or_train(run, "gan", "a", dict))
    noise = torch.randn(3, gan.NOISE)
    np.testing.assert_array_equal(gan.sample(training.generator, noise), gan.sample(again.generator, noise))
    np.testing.assert_array_equal(
        gan.logits(training.discriminator, images), gan.logits(again.discriminator, images)
    )
