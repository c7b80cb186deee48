"""Hair and beards: strands grown from roots on an actor's head, in several styles."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from . import geometry
from .appearance import beard_density, hairline, linear, noise
from .clothes import cap_rim
from .geometry import SKIN, smoothstep
from .head import Head, Roots, on_ears
from .identity import Identity
from .subject import Ribbons

STRANDS = 13000
"""Strands on a full head of hair."""


@dataclass(frozen=True)
class Beard:
    """Strands that follow the skin: `vertex` (n,) is where each one grows."""

    ribbons: Ribbons
    vertex: np.ndarray


def beard(rng: np.random.Generator, head: Head) -> Beard | None:
    """Grow the actor's beard; stubble is painted, not grown.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    head : Head
        Whose beard.

    Returns
    -------
    Beard or None
        ``None`` for an actor without one.
    """
    person = head.person
    if person.beard not in ("full", "goatee", "moustache"):
        return None
    density = beard_density(person, head.base) ** 1.5
    full = person.beard == "full"
    roots = head.roots(rng, 6000 if full else 2600, density + 1e-6)
    keep = beard_density(person, roots.base) > 0.3
    roots = Roots(roots.point[keep], roots.normal[keep], roots.base[keep], roots.vertex[keep])
    lip = (roots.base[:, 1] > 6.62)[:, None]
    outward = np.stack([np.sign(roots.point[:, 0]), np.zeros(len(lip)), np.zeros(len(lip))], 1)
    direction = np.array([0, -1.0, 0.1]) + 0.5 * outward * lip + 0.25 * rng.normal(0, 1, roots.point.shape)
    length = (0.13 if full else 0.07) * rng.uniform(0.7, 1.2, len(roots.point)) * (1 - 0.35 * lip[:, 0])
    points = _grow(head, roots, direction, length, 0.45 * length, 0.2, 4)
    normals = np.repeat(roots.normal[:, None], 4, axis=1)
    return Beard(_ribbons(rng, head, points, normals, np.array([0, 8.4, 0.5]), 0.012, 0.3), roots.vertex)


def undercoat(person: Identity, style: str) -> np.ndarray:
    """Return how much of the scalp in the atlas shows the colour of hair.

    Parameters
    ----------
    person : Identity
        The actor.
    style : str
        Hair, or what covers it: a key of `STYLES`.

    Returns
    -------
    ndarray of float32, shape (height, width)
        From 0 to 1.
    """
    atlas = geometry.atlas()
    rng = np.random.default_rng([person.seed, 43])
    inside = hairline(atlas.position, person.balding, person.gender == "woman")
    ragged = inside + 0.02 * noise(rng, 160, 2) + 0.025 * noise(rng, 40, 2)
    amount = {"shaved": 0.34, "buzz": 0.72, "headscarf": 0.0}.get(style, 0.85)
    mask = (
        smoothstep(ragged, -0.03, 0.11)
        * (1 - _bald(person, atlas.position))
        * (1 - smoothstep(atlas.ears, 0.1, 0.5))
    )
    if style == "shaved":
        mask = mask * (1 - 0.5 * person.grey)
    return (amount * mask * (atlas.material == SKIN)).astype(np.float32)


def _bald(person: Identity, position: np.ndarray) -> np.ndarray:
    """Return how bald the crown is, from 0 to 1, at points (..., 3) of the base mesh."""
    away = np.linalg.norm(position - [0, 8.35, 0.1], axis=-1)
    return smoothstep(person.balding, 0.3, 0.9) * (1 - smoothstep(away, 0.3, 0.75))


def _scalp_density(head: Head, soft: float = 0.12) -> np.ndarray:
    """Return how densely hair grows at each vertex (v,), rising over a softness in decimetres."""
    person = head.person
    inside = hairline(head.base, person.balding, person.gender == "woman")
    return (
        (0.02 + 0.98 * smoothstep(inside, 0, 1.4 * soft))
        * (inside > -0.015)
        * (1 - _bald(person, head.base))
        * ~on_ears(head.base)
    )


def _grow(
    head: Head,
    roots: Roots,
    direction: np.ndarray,
    length: np.ndarray,
    height: np.ndarray,
    fall: float,
    steps: int = 6,
) -> np.ndarray:
    """Grow strands (n, steps, 3) along the head.

    Parameters
    ----------
    head : Head
        What they grow on, and lie above.
    roots : Roots
        Where they grow.
    direction : ndarray of float64, shape (n, 3)
        Where the hair is combed.
    length, height : ndarray of float64, shape (n,)
        Length of each strand, and how far its end stays above the skin; in decimetres.
    fall : float
        How much the strand bends downwards on its way.
    steps : int
        Points of each strand.
    """
    points = [roots.point - 0.01 * roots.normal]
    normal, step = roots.normal, length[:, None] / (steps - 1)
    for k in range(1, steps):
        part = k / (steps - 1)
        along = direction - (direction * normal).sum(1, keepdims=True) * normal
        along = along / (np.linalg.norm(along, axis=1, keepdims=True) + 1e-9)
        rise = np.clip(1.2 * (1 - 1.6 * part), 0, 1) * np.minimum(height * 6 / (length + 1e-6), 1.0)
        heading = along + rise[:, None] * normal + np.array([0, -fall * part, 0])
        heading /= np.linalg.norm(heading, axis=1, keepdims=True) + 1e-9
        point = points[-1] + heading * step
        above, normal = head.above(point)
        least = height * min(1.0, 2.2 * part)
        point = point + normal * np.maximum(least - above, 0)[:, None]
        points.append(point)
    return np.stack(points, 1).astype(np.float32)


def _clump(rng: np.random.Generator, roots: Roots, count: int) -> np.ndarray:
    """Return random unit-variance offsets (n, 3), alike within each of a number of clumps."""
    centres = roots.point[rng.choice(len(roots.point), count)]
    nearest = cKDTree(centres).query(roots.point)[1]
    return rng.normal(0, 1, (count, 3))[nearest]


def _ribbons(
    rng: np.random.Generator,
    head: Head,
    points: np.ndarray,
    normal: np.ndarray,
    base: np.ndarray,
    width: float,
    shine: float,
) -> Ribbons:
    """Colour strands: each its own tone, grey ones among them, dark near the skin, thin near the hairline."""
    person = head.person
    count, steps = points.shape[:2]
    young = linear(np.array(person.hair_colour))
    tone = young * rng.uniform(0.75, 1.25, (count, 1)) * (1 + 0.04 * rng.normal(0, 1, (count, 3)))
    grey = rng.random(count) < 0.4 * person.grey
    tone[grey] = tone[grey] + 0.05
    depth = np.linspace(0.42, 1.08, steps) ** 1.1
    colour = (tone[:, None] * depth[None, :, None]).astype(np.float32)
    taper = np.interp(np.linspace(0, 1, steps), [0, 0.55, 1], [1, 1, 0.35])
    thin = 0.45 + 0.55 * smoothstep(hairline(base, person.balding, person.gender == "woman"), 0, 0.2)
    widths = width * rng.uniform(0.7, 1.3, (count, 1)) * taper * np.reshape(thin, (-1, 1))
    return Ribbons(points, normal.astype(np.float32), colour, widths.astype(np.float32), shine)


def _strands(
    rng: np.random.Generator, head: Head, roots: Roots, points: np.ndarray, width: float, shine: float
) -> Ribbons:
    """Colour strands (n, k, 3) that are part of a whole head of hair."""
    return _ribbons(rng, head, points, _surface_normals(head, roots, points), roots.base, width, shine)


def _surface_normals(head: Head, roots: Roots, points: np.ndarray) -> np.ndarray:
    """Return normals (n, k, 3) of the whole head of hair: outwards from the middle of the skull."""
    outward = points - head.centre
    outward = outward / (np.linalg.norm(outward, axis=-1, keepdims=True) + 1e-9)
    mixed = 0.65 * outward + 0.35 * roots.normal[:, None]
    return mixed / (np.linalg.norm(mixed, axis=-1, keepdims=True) + 1e-9)


def _away_from_crown(head: Head, roots: Roots) -> np.ndarray:
    """Return the directions (n, 3) in which hair falls from the crown."""
    offset = roots.point - head.crown
    return offset / (np.linalg.norm(offset, axis=1, keepdims=True) + 1e-9)


def _none(rng: np.random.Generator, head: Head) -> list[Ribbons]:
    return []


def _buzz(rng: np.random.Generator, head: Head) -> list[Ribbons]:
    roots = head.roots(rng, STRANDS, _scalp_density(head, 0.06))
    direction = _away_from_crown(head, roots) + 0.3 * rng.normal(0, 1, roots.point.shape)
    length = rng.uniform(0.045, 0.075, len(roots.point))
    points = _grow(head, roots, direction, length, length * 0.7, 0, 3)
    return [_strands(rng, head, roots, points, 0.011, 0.2)]


def _cropped(rng: np.random.Generator, head: Head) -> list[Ribbons]:
    roots = head.roots(rng, STRANDS, _scalp_density(head))
    upper = smoothstep(roots.base[:, 1], 7.5, 8.1)
    direction = (
        _away_from_crown(head, roots)
        + 0.25 * _clump(rng, roots, 350)
        + 0.15 * rng.normal(0, 1, roots.point.shape)
    )
    length = (0.08 + 0.14 * upper) * rng.uniform(0.8, 1.2, len(upper))
    points = _grow(head, roots, direction, length, 0.6 * length, 0.1, 4)
    return [_strands(rng, head, roots, points, 0.013, 0.4)]


def _short(rng: np.random.Generator, head: Head) -> list[Ribbons]:
    """Grow layers that fall from the crown, with the fringe swept to one side."""
    woman = head.person.gender == "woman"
    roots = head.roots(rng, STRANDS, _scalp_density(head))
    upper = smoothstep(roots.base[:, 1], 7.35, 8.0)
    front = smoothstep(roots.base[:, 2], 0.7, 1.2) * upper
    side = float(rng.choice([-1, 1]))
    direction = _away_from_crown(head, roots) + np.array([side * 1.1, 0.2, -0.25]) * front[:, None]
    direction = direction + 0.16 * _clump(rng, roots, 260) + 0.06 * rng.normal(0, 1, roots.point.shape)
    length = (0.16 + (0.5 if woman else 0.33) * upper) * rng.uniform(0.8, 1.15, len(upper))
    length = length * (1 - 0.25 * front)
    height = (0.05 + 0.11 * upper) * rng.uniform(0.3, 1.1, len(upper))
    points = _grow(head, roots, direction, length, height, 0.25)
    return [_strands(rng, head, roots, points, 0.02, 0.8)]


def _parted(rng: np.random.Generator, head: Head) -> list[Ribbons]:
    """Comb hair to both sides of a parting and a little back."""
    roots = head.roots(rng, STRANDS, _scalp_density(head))
    upper = smoothstep(roots.base[:, 1], 7.45, 8.05)
    line = float(rng.choice([-1, 1])) * rng.uniform(0.22, 0.36)
    sideways = np.sign(roots.point[:, 0] - line)[:, None] * np.array([1.0, 0, 0])
    direction = sideways * (0.3 + upper[:, None]) + np.array([0, -0.35, -0.75])
    direction = direction + 0.12 * _clump(rng, roots, 260) + 0.05 * rng.normal(0, 1, roots.point.shape)
    length = (0.17 + 0.42 * upper) * rng.uniform(0.85, 1.15, len(upper))
    parting = np.abs(roots.point[:, 0] - line)
    height = (0.04 + 0.07 * upper * smoothstep(parting, 0, 0.3)) * rng.uniform(0.3, 1.1, len(upper))
    points = _grow(head, roots, direction, length, height, 0.15)
    return [_strands(rng, head, roots, points, 0.02, 0.9)]


def _bob(rng: np.random.Generator, head: Head) -> list[Ribbons]:
    """Let chin-long, parted hair fall beside the face."""
    roots = head.roots(rng, int(STRANDS * 1.1), _scalp_density(head, 0.05))
    line = float(rng.choice([-1, 1])) * rng.uniform(0.0, 0.25)
    sideways = np.sign(roots.point[:, 0] - line)
    front = smoothstep(roots.base[:, 2], 0.6, 1.2)
    direction = np.stack([sideways * 0.8, np.full(len(front), -0.6), -0.3 - 0.5 * front], 1)
    behind = smoothstep(-roots.base[:, 2], -0.2, 0.15)[:, None]
    direction = direction * (1 - behind) + np.array([0, -1.0, -0.25]) * behind
    direction = direction + 0.08 * _clump(rng, roots, 220) + 0.03 * rng.normal(0, 1, roots.point.shape)
    end = head.centre[1] - rng.uniform(1.35, 1.6)
    length = (np.maximum(roots.point[:, 1] - end, 0.1) * 1.12 + 0.15) * rng.uniform(0.96, 1.03, len(front))
    height = rng.uniform(0.02, 0.13, len(front))
    points = _grow(head, roots, direction, length, height, 6.0, 11)
    return [_strands(rng, head, roots, points, 0.024, 1.0)]


def _bun(rng: np.random.Generator, head: Head) -> list[Ribbons]:
    """Comb strands back smoothly into a knot."""
    roots = head.roots(rng, STRANDS, _scalp_density(head, 0.05))
    high = rng.random() < 0.4
    knot = np.array([0, head.top, -0.05]) if high else np.array([0, head.centre[1] - 0.1, -0.42])
    offset = knot - roots.point
    distance = np.linalg.norm(offset, axis=1)
    direction = offset / distance[:, None] + 0.03 * _clump(rng, roots, 300)
    height = rng.uniform(0.02, 0.09, len(distance))
    points = _grow(head, roots, direction, distance * 0.9 + 0.1, height, 0, 9)
    smooth = _strands(rng, head, roots, points, 0.02, 1.0)
    return [smooth, _knot(rng, head, knot, 0.3)]


def _knot(rng: np.random.Generator, head: Head, centre: np.ndarray, radius: float) -> Ribbons:
    """Wind strands into a ball."""
    count, steps = 1600, 8
    axis = rng.normal(0, 1, (count, 3)) * [1, 0.5, 0.5] + [0, 0, 0.8]
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    first = np.cross(axis, rng.normal(0, 1, (count, 3)))
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(axis, first)
    angle = rng.uniform(0, 6.28, (count, 1)) + np.linspace(0, 1.6, steps)
    size = radius * rng.uniform(0.82, 1.03, (count, 1, 1))
    points = centre + size * (
        np.cos(angle)[..., None] * first[:, None] + np.sin(angle)[..., None] * second[:, None]
    )
    outward = (points - centre) / size
    ball = _ribbons(rng, head, points.astype(np.float32), outward, np.array([0, 8.4, 0.5]), 0.024, 0.9)
    colour = (
        ball.colour
        / np.linspace(0.42, 1.08, steps)[None, :, None] ** 1.1
        * (0.35 + 0.65 * size / radius / 1.03)
    )
    return Ribbons(ball.points, ball.normals, colour.astype(np.float32), ball.width, ball.shine)


def _curls(rng: np.random.Generator, head: Head, volume: float, curl: float, count: int) -> list[Ribbons]:
    """Wind strands into curls.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    head : Head
        What they grow on.
    volume, curl : float
        How far the hair reaches, and the radius of a curl; in decimetres.
    count : int
        Number of strands.
    """
    roots = head.roots(rng, count, _scalp_density(head))
    person = head.person
    inside = hairline(roots.base, person.balding, person.gender == "woman")
    reach = volume * (0.25 + 0.75 * smoothstep(inside, -0.05, 0.5)) * rng.uniform(0.45, 1.0, len(inside))
    reach = reach * (1 + 0.1 * _clump(rng, roots, 120)[:, 0].clip(-1.5, 1.5))
    steps = 9
    outward = roots.point - head.centre
    outward = outward / np.linalg.norm(outward, axis=1, keepdims=True)
    axis = 0.75 * outward + 0.35 * roots.normal + 0.2 * _clump(rng, roots, 400)
    axis = axis / np.linalg.norm(axis, axis=1, keepdims=True)
    first = np.cross(axis, rng.normal(0, 1, axis.shape))
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(axis, first)
    part = np.linspace(0, 1, steps)
    turns = reach / curl * 0.32
    angle = rng.uniform(0, 6.28, (len(axis), 1)) + 2 * np.pi * turns[:, None] * part
    wide = curl * (0.3 + 0.7 * part)[None, :, None]
    points = roots.point[:, None] + axis[:, None] * (reach[:, None] * part)[..., None]
    points = points + wide * (
        np.cos(angle)[..., None] * first[:, None] + np.sin(angle)[..., None] * second[:, None]
    )
    return [_strands(rng, head, roots, points.astype(np.float32), 0.024, 0.5)]


def _curly(rng: np.random.Generator, head: Head) -> list[Ribbons]:
    if head.person.ancestry == "african":
        return _curls(rng, head, rng.uniform(0.16, 0.28), 0.03, STRANDS)
    return _curls(rng, head, rng.uniform(0.28, 0.42), 0.06, int(STRANDS * 0.9))


def _afro(rng: np.random.Generator, head: Head) -> list[Ribbons]:
    return _curls(rng, head, rng.uniform(0.45, 0.75), 0.035, int(STRANDS * 1.3))


def _below_cap(rng: np.random.Generator, head: Head) -> list[Ribbons]:
    """Grow the short hair that shows below a cap."""
    density = _scalp_density(head) * (
        1 - smoothstep(head.vertices[:, 1] - cap_rim(head, head.vertices), -0.1, 0.0)
    )
    if density.sum() < 1:
        return []
    roots = head.roots(rng, STRANDS // 3, density)
    direction = np.array([0, -1.0, -0.4]) + 0.15 * rng.normal(0, 1, roots.point.shape)
    length = rng.uniform(0.08, 0.16, len(roots.point))
    points = _grow(head, roots, direction, length, length * 0.35, 0.1, 4)
    return [_strands(rng, head, roots, points, 0.018, 0.5)]


STYLES: dict[str, Callable[[np.random.Generator, Head], list[Ribbons]]] = {
    "shaved": _none,
    "buzz": _buzz,
    "cropped": _cropped,
    "short": _short,
    "parted": _parted,
    "bob": _bob,
    "bun": _bun,
    "curly": _curly,
    "afro": _afro,
    "cap": _below_cap,
    "headscarf": _none,
}
"""What grows the hair of each style; under a cap or headscarf, what shows of it."""
