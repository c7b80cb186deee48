"""A face swap, step by step: align, encode, draw with the other decoder, match colours, blend back."""

from dataclasses import dataclass

import cv2
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from study import alignment, autoencoder
from study.autoencoder import SIDE, Autoencoder, Training


@dataclass(frozen=True)
class Swap:
    """All pictures of a swap, each uint8 and RGB.

    Attributes
    ----------
    crop : ndarray, shape (size, size, 3)
        The face as it was filmed.
    aligned : ndarray, shape (side, side, 3)
        What the encoder is shown.
    own : ndarray, shape (side, side, 3)
        What the decoder of the person filmed makes of it.
    swapped : ndarray, shape (side, side, 3)
        What the donor's decoder makes of it.
    matched : ndarray, shape (side, side, 3)
        The same in the colours of the person filmed.
    mask : ndarray, shape (side, side, 3)
        Where the swap replaces the picture.
    blended : ndarray, shape (size, size, 3)
        The result.
    """

    crop: np.ndarray
    aligned: np.ndarray
    own: np.ndarray
    swapped: np.ndarray
    matched: np.ndarray
    mask: np.ndarray
    blended: np.ndarray


STEPS = {
    "crop": "1 face filmed",
    "aligned": "2 aligned",
    "own": "3a own decoder",
    "swapped": "3b donor's decoder",
    "matched": "4 colours matched",
    "mask": "5 mask",
    "blended": "6 blended back",
}
"""The pictures of a `Swap` and their titles."""


def swap(network: Autoencoder, crop: np.ndarray, landmarks: np.ndarray) -> Swap:
    """Put the second person's face into a picture of the first.

    Parameters
    ----------
    network : Autoencoder
        Trained on both.
    crop : ndarray of uint8, shape (size, size, 3)
        Face crop of the first person, RGB.
    landmarks : ndarray of float, shape (5, 2)
        Of the face, in pixels of the crop.

    Returns
    -------
    Swap
    """
    matrix = alignment.matrices(landmarks[None], SIDE)
    aligned = alignment.align(crop[None], matrix, SIDE)
    own, swapped = autoencoder.drawn_by_both(network, aligned)
    share = alignment.mask(SIDE)
    matched = match_colours(swapped, aligned[0], share)
    blended = blend(crop, matched, share, matrix[0])
    shown = np.repeat((255 * share).astype(np.uint8)[..., None], 3, axis=2)
    return Swap(crop, aligned[0], own, swapped, matched, shown, blended)


def match_colours(picture: np.ndarray, like: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Give a face the mean and the spread of another's colours.

    Parameters
    ----------
    picture, like : ndarray of uint8, shape (side, side, 3)
        The face to change, and the face whose colours it shall have; RGB.
    share : ndarray of float, shape (side, side)
        Weight of each pixel.

    Returns
    -------
    ndarray of uint8, shape (side, side, 3)
        RGB.

    References
    ----------
    E. Reinhard et al., Color transfer between images, 2001.
    """
    first, second = (cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.float32) for image in (picture, like))
    (mean, spread), (wanted, wanted_spread) = _moments(first, share), _moments(second, share)
    changed = (first - mean) * (wanted_spread / np.maximum(spread, 1)) + wanted
    return cv2.cvtColor(changed.clip(0, 255).astype(np.uint8), cv2.COLOR_LAB2RGB)


def blend(crop: np.ndarray, face: np.ndarray, share: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Turn an aligned face back to where it came from, and mix it into the picture.

    Parameters
    ----------
    crop : ndarray of uint8, shape (size, size, 3)
        The picture, RGB.
    face : ndarray of uint8, shape (side, side, 3)
        The aligned face, RGB.
    share : ndarray of float, shape (side, side)
        How much of the face is taken, 0 to 1.
    matrix : ndarray of float, shape (2, 3)
        The alignment, from crop to aligned face.

    Returns
    -------
    ndarray of uint8, shape (size, size, 3)
        RGB.
    """
    back, size = cv2.invertAffineTransform(matrix), crop.shape[1::-1]
    large = cv2.warpAffine(face, back, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    weight = cv2.warpAffine(share.astype(np.float32), back, size)[..., None]
    return (weight * large + (1 - weight) * crop).round().astype(np.uint8)


def draw(swaps: list[Swap]) -> Figure:
    """Show the steps of swaps, a row for each.

    Parameters
    ----------
    swaps : list of Swap
        Some faces of one person.

    Returns
    -------
    Figure
    """
    figure, axes = plt.subplots(
        len(swaps), len(STEPS), figsize=(1.4 * len(STEPS), 1.5 * len(swaps)), squeeze=False
    )
    for row, pictures in zip(axes, swaps, strict=True):
        for panel, name in zip(row, STEPS, strict=True):
            panel.imshow(getattr(pictures, name))
            panel.axis("off")
    for panel, title in zip(axes[0], STEPS.values(), strict=True):
        panel.set_title(title, fontsize=8)
    return figure


def filmstrip(training: Training) -> Figure:
    """Show what both decoders make of one face in the course of a training, and the error.

    Parameters
    ----------
    training : Training
        As `study.autoencoder.train` gives it.

    Returns
    -------
    Figure
        Above the decoder of the person filmed, below the donor's; right the mean absolute error of each.
    """
    strip = training.filmstrip
    widths = [*[1] * len(strip), 2.2]
    figure = plt.figure(figsize=(1.35 * sum(widths), 2.9))
    grid = figure.add_gridspec(2, len(widths), width_ratios=widths)
    for column, (step, pictures) in enumerate(strip.items()):
        for row, picture in enumerate(pictures):
            panel = figure.add_subplot(grid[row, column])
            panel.imshow(picture)
            panel.set(xticks=[], yticks=[])
            panel.spines[:].set_visible(False)
            if row == 0:
                panel.set_title(f"step {step}", fontsize=8)
            if column == 0:
                panel.set_ylabel(("own decoder", "donor's decoder")[row], fontsize=8)
    panel = figure.add_subplot(grid[:, -1])
    for losses, name in zip(training.losses.T, ("person filmed", "donor"), strict=True):
        panel.plot(losses, lw=0.7, label=name)
    panel.set(xlabel="step", ylabel="mean absolute error", yscale="log")
    panel.legend(fontsize=8)
    return figure


def _moments(picture: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    weights = (share / share.sum())[..., None]
    mean = (weights * picture).sum(axis=(0, 1))
    return mean, np.sqrt((weights * (picture - mean) ** 2).sum(axis=(0, 1)))
