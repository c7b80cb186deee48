"""Blend a generated face into the original: the whole of it, or only the mouth, or only the eyes."""

import cv2
import numpy as np

from .composite import Face, Traces, fill, paste, soft_mask, wander
from .footage import Footage, Track

PARTS = ("face", "mouth", "eyes")
OUTLINE_LEVEL = 0.4
OUTLINE_POINTS = 28


def blend(
    original: Footage,
    person: int,
    faces: list[Face | None],
    part: str,
    traces: Traces,
    rng: np.random.Generator,
) -> tuple[np.ndarray, list[np.ndarray | None]]:
    """Blend generated faces into a take.

    Parameters
    ----------
    original : Footage
        The take, n frames.
    person : int
        Whose face in it is replaced.
    faces : list of Face or None
        The generated face of each frame.
    part : {"face", "mouth", "eyes"}
        What of it is used.
    traces : Traces
        How well to do it.
    rng : Generator
        Source of chance.

    Returns
    -------
    images : ndarray of uint8, shape (n, height, width, 3)
        The fake.
    outlines : list of (ndarray of int16, shape (k, 2)) or None
        Polygon around what was changed in each frame, in pixels; ``None`` where nothing was.
    """
    track = original.people[person]
    gains = 1 + wander(len(faces), traces.flicker, rng)
    lost = _lost_frames(len(faces), traces.dropout, rng)
    images, outlines = original.images.copy(), []
    for frame, face in enumerate(faces):
        if face is None or lost[frame]:
            outlines.append(None)
            continue
        alpha, skin = _mask(track, frame, face, part, traces)
        images[frame] = paste(
            original.images[frame], face.region, face.image, alpha, skin, traces, gains[frame]
        )
        outlines.append(outline(alpha, face.region))
    return images, outlines


def _mask(track: Track, frame: int, face: Face, part: str, traces: Traces) -> tuple[np.ndarray, np.ndarray]:
    x0, y0, x1, y1 = face.region
    shown = [getattr(track, name)[frame, y0:y1, x0:x1].astype(np.float32) / 255 for name in PARTS]
    interocular, width = track.interocular[frame], x1 - x0
    visible = _closed(np.maximum.reduce(shown), 0.3 * interocular)
    skin = (shown[0] > 0.5) & (face.covered > 0.5)
    if part == "face":
        whole = fill(track.contour[frame], face.region) if traces.hull else visible
        return soft_mask(whole * face.covered, traces.shrink * width, traces.feather * width), skin
    # The mask grows a little beyond the part, so that the blend falls on skin.
    radius = max(1, round(0.12 * interocular))
    element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    region = cv2.dilate(_hull(shown[PARTS.index(part)]), element)
    near = region > 0.5
    return soft_mask(region * visible * face.covered, 1, traces.feather * width), skin & near


def _closed(mask: np.ndarray, size: float) -> np.ndarray:
    """Close the holes of eyes, mouth and glasses in a mask of skin."""
    side = 2 * round(size / 2) + 1
    element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return cv2.morphologyEx(mask, cv2.MORPH_CLOSE, element)


def _hull(mask: np.ndarray) -> np.ndarray:
    """Fill the convex hull of a mask (both eyes and the bridge between them)."""
    points = cv2.findNonZero((mask > 0.4).astype(np.uint8))
    filled = np.zeros_like(mask)
    if points is not None:
        cv2.fillConvexPoly(filled, cv2.convexHull(points), 1.0)
    return filled


def _lost_frames(count: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """Draw the frames in which the swap fails, in one run, as a face that is not found for a moment."""
    lost = np.zeros(count, bool)
    length = round(share * count)
    start = int(rng.integers(0, count - length + 1))
    lost[start : start + length] = True
    return lost


def outline(alpha: np.ndarray, region: tuple[int, int, int, int]) -> np.ndarray | None:
    """Draw a polygon around what a mask changes.

    Parameters
    ----------
    alpha : ndarray of float32, shape (height, width)
        Share of the generated face.
    region : tuple of int
        x0, y0, x1, y1 of the mask in the frame.

    Returns
    -------
    ndarray of int16, shape (k, 2), or None
        At most `OUTLINE_POINTS` points in the frame; ``None`` if the mask changes nothing.
    """
    contours, _ = cv2.findContours(
        (alpha > OUTLINE_LEVEL).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    if not contours:
        return None
    largest = max(contours, key=cv2.contourArea)[:, 0]
    places = np.unique(np.linspace(0, len(largest) - 1, OUTLINE_POINTS).astype(int))
    return (largest[places] + np.array(region[:2])).astype(np.int16)
