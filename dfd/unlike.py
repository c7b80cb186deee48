"""Whether a video is unlike all that a network has learned from, by spectrum and first layers."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from sklearn.covariance import LedoitWolf

from dfd import augment
from dfd.classifier import Classifier

BLOCKS = (0, 2)
"""Blocks of the backbone whose channels are looked at. They see edges, textures and noise; the last layers,
which are trained to tell fakes, have forgotten the rest."""

RINGS = 16
"""Bands of spatial frequency in which the power of a face's brightness is taken."""

ALLOWED = 0.02
"""Share of held-out videos that may be called unlike."""


@dataclass(frozen=True)
class Reference:
    """What is usual among the videos that a network has learned from.

    Attributes
    ----------
    mean : ndarray of float, shape (features,)
        Mean response.
    precision : ndarray of float, shape (features, features)
        Inverse of the responses' covariance.
    threshold : float
        Distance above which a video is unlike them.
    """

    mean: np.ndarray
    precision: np.ndarray
    threshold: float

    def distance(self, response: np.ndarray) -> float:
        """Compute how far a video's response, shape (features,), is from the usual (Mahalanobis distance)."""
        apart = response - self.mean
        return float(np.sqrt(max(apart @ self.precision @ apart, 0)))

    def is_unlike(self, response: np.ndarray) -> bool:
        """Tell whether a video with this response, shape (features,), is unlike the usual ones."""
        return self.distance(response) > self.threshold


def responses(model: Classifier, images: np.ndarray) -> np.ndarray:
    """Compute how a network's first layers respond to faces.

    Parameters
    ----------
    model : Classifier
        In evaluation mode; its backbone is that of `dfd.embedding.backbone`.
    images : ndarray of uint8, shape (n, height, width, 3)
        Face crops, RGB, of the size that the model was trained with.

    Returns
    -------
    ndarray of float, shape (n, features)
        `spectra`, and of each channel after each of `BLOCKS` the mean and the logarithm of the standard
        deviation.
    """
    network: torch.nn.Module = model.backbone.network  # pyright: ignore[reportAssignmentType]
    kept: list[torch.Tensor] = []

    def keep(module: torch.nn.Module, inputs: tuple, output: torch.Tensor) -> None:
        deviations, means = torch.std_mean(output, dim=(2, 3))
        kept.append(torch.cat([means, torch.log(deviations + 1e-6)], dim=1))

    blocks: torch.nn.ModuleList = network._blocks  # pyright: ignore[reportAssignmentType]
    hooks = [blocks[place].register_forward_hook(keep) for place in BLOCKS]
    try:
        with torch.inference_mode():
            model.backbone(augment.normalise(images))
    finally:
        for hook in hooks:
            hook.remove()
    return np.hstack([spectra(images), torch.cat(kept, dim=1).double().numpy()])


def spectra(images: np.ndarray) -> np.ndarray:
    """Compute how rough faces are at every scale; a camera's noise and a drawing differ most in the finest.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, side, side, 3)
        RGB.

    Returns
    -------
    ndarray of float, shape (n, `RINGS` + 2)
        Logarithm of the mean power of the brightness in each band of frequency, from coarse to fine; mean
        brightness, and the logarithm of its standard deviation.
    """
    side = images.shape[1]
    window = np.outer(np.hanning(side), np.hanning(side))
    frequencies = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    bands = np.digitize(frequencies, np.linspace(0, 0.5, RINGS + 1)) - 1
    rows = []
    for image in images:
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(float)
        power = np.abs(np.fft.rfft2((grey - grey.mean()) * window)) ** 2
        means = [np.log1p(power[bands == band].mean()) for band in range(RINGS)]
        rows.append([*means, grey.mean() / 255, np.log1p(grey.std())])
    return np.array(rows)


def fit(learned: np.ndarray, held_out: np.ndarray) -> Reference:
    """Say what is usual.

    Parameters
    ----------
    learned : ndarray of float, shape (n, features)
        Mean responses of videos that the network has learned from.
    held_out : ndarray of float, shape (m, features)
        Of others of their kind, of which a share `ALLOWED` may be called unlike.

    Returns
    -------
    Reference
        Its covariance is shrunk, since there are about as many videos as features.

    References
    ----------
    K. Lee et al., A simple unified framework for detecting out-of-distribution samples, NeurIPS 2018;
    O. Ledoit and M. Wolf, A well-conditioned estimator for large-dimensional covariance matrices, 2004.
    """
    scale = learned.std(axis=0).clip(1e-6)
    fitted = LedoitWolf().fit((learned - learned.mean(axis=0)) / scale)
    precision = fitted.precision_ / np.outer(scale, scale)
    reference = Reference(learned.mean(axis=0), precision, np.inf)
    distances = [reference.distance(response) for response in held_out]
    return Reference(reference.mean, precision, float(np.quantile(distances, 1 - ALLOWED)))
