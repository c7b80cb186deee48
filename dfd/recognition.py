"""Networks that were made to tell people apart: dlib's, and facenet-pytorch's of FaceNet."""

from collections.abc import Callable
from importlib import import_module

import cv2
import numpy as np
import torch
from facenet_pytorch import InceptionResnetV1
from torch import nn

from dfd import weights
from dfd.errors import MissingExtraError
from dfd.run import Run

FACENET_SIZE = 160


def dlib(run: Run) -> Callable[[np.ndarray], np.ndarray]:
    """Load dlib's network.

    Parameters
    ----------
    run : Run
        The run; where the face is in a crop follows from its `margin` and `face_size`.

    Returns
    -------
    callable
        Takes face crops, uint8 of shape (n, size, size, 3), RGB; gives float32 of shape (n, 128).

    Raises
    ------
    MissingExtraError
        If dlib is not installed.
    """
    try:
        package = import_module("dlib")
    except ImportError as error:
        raise MissingExtraError("dlib", "detectors", f"cannot be imported ({error})") from error
    landmarks = package.shape_predictor(str(weights.in_package("dlib-landmarks")))
    network = package.face_recognition_model_v1(str(weights.in_package("dlib-faces")))
    # The crop was made around the face, so where the face is in it is known without a detector.
    edge = _edge(run)
    face = package.rectangle(edge, edge, run.face_size - edge - 1, run.face_size - edge - 1)

    def embed(images: np.ndarray) -> np.ndarray:
        chips = [package.get_face_chip(image, landmarks(image, face)) for image in images]
        return np.array(network.compute_face_descriptor(chips), dtype=np.float32)

    return embed


def facenet() -> nn.Module:
    """Load facenet-pytorch's InceptionResnetV1, trained on VGGFace2.

    Returns
    -------
    Module
        In evaluation mode, on the CPU; gives 512 numbers for what `facenet_inputs` gives.

    Raises
    ------
    InputError
        If its weights are missing and cannot be downloaded.
    """
    file = weights.find("facenet")
    state = torch.load(file, map_location="cpu", weights_only=True)
    network = InceptionResnetV1()
    network.load_state_dict({key: value for key, value in state.items() if not key.startswith("logits.")})
    return network.eval()


def facenet_inputs(run: Run, crops: np.ndarray) -> torch.Tensor:
    """Prepare face crops for `facenet`, which knows faces with hardly a margin and pixels from -1 to 1.

    Parameters
    ----------
    run : Run
        The run, whose margin is cut off again.
    crops : ndarray of uint8, shape (n, size, size, 3)
        RGB.

    Returns
    -------
    Tensor of float32, shape (n, 3, 160, 160)
    """
    edge = _edge(run)
    inner = crops[:, edge : run.face_size - edge, edge : run.face_size - edge]
    resized = np.stack([cv2.resize(crop, (FACENET_SIZE, FACENET_SIZE)) for crop in inner])
    return (torch.from_numpy(resized).permute(0, 3, 1, 2).float() - 127.5) / 128


def _edge(run: Run) -> int:
    """Width of the margin in a crop, in pixels."""
    return round(run.face_size * run.margin / (1 + run.margin) / 2)
