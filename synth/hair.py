"""The look of the day: hair, cap or headscarf, spectacles and clothes. The face below stays the same."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.ndimage import gaussian_filter, maximum_filter
from scipy.sparse.linalg import spsolve
from scipy.spatial import cKDTree

from . import assets, geometry
from .appearance import beard_density, hairline, linear, noise
from .geometry import SKIN, smoothstep
from .identity import Identity, face
from .render import Fabric, Ribbons, Solid

STRANDS = 13000
"""Strands on a full head of hair."""


@dataclass(frozen=True)
class Beard:
    """Strands that follow the skin: `vertex` (n,) is where each one grows."""

    ribbons: Ribbons
    vertex: np.ndarray


@dataclass(frozen=True)
class Look:
    """What an actor wears in a take.

    Attributes
    ----------
    style : str
        Hair, or what covers it.
    glasses : bool
    clothes : str
        The kind of collar.
    hair : list of Ribbons
        Fixed to the skull, for a head that faces the front.
    beard : Beard or None
    cover : list of (Fabric, points, weight)
        Cap or headscarf, and how much each point follows the head.
    shirt : Fabric
        Its points are the vertices `shirt_vertex` of the base mesh, moved by `shirt_offset` (n, 3).
    bare : ndarray of bool, shape (m,)
        The triangles of the body's surface that no cloth hides.
    solids : list of Solid
    scalp : ndarray of float32, shape (height, width)
        How much of the scalp in the atlas has the hair's colour.
    """

    style: str
    glasses: bool
    clothes: str
    hair: list[Ribbons]
    beard: Beard | None
    cover: list[tuple[Fabric, np.ndarray, np.ndarray]]
    shirt: Fabric
    shirt_vertex: np.ndarray
    shirt_offset: np.ndarray
    bare: np.ndarray
    solids: list[Solid]
    scalp: np.ndarray


_STYLES = {
    ("african", "man"): ("shaved", "buzz", "cropped", "curly", "cap"),
    ("african", "woman"): ("buzz", "curly", "afro", "bun", "headscarf", "cap"),
    ("asian", "man"): ("buzz", "short", "parted", "cap", "cropped"),
    ("asian", "woman"): ("bun", "bob", "short", "headscarf", "cap", "parted"),
    ("caucasian", "man"): ("buzz", "short", "parted", "cropped", "curly", "cap"),
    ("caucasian", "woman"): ("bun", "bob", "curly", "short", "headscarf", "cap"),
}


def style_of(person: Identity, look: int) -> str:
    """Return the hair style of an actor's look: each look has another one, until they run out."""
    styles = list(_STYLES[person.ancestry, person.gender])
    if person.balding > 0.65:
        styles = ["shaved", "buzz", "cap"]
    order = np.random.default_rng([person.seed, 41]).permutation(len(styles))
    return styles[order[look % len(styles)]]


def dress(person: Identity, look: int) -> Look:
    """Make an actor's look.

    Parameters
    ----------
    person : Identity
    look : int
        Another number, another look.

    Returns
    -------
    Look
    """
    rng = np.random.default_rng([person.seed, 42, look])
    style = style_of(person, look)
    vertices = geometry.lower_arms(face(person))
    head = _Head(person, vertices)
    hair = _HAIR[style](rng, person, head)
    cover = {"cap": _cap, "headscarf": _scarf}[style](rng, head) if style in ("cap", "headscarf") else []
    glasses = bool(rng.random() < 0.3) and style != "headscarf"
    clothes = (
        "crew" if style == "headscarf" else str(rng.choice(["crew", "vee", "high"], p=[0.55, 0.25, 0.2]))
    )
    shirt, vertex, offset = _shirt(rng, vertices, clothes)
    return Look(
        style=style,
        glasses=glasses,
        clothes=clothes,
        hair=hair,
        beard=_beard(rng, person, head),
        cover=cover,
        shirt=shirt,
        shirt_vertex=vertex,
        shirt_offset=offset,
        bare=_bare(head, clothes, style),
        solids=_glasses(rng, head) if glasses else [],
        scalp=_undercoat(person, style),
    )


class _Head:
    """An actor's head in the neutral pose: surface samples, anchors, growth of hair."""

    def __init__(self, person: Identity, vertices: np.ndarray) -> None:
        self.person = person
        self.vertices = vertices
        self.base = assets.base_mesh().vertices
        self.normals = geometry.normals(vertices)
        s = geometry.surface()
        corner = s.vertex[s.triangles]
        upper = (s.material[s.triangles[:, 0]] == SKIN) & (self.base[corner][..., 1].min(1) > 5.2)
        self.triangles = corner[upper & (np.abs(self.base[corner][..., 0]).max(1) < 2.6)]
        self.index = np.unique(self.triangles)
        self.index = self.index[~_on_ears(self.base[self.index])]
        self.tree = cKDTree(vertices[self.index])
        self.top = float(vertices[self.index, 1].max())
        self.centre = np.array([0, vertices[geometry.nearest_front(np.array([[0, 7.5]]))[0], 1] + 0.25, 0.52])
        self.chin = float(vertices[geometry.nearest_front(np.array([[0, 6.22]]))[0], 1])
        self.crown = np.array([0.0, self.top - 0.12, 0.12])

    def roots(self, rng: np.random.Generator, count: int, density: np.ndarray) -> "_Roots":
        """Scatter roots by area and density (v,) over the head."""
        corners = self.vertices[self.triangles]
        area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
        weight = area * density[self.triangles].mean(1)
        chosen = rng.choice(len(area), count, p=weight / weight.sum())
        a, b = rng.random((2, count))
        a, b = np.where(a + b > 1, 1 - a, a), np.where(a + b > 1, 1 - b, b)
        mix = np.stack([1 - a - b, a, b], 1)[..., None]
        corner = self.triangles[chosen]
        normal = (self.normals[corner] * mix).sum(1)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
        point = (self.vertices[corner] * mix).sum(1)
        return _Roots(point, normal, (self.base[corner] * mix).sum(1), corner[:, 0])

    def above(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the height of points (n, 3) above the surface and its normals there."""
        _, near = self.tree.query(points, k=4)
        vertex = self.index[near]
        normal = self.normals[vertex].mean(1)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
        return ((points - self.vertices[vertex].mean(1)) * normal).sum(1), normal


@dataclass(frozen=True)
class _Roots:
    point: np.ndarray
    normal: np.ndarray
    base: np.ndarray
    vertex: np.ndarray


def _on_ears(base: np.ndarray) -> np.ndarray:
    x, y, z = np.abs(base[:, 0]), base[:, 1], base[:, 2]
    return (x > 0.66) & (y > 6.75) & (y < 7.4) & (z > 0.2) & (z < 0.72)


def _scalp_density(head: _Head, soft: float = 0.12) -> np.ndarray:
    person = head.person
    inside = hairline(head.base, person.balding, person.gender == "woman")
    crown = np.linalg.norm(head.base - [0, 8.35, 0.1], axis=1)
    bald = smoothstep(person.balding, 0.3, 0.9) * (1 - smoothstep(crown, 0.3, 0.75))
    return (
        (0.02 + 0.98 * smoothstep(inside, 0, 1.4 * soft))
        * (inside > -0.015)
        * (1 - bald)
        * ~_on_ears(head.base)
    )


def _grow(
    head: _Head,
    roots: _Roots,
    direction: np.ndarray,
    length: np.ndarray,
    height: np.ndarray,
    fall: float,
    steps: int = 6,
) -> np.ndarray:
    """Grow strands (n, steps, 3) along the head.

    Parameters
    ----------
    head : _Head
    roots : _Roots
    direction : ndarray, shape (n, 3)
        Where the hair is combed.
    length, height : ndarray, shape (n,)
        Of each strand, and how far its end stays above the skin; in decimetres.
    fall : float
        How much the strand bends downwards on its way.
    steps : int
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


def _clump(rng: np.random.Generator, roots: _Roots, count: int) -> np.ndarray:
    """Return random unit-variance offsets (n, 3), alike within each of a number of clumps."""
    centres = roots.point[rng.choice(len(roots.point), count)]
    nearest = cKDTree(centres).query(roots.point)[1]
    return rng.normal(0, 1, (count, 3))[nearest]


def _ribbons(
    rng: np.random.Generator,
    head: _Head,
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


def _surface_normals(head: _Head, roots: _Roots, points: np.ndarray) -> np.ndarray:
    """Return normals (n, k, 3) of the whole head of hair: outwards from the middle of the skull."""
    outward = points - head.centre
    outward = outward / (np.linalg.norm(outward, axis=-1, keepdims=True) + 1e-9)
    mixed = 0.65 * outward + 0.35 * roots.normal[:, None]
    return mixed / (np.linalg.norm(mixed, axis=-1, keepdims=True) + 1e-9)


def _away_from_crown(head: _Head, roots: _Roots) -> np.ndarray:
    offset = roots.point - head.crown
    return offset / (np.linalg.norm(offset, axis=1, keepdims=True) + 1e-9)


def _none(rng: np.random.Generator, person: Identity, head: _Head) -> list[Ribbons]:
    return []


def _buzz(rng: np.random.Generator, person: Identity, head: _Head) -> list[Ribbons]:
    roots = head.roots(rng, STRANDS, _scalp_density(head, 0.06))
    direction = _away_from_crown(head, roots) + 0.3 * rng.normal(0, 1, roots.point.shape)
    length = rng.uniform(0.045, 0.075, len(roots.point))
    points = _grow(head, roots, direction, length, length * 0.7, 0, 3)
    return [_ribbons(rng, head, points, _surface_normals(head, roots, points), roots.base, 0.011, 0.2)]


def _cropped(rng: np.random.Generator, person: Identity, head: _Head) -> list[Ribbons]:
    roots = head.roots(rng, STRANDS, _scalp_density(head))
    upper = smoothstep(roots.base[:, 1], 7.5, 8.1)
    direction = (
        _away_from_crown(head, roots)
        + 0.25 * _clump(rng, roots, 350)
        + 0.15 * rng.normal(0, 1, roots.point.shape)
    )
    length = (0.08 + 0.14 * upper) * rng.uniform(0.8, 1.2, len(upper))
    points = _grow(head, roots, direction, length, 0.6 * length, 0.1, 4)
    return [_ribbons(rng, head, points, _surface_normals(head, roots, points), roots.base, 0.013, 0.4)]


def _short(rng: np.random.Generator, person: Identity, head: _Head) -> list[Ribbons]:
    """Layered, falling from the crown, with the fringe swept to one side."""
    woman = person.gender == "woman"
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
    return [_ribbons(rng, head, points, _surface_normals(head, roots, points), roots.base, 0.02, 0.8)]


def _parted(rng: np.random.Generator, person: Identity, head: _Head) -> list[Ribbons]:
    """Combed to both sides of a parting and a little back."""
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
    return [_ribbons(rng, head, points, _surface_normals(head, roots, points), roots.base, 0.02, 0.9)]


def _bob(rng: np.random.Generator, person: Identity, head: _Head) -> list[Ribbons]:
    """Chin-long, parted, falling beside the face."""
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
    return [_ribbons(rng, head, points, _surface_normals(head, roots, points), roots.base, 0.024, 1.0)]


def _bun(rng: np.random.Generator, person: Identity, head: _Head) -> list[Ribbons]:
    """Combed back smoothly into a knot."""
    roots = head.roots(rng, STRANDS, _scalp_density(head, 0.05))
    high = rng.random() < 0.4
    knot = np.array([0, head.top, -0.05]) if high else np.array([0, head.centre[1] - 0.1, -0.42])
    offset = knot - roots.point
    distance = np.linalg.norm(offset, axis=1)
    direction = offset / distance[:, None] + 0.03 * _clump(rng, roots, 300)
    height = rng.uniform(0.02, 0.09, len(distance))
    points = _grow(head, roots, direction, distance * 0.9 + 0.1, height, 0, 9)
    smooth = _ribbons(rng, head, points, _surface_normals(head, roots, points), roots.base, 0.02, 1.0)
    return [smooth, _knot(rng, head, knot, 0.3)]


def _knot(rng: np.random.Generator, head: _Head, centre: np.ndarray, radius: float) -> Ribbons:
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


def _curls(rng: np.random.Generator, head: _Head, volume: float, curl: float, count: int) -> list[Ribbons]:
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
    points = points.astype(np.float32)
    made = _ribbons(rng, head, points, _surface_normals(head, roots, points), roots.base, 0.024, 0.5)
    return [made]


def _curly(rng: np.random.Generator, person: Identity, head: _Head) -> list[Ribbons]:
    if person.ancestry == "african":
        return _curls(rng, head, rng.uniform(0.16, 0.28), 0.03, STRANDS)
    return _curls(rng, head, rng.uniform(0.28, 0.42), 0.06, int(STRANDS * 0.9))


def _afro(rng: np.random.Generator, person: Identity, head: _Head) -> list[Ribbons]:
    return _curls(rng, head, rng.uniform(0.45, 0.75), 0.035, int(STRANDS * 1.3))


def _below_cap(rng: np.random.Generator, person: Identity, head: _Head) -> list[Ribbons]:
    """Grow the short hair that shows below a cap."""
    density = _scalp_density(head) * (
        1 - smoothstep(head.vertices[:, 1] - _cap_rim(head, head.vertices), -0.1, 0.0)
    )
    if density.sum() < 1:
        return []
    roots = head.roots(rng, STRANDS // 3, density)
    direction = np.array([0, -1.0, -0.4]) + 0.15 * rng.normal(0, 1, roots.point.shape)
    length = rng.uniform(0.08, 0.16, len(roots.point))
    points = _grow(head, roots, direction, length, length * 0.35, 0.1, 4)
    return [_ribbons(rng, head, points, _surface_normals(head, roots, points), roots.base, 0.018, 0.5)]


_HAIR = {
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


def _beard(rng: np.random.Generator, person: Identity, head: _Head) -> Beard | None:
    if person.beard not in ("full", "goatee", "moustache"):
        return None
    density = beard_density(person, head.base) ** 1.5
    full = person.beard == "full"
    roots = head.roots(rng, 6000 if full else 2600, density + 1e-6)
    keep = beard_density(person, roots.base) > 0.3
    roots = _Roots(roots.point[keep], roots.normal[keep], roots.base[keep], roots.vertex[keep])
    lip = (roots.base[:, 1] > 6.62)[:, None]
    outward = np.stack([np.sign(roots.point[:, 0]), np.zeros(len(lip)), np.zeros(len(lip))], 1)
    direction = np.array([0, -1.0, 0.1]) + 0.5 * outward * lip + 0.25 * rng.normal(0, 1, roots.point.shape)
    length = (0.13 if full else 0.07) * rng.uniform(0.7, 1.2, len(roots.point)) * (1 - 0.35 * lip[:, 0])
    points = _grow(head, roots, direction, length, 0.45 * length, 0.2, 4)
    normals = np.repeat(roots.normal[:, None], 4, axis=1)
    return Beard(_ribbons(rng, head, points, normals, np.array([0, 8.4, 0.5]), 0.012, 0.3), roots.vertex)


def _undercoat(person: Identity, style: str) -> np.ndarray:
    """How much of the scalp in the atlas shows the colour of hair."""
    atlas = geometry.atlas()
    rng = np.random.default_rng([person.seed, 43])
    inside = hairline(atlas.position, person.balding, person.gender == "woman")
    ragged = inside + 0.02 * noise(rng, 160, 2) + 0.025 * noise(rng, 40, 2)
    amount = {"shaved": 0.34, "buzz": 0.72, "headscarf": 0.0}.get(style, 0.85)
    crown = np.linalg.norm(atlas.position - [0, 8.35, 0.1], axis=-1)
    bald = smoothstep(person.balding, 0.3, 0.9) * (1 - smoothstep(crown, 0.3, 0.75))
    mask = smoothstep(ragged, -0.03, 0.11) * (1 - bald) * (1 - smoothstep(atlas.ears, 0.1, 0.5))
    if style == "shaved":
        mask = mask * (1 - 0.5 * person.grey)
    return (amount * mask * (atlas.material == SKIN)).astype(np.float32)


def _envelope(
    head: _Head, angle: np.ndarray, height: np.ndarray, blur: tuple[float, float], widen: tuple[int, int]
) -> np.ndarray:
    """Return how far the head reaches from a vertical axis, by height (rows) and angle (columns)."""
    points = head.vertices[head.index] - [0, 0, head.centre[2]]
    at = np.arctan2(points[:, 0], points[:, 2])
    radius = np.hypot(points[:, 0], points[:, 2])
    column = np.round((at - angle[0]) / (angle[1] - angle[0])).astype(int) % len(angle)
    row = np.round((points[:, 1] - height[0]) / (height[1] - height[0])).astype(int)
    inside = (row >= 0) & (row < len(height))
    grid = np.zeros((len(height), len(angle)))
    np.maximum.at(grid, (row[inside], column[inside]), radius[inside])
    grid = maximum_filter(grid, widen, mode=("nearest", "wrap"))
    known = (grid > 0).astype(float)
    weight = gaussian_filter(known, blur, mode=("nearest", "wrap"))
    return gaussian_filter(grid, blur, mode=("nearest", "wrap")) / (weight + 1e-9)


def _grid_triangles(rows: int, columns: int, wrap: bool) -> np.ndarray:
    last = columns if wrap else columns - 1
    row, column = np.meshgrid(np.arange(rows - 1), np.arange(last), indexing="ij")
    right = (column + 1) % columns
    a, b = row * columns + column, row * columns + right
    c, d = a + columns, b + columns
    return np.concatenate(
        [np.stack([a, b, c], -1).reshape(-1, 3), np.stack([b, d, c], -1).reshape(-1, 3)]
    ).astype(np.int32)


def _cap_rim(head: _Head, points: np.ndarray) -> np.ndarray:
    """Height (n,) of the rim of a cap around the head: higher in front."""
    front = np.clip((points[:, 2] - head.centre[2]) / 0.95, -1, 1)
    return head.centre[1] + 0.27 * front


def _cap(rng: np.random.Generator, head: _Head) -> list[tuple[Fabric, np.ndarray, np.ndarray]]:
    """Knit a cap with a rolled rim."""
    rows, columns = 40, 72
    angle = np.linspace(-np.pi, np.pi, columns, endpoint=False)
    tree, distance = _radial(head)
    down = np.linspace(0.001, 1, rows)[:, None]
    lowest = np.pi / 2 + 0.10 - 0.20 * np.cos(angle)[None]
    polar = down * lowest
    direction = np.stack(
        [np.sin(polar) * np.sin(angle), np.cos(polar) + 0 * angle, np.sin(polar) * np.cos(angle)], -1
    )
    _, near = tree.query(direction.reshape(-1, 3), k=6)
    reach = gaussian_filter(distance[near].max(1).reshape(rows, columns), (1.5, 2), mode=("nearest", "wrap"))
    slack = 0.06 + 0.1 * np.cos(np.clip(down, 0, 1) * np.pi / 2)
    roll = 0.05 * smoothstep(down, 0.76, 0.79) * np.sqrt(np.clip(1 - ((down - 0.885) / 0.125) ** 2, 0, 1))
    points = head.centre + [0, 0.08, 0] + direction * (reach + slack + roll)[..., None]
    points = points.reshape(-1, 3).astype(np.float32)
    chart = np.stack([angle[None] * 0.9 + 0 * down, -down * 1.4 + 0 * angle], -1).reshape(-1, 2)
    inside = np.full(len(points), 0.5)
    colour = _dye(rng)
    ribbed = Fabric(
        _grid_triangles(rows, columns, True),
        *map(np.float32, (chart, inside)),
        colour,
        colour * 0.45,
        "ribs",
        1.0,
    )
    return [(ribbed, points, np.ones(len(points), np.float32))]


def _radial(head: _Head) -> tuple[cKDTree, np.ndarray]:
    """Return a search tree of directions from the middle of the head, and how far its surface is in each."""
    upper = head.index[head.base[head.index, 1] > 6.9]
    offset = head.vertices[upper] - head.centre - np.array([0, 0.08, 0])
    distance = np.linalg.norm(offset, axis=1)
    return cKDTree(offset / distance[:, None]), distance


def _scarf(rng: np.random.Generator, head: _Head) -> list[tuple[Fabric, np.ndarray, np.ndarray]]:
    """Wrap a scarf about head, neck and breast, open at the face."""
    columns = 96
    angle = np.linspace(-np.pi, np.pi, columns, endpoint=False)
    bottom = 4.7
    height = np.linspace(bottom, head.top + 0.02, 90)
    loose = _envelope(head, angle, height, (1.6, 2.2), (9, 7))
    tight = _envelope(head, angle, height, (1.2, 1.2), (3, 3))
    chin = head.chin
    margin = np.interp(height, [bottom, chin - 0.5, chin, head.top], [0.3, 0.16, 0.13, 0.1])
    folds = (
        0.03
        * np.sin(angle[None] * 9 + 5 * height[:, None])
        * (1 - smoothstep(height, chin - 0.3, chin + 0.2))[:, None]
    )
    opening = _face_opening(head, tight * np.sin(angle), height[:, None], tight * np.cos(angle), chin)
    free = smoothstep(opening, 0.0, 0.25)
    # Inside the opening the cloth dips below the skin, so that no gap shows beside a turned cheek.
    dip = np.interp(opening, [-0.15, -0.04, 0.04], [-0.4, -0.16, 0.05])
    outer = loose + margin[:, None] + folds
    dome = np.sqrt(np.clip(1 - ((height - head.top + 0.75) / 0.87).clip(0, 1) ** 2, 0, 1))
    at = height > head.top - 0.75
    outer[at] = np.minimum(outer[at], outer[np.argmax(at)] * dome[at, None] + 0.02)
    radius = (tight + dip) * (1 - free) + np.maximum(outer, tight + 0.05) * free
    radius[-1] = 1e-3
    x = radius * np.sin(angle)
    z = radius * np.cos(angle) + head.centre[2]
    y = (
        np.repeat(height[:, None], columns, axis=1)
        + 0.07 * smoothstep(height, head.top - 0.6, head.top)[:, None]
    )
    points = np.stack([x, y, z], -1).reshape(-1, 3).astype(np.float32)
    weight = smoothstep(points[:, 1], chin - 0.75, chin + 0.1).astype(np.float32)
    chart = np.stack([np.repeat(angle[None] * 0.8, len(height), 0), y], -1).reshape(-1, 2)
    edge = np.minimum(opening.ravel() + 0.15, points[:, 1] - 5.22 + 0.1 * np.abs(points[:, 0]))
    colour = _dye(rng)
    pattern = str(rng.choice(["plain", "plain", "stripes"]))
    fabric = Fabric(
        _grid_triangles(len(height), columns, True),
        *map(np.float32, (chart, edge)),
        colour,
        colour * 0.75,
        pattern,
        0.35,
    )
    return [(fabric, points, weight)]


def _face_opening(head: _Head, x: np.ndarray, y: np.ndarray, z: np.ndarray, chin: float) -> np.ndarray:
    """Distance (rows, columns) of points of the scarf from its opening; z is from the middle of the head."""
    top = head.centre[1] + 0.17
    across, up = x / 0.585, (y - (chin - 0.03 + top) / 2) / ((top - chin + 0.03) / 2)
    return np.where(z > 0.1, (np.hypot(across, up) - 1) * 0.7, 1.0)


def _dye(rng: np.random.Generator) -> np.ndarray:
    """Return a colour of cloth, linear RGB."""
    palette = (
        (38, 44, 58), (52, 60, 84), (120, 40, 48), (70, 92, 74), (150, 140, 126), (196, 186, 170),
        (88, 88, 92), (40, 40, 42), (64, 96, 128), (172, 128, 74), (108, 72, 96), (206, 206, 204),
        (132, 90, 70), (92, 122, 118),
    )  # fmt: skip
    colour = np.array(palette[rng.integers(len(palette))]) * rng.uniform(0.85, 1.12)
    return linear(np.clip(colour, 10, 215))


def _shirt(
    rng: np.random.Generator, vertices: np.ndarray, kind: str
) -> tuple[Fabric, np.ndarray, np.ndarray]:
    mesh = assets.base_mesh()
    quads = mesh.faces[(mesh.face_groups == "body")]
    low, high = mesh.vertices[quads][..., 1].min(1), mesh.vertices[quads][..., 1].max(1)
    reach = np.abs(mesh.vertices[quads][..., 0]).max(1)
    quads = quads[(low > geometry.LOWEST) & (high < 6.35) & (reach < 3.85)]
    index, inverse = np.unique(quads, return_inverse=True)
    quads = inverse.reshape(quads.shape)
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)
    edge = _neckline(mesh.vertices[index], kind)
    chart = vertices[index][:, :2].astype(np.float32)
    free = smoothstep(edge, 0.05, 0.4)[:, None]
    draped = vertices.copy()
    draped[index] += free * (_smooth(vertices[index], index, quads) - vertices[index])
    offset = draped[index] - vertices[index] + (0.035 + 0.045 * free) * geometry.normals(draped)[index]
    patterns = ("plain", "plain", "stripes", "checks") if kind != "high" else ("plain", "ribs", "stripes")
    fabric = Fabric(
        triangles,
        chart,
        edge.astype(np.float32),
        _dye(rng),
        _dye(rng),
        str(rng.choice(patterns)),
        rng.uniform(0.25, 0.7),
    )
    return fabric, index, offset.astype(np.float32)


def _smooth(points: np.ndarray, index: np.ndarray, quads: np.ndarray, rounds: int = 50) -> np.ndarray:
    """Take the small bumps out of a mesh and keep its volume (Taubin's filter)."""
    ends = np.concatenate([quads[:, [k, (k + 1) % 4]] for k in range(4)])
    ends = np.concatenate([ends, ends[:, ::-1]])
    links = sparse.csr_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), (len(points), len(points)))
    degree = np.asarray(links.sum(1))
    points = _flatten(points, index, links, degree)
    for _ in range(rounds):
        for step in (0.6, -0.61):
            points = points + step * ((links @ points) / degree - points)
    return points


def _flatten(
    points: np.ndarray, index: np.ndarray, links: sparse.csr_matrix, degree: np.ndarray
) -> np.ndarray:
    """Stretch the cloth flat over the small bumps of the breast."""
    mesh = assets.base_mesh()
    chosen = mesh.face_groups == "body"
    vertex, texture = mesh.faces[chosen].ravel(), mesh.texture_coordinates[mesh.texture_faces[chosen].ravel()]
    spots = mesh.vertices[vertex[geometry.in_mask("aureolae", texture)]]
    spots = spots[spots[:, 2] > 0]
    middle = np.abs(spots).mean(0)
    base = mesh.vertices[index]
    bump = np.linalg.norm(np.abs(base[:, :2]) - middle[:2], axis=1) < 0.42
    bump &= base[:, 2] > 0.3
    system = (sparse.diags(degree.ravel()) - links).tocsr()
    inner, outer = np.flatnonzero(bump), np.flatnonzero(~bump)
    known = -system[inner][:, outer] @ points[outer]
    flat = points.copy()
    flat[inner] = spsolve(system[inner][:, inner].tocsc(), known)
    return flat


def _bare(head: _Head, clothes: str, style: str) -> np.ndarray:
    s = geometry.surface()
    hidden = _neckline(head.base[s.vertex], clothes) > 0.1
    if style == "headscarf":
        x, y, z = (head.vertices[s.vertex] - [0, 0, head.centre[2]]).T
        opening = _face_opening(head, x, y, z, head.chin)
        covered = (opening > 0.4) | ((opening > 0.0) & _on_ears(head.base[s.vertex]))
        hidden |= covered & (head.base[s.vertex, 1] > 5.9)
    hidden &= s.material == SKIN
    return ~hidden[s.triangles].all(1)


def _neckline(points: np.ndarray, kind: str) -> np.ndarray:
    """Distance (n,) of points of the base mesh below the edge of a collar."""
    x, y, z = points.T
    angle = np.arctan2(np.abs(x), z - 0.2)
    if kind == "high":
        edge = np.interp(angle, [0, np.pi], [6.02, 6.05])
    elif kind == "vee":
        edge = np.interp(angle, [0, 0.35, 0.9, 1.6, np.pi], [5.05, 5.3, 5.72, 5.92, 5.86])
    else:
        edge = np.interp(angle, [0, 0.4, 0.8, 1.2, 1.6, np.pi], [5.63, 5.64, 5.7, 5.8, 5.9, 5.86])
    return (edge - y) * 0.8


def _glasses(rng: np.random.Generator, head: _Head) -> list[Solid]:
    groups = assets.base_mesh().vertex_groups
    left = head.vertices[groups["helper-l-eye"]].mean(0)
    right = head.vertices[groups["helper-r-eye"]].mean(0)
    front = max(left[2], right[2]) + 0.33
    width, height = rng.uniform(0.215, 0.25), rng.uniform(0.15, 0.19)
    power = rng.choice([2.0, 2.6, 3.6])
    thick = rng.uniform(0.008, 0.016)
    colour = linear(np.array([(24, 22, 22), (70, 44, 28), (120, 116, 110), (40, 44, 70)][rng.integers(4)]))
    around = np.linspace(0, 2 * np.pi, 49)
    c, s = np.cos(around), np.sin(around)
    oval = np.stack(
        [np.sign(c) * np.abs(c) ** (2 / power) * width, np.sign(s) * np.abs(s) ** (2 / power) * height], 1
    )
    solids = []
    for eye in (left, right):
        sign = np.sign(eye[0])
        centre = np.array([eye[0] + sign * 0.015, eye[1] - 0.03, front])
        bow = -0.12 * np.abs(oval[:, 0] + sign * width) ** 1.5
        solids.append(_tube(centre + np.column_stack([oval, bow * 0.3]), thick, colour))
        hinge = centre + np.array([sign * width, 0.05, -0.03])
        beside = (np.abs(head.base[:, 1] - 7.47) < 0.08) & (np.abs(head.base[:, 2] - 0.6) < 0.2)
        ear = np.array([sign * np.abs(head.vertices[beside, 0]).max(), eye[1] + 0.06, 0.5])
        solids.append(_tube(np.linspace(hinge, ear, 8), thick, colour))
    inner = [
        np.array([e[0] + np.sign(e[0]) * 0.015 - np.sign(e[0]) * width, e[1] + 0.01, front])
        for e in (left, right)
    ]
    bridge = np.linspace(inner[0], inner[1], 9) + np.sin(np.linspace(0, np.pi, 9))[:, None] * [0, 0.03, 0.03]
    return [*solids, _tube(bridge, thick, colour)]


def _tube(line: np.ndarray, radius: float, colour: np.ndarray, sides: int = 6) -> Solid:
    """Make a tube about a line (n, 3)."""
    tangent = np.gradient(line, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-9
    first = np.cross(tangent, [0.2, 0.3, 1.0])
    first /= np.linalg.norm(first, axis=1, keepdims=True) + 1e-9
    second = np.cross(tangent, first)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)[None, :, None]
    normal = np.cos(angle) * first[:, None] + np.sin(angle) * second[:, None]
    points = line[:, None] + radius * normal
    return Solid(
        points.reshape(-1, 3).astype(np.float32),
        normal.reshape(-1, 3).astype(np.float32),
        _grid_triangles(len(line), sides, True),
        np.asarray(colour, np.float32),
    )
