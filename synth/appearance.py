"""Skin, lips, brows, lids, eyes and stubble, painted into the texture atlas.

Everything is placed by its point on the base mesh, so that it follows the face whatever its shape. Colours
are linear light, not sRGB.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from . import geometry
from .geometry import EYE_CENTRE, smoothstep
from .identity import Identity
from .traits import HAIR_COLOURS

_FRONT_SCALE = 640
_FRONT_LEFT, _FRONT_TOP = -0.8, 8.2
_FRONT_SIZE = (1024, 1344)


@dataclass(frozen=True)
class Skin:
    """The painted atlas of one actor.

    Attributes
    ----------
    colour : ndarray of float32, shape (height, width, 4)
        Albedo in linear RGB, then the height of the fine relief.
    gloss : ndarray of float32, shape (height, width)
        Strength of the mirror-like reflection.
    """

    colour: np.ndarray
    gloss: np.ndarray


def linear(colour: np.ndarray | tuple[float, ...]) -> np.ndarray:
    """Turn sRGB, 0 to 255, into linear light, 0 to 1."""
    return (np.asarray(colour, np.float32) / 255) ** np.float32(2.2)


def noise(rng: np.random.Generator, cells: int, octaves: int = 3, fade: float = 0.5) -> np.ndarray:
    """Return smooth noise (height, width) over the atlas, with a standard deviation near one half.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    cells : int
        Number of cells across the atlas in the coarsest octave.
    octaves : int
        Number of octaves; each has twice the cells of the one before.
    fade : float
        Strength of an octave against the one before.
    """
    height, width = geometry.ATLAS_HEIGHT, geometry.ATLAS_WIDTH
    total, strength = np.zeros((height, width), np.float32), 0.0
    for octave in range(octaves):
        across = min(cells * 2**octave, width)
        grid = rng.standard_normal((max(across * height // width, 2), across)).astype(np.float32)
        total += fade**octave * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        strength += fade ** (2 * octave)
    return total * np.float32(0.65 / np.sqrt(strength))


def hairline(position: np.ndarray, balding: float, woman: bool) -> np.ndarray:
    """Return how far points (..., 3) of the base mesh lie inside the growth of hair, in decimetres.

    Parameters
    ----------
    position : ndarray of float32, shape (..., 3)
        Points of the base mesh.
    balding : float
        How far the hair has receded, from 0 to 1, at the temples most.
    woman : bool
        Whether to give rounder temples and shorter sideburns.
    """
    x, y, z = position[..., 0], position[..., 1], position[..., 2]
    angle = np.degrees(np.arctan2(np.abs(x), z - 0.55))
    corners = [0, 18, 36, 48, 58, 66, 74, 84, 90, 100, 110, 125, 150, 180]
    front = np.array([0.14, 0.2, 0.42, 0.3, 0.1, 0, 0, 0, 0, 0, 0, 0, 0, 0]) * balding
    line = np.array([8.07, 8.07, 8.03, 7.86, 7.6, 7.38, 7.02, 7.0, 7.33, 7.38, 7.14, 6.86, 6.66, 6.6]) + front
    if woman:
        line = line + np.array([0.0, -0.01, -0.05, -0.03, 0, 0.02, 0.16, 0.18, 0, 0, 0, 0, -0.04, -0.06])
    grid = np.arange(0, 181, 2.0)
    height = cv2.GaussianBlur(np.interp(grid, corners, line)[None].astype(np.float64), (0, 0), 1.2)[0]
    slope = np.gradient(height, np.radians(2.0)) / 0.72
    return ((y - np.interp(angle, grid, height)) / np.sqrt(1 + np.interp(angle, grid, slope) ** 2)).astype(
        np.float32
    )


def beard_area(position: np.ndarray) -> dict[str, np.ndarray]:
    """Return soft masks (...) of the parts of a beard at points (..., 3) of the base mesh."""
    x, y, z = np.abs(position[..., 0]), position[..., 1], position[..., 2]
    cheek_line = np.interp(x, [0, 0.25, 0.45, 0.62, 0.72], [6.5, 6.6, 6.78, 6.98, 7.2])
    jaw = (
        smoothstep(cheek_line - y, -0.03, 0.1)
        * smoothstep(y + 0.35 * (z - 1.2), 6.0, 6.2)
        * smoothstep(z, 0.45, 0.62)
    )
    mouth = 1 - smoothstep(((x / 0.27) ** 2 + ((y - 6.605) / 0.125) ** 2), 0.75, 1.25)
    moustache = np.exp(-(((y - 6.775 + 0.12 * x) / 0.055) ** 2)) * (1 - smoothstep(x, 0.2, 0.3)) * (z > 1.2)
    corner = np.exp(-(((x - 0.31) / 0.06) ** 2) - ((y - 6.6) / 0.16) ** 2) * (z > 1.1)
    chin = (
        (1 - smoothstep(x, 0.2, 0.34))
        * smoothstep(6.5 - y, 0, 0.08)
        * smoothstep(y + 0.35 * (z - 1.2), 6.0, 6.2)
    )
    chin = chin * (z > 0.9)
    free = 1 - mouth
    return {
        "jaw": jaw * free * smoothstep(x, 0.2, 0.36) + chin * free,
        "moustache": moustache * free,
        "corner": corner * free,
        "chin": chin * free,
    }


def beard_density(person: Identity, position: np.ndarray) -> np.ndarray:
    """Return how thick the actor's beard grows, from 0 to 1, at points (..., 3) of the base mesh."""
    part = beard_area(position)
    parts = {
        "none": (),
        "shaven": ("jaw", "moustache"),
        "stubble": ("jaw", "moustache", "corner"),
        "full": ("jaw", "moustache", "corner"),
        "moustache": ("moustache",),
        "goatee": ("moustache", "corner", "chin"),
    }[person.beard]
    return np.max([part[name] for name in parts], axis=0) if parts else np.zeros(position.shape[:-1])


@lru_cache(6)
def paint(person: Identity) -> Skin:
    """Paint an actor's atlas."""
    atlas = geometry.atlas()
    rng = np.random.default_rng([person.seed, 11])
    coarse, middle, fine = noise(rng, 14, 4), noise(rng, 110, 3, 0.8), noise(rng, 500, 2, 0.9)
    colour = _complexion(person, rng, coarse, middle, fine)
    relief = (0.5 * fine + 0.35 * middle) * (0.5 + 0.6 * person.roughness)
    colour, relief = _wrinkles(person, colour, relief, coarse)
    colour, relief = _lips(person, colour, relief, middle)
    colour = _stubble(person, colour, middle, fine)
    colour = _brows(person, colour)
    colour = _lids(person, colour)
    gloss = _gloss(person, coarse)
    for inside, part_colour, part_gloss in _eyes_and_mouth(person, rng, middle, fine):
        colour[inside], gloss[inside], relief[inside] = part_colour[inside], part_gloss, 0
    mouth = cv2.GaussianBlur(atlas.mouth, (0, 0), 2)[..., None]
    colour = colour * (1 - mouth) + np.float32([0.13, 0.03, 0.03]) * mouth
    texture = np.dstack([np.clip(colour, 0.003, 0.95), relief]).astype(np.float32)
    return Skin(texture, gloss.astype(np.float32))


def _spot(position: np.ndarray, x: float, y: float, width: float, height: float, front: float) -> np.ndarray:
    """Soft spots, one on each side, on what lies further to the front than `front`."""
    across, up = (np.abs(position[..., 0]) - x) / width, (position[..., 1] - y) / height
    return np.exp(-(across**2) - up**2) * (position[..., 2] > front)


def _complexion(
    person: Identity, rng: np.random.Generator, coarse: np.ndarray, middle: np.ndarray, fine: np.ndarray
) -> np.ndarray:
    atlas = geometry.atlas()
    p = atlas.position
    base = linear(person.skin_colour)
    light = float(base.mean())
    old = np.clip((person.age - 40) / 40, 0, 1)
    colour = base * (1 + 0.08 * coarse + 0.06 * middle + 0.05 * fine)[..., None]
    colour = colour * (1 + np.float32([0.02, -0.05, -0.05]) * noise(rng, 26, 3)[..., None])
    blood = (
        _spot(p, 0.4, 6.93, 0.2, 0.17, 0.7)
        + 0.9 * _spot(p, 0.0, 6.95, 0.15, 0.13, 1.2)
        + 0.4 * _spot(p, 0.0, 6.32, 0.2, 0.1, 1.2)
        + 0.6 * atlas.ears
        + 0.25 * coarse
    )
    strength = np.clip(blood, 0, 1.3) * (0.35 + 0.65 * person.redness) * (0.3 + 0.7 * min(1, light / 0.35))
    colour = colour * (1 - strength[..., None] * np.float32([0.0, 0.17, 0.17]))
    shadow = (
        _spot(p, 0.30, 7.12, 0.17, 0.06, 0.8) * (0.12 + 0.2 * old)
        + _spot(p, 0.16, 7.24, 0.06, 0.08, 0.8) * 0.2
    )
    shadow = shadow + _spot(p, 0.32, 7.38, 0.2, 0.05, 0.8) * (0.1 + 0.1 * old)
    colour = colour * (1 - shadow[..., None] * np.float32([0.75, 1.0, 0.9]))
    # Dark skin is a little lighter in the middle of the face than at its rim.
    rim = smoothstep(np.abs(p[..., 0]) + 0.5 * (1.2 - p[..., 2]), 0.45, 0.9) * (p[..., 1] > 6)
    colour = colour * (1 - 0.18 * rim * (light < 0.2))[..., None]
    freckles = smoothstep(noise(rng, 230, 2, 0.7), 0.75, 1.2) * smoothstep(coarse, -0.7, 0.5)
    freckles = freckles * _spot(p, 0.25, 7.0, 0.38, 0.28, 0.6) * person.freckles * 0.75
    spots = smoothstep(noise(rng, 60, 2, 0.6), 1.0, 1.4) * 0.35 * old * smoothstep(p[..., 1], 5.8, 6.5)
    colour = colour * (1 - np.clip(freckles + spots, 0, 1)[..., None] * np.float32([0.28, 0.45, 0.52]))
    for x, y, radius, depth in person.moles:
        away = np.hypot(p[..., 0] - x, p[..., 1] - y)
        mole = (1 - smoothstep(away, radius * 0.6, radius * 1.3)) * depth * (p[..., 2] > 0.6)
        colour = colour * (1 - mole[..., None] * np.float32([0.6, 0.72, 0.75]))
    return colour


def _wrinkles(
    person: Identity, colour: np.ndarray, relief: np.ndarray, coarse: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Lines of the forehead, the eye corners, and from the nose to the mouth, deeper with age."""
    p = geometry.atlas().position
    x, y, z = np.abs(p[..., 0]), p[..., 1], p[..., 2]
    old = float(np.clip((person.age - 30) / 45, 0, 1))
    bend = y + 0.05 * coarse - 0.06 * x**2
    lines = (
        np.clip(np.sin(bend * 58), 0, 1) ** 3 * np.exp(-(((y - 7.82) / 0.13) ** 2)) * (z > 0.95) * (x < 0.5)
    )
    angle = np.arctan2(y - EYE_CENTRE[1], x - 0.42)
    feet = np.clip(np.sin(angle * 11 + coarse), 0, 1) ** 2
    feet = feet * np.exp(-(((x - 0.56) / 0.07) ** 2) - ((y - 7.26) / 0.1) ** 2) * (z > 0.7)
    fold_x = np.interp(y, [6.5, 6.65, 6.8, 6.92], [0.345, 0.325, 0.27, 0.185])
    fold = (
        np.exp(-(((x - fold_x) / 0.022) ** 2))
        * smoothstep(y, 6.55, 6.68)
        * smoothstep(6.97 - y, 0, 0.06)
        * (z > 0.9)
    )
    deep = old * (0.7 * lines + 0.7 * feet) + (0.15 + 0.6 * old) * fold
    return colour * (1 - 0.22 * deep[..., None] * np.float32([0.8, 1, 1])), relief - 1.6 * deep


def _lips(
    person: Identity, colour: np.ndarray, relief: np.ndarray, middle: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    atlas = geometry.atlas()
    base = linear(person.skin_colour)
    light = float(base.mean())
    red = np.float32([0.88, 0.50, 0.50]) if light > 0.15 else np.float32([0.92, 0.66, 0.68])
    tone = base * red + np.float32([0.03, 0.0, 0.008])
    if person.gender == "woman":
        tone = tone * np.float32([1.0, 0.82, 0.86]) + np.float32([0.03, 0, 0.005])
    y = atlas.position[..., 1]
    upper = 1 - 0.14 * smoothstep(y, 6.60, 6.66)
    mask = cv2.GaussianBlur(atlas.lips, (0, 0), 4.5)[..., None] * 0.9
    lip = tone * (upper * (1 + 0.1 * middle))[..., None]
    # The line between the lips stays dark even where they touch.
    seam = np.exp(-(((y - 6.627) / 0.012) ** 2)) * (np.abs(atlas.position[..., 0]) < 0.26) * atlas.lips
    lip = lip * (1 - 0.45 * seam[..., None])
    return colour * (1 - mask) + lip * mask, relief + 0.5 * middle * mask[..., 0]


def _stubble(person: Identity, colour: np.ndarray, middle: np.ndarray, fine: np.ndarray) -> np.ndarray:
    if person.beard in ("none", "moustache") and person.gender == "woman":
        return colour
    atlas = geometry.atlas()
    density = cv2.GaussianBlur(beard_density(person, atlas.position).astype(np.float32), (0, 0), 9)
    density = density * (1 - 0.9 * cv2.GaussianBlur(atlas.lips, (0, 0), 3))
    amount = {"none": 0, "shaven": 0.16, "stubble": 0.42, "moustache": 0.7, "goatee": 0.7, "full": 0.75}[
        person.beard
    ]
    amount = amount * (1 - 0.45 * person.grey) if person.beard in ("shaven", "stubble") else amount
    mask = density * amount * np.clip(0.9 + 0.35 * fine + 0.2 * middle, 0.2, 1.25)
    hair = linear(person.hair_colour) * 0.7 + np.float32([0.004, 0.005, 0.007])
    mask = np.clip(mask, 0, 0.92)[..., None]
    return colour * (1 - mask) + (0.8 * hair + 0.2 * colour * np.float32([0.72, 0.8, 0.86])) * mask


def _from_front(image: np.ndarray) -> np.ndarray:
    """Project an image painted on the plane before the face onto the atlas."""
    p = geometry.atlas().position
    x = (p[..., 0] - _FRONT_LEFT) * _FRONT_SCALE
    y = (_FRONT_TOP - p[..., 1]) * _FRONT_SCALE
    return cv2.remap(image, x, y, cv2.INTER_LINEAR, borderValue=0) * (p[..., 2] > 0.7)


def _brow_line(person: Identity, along: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of the middle line of the left brow, from 0 (inner end) to 1."""
    b = person.brows
    arch = b.arch * np.sin(np.pi * np.clip(along, 0, 1) ** 1.25)
    return b.inner + along * (b.outer - b.inner), 7.475 + b.height + arch + b.slant * (
        along - 0.35
    ) - 0.03 * along**3


def _brows(person: Identity, colour: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng([person.seed, 12])
    b = person.brows
    mass = np.zeros((_FRONT_SIZE[1], _FRONT_SIZE[0]), np.float32)
    strokes = mass.copy()
    along = np.linspace(0, 1, 40)
    width = b.thickness * np.interp(along, [0, 0.12, 0.5, 0.8, 1], [0.55, 0.9, 1, 0.7, 0.2])
    for side in (-1, 1):
        x, y = _brow_line(person, along)
        outline = np.concatenate([np.stack([x, y + width / 2], 1), np.stack([x, y - width / 2], 1)[::-1]])
        cv2.fillPoly(mass, [_front_pixels(outline, side)], 1.0, cv2.LINE_AA, shift=4)
        for _ in range(int(220 + 260 * b.density)):
            _brow_stroke(person, rng, strokes, side)
    mass = cv2.GaussianBlur(mass, (0, 0), 0.017 * _FRONT_SCALE)
    strokes = cv2.GaussianBlur(strokes, (0, 0), 0.9)
    mask = _from_front(
        np.clip((0.42 + 0.25 * b.density) * mass + 0.5 * np.minimum(strokes, 1) * mass**0.5, 0, 0.92)
    )
    # Brows keep their colour for longer than the hair.
    young, now = linear(np.array(HAIR_COLOURS[person.hair])), linear(person.hair_colour)
    hair = 0.6 * (young + 0.5 * person.grey * (now - young))
    base = linear(person.skin_colour)
    hair = np.minimum(hair, base * 0.45)
    return colour * (1 - mask[..., None]) + hair * mask[..., None]


def _brow_stroke(person: Identity, rng: np.random.Generator, image: np.ndarray, side: int) -> None:
    along = rng.beta(1.05, 1.25)
    x, y = _brow_line(person, np.array([along]))
    b = person.brows
    offset = (
        rng.uniform(-0.5, 0.5)
        * b.thickness
        * np.interp(along, [0, 0.12, 0.5, 0.8, 1], [0.6, 0.95, 1, 0.7, 0.25])
    )
    # Hairs stand up at the inner end and lie down towards the temple; they close in on the middle line.
    lean = np.radians(np.interp(along, [0, 0.25, 0.6, 1], [78, 48, 16, -14]) + rng.normal(0, 9)) - offset * 9
    length = rng.uniform(0.05, 0.085)
    steps = np.linspace(0, 1, 4)[:, None]
    bend = np.stack([np.cos(lean - 0.5 * steps[:, 0]), np.sin(lean - 0.5 * steps[:, 0])], 1)
    points = np.array([x[0], y[0] + offset]) + steps * length * bend - 0.4 * length * bend[0]
    pixels = _front_pixels(points, side)
    cv2.polylines(image, [pixels], False, float(rng.uniform(0.55, 1)), 2, cv2.LINE_AA, shift=4)


def _front_pixels(points: np.ndarray, side: int) -> np.ndarray:
    """Pixels, in sixteenths, of points (n, 2) of the left half of the face, mirrored when `side` is -1."""
    x = (points[:, 0] * side - _FRONT_LEFT) * _FRONT_SCALE
    y = (_FRONT_TOP - points[:, 1]) * _FRONT_SCALE
    return np.round(np.stack([x, y], 1) * 16).astype(np.int32)


def _lids(person: Identity, colour: np.ndarray) -> np.ndarray:
    """Darken the rims of the lids, as lashes do: the upper one more, most of all on made-up eyes."""
    atlas = geometry.atlas()
    p = atlas.position
    away = np.sqrt((np.abs(p[..., 0]) - EYE_CENTRE[0]) ** 2 + ((p[..., 1:] - EYE_CENTRE[1:]) ** 2).sum(-1))
    near = (1 - smoothstep(away, 0.168, 0.196)) * (p[..., 2] > 1.2) * (atlas.material == geometry.SKIN)
    upper = smoothstep(p[..., 1], 7.27, 7.305)
    woman = person.gender == "woman"
    dark = near * (upper * (0.45 if woman else 0.25) + (1 - upper) * 0.15)
    # The wet inner edge of the lower lid is pink, not dark.
    wet = (1 - smoothstep(away, 0.158, 0.168)) * (1 - upper) * (p[..., 2] > 1.2)
    colour = colour * (1 - dark[..., None] * np.float32([0.86, 0.92, 0.94]))
    pink = np.float32([0.42, 0.22, 0.2])
    return colour * (1 - 0.5 * wet[..., None]) + pink * 0.5 * wet[..., None]


def _gloss(person: Identity, coarse: np.ndarray) -> np.ndarray:
    atlas = geometry.atlas()
    p = atlas.position
    zone = (
        _spot(p, 0.0, 7.0, 0.1, 0.35, 1.2)
        + _spot(p, 0.0, 7.8, 0.4, 0.2, 1.0)
        + 0.6 * _spot(p, 0.42, 7.0, 0.15, 0.12, 0.9)
    )
    return 0.24 + 0.15 * zone + 0.3 * atlas.lips + 0.05 * coarse


def _eyes_and_mouth(
    person: Identity, rng: np.random.Generator, middle: np.ndarray, fine: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray, float]]:
    atlas = geometry.atlas()
    shape = atlas.material.shape
    teeth = np.broadcast_to(np.float32([0.60, 0.55, 0.47]) * rng.uniform(0.85, 1.05), (*shape, 3))
    tongue = np.broadcast_to(np.float32([0.40, 0.14, 0.13]), (*shape, 3))
    return [
        (atlas.material == geometry.EYE, _eye(person, rng, middle, fine), 1.0),
        (atlas.material == geometry.TEETH, teeth, 0.5),
        (atlas.material == geometry.TONGUE, tongue, 0.4),
    ]


def _eye(person: Identity, rng: np.random.Generator, middle: np.ndarray, fine: np.ndarray) -> np.ndarray:
    """Paint the eyeball's tile: pupil, iris with its dark rim and fibres, sclera."""
    rows, columns = np.mgrid[: geometry.ATLAS_HEIGHT, : geometry.ATLAS_WIDTH].astype(np.float32)
    x = (columns - geometry.EYE_TILE[0]) / geometry.EYE_SCALE
    y = (geometry.EYE_TILE[1] - rows) / geometry.EYE_SCALE
    away, around = np.hypot(x, y), np.arctan2(y, x)
    fibres = np.zeros_like(away)
    for frequency in (23, 41, 67):
        fibres += np.sin(frequency * around + rng.uniform(0, 6) + 3 * middle)
    iris = linear(person.eye_colour) * 1.35
    shade = 1 + 0.16 * fibres + 0.12 * fine + 0.45 * np.exp(-(((away - 0.24) / 0.07) ** 2))
    shade = shade * (1 - 0.72 * smoothstep(away, 0.37, 0.46)) * (1 - 0.3 * smoothstep(y, 0.0, 0.4))
    colour = iris * np.clip(shade, 0.1, 2)[..., None]
    veins = np.clip(middle, 0, 1) * smoothstep(away, 0.6, 1.1)
    sclera = np.float32([0.46, 0.42, 0.40]) * (1 - 0.22 * smoothstep(away, 0.55, 1.15))[..., None]
    sclera = sclera * (1 - veins[..., None] * np.float32([0.02, 0.2, 0.2]))
    outside = smoothstep(away, 0.43, 0.485)[..., None]
    colour = colour * (1 - outside) + sclera * outside
    pupil = (1 - smoothstep(away, 0.15, 0.185))[..., None]
    return (colour * (1 - pupil) + 0.006 * pupil).astype(np.float32)
