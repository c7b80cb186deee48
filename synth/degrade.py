"""Benign degradation: what happens to any video on its way, drawn alike for REAL and FAKE clips."""

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Degradation:
    """What happens to a clip before it is encoded.

    Attributes
    ----------
    blur : float
        Standard deviation of a Gaussian blur in pixels; 0 for none.
    scale : float
        Size of the smaller picture that the clip passes through; 1 for none.
    jpeg : int
        Quality of a JPEG compression of each frame; 0 for none.
    noise : float
        Standard deviation of the sensor's noise in grey levels.
    brightness, contrast, saturation : float
        Gains; 1 leaves the clip.
    warmth : float
        Gain of red, and loss of blue; 0 leaves the clip.
    beauty : float
        Share of smoothing inside the faces, as a phone's beauty filter does; 0 for none.
    """

    blur: float
    scale: float
    jpeg: int
    noise: float
    brightness: float
    contrast: float
    saturation: float
    warmth: float
    beauty: float

    @property
    def words(self) -> str:
        """What was done, in words, for the truth table."""
        done = {
            "blur": self.blur > 0,
            "rescaling": self.scale < 1,
            "JPEG": self.jpeg > 0,
            "noise": self.noise > 0,
            "face smoothing": self.beauty > 0,
        }
        return ", ".join([name for name, happened in done.items() if happened] + ["brightness and colour"])


def draw(rng: np.random.Generator) -> Degradation:
    """Draw a degradation; the label of the clip plays no part in it.

    Parameters
    ----------
    rng : Generator
        Source of chance.

    Returns
    -------
    Degradation
    """

    def sometimes(chance: float, value: float, otherwise: float) -> float:
        return value if rng.random() < chance else otherwise

    return Degradation(
        blur=sometimes(0.25, float(rng.uniform(0.3, 0.7)), 0),
        scale=sometimes(0.3, float(rng.uniform(0.7, 0.95)), 1),
        jpeg=int(sometimes(0.3, float(rng.integers(55, 95)), 0)),
        noise=sometimes(0.25, float(rng.uniform(0.8, 2.2)), 0),
        brightness=float(np.exp(rng.normal(0, 0.06))),
        contrast=float(np.exp(rng.normal(0, 0.06))),
        saturation=float(np.exp(rng.normal(0, 0.09))),
        warmth=float(rng.normal(0, 0.02)),
        beauty=sometimes(0.15, float(rng.uniform(0.2, 0.6)), 0),
    )


def degrade(
    images: np.ndarray, faces: list[np.ndarray], degradation: Degradation, rng: np.random.Generator
) -> np.ndarray:
    """Degrade a clip.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, height, width, 3)
        The frames, RGB.
    faces : list of ndarray of uint8, shape (n, height, width)
        Masks of the faces' skin, for the smoothing.
    degradation : Degradation
        What to do.
    rng : Generator
        Source of the noise.

    Returns
    -------
    ndarray of uint8, shape (n, height, width, 3)
    """
    result = np.empty_like(images)
    for number, image in enumerate(images):
        for face in faces:
            if degradation.beauty:
                image = _smooth(image, face[number], degradation.beauty)
        result[number] = _degrade_frame(image, degradation, rng)
    return result


def _smooth(image: np.ndarray, face: np.ndarray, amount: float) -> np.ndarray:
    if not face.any():
        return image
    x, y, width, height = cv2.boundingRect(face)
    inside = np.s_[y : y + height, x : x + width]
    sigma = max(0.6, 0.014 * width)
    weight = amount * cv2.GaussianBlur(face[inside].astype(np.float32) / 255, (0, 0), 2 * sigma)[..., None]
    smooth = cv2.GaussianBlur(image[inside], (0, 0), sigma)
    image = image.copy()
    image[inside] = np.round((1 - weight) * image[inside] + weight * smooth).astype(np.uint8)
    return image


def _degrade_frame(image: np.ndarray, degradation: Degradation, rng: np.random.Generator) -> np.ndarray:
    height, width = image.shape[:2]
    if degradation.blur:
        image = cv2.GaussianBlur(image, (0, 0), degradation.blur)
    if degradation.scale < 1:
        size = (round(width * degradation.scale), round(height * degradation.scale))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        image = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    if degradation.jpeg:
        _, code = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, degradation.jpeg])
        image = cv2.imdecode(code, cv2.IMREAD_COLOR)
    values = cv2.transform(image.astype(np.float32), _colour_matrix(degradation))
    if degradation.noise:
        values += degradation.noise * rng.standard_normal(values.shape, np.float32)
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def _colour_matrix(degradation: Degradation) -> np.ndarray:
    """Put contrast (around middle grey), brightness, warmth and saturation into one affine matrix."""
    tone = np.array([1 + degradation.warmth, 1, 1 - degradation.warmth]) * degradation.brightness
    saturate = degradation.saturation * np.eye(3) + (1 - degradation.saturation) / 3
    linear = saturate @ np.diag(tone) * degradation.contrast
    offset = saturate @ tone * 127.5 * (1 - degradation.contrast)
    return np.column_stack([linear, offset]).astype(np.float32)
