"""Where a take is filmed: camera, background and light."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

FACE_HEIGHT = 1.75
"""From chin to hairline, in decimetres."""


@dataclass(frozen=True)
class Light:
    """A distant light.

    Attributes
    ----------
    direction : ndarray of float32, shape (3,)
        Towards the light; x right, y up, z towards the camera.
    colour : ndarray of float32, shape (3,)
        Linear RGB.
    """

    direction: np.ndarray
    colour: np.ndarray


@dataclass(frozen=True)
class Scene:
    """A place as the camera sees it.

    Attributes
    ----------
    width, height : int
        Size of the frame in pixels.
    background : ndarray of float32, shape (height + margins, width + margins, 3)
        Linear RGB, out of focus, larger than the frame so that the camera can drift.
    focal : float
        Focal length in pixels.
    distance : float
        Distance from the camera to the people in decimetres.
    key, fill, rim : Light
        The main light, the one opposite that softens its shadows, and the one from behind.
    sky, ground : ndarray of float32, shape (3,)
        Ambient light from above and below, linear RGB.
    exposure : float
        Gain of the camera.
    drift : ndarray of float32, shape (2, 4)
        Amplitudes (pixels) of the sines by which the hand moves the camera, for columns and rows.
    """

    width: int
    height: int
    background: np.ndarray
    focal: float
    distance: float
    key: Light
    fill: Light
    rim: Light
    sky: np.ndarray
    ground: np.ndarray
    exposure: float
    drift: np.ndarray

    def camera_shift(self, time: float) -> np.ndarray:
        """Return by how many pixels (2,) the hand has moved the camera at a time in seconds."""
        phases = 2 * np.pi * time * np.array([0.23, 0.41, 0.9, 1.7]) + np.array([0.3, 1.9, 4.0, 5.2])
        return (self.drift * np.sin(phases + np.array([[0], [2.1]]))).sum(1)

    def frame_background(self, shift: np.ndarray) -> np.ndarray:
        """Return the background (height, width, 3) behind the frame; far things move half as much."""
        margin = (np.array(self.background.shape[1::-1]) - [self.width, self.height]) / 2
        matrix = np.float32([[1, 0, shift[0] / 2 - margin[0]], [0, 1, shift[1] / 2 - margin[1]]])
        return cv2.warpAffine(
            self.background,
            matrix,
            (self.width, self.height),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )


def build(seed: int, size: tuple[int, int], people: int) -> Scene:
    """Build a scene.

    Parameters
    ----------
    seed : int
        Seed of the random generator.
    size : (width, height)
        Size of the frame in pixels.
    people : int
        Number of people who have to fit in.

    Returns
    -------
    Scene
    """
    width, height = size
    rng = np.random.default_rng([seed, 31])
    margin = max(width, height) // 20 + 4
    background = _background(rng, width + 2 * margin, height + 2 * margin)
    if people == 1:
        face = rng.uniform(0.39, 0.5) * min(height, 1.1 * width)
    else:
        face = min(rng.uniform(0.25, 0.29) * width, 0.45 * height)
    distance = rng.uniform(8.5, 15)
    key = _key(rng)
    surroundings = background.reshape(-1, 3).mean(0)
    tint = surroundings / max(surroundings.mean(), 1e-3)
    ambient = rng.uniform(0.2, 0.34) * (0.65 + 0.35 * tint)
    shake = max(width, height) / 480 * rng.uniform(0.2, 1.2)
    return Scene(
        width=width,
        height=height,
        background=background,
        focal=face / FACE_HEIGHT * distance,
        distance=distance,
        key=key,
        fill=_fill(rng, key),
        rim=_rim(rng, key),
        sky=(ambient * np.array([1.0, 1.02, 1.06])).astype(np.float32),
        ground=(ambient * np.array([0.62, 0.56, 0.5])).astype(np.float32),
        exposure=rng.uniform(0.92, 1.12),
        drift=(rng.normal(0, 1, (2, 4)) * [2.6, 1.6, 0.6, 0.25] * shake).astype(np.float32),
    )


def _direction(azimuth: float, elevation: float) -> np.ndarray:
    a, e = np.radians([azimuth, elevation])
    return np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)], np.float32)


def _key(rng: np.random.Generator) -> Light:
    azimuth = rng.uniform(15, 62) * rng.choice([-1, 1])
    warmth = rng.uniform(-1, 1)
    colour = np.array([1 + 0.1 * warmth, 1.0, 1 - 0.14 * warmth]) * rng.uniform(1.0, 1.5)
    return Light(_direction(azimuth, rng.uniform(18, 48)), colour.astype(np.float32))


def _fill(rng: np.random.Generator, key: Light) -> Light:
    azimuth = -np.sign(key.direction[0]) * rng.uniform(30, 65)
    colour = np.array([0.92, 0.97, 1.04]) * rng.uniform(0.25, 0.55)
    return Light(_direction(azimuth, rng.uniform(0, 25)), colour.astype(np.float32))


def _rim(rng: np.random.Generator, key: Light) -> Light:
    azimuth = -np.sign(key.direction[0]) * rng.uniform(125, 155)
    colour = np.array([1.0, 0.98, 0.95]) * rng.uniform(0.1, 0.9)
    return Light(_direction(azimuth, rng.uniform(20, 45)), colour.astype(np.float32))


def _background(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Paint a place at a modest size, put it out of focus and scale it up."""
    scale = 420 / max(width, height)
    small = np.zeros((round(height * scale), round(width * scale), 3), np.float32)
    painter = _PLACES[rng.integers(len(_PLACES))]
    painter(rng, small)
    grain = cv2.resize(
        rng.normal(1, 0.05, (9, 9)).astype(np.float32), small.shape[1::-1], interpolation=cv2.INTER_CUBIC
    )
    small *= grain[..., None]
    blurred = _defocus(small, rng.uniform(2.5, 6.0))
    large = cv2.resize(blurred, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(large, 0.004, 3).astype(np.float32)


def _defocus(image: np.ndarray, radius: float) -> np.ndarray:
    """Blur with a disc, as a lens does."""
    size = int(2 * radius) * 2 + 1
    disc = np.zeros((size, size), np.float32)
    cv2.circle(disc, (size // 2, size // 2), round(radius), 1, -1, cv2.LINE_AA)
    disc = cv2.GaussianBlur(disc, (0, 0), 0.8)
    return cv2.filter2D(image, -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT)


def _colour(rng: np.random.Generator, brightness: float, saturation: float = 0.25) -> np.ndarray:
    colour = 1 + saturation * rng.normal(0, 1, 3)
    return np.clip(brightness * colour / colour.mean(), 0.01, 1.5)


def _rectangle(image: np.ndarray, x0: float, y0: float, x1: float, y1: float, colour: np.ndarray) -> None:
    """Fill a rectangle given in fractions of the width and height."""
    height, width = image.shape[:2]
    first, last = (round(x0 * width), round(y0 * height)), (round(x1 * width), round(y1 * height))
    cv2.rectangle(image, first, last, np.asarray(colour).tolist(), -1)


def _wall(rng: np.random.Generator, image: np.ndarray, brightness: float) -> np.ndarray:
    """Fill with a wall that is lighter on one side; return its colour."""
    height, width = image.shape[:2]
    colour = _colour(rng, brightness, 0.1)
    slope = rng.uniform(-0.45, 0.45)
    image[:] = colour * (1 + slope * np.linspace(-0.5, 0.5, width))[None, :, None]
    image *= (1 - 0.25 * np.linspace(0, 1, height) ** 2)[:, None, None]
    return colour


def _living_room(rng: np.random.Generator, image: np.ndarray) -> None:
    wall = _wall(rng, image, rng.uniform(0.18, 0.5))
    for _ in range(rng.integers(1, 4)):
        x, y, w, h = (
            rng.uniform(0, 0.85),
            rng.uniform(0.05, 0.3),
            rng.uniform(0.1, 0.22),
            rng.uniform(0.1, 0.25),
        )
        _rectangle(image, x - 0.012, y - 0.012, x + w + 0.012, y + h + 0.012, wall * rng.choice([0.25, 1.5]))
        _rectangle(image, x, y, x + w, y + h, _colour(rng, rng.uniform(0.08, 0.4), 0.35))
    _rectangle(image, 0, 0.76, 1, 1, _colour(rng, rng.uniform(0.06, 0.2), 0.25))
    _lamp(rng, image)


def _lamp(rng: np.random.Generator, image: np.ndarray) -> None:
    height, width = image.shape[:2]
    x, y = rng.choice([rng.uniform(0.02, 0.22), rng.uniform(0.78, 0.98)]), rng.uniform(0.2, 0.5)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    away = np.hypot(columns - x * width, rows - y * height) / max(height, width)
    image += (np.exp(-((away / 0.16) ** 2)) * 0.5)[..., None] * np.float32([1, 0.75, 0.45])
    _rectangle(image, x - 0.05, y - 0.06, x + 0.05, y + 0.04, np.array([1.3, 1.05, 0.7]))


def _window(rng: np.random.Generator, image: np.ndarray) -> None:
    wall = _wall(rng, image, rng.uniform(0.15, 0.35))
    x, w = rng.uniform(-0.05, 0.5), rng.uniform(0.35, 0.6)
    sky = np.array([0.75, 0.85, 1.0]) * rng.uniform(0.6, 1.1)
    _rectangle(image, x, 0.04, x + w, 0.62, wall * 1.8)
    panes = int(rng.integers(2, 4))
    for k in range(panes):
        left = x + 0.02 + k * w / panes
        _rectangle(image, left, 0.07, left + w / panes - 0.035, 0.59, sky)
        _rectangle(
            image,
            left,
            0.38,
            left + w / panes - 0.035,
            0.59,
            np.array([0.2, 0.3, 0.16]) * rng.uniform(0.8, 1.5),
        )
    curtain = _colour(rng, rng.uniform(0.2, 0.5), 0.2)
    for left in (x - 0.1, x + w - 0.02):
        for k in range(6):
            start = left + 0.02 * k
            _rectangle(image, start, 0, start + 0.02, 0.9, curtain * rng.uniform(0.65, 1.1))


def _shelves(rng: np.random.Generator, image: np.ndarray) -> None:
    _wall(rng, image, rng.uniform(0.08, 0.2))
    wood = np.array([0.22, 0.13, 0.07]) * rng.uniform(0.5, 2)
    rows = int(rng.integers(4, 7))
    for row in range(rows + 1):
        y = row / rows
        x = rng.uniform(0, 0.03)
        while x < 1:
            w = rng.uniform(0.012, 0.035)
            if rng.random() < 0.86:
                top = y + rng.uniform(0.02, 0.06)
                _rectangle(image, x, top, x + w, y + 1 / rows, _colour(rng, rng.uniform(0.05, 0.4), 0.28))
            x += w + 0.003
        _rectangle(image, 0, y - 0.012, 1, y + 0.012, wood)
    for x in np.arange(rng.uniform(0, 0.3), 1, 0.36):
        _rectangle(image, x - 0.012, 0, x + 0.012, 1, wood * 0.9)


def _kitchen(rng: np.random.Generator, image: np.ndarray) -> None:
    _wall(rng, image, rng.uniform(0.35, 0.6))
    tile = _colour(rng, rng.uniform(0.35, 0.7), 0.12)
    for row in range(7):
        for column in range(14):
            x, y = column / 13 - 0.03, 0.36 + row * 0.055
            _rectangle(image, x, y, x + 0.07, y + 0.05, tile * rng.uniform(0.85, 1.1))
    cupboard = _colour(rng, rng.uniform(0.12, 0.5), 0.25)
    for column in range(5):
        x = column * 0.21 - 0.02
        _rectangle(image, x, 0, x + 0.2, 0.34, cupboard * rng.uniform(0.92, 1.05))
        _rectangle(image, x + 0.17, 0.24, x + 0.18, 0.31, np.array([0.5, 0.5, 0.5]))
    _rectangle(image, 0, 0.74, 1, 0.78, np.array([0.5, 0.48, 0.45]))
    _rectangle(image, 0, 0.78, 1, 1, cupboard * 0.8)


def _office(rng: np.random.Generator, image: np.ndarray) -> None:
    _wall(rng, image, rng.uniform(0.3, 0.55))
    for column in range(6):
        x = column * 0.18 + rng.uniform(-0.01, 0.01)
        _rectangle(image, x, 0.0, x + 0.16, 0.55, np.array([0.4, 0.5, 0.56]) * rng.uniform(0.7, 1.2))
    for _ in range(4):
        x, y = rng.uniform(0, 0.9), rng.uniform(0.02, 0.12)
        _rectangle(image, x, y, x + 0.13, y + 0.025, np.array([1.5, 1.5, 1.45]))
    _rectangle(image, 0, 0.62, 1, 1, _colour(rng, 0.12, 0.1))
    for _ in range(3):
        x = rng.uniform(0, 0.85)
        _rectangle(image, x, 0.5, x + 0.14, 0.66, np.array([0.03, 0.03, 0.035]))


def _brick(rng: np.random.Generator, image: np.ndarray) -> None:
    clay = np.array([0.30, 0.14, 0.09]) * rng.uniform(0.6, 1.5) + rng.uniform(0, 0.12)
    image[:] = clay.mean() * np.float32([1.25, 1.2, 1.1])
    for row in range(26):
        for column in range(-1, 12):
            x, y = column / 11 + 0.045 * (row % 2), row / 26
            _rectangle(image, x, y, x + 0.083, y + 0.033, clay * rng.uniform(0.75, 1.25))
    image *= np.linspace(rng.uniform(0.6, 1), rng.uniform(0.7, 1.2), image.shape[1])[None, :, None].astype(
        np.float32
    )


def _leaves(rng: np.random.Generator, image: np.ndarray, top: float, bottom: float, count: int) -> None:
    height, width = image.shape[:2]
    for _ in range(count):
        x, y = rng.uniform(0, width), rng.uniform(top, bottom) * height
        green = (
            np.array([0.12, 0.2, 0.05]) * rng.uniform(0.25, 2.2) + np.array([0.05, 0.02, 0]) * rng.random()
        )
        cv2.circle(image, (int(x), int(y)), int(rng.uniform(3, 13)), green.tolist(), -1)


def _garden(rng: np.random.Generator, image: np.ndarray) -> None:
    height = image.shape[0]
    sky = np.array([0.62, 0.78, 1.0]) * rng.uniform(0.6, 1.05)
    image[:] = sky * np.linspace(1, 1.15, height)[:, None, None]
    _leaves(rng, image, 0.15, 0.75, 420)
    _rectangle(image, 0, 0.7, 1, 1, np.array([0.16, 0.24, 0.07]) * rng.uniform(0.6, 1.3))
    _leaves(rng, image, 0.62, 0.8, 120)


def _park(rng: np.random.Generator, image: np.ndarray) -> None:
    image[:] = np.array([0.1, 0.16, 0.05]) * rng.uniform(0.7, 1.3)
    _leaves(rng, image, 0.0, 1.0, 800)
    height, width = image.shape[:2]
    for _ in range(60):
        spot = (int(rng.uniform(0, width)), int(rng.uniform(0, 0.7) * height))
        cv2.circle(image, spot, int(rng.uniform(2, 6)), (1.0, 1.05, 0.85), -1)
    for _ in range(4):
        x = rng.uniform(0, 1)
        _rectangle(image, x, 0, x + rng.uniform(0.015, 0.04), 1, np.array([0.08, 0.055, 0.04]))


def _street(rng: np.random.Generator, image: np.ndarray) -> None:
    image[:] = np.array([0.62, 0.68, 0.78]) * rng.uniform(0.6, 1.1)
    x = -0.05
    while x < 1:
        w, top = rng.uniform(0.14, 0.3), rng.uniform(-0.2, 0.35)
        front = _colour(rng, rng.uniform(0.15, 0.45), 0.15)
        _rectangle(image, x, top, x + w, 0.8, front)
        for row in np.arange(max(top, 0) + 0.05, 0.68, 0.11):
            for column in np.arange(x + 0.025, x + w - 0.04, 0.065):
                _rectangle(
                    image, column, row, column + 0.035, row + 0.065, front * rng.choice([0.35, 0.5, 1.7])
                )
        x += w
    _rectangle(image, 0, 0.78, 1, 1, np.array([0.17, 0.17, 0.18]) * rng.uniform(0.6, 1.3))
    for _ in range(3):
        x = rng.uniform(-0.1, 0.9)
        _rectangle(
            image, x, 0.7, x + rng.uniform(0.12, 0.25), 0.84, _colour(rng, rng.uniform(0.03, 0.3), 0.5)
        )


def _evening(rng: np.random.Generator, image: np.ndarray) -> None:
    height, width = image.shape[:2]
    image[:] = np.array([0.05, 0.055, 0.085]) * rng.uniform(0.7, 2)
    for _ in range(55):
        warm = rng.random()
        colour = np.array([1.3, 0.5 + 0.6 * warm, 0.15 + 0.8 * warm * rng.random()]) * rng.uniform(0.3, 1.6)
        spot = (int(rng.uniform(0, width)), int(rng.uniform(0.1, 0.85) * height))
        cv2.circle(image, spot, int(rng.uniform(1, 4)), colour.tolist(), -1)


_PLACES: tuple[Callable[[np.random.Generator, np.ndarray], None], ...] = (
    _living_room,
    _window,
    _shelves,
    _kitchen,
    _office,
    _brick,
    _garden,
    _park,
    _street,
    _evening,
)
