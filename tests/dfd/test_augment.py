import cv2
import numpy as np
import pytest
import torch

from dfd import augment


@pytest.fixture(scope="module")
def picture():
    gradient = np.linspace(40, 200, 240).astype(np.uint8)
    return np.stack(
        [np.tile(gradient, (240, 1)), np.tile(gradient[:, None], (1, 240)), np.full((240, 240), 120)], 2
    ).astype(np.uint8)


@pytest.mark.parametrize("make", [augment.report, augment.training])
def test_transform_changes_pictures_and_keeps_their_form(make, picture):
    transform = make(240, seed=1)
    results = [transform(image=picture)["image"] for _ in range(20)]
    assert all(result.shape == picture.shape and result.dtype == np.uint8 for result in results)
    assert sum(not np.array_equal(result, picture) for result in results) > 15


def test_same_seed_same_pictures(picture):
    first, second = augment.training(240, seed=5), augment.training(240, seed=5)
    for _ in range(10):
        assert np.array_equal(first(image=picture)["image"], second(image=picture)["image"])


def test_smaller_pictures_are_padded(picture):
    small = cv2.resize(picture, (180, 200))
    assert augment.report(240)(image=small)["image"].shape == (240, 240, 3)


def test_noise_is_as_weak_as_it_was(picture):
    noise = augment.report(240, seed=0).transforms[1]
    noise.p = 1.0
    strength = [np.std(noise(image=picture)["image"].astype(int) - picture) for _ in range(20)]
    assert min(strength) > 2
    assert max(strength) < 8


def test_normalise(picture):
    tensor = augment.normalise(np.stack([picture, picture]))
    assert tensor.shape == (2, 3, 240, 240)
    assert tensor.dtype == torch.float32
    pixel = picture[10, 200].astype(float) / 255
    expected = (pixel - np.array(augment.MEAN)) / np.array(augment.DEVIATION)
    assert np.allclose(tensor[0, :, 10, 200].numpy(), expected, atol=1e-5)


def test_normalise_leaves_what_it_is_given_alone(picture):
    numbers = picture[None].astype(np.float32)
    tensor = augment.normalise(numbers)
    assert torch.equal(tensor, augment.normalise(picture[None]))
    assert np.array_equal(numbers[0], picture)
