"""What every deepfake method shares: aligning a face, matching its colour, and blending it in, well or badly.

The steps are those of 2-D face-swapping tools: warp, match the colour, sharpen, feather a mask, paste.
`Traces` says how well each is done; the faults are those that real deepfakes show.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.interpolate import RBFInterpolator

GRID = 14


@dataclass(frozen=True)
class Traces:
    """How well a fake is made. Lengths are shares of the face's width.

    Attributes
    ----------
    resolution : int
        Side in pixels of the picture that the generated face passes through.
    follow : float
        0: the face is only moved, turned and scaled into place; 1: it is bent to the target's shape.
    colour_match : float
        Share of the way from the donor's mean and spread of colour to the target's.
    hull : bool
        Paste the whole outline, over hair and glasses too, instead of visible skin only.
    shrink, feather : float
        How far the mask's edge lies inside the face, and how soft it is.
    sharpen : float
        Gain of an unsharp mask over the generated face; negative blurs.
    jitter : float
        Standard deviation of the face's place from frame to frame.
    flicker : float
        Standard deviation of the face's brightness from frame to frame.
    dropout : float
        Share of frames in which the swap fails and the original shows.
    """

    resolution: int
    follow: float
    colour_match: float
    hull: bool
    shrink: float
    feather: float
    sharpen: float
    jitter: float
    flicker: float
    dropout: float


def draw(strength: float, rng: np.random.Generator) -> Traces:
    """Draw the faults of one fake.

    Parameters
    ----------
    strength : float
        From 0 (the best that the method can do) to 1 (the crudest).
    rng : Generator
        Source of chance: fakes of one strength differ in which faults they have.

    Returns
    -------
    Traces
    """

    def severity() -> float:
        return float(np.clip(strength + rng.normal(0, 0.16), 0, 1))

    return Traces(
        resolution=round(104 - 64 * severity()),
        follow=float(np.clip(0.9 - 0.7 * severity(), 0.2, 0.9)),
        colour_match=float(np.clip(0.95 - 0.8 * severity() ** 1.2, 0.1, 1)),
        hull=bool(rng.random() < 0.05 + 0.65 * strength),
        shrink=0.03 + 0.05 * float(rng.random()),
        feather=0.04 - 0.033 * severity(),
        # Crude fakes come out too sharp as often as too soft, so that sharpness alone does not tell.
        sharpen=float(rng.normal(0.2, 0.25 + 0.4 * strength)),
        jitter=0.018 * severity() ** 2,
        flicker=0.05 * severity() ** 2,
        dropout=float(rng.choice([0, 0.12])) * (strength > 0.6),
    )


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Fit the shift, turn and scale that take one set of points to another.

    Parameters
    ----------
    source, target : ndarray of float, shape (k, 2)
        Points that belong together.

    Returns
    -------
    ndarray of float64, shape (2, 3)
        The affine matrix with the least squared distance (Umeyama, 1991).
    """
    a, b = source[:, 0] + 1j * source[:, 1], target[:, 0] + 1j * target[:, 1]
    centre_a, centre_b = a.mean(), b.mean()
    factor = np.vdot(a - centre_a, b - centre_b) / np.vdot(a - centre_a, a - centre_a)
    shift = centre_b - factor * centre_a
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])


def warp_maps(
    source: np.ndarray, target: np.ndarray, region: tuple[int, int, int, int], follow: float
) -> tuple[np.ndarray, np.ndarray]:
    """Make the maps that `cv2.remap` needs to bring a donor's face into a region of the target's frame.

    Parameters
    ----------
    source, target : ndarray of float, shape (k, 2)
        Points of the donor's and of the target's face that belong together.
    region : tuple of int
        x0, y0, x1, y1 of the region in the target's frame.
    follow : float
        Share of what the similarity leaves over that a thin-plate spline takes up.

    Returns
    -------
    map_x, map_y : ndarray of float32, shape (height, width)
        Where in the donor's frame each pixel of the region comes from.
    """
    x0, y0, x1, y1 = region
    matrix = similarity(target, source)
    rows, columns = np.mgrid[0 : y1 - y0, 0 : x1 - x0].astype(np.float32)
    rows, columns = rows + y0, columns + x0
    map_x = matrix[0, 0] * columns + matrix[0, 1] * rows + matrix[0, 2]
    map_y = matrix[1, 0] * columns + matrix[1, 1] * rows + matrix[1, 2]
    rest = source - (target @ matrix[:, :2].T + matrix[:, 2])
    spline = RBFInterpolator(target, rest, kernel="thin_plate_spline", smoothing=float(x1 - x0))
    grid = np.stack(np.meshgrid(np.linspace(x0, x1, GRID), np.linspace(y0, y1, GRID)), -1).reshape(-1, 2)
    bend = spline(grid).reshape(GRID, GRID, 2).astype(np.float32)
    bend = follow * cv2.resize(bend, (x1 - x0, y1 - y0), interpolation=cv2.INTER_CUBIC)
    return (map_x + bend[..., 0]).astype(np.float32), (map_y + bend[..., 1]).astype(np.float32)


def region_around(points: np.ndarray, margin: float, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Bound some points, with a margin, inside a frame.

    Parameters
    ----------
    points : ndarray of float, shape (k, 2)
        The points.
    margin : float
        Share of the width and height added on every side.
    size : tuple of int
        Width and height of the frame.

    Returns
    -------
    tuple of int
        x0, y0, x1, y1.
    """
    low, high = points.min(0), points.max(0)
    extra = margin * (high - low)
    x0, y0 = np.floor(np.clip(low - extra, 0, np.array(size) - 8)).astype(int)
    x1, y1 = np.ceil(np.clip(high + extra, (x0 + 8, y0 + 8), size)).astype(int)
    return int(x0), int(y0), int(x1), int(y1)


def limit_resolution(image: np.ndarray, side: int) -> np.ndarray:
    """Pass a picture through a smaller one, as a generator of few pixels does.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        The picture.
    side : int
        Longer side of the smaller picture; a smaller picture stays as it is.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
    """
    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return image
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def match_colour(face: np.ndarray, target: np.ndarray, where: np.ndarray, amount: float) -> np.ndarray:
    """Bring the colour of a face to that of another, by mean and spread in CIELAB (Reinhard et al., 2001).

    Parameters
    ----------
    face, target : ndarray of uint8, shape (height, width, 3)
        RGB pictures.
    where : ndarray of bool, shape (height, width)
        Pixels that both means are taken over.
    amount : float
        0 leaves the face as it is, 1 gives it the target's mean and spread.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
    """
    if where.sum() < 20:
        return face
    own = cv2.cvtColor(face, cv2.COLOR_RGB2LAB).astype(np.float32)
    other = cv2.cvtColor(target, cv2.COLOR_RGB2LAB)[where].astype(np.float32)
    mean, spread = own[where].mean(0), own[where].std(0) + 1e-3
    gain = np.clip(other.std(0) / spread, 0.6, 1.6)
    matched = (own - mean) * gain + other.mean(0)
    mixed = np.clip(own + amount * (matched - own), 0, 255).astype(np.uint8)
    return cv2.cvtColor(mixed, cv2.COLOR_LAB2RGB)


def sharpen(image: np.ndarray, gain: float, sigma: float) -> np.ndarray:
    """Sharpen a picture by an unsharp mask, or blur it where the gain is negative.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        The picture.
    gain : float
        Share of the detail that is added; -1 leaves only the blurred picture.
    sigma : float
        Standard deviation of the blur in pixels.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
    """
    gain = max(gain, -1.0)
    return cv2.addWeighted(image, 1 + gain, cv2.GaussianBlur(image, (0, 0), sigma), -gain, 0)


def soft_mask(mask: np.ndarray, shrink: float, feather: float) -> np.ndarray:
    """Pull a mask's edge inwards and soften it.

    Parameters
    ----------
    mask : ndarray of float32, shape (height, width)
        0 to 1.
    shrink, feather : float
        Pixels.

    Returns
    -------
    ndarray of float32, shape (height, width)
    """
    radius = max(1, round(shrink))
    element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    # The border counts as outside, so that a mask cut by its region still ends softly.
    mask = cv2.erode(mask, element, borderType=cv2.BORDER_CONSTANT, borderValue=0.0)
    return cv2.GaussianBlur(mask, (0, 0), max(0.6, feather))


def fill(contour: np.ndarray, region: tuple[int, int, int, int]) -> np.ndarray:
    """Fill the convex hull of a face's points.

    Parameters
    ----------
    contour : ndarray of float, shape (k, 2)
        Points in the frame.
    region : tuple of int
        x0, y0, x1, y1 of the part of the frame that the mask covers.

    Returns
    -------
    ndarray of float32, shape (y1 - y0, x1 - x0)
        1 inside, 0 outside.
    """
    mask = np.zeros((region[3] - region[1], region[2] - region[0]), np.float32)
    hull = cv2.convexHull((contour - np.array(region[:2])).astype(np.float32))
    cv2.fillConvexPoly(mask, np.round(hull).astype(np.int32), 1.0)
    return mask


def paste(
    frame: np.ndarray,
    region: tuple[int, int, int, int],
    face: np.ndarray,
    alpha: np.ndarray,
    skin: np.ndarray,
    traces: Traces,
    gain: float,
) -> np.ndarray:
    """Finish a generated face and blend it into a frame.

    Parameters
    ----------
    frame : ndarray of uint8, shape (height, width, 3)
        The target's frame, RGB; stays as it is.
    region : tuple of int
        x0, y0, x1, y1 of the face's part of the frame.
    face : ndarray of uint8, shape (y1 - y0, x1 - x0, 3)
        The generated face in the target's place.
    alpha : ndarray of float32, shape (y1 - y0, x1 - x0)
        Share of the generated face in the result.
    skin : ndarray of bool, shape (y1 - y0, x1 - x0)
        Pixels that the colours are compared over.
    traces : Traces
        How well to do it.
    gain : float
        Brightness of the generated face in this frame; 1 leaves it.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
    """
    x0, y0, x1, y1 = region
    under = frame[y0:y1, x0:x1]
    face = match_colour(limit_resolution(face, traces.resolution), under, skin, traces.colour_match)
    face = sharpen(face, traces.sharpen, 0.012 * (x1 - x0))
    mixed = under + alpha[..., None] * (gain * face.astype(np.float32) - under)
    result = frame.copy()
    result[y0:y1, x0:x1] = np.clip(np.round(mixed), 0, 255).astype(np.uint8)
    return result


def wander(count: int, deviation: float, rng: np.random.Generator) -> np.ndarray:
    """Draw a trembling: noise whose neighbours are alike.

    Parameters
    ----------
    count : int
        Frames.
    deviation : float
        Its standard deviation.
    rng : Generator
        Source of chance.

    Returns
    -------
    ndarray of float64, shape (count,)
    """
    noise = rng.normal(0, 1, count + 2)
    return deviation * (noise[:-2] + noise[1:-1] + noise[2:]) / np.sqrt(3)


@dataclass(frozen=True)
class Face:
    """A generated face, brought to its place in one frame of the target.

    Attributes
    ----------
    region : tuple of int
        x0, y0, x1, y1 of the part of the frame that it covers.
    image : ndarray of uint8, shape (y1 - y0, x1 - x0, 3)
        The face, RGB.
    covered : ndarray of float32, shape (y1 - y0, x1 - x0)
        1 where the picture shows the donor's face, 0 where it shows what is around it.
    """

    region: tuple[int, int, int, int]
    image: np.ndarray
    covered: np.ndarray
