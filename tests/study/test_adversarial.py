import numpy as np
import pytest
import torch

from dfd import augment
from study import gan
from study.methods import adversarial


def test_the_layers_see_what_the_discriminator_sees():
    torch.manual_seed(0)
    discriminator = gan.Discriminator().eval()
    images = np.random.default_rng(0).integers(0, 255, (2, gan.SIDE, gan.SIDE, 3)).astype(np.uint8)
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2) / 255
    with torch.inference_mode():
        seen = adversarial.Layers(discriminator).eval()(augment.normalise(images))
        torch.testing.assert_close(seen, discriminator.features(pixels - 0.5), atol=1e-5, rtol=1e-4)
        assert seen.shape == (2, adversarial.FEATURES)


def test_a_random_backbone_is_not_that_of_imagenet(sample):
    network, features = adversarial.random_backbone(sample)
    again, _ = adversarial.random_backbone(sample)
    one, other = (next(net.parameters()) for net in (network, again))
    assert features == 1280 and not torch.equal(one, other)


@pytest.mark.slow
def test_the_gan_sees_originals_only(extracted, monkeypatch):
    shown = []
    monkeypatch.setattr(
        gan, "train", lambda images, steps, seed: shown.append((len(images), steps)) or Fake()
    )
    rows = adversarial.dataset.table(extracted).merge(
        adversarial.face_crops.table(extracted)[["face_id", "video"]], on="video"
    )
    sources = rows.groupby("source")["label"].nunique()
    rows = rows[rows["source"].isin(sources.index[sources == 2])].reset_index(drop=True)
    fitted = adversarial.fit(extracted, rows, 0, shown=32)
    assert shown == [
        ((rows["label"] == "REAL").sum(), adversarial.STEPS * 32 // adversarial.PICTURES["shown"])
    ]
    assert np.isfinite(fitted.judge(rows)).all()


class Fake:
    """A training whose discriminator has random weights."""

    discriminator = gan.Discriminator()
