"""What the classifier looked at: Grad-CAM heat maps of faces."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np
import torch
from torch import nn

from dfd import augment, classifier
from dfd.classifier import Classifier
from dfd.errors import MissingExtraError

BATCH = 16
"""Pictures at a time."""


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

    Raises
    ------
    InputError
        If the package grad-cam is not installed; the extra ``study`` brings it.

    References
    ----------
    R. R. Selvaraju et al., Grad-CAM, ICCV 2017.
    """
    try:
        package = import_module("pytorch_grad_cam")
    except ImportError as error:
        raise MissingExtraError("grad-cam", "study", f"cannot be imported ({error})") from error
    backbone: Any = model.backbone
    layer = backbone.network._bn1
    batches = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
    with _only_trainable(model, layer), package.GradCAM(model=model, target_layers=[layer]) as grad_cam:
        return np.concatenate(
            [grad_cam(augment.normalise(batch), targets=[_fake_logit] * len(batch)) for batch in batches]
        )


@contextmanager
def _only_trainable(model: nn.Module, layer: nn.Module) -> Iterator[None]:
    # The gradient is asked for at one of the last layers. Those before it would keep all that they computed,
    # 1 GB a picture of the largest network, for gradients that nobody reads.
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    model.requires_grad_(False)
    layer.requires_grad_(True)
    try:
        yield
    finally:
        model.requires_grad_(False)
        for parameter in trainable:
            parameter.requires_grad_(True)


def _fake_logit(logits: torch.Tensor) -> torch.Tensor:
    return classifier.fake_logit(logits[None])[0]
