"""One encoder and two decoders, trained on two people: what made the first deepfakes."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from dfd import progress
from study import alignment

SIDE = 64
"""Of the faces that the network sees, in pixels."""

CODE = 128
"""Numbers that the encoder is allowed to say of a face."""

BATCH = 8
"""Faces of each person in a step."""

LEARNING_RATE = 2e-3
FILMSTRIP = (0, 0.1, 0.2, 0.4, 0.7, 1)
"""When pictures are kept of what the decoders draw, as shares of the training."""


class Autoencoder(nn.Module):
    """A shared encoder, and a decoder for each person.

    The encoder has to describe both people's faces in the same few numbers, so it says what they have in
    common: pose, expression, light. What makes a face that of one person is left to the decoder.

    Parameters
    ----------
    decoders : int
        2 for a swap; 1 shows why that is needed.
    """

    def __init__(self, decoders: int = 2) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            *(_halve(*channels) for channels in ((3, 16), (16, 32), (32, 64), (64, 64))),
            nn.Flatten(),
            nn.Linear(64 * (SIDE // 16) ** 2, CODE),
        )
        self.decoders = nn.ModuleList(_decoder() for _ in range(decoders))

    def forward(self, pictures: torch.Tensor, person: int) -> torch.Tensor:
        """Draw faces as one of the two people.

        Parameters
        ----------
        pictures : Tensor of float32, shape (n, 3, `SIDE`, `SIDE`)
            Aligned faces of either person, RGB, 0 to 1.
        person : int
            0 or 1: whose decoder draws. With a single decoder it draws both.

        Returns
        -------
        Tensor of float32, shape (n, 3, `SIDE`, `SIDE`)
            RGB, 0 to 1.
        """
        return self.decoders[person % len(self.decoders)](self.encoder(pictures - 0.5))


@dataclass
class Training:
    """An autoencoder and how it came to be.

    Attributes
    ----------
    network : Autoencoder
        In evaluation mode.
    losses : ndarray of float, shape (steps, 2)
        Mean absolute error of each person's faces, step by step.
    filmstrip : dict of int to ndarray of uint8
        By step, what both decoders make of one face of the first person: shape (2, `SIDE`, `SIDE`, 3).
    """

    network: Autoencoder
    losses: np.ndarray
    filmstrip: dict[int, np.ndarray] = field(default_factory=dict)

    def pack(self) -> dict[str, Any]:
        """Put all of it into a dictionary that torch can save and load without running code."""
        pictures = {step: torch.from_numpy(images) for step, images in self.filmstrip.items()}
        losses = torch.from_numpy(self.losses)
        return {"weights": self.network.state_dict(), "losses": losses, "filmstrip": pictures}

    @classmethod
    def unpack(cls, packed: dict[str, Any]) -> "Training":
        """Make it again of what `pack` gave."""
        decoders = {name.split(".")[1] for name in packed["weights"] if name.startswith("decoders.")}
        network = Autoencoder(len(decoders))
        network.load_state_dict(packed["weights"])
        pictures = {step: images.numpy() for step, images in packed["filmstrip"].items()}
        return cls(network.eval(), packed["losses"].numpy(), pictures)


def train(people: tuple[np.ndarray, np.ndarray], steps: int, seed: int, decoders: int = 2) -> Training:
    """Train an autoencoder on the faces of two people.

    Parameters
    ----------
    people : tuple of two ndarray of uint8, shape (n, `SIDE`, `SIDE`, 3)
        Aligned faces of each, RGB.
    steps : int
        Steps of gradient descent.
    seed : int
        Of the start and of all that is drawn.
    decoders : int
        As `Autoencoder` takes it.

    Returns
    -------
    Training
    """
    torch.manual_seed(seed)
    network = Autoencoder(decoders)
    pictures = tuple(tensor(images) for images in people)
    optimiser = torch.optim.Adam(network.parameters(), LEARNING_RATE, betas=(0.5, 0.99))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=steps)
    weight = 0.1 + torch.from_numpy(alignment.mask(SIDE))
    kept = {round(share * steps) for share in FILMSTRIP}
    training = Training(network, np.zeros((steps, 2)))
    for step in progress.track(range(steps), "training the autoencoder", steps, "step"):
        if step in kept:
            training.filmstrip[step] = drawn_by_both(network, people[0][:1])
        losses = [_loss(network, pictures, person, weight) for person in (0, 1)]
        optimiser.zero_grad()
        (losses[0] + losses[1]).backward()
        optimiser.step()
        schedule.step()
        training.losses[step] = [loss.item() for loss in losses]
    training.filmstrip[steps] = drawn_by_both(network, people[0][:1])
    network.eval()
    return training


def _loss(
    network: Autoencoder, pictures: tuple[torch.Tensor, ...], person: int, weight: torch.Tensor
) -> torch.Tensor:
    """Mean absolute error of some faces of a person, drawn again from distorted copies."""
    batch = pictures[person][torch.randint(len(pictures[person]), (BATCH,))]
    drawn = network(distorted(batch), person)
    return (weight * (drawn - batch).abs()).mean() / weight.mean()


def distorted(pictures: torch.Tensor) -> torch.Tensor:
    """Bend and recolour faces at random, so that the encoder cannot learn them by heart.

    Parameters
    ----------
    pictures : Tensor of float32, shape (n, 3, side, side)
        RGB, 0 to 1.

    Returns
    -------
    Tensor of float32, shape (n, 3, side, side)
    """
    count, side = len(pictures), pictures.shape[-1]
    straight = functional.affine_grid(
        torch.eye(2, 3).repeat(count, 1, 1), [count, 3, side, side], align_corners=False
    )
    knots = 0.06 * torch.randn(count, 2, 5, 5)
    bend = functional.interpolate(knots, (side, side), mode="bicubic", align_corners=True)
    bent = functional.grid_sample(
        pictures, straight + bend.permute(0, 2, 3, 1), padding_mode="border", align_corners=False
    )
    return (bent * (1 + 0.15 * torch.randn(count, 3, 1, 1))).clamp(0, 1)


def drawn_by_both(network: Autoencoder, images: np.ndarray) -> np.ndarray:
    """Let both decoders draw one face.

    Parameters
    ----------
    network : Autoencoder
        The network; its mode is left as it was.
    images : ndarray of uint8, shape (1, `SIDE`, `SIDE`, 3)
        The aligned face, RGB.

    Returns
    -------
    ndarray of uint8, shape (2, `SIDE`, `SIDE`, 3)
    """
    return np.concatenate([draw(network, images, person) for person in (0, 1)])


def draw(network: Autoencoder, images: np.ndarray, person: int) -> np.ndarray:
    """Let one of the decoders draw faces.

    Parameters
    ----------
    network : Autoencoder
        The network.
    images : ndarray of uint8, shape (n, `SIDE`, `SIDE`, 3)
        Aligned faces of either person, RGB.
    person : int
        0 or 1: whose decoder draws.

    Returns
    -------
    ndarray of uint8, shape (n, `SIDE`, `SIDE`, 3)
        RGB.
    """
    with torch.inference_mode():
        drawn = network(tensor(images), person)
    return (255 * drawn).round().byte().permute(0, 2, 3, 1).numpy()


def tensor(images: np.ndarray) -> torch.Tensor:
    """Turn pictures into what networks take.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, side, side, 3)
        RGB.

    Returns
    -------
    Tensor of float32, shape (n, 3, side, side)
        RGB, 0 to 1.
    """
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255


def _halve(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 5, stride=2, padding=2), nn.LeakyReLU(0.1))


def _double(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inputs, 4 * outputs, 3, padding=1), nn.LeakyReLU(0.1), nn.PixelShuffle(2))


def _decoder() -> nn.Module:
    small = SIDE // 16
    return nn.Sequential(
        nn.Linear(CODE, 64 * small**2),
        nn.Unflatten(1, (64, small, small)),
        *(_double(*channels) for channels in ((64, 48), (48, 32), (32, 24), (24, 12))),
        nn.Conv2d(12, 3, 3, padding=1),
        nn.Sigmoid(),
    )
