"""A classifier that begins with what a GAN's discriminator has learned, and what it is compared with."""

from typing import Any

import pandas as pd
import torch
from torch import nn

from dfd import augment, dataset, embedding, loading, sampling
from dfd import faces as face_crops
from dfd.run import Run
from study import gan
from study.methods import fine_tuned, networks
from study.methods.method import Fitted, Method

STEPS = 400
"""Of the GAN."""

MOST = 4000
"""REAL faces that the GAN is given, at most."""

FEATURES = 2048
LEARNING_RATE = 1e-3

PICTURES: dict[str, Any] = {"size": gan.SIDE, "part": 0.625, "shown": 3 * networks.SHOWN}
"""The middle of the crops, which the face fills as in chapter 00. Such small pictures are learned from fast,
so that three times as many are shown as of larger ones."""


class Layers(nn.Module):
    """The layers of a discriminator, for pictures normalised as the backbones want them.

    Parameters
    ----------
    discriminator : Discriminator
        Trained or not.
    """

    def __init__(self, discriminator: gan.Discriminator) -> None:
        super().__init__()
        self.features = discriminator.features
        for name in ("MEAN", "DEVIATION"):
            self.register_buffer(name.lower(), torch.tensor(getattr(augment, name)).view(3, 1, 1))

    def forward(self, inputs: Any) -> torch.Tensor:
        """Compute `FEATURES` numbers of each picture of `study.gan.SIDE` pixels."""
        return self.features(inputs * self.deviation + self.mean - 0.5)


def fit(run: Run, faces: pd.DataFrame, seed: int, *, shown: int = PICTURES["shown"]) -> Fitted:
    """Train a GAN on the REAL faces, and then its discriminator's layers as a classifier.

    Parameters
    ----------
    run : Run
        The run.
    faces : DataFrame
        To learn from.
    seed : int
        Of all that is drawn.
    shown : int
        As `study.methods.networks.recipe` takes it; the GAN's steps are as much fewer.

    Returns
    -------
    Fitted
    """
    real = sampling.some_videos(faces[~dataset.is_fake(faces)], MOST, seed)
    images = face_crops.images(run, real["face_id"].to_list())
    images = loading.resized(images, gan.SIDE, PICTURES["part"])
    trained = gan.train(images, STEPS * shown // PICTURES["shown"], seed).discriminator.train()

    def layers(run: Run) -> tuple[nn.Module, int]:
        return Layers(trained), FEATURES

    settings: dict[str, Any] = PICTURES | {"learning_rate": LEARNING_RATE, "shown": shown}
    return networks.fit(run, faces, seed, name=DISCRIMINATOR.name, layers=layers, **settings)


def random_discriminator(run: Run) -> tuple[nn.Module, int]:
    """Build the same layers with random weights.

    Parameters
    ----------
    run : Run
        Not used.

    Returns
    -------
    tuple of Module and int
        The layers and the number of features.
    """
    return Layers(gan.Discriminator()), FEATURES


def random_backbone(run: Run) -> tuple[nn.Module, int]:
    """Build the backbone with random weights.

    Parameters
    ----------
    run : Run
        The run, whose backbone it is.

    Returns
    -------
    tuple of Module and int
        The layers and the number of features.
    """
    return embedding.architecture(run.backbone), embedding.FEATURES[run.backbone]


DISCRIMINATOR = Method("discriminator, GAN start", "GAN", fit)
RANDOM_DISCRIMINATOR = networks.method(
    "discriminator, random start", random_discriminator, "random", LEARNING_RATE, **PICTURES
)
IMAGENET = networks.method("Lite0, ImageNet start", fine_tuned.layers, "ImageNet", 5e-4, **PICTURES)
RANDOM = networks.method("Lite0, random start", random_backbone, "random", 2e-3, **PICTURES)
