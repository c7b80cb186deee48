"""A generative adversarial network of faces, small enough to be trained on two cores in a minute."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from dfd import progress
from study import autoencoder, plots

SIDE = 64
"""Of the faces in pixels."""

NOISE = 64
"""Random numbers that the generator makes a face of."""

BATCH = 16
LEARNING_RATE = 1e-3
SAMPLES = 8
"""Faces that are kept at each of `SAMPLED`, always of the same noise."""

SAMPLED = (0, 0.05, 0.2, 0.5, 1)
"""When faces are kept of what the generator draws, as shares of the training."""


class Generator(nn.Module):
    """Draws faces from noise: four times, what there is becomes twice as wide and high."""

    def __init__(self) -> None:
        super().__init__()
        widths = (96, 64, 48, 24, 12)
        self.layers = nn.Sequential(
            nn.Linear(NOISE, widths[0] * 16),
            nn.Unflatten(1, (widths[0], 4, 4)),
            *(_double(*channels) for channels in pairwise(widths)),
            nn.Conv2d(widths[-1], 3, 3, padding=1),
            nn.Sigmoid(),
        )

    def forward(self, noise: torch.Tensor) -> torch.Tensor:
        """Draw faces, shape (n, 3, `SIDE`, `SIDE`), RGB from 0 to 1, from noise of shape (n, `NOISE`)."""
        return self.layers(noise)


class Discriminator(nn.Module):
    """Gives each picture a logit: positive for a photograph, negative for a drawing of the generator.

    Spectral normalisation keeps it from changing its mind too fast for the generator to follow.

    References
    ----------
    T. Miyato et al., Spectral normalization for generative adversarial networks, ICLR 2018.
    """

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 24, 48, 96, 128)
        self.features = nn.Sequential(*(_halve(*channels) for channels in pairwise(widths)), nn.Flatten())
        self.head = spectral_norm(nn.Linear(widths[-1] * 16, 1))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Judge pictures, shape (n, 3, `SIDE`, `SIDE`), RGB from 0 to 1; gives n logits."""
        return self.head(self.features(pictures - 0.5))[:, 0]


@dataclass
class Training:
    """Both networks and how they came to be.

    Attributes
    ----------
    generator : Generator
        In evaluation mode.
    discriminator : Discriminator
        In evaluation mode.
    losses : ndarray of float, shape (steps, 2)
        Cross-entropy of the discriminator and of the generator, step by step.
    samples : dict of int to ndarray of uint8, shape (`SAMPLES`, `SIDE`, `SIDE`, 3)
        By step, what the generator draws from the same noise.
    """

    generator: Generator
    discriminator: Discriminator
    losses: np.ndarray
    samples: dict[int, np.ndarray] = field(default_factory=dict)

    def pack(self) -> dict[str, Any]:
        """Put all of it into a dictionary that torch can save and load without running code."""
        return {
            "generator": self.generator.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "losses": torch.from_numpy(self.losses),
            "samples": {step: torch.from_numpy(images) for step, images in self.samples.items()},
        }

    @classmethod
    def unpack(cls, packed: dict[str, Any]) -> "Training":
        """Make it again of what `pack` gave."""
        generator, discriminator = Generator(), Discriminator()
        generator.load_state_dict(packed["generator"])
        discriminator.load_state_dict(packed["discriminator"])
        samples = {step: images.numpy() for step, images in packed["samples"].items()}
        return cls(generator.eval(), discriminator.eval(), packed["losses"].numpy(), samples)


def train(images: np.ndarray, steps: int, seed: int) -> Training:
    """Train a generator and its discriminator against each other.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, `SIDE`, `SIDE`, 3)
        Aligned photographs, RGB.
    steps : int
        Steps of each network.
    seed : int
        Of the start and of all that is drawn.

    Returns
    -------
    Training

    References
    ----------
    I. Goodfellow et al., Generative adversarial nets, 2014; A. Radford et al., Unsupervised representation
    learning with deep convolutional generative adversarial networks, 2016.
    """
    torch.manual_seed(seed)
    training = Training(Generator(), Discriminator(), np.zeros((steps, 2)))
    generator, discriminator = training.generator, training.discriminator
    photographs, shown = autoencoder.tensor(images), torch.randn(SAMPLES, NOISE)
    of_discriminator, of_generator = (
        torch.optim.Adam(network.parameters(), LEARNING_RATE, betas=(0.5, 0.99))
        for network in (discriminator, generator)
    )
    kept = {round(share * steps) for share in SAMPLED}
    for step in progress.track(range(steps), "training the GAN", steps, "step"):
        if step in kept:
            training.samples[step] = sample(generator, shown)
        real = photographs[torch.randint(len(photographs), (BATCH,))]
        drawn = generator(torch.randn(BATCH, NOISE))
        told_apart = discriminator_loss(discriminator(moved(real)), discriminator(moved(drawn.detach())))
        _descend(of_discriminator, told_apart)
        deceived = generator_loss(discriminator(moved(drawn)))
        _descend(of_generator, deceived)
        training.losses[step] = told_apart.item(), deceived.item()
    training.samples[steps] = sample(generator, shown)
    generator.eval()
    discriminator.eval()
    return training


def supervised(images: np.ndarray, fake: np.ndarray, steps: int, seed: int) -> Discriminator:
    """Train a network like the discriminator on labels instead: what its layers could learn.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, `SIDE`, `SIDE`, 3)
        Aligned faces, RGB.
    fake : ndarray of bool, shape (n,)
        Their classes; a batch holds as many of one as of the other.
    steps : int
        Steps of gradient descent, each on `BATCH` faces of either class.
    seed : int
        Of the start and of all that is drawn.

    Returns
    -------
    Discriminator
        In evaluation mode; positive for REAL, as the discriminator's are for photographs.
    """
    torch.manual_seed(seed)
    network = Discriminator()
    classes = [autoencoder.tensor(images[rows]) for rows in (~fake, fake)]
    optimiser = torch.optim.Adam(network.parameters(), LEARNING_RATE, betas=(0.5, 0.99))
    for _ in progress.track(range(steps), "training on labels", steps, "step"):
        real, forged = (faces[torch.randint(len(faces), (BATCH,))] for faces in classes)
        _descend(optimiser, discriminator_loss(network(moved(real)), network(moved(forged))))
    return network.eval()


def discriminator_loss(real: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of the discriminator: it shall call photographs real and drawings not.

    Parameters
    ----------
    real, drawn : Tensor, shape (n,)
        Its logits for photographs and for drawings.

    Returns
    -------
    Tensor
        In nats; log 2 where it cannot tell them apart.
    """
    return (functional.softplus(-real).mean() + functional.softplus(drawn).mean()) / 2


def generator_loss(drawn: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of the generator: its drawings shall be called real.

    Parameters
    ----------
    drawn : Tensor, shape (n,)
        The discriminator's logits for its drawings.

    Returns
    -------
    Tensor
        In nats.
    """
    return functional.softplus(-drawn).mean()


def moved(pictures: torch.Tensor) -> torch.Tensor:
    """Mirror and shift pictures at random, photographs and drawings alike, so that few faces last longer.

    Parameters
    ----------
    pictures : Tensor of float32, shape (n, 3, side, side)
        RGB.

    Returns
    -------
    Tensor of float32, shape (n, 3, side, side)

    References
    ----------
    S. Zhao et al., Differentiable augmentation for data-efficient GAN training, NeurIPS 2020.
    """
    count = len(pictures)
    mirrored = 1 - 2 * torch.randint(2, (count,)).float()
    matrix = torch.zeros(count, 2, 3)
    matrix[:, 0, 0], matrix[:, 1, 1] = mirrored, 1
    matrix[:, :, 2] = 0.12 * (2 * torch.rand(count, 2) - 1)
    grid = functional.affine_grid(matrix, list(pictures.shape), align_corners=False)
    return functional.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)


def sample(generator: Generator, noise: torch.Tensor) -> np.ndarray:
    """Let the generator draw.

    Parameters
    ----------
    generator : Generator
        Its mode is left as it was.
    noise : Tensor of float32, shape (n, `NOISE`)
        What the faces are made of.

    Returns
    -------
    ndarray of uint8, shape (n, `SIDE`, `SIDE`, 3)
        RGB.
    """
    training = generator.training
    with torch.inference_mode():
        drawn = generator.eval()(noise)
    generator.train(training)
    return (255 * drawn).round().byte().permute(0, 2, 3, 1).numpy()


def logits(network: Discriminator, images: np.ndarray) -> np.ndarray:
    """Judge pictures.

    Parameters
    ----------
    network : Discriminator
        In evaluation mode.
    images : ndarray of uint8, shape (n, `SIDE`, `SIDE`, 3)
        RGB.

    Returns
    -------
    ndarray of float, shape (n,)
        Positive for what is taken for a photograph.
    """
    with torch.inference_mode():
        return np.concatenate(
            [
                network(autoencoder.tensor(part)).numpy()
                for part in np.array_split(images, len(images) // 256 + 1)
            ]
        )


def draw(training: Training) -> Figure:
    """Show what the generator draws in the course of a training, and both losses.

    Parameters
    ----------
    training : Training
        As `train` gives it.

    Returns
    -------
    Figure
    """
    figure = plt.figure(figsize=(10, 4.6))
    halves: Any = figure.subfigures(1, 2, width_ratios=(1.7, 1))
    axes = halves[0].subplots(len(training.samples), SAMPLES)
    for row, (step, pictures) in zip(axes, training.samples.items(), strict=True):
        for panel, picture in zip(row, pictures, strict=True):
            panel.imshow(picture)
            panel.set(xticks=[], yticks=[])
            panel.spines[:].set_visible(False)
        row[0].set_ylabel(f"step {step}", fontsize=8)
    panel = halves[1].subplots()
    for losses, name, colour in zip(
        training.losses.T, ("discriminator", "generator"), plots.COLOURS, strict=False
    ):
        panel.plot(losses, lw=0.6, label=name, color=colour)
    panel.axhline(np.log(2), ls="--", color="0.5", lw=1)
    panel.set(xlabel="step", ylabel="cross-entropy (nats)")
    panel.legend(fontsize=8)
    return figure


def _descend(optimiser: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def _halve(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(spectral_norm(nn.Conv2d(inputs, outputs, 4, stride=2, padding=1)), nn.LeakyReLU(0.1))


def _double(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(
        nn.Upsample(scale_factor=2),
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.LeakyReLU(0.1),
    )
