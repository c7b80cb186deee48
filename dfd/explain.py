"""What the classifier looked at: Grad-CAM heat maps of faces."""

from importlib import import_module
from typing import Any

import numpy as np
import torch

from dfd import augment, classifier
from dfd.classifier import Classifier
from dfd.errors import MissingExtraError


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
    with package.GradCAM(model=model, target_layers=[backbone.network._bn1]) as grad_cam:
        return grad_cam(augment.normalise(images), targets=[_fake_logit] * len(images))


def _fake_logit(logits: torch.Tensor) -> torch.Tensor:
    return classifier.fake_logit(logits[None])[0]
