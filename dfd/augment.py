"""What happens to a face crop before a network sees it: random changes in training, normalisation always."""

import os

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")

import albumentations as A
import cv2
import numpy as np
import torch

# Colour statistics of ImageNet, RGB in 0..1, which pretrained networks expect to be taken out.
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)


def report(size: int = 240, seed: int | None = None) -> A.Compose:
    """Build the report's transform with today's names, and the defaults of the version of its time.

    Two names have changed their meaning since: `GaussNoise` took the variance of 8-bit values (10 to 50)
    and now takes a share of the range, 0.2 to 0.44 by default, which would be 16 times as strong;
    `ShiftScaleRotate` has become `Affine`.

    Parameters
    ----------
    size : int
        Side that a smaller picture is padded to, in pixels.
    seed : int, optional
        Makes the sequence of changes the same each time.

    Returns
    -------
    albumentations.Compose
        Called as ``transform(image=image)["image"]`` on an RGB ndarray of uint8.

    References
    ----------
    Report, section 2.2.5.
    """
    return A.Compose(_steps(size), seed=seed)


def training(size: int = 240, seed: int | None = None) -> A.Compose:
    """Build the transform that this book trains with: the report's, and the steps that its "..." leaves out.

    Those are a slight blur and a mirror image, as in the solution that won the DFDC, from which the
    listing is taken.

    Parameters
    ----------
    size : int
        Side that a smaller picture is padded to, in pixels.
    seed : int, optional
        Makes the sequence of changes the same each time.

    Returns
    -------
    albumentations.Compose
        Called as ``transform(image=image)["image"]`` on an RGB ndarray of uint8.

    References
    ----------
    S. Seferbekov, first place in the Deepfake Detection Challenge, 2020.
    """
    compression, noise, *rest = _steps(size)
    return A.Compose(
        [compression, noise, A.GaussianBlur(blur_limit=(3, 3), p=0.05), A.HorizontalFlip(), *rest], seed=seed
    )


def _steps(size: int) -> list[A.BasicTransform | A.BaseCompose]:
    return [
        A.ImageCompression(quality_range=(60, 100), p=0.5),
        A.GaussNoise(std_range=(10**0.5 / 255, 50**0.5 / 255), p=0.1),
        _padding(size),
        A.OneOf([A.RandomBrightnessContrast(), A.FancyPCA(), A.HueSaturationValue()], p=0.7),
        A.ToGray(p=0.2),
        A.Affine(
            translate_percent={"x": (-0.1, 0.1), "y": (-0.1, 0.1)},
            scale=(0.8, 1.2),
            keep_ratio=True,
            rotate=(-10, 10),
            border_mode=cv2.BORDER_CONSTANT,
            p=0.5,
        ),
    ]


def _padding(size: int) -> A.PadIfNeeded:
    return A.PadIfNeeded(size, size, border_mode=cv2.BORDER_CONSTANT)


def normalise(images: np.ndarray) -> torch.Tensor:
    """Turn pictures into what a network pretrained on ImageNet expects.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, height, width, 3)
        RGB.

    Returns
    -------
    Tensor of float32, shape (n, 3, height, width)
        Each channel less ImageNet's mean, divided by its standard deviation.
    """
    pixels = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2)
    mean, deviation = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, DEVIATION))
    # In place: tensors that live for a moment only leave gaps on the heap, up to 2 GB in a loader process.
    return pixels.to(torch.float32, copy=True).div_(255).sub_(mean).div_(deviation)
