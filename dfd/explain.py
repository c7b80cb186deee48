"""What the classifier looked at: Grad-CAM heat maps of faces."""

import numpy as np
import torch
from pytorch_grad_cam import GradCAM

from dfd import augment, classifier
from dfd.classifier import Classifier


class _FakeLogit:
    def __call__(self, logits: torch.Tensor) -> torch.Tensor:
        return classifier.fake_logit(logits[None])[0]


def heatmaps(model: Classifier, images: np.ndarray) -> np.ndarray:
    """Show what in each face speaks for FAKE.

    The last layer of channels is weighted by how much each channel raises the log odds of FAKE.

    Parameters
    ----------
    model : Classifier
        In evaluation mode; its backbone is that of `dfd.embedding.backbone`.
    images : ndarray of uint8, shape (n, height, width, 3)
        Face crops, RGB, of the size that the model was trained with.

    Returns
    -------
    ndarray of float32, shape (n, height, width)
        0 to 1, scaled for each face.

    References
    ----------
    R. R. Selvaraju et al., Grad-CAM, ICCV 2017.
    """
    layer = model.backbone.network._bn1
    with GradCAM(model=model, target_layers=[layer]) as grad_cam:
        return grad_cam(augment.normalise(images), targets=[_FakeLogit()] * len(images))


def share_inside(heat: np.ndarray, margin: float) -> np.ndarray:
    """Measure how much of the heat lies in the box that the detector drew, rather than in the margin.

    Parameters
    ----------
    heat : ndarray, shape (n, size, size)
        As `heatmaps` gives it.
    margin : float
        Margin that the faces were cropped with.

    Returns
    -------
    ndarray of float, shape (n,)
        0 to 1. A heat map without preference has ``1 / (1 + margin) ** 2``.
    """
    size = heat.shape[1]
    edge = round(size * margin / (1 + margin) / 2)
    inside = heat[:, edge : size - edge, edge : size - edge].sum(axis=(1, 2))
    return inside / np.maximum(heat.sum(axis=(1, 2)), np.finfo(float).tiny)
