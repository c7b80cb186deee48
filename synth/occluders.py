"""What hides a part of a face: mask, sunglasses, fringe, hand and cup."""

import json
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.spatial import cKDTree

from . import assets, clothes, geometry
from .appearance import linear
from .geometry import SKIN, smoothstep
from .head import Head
from .identity import Identity, face
from .look import Look
from .subject import Fabric, Ribbons, Solid

KINDS = ("mask", "sunglasses", "fringe", "hand", "cup")
"""What `wear` can put before a face."""

CLOTH_GAP = 0.06
"""Distance of a mask from the skin, in decimetres."""

SPAN = 0.3
"""How far a mask reaches from one high point of the face to the next, in decimetres."""

FRINGE_STRANDS, FRINGE_STEPS = 900, 14
HAND_LENGTH = 1.6
"""From the wrist to the tip of the middle finger, in decimetres; the base mesh's is shorter than a face."""

CUP_RADIUS, CUP_HEIGHT = 0.42, 0.95
"""In decimetres."""


def wear(look: Look, person: Head, kind: str, rng: np.random.Generator) -> Look:
    """Put something before a face.

    Parameters
    ----------
    look : Look
        What the actor wears otherwise.
    person : Head
        The actor.
    kind : str
        One of `KINDS`.
    rng : Generator
        Source of chance.

    Returns
    -------
    Look
    """
    if kind == "mask":
        return replace(look, cover=[*look.cover, mask(rng, person)])
    if kind == "fringe":
        return replace(look, hair=[*look.hair, fringe(rng, person)])
    solids = {"sunglasses": sunglasses, "hand": hand, "cup": cup}[kind](rng, person)
    # A hand or sunglasses leave no room for the spectacles.
    return replace(look, solids=solids if kind != "cup" else [*look.solids, *solids])


def mask(rng: np.random.Generator, person: Head) -> tuple[Fabric, np.ndarray, np.ndarray]:
    """Fit a surgical mask over nose, mouth and chin; returns the same as `clothes.cap`."""
    s, base = geometry.surface(), assets.base_mesh().vertices
    x, y, z = np.abs(base[:, 0]), base[:, 1], base[:, 2]
    top = 7.08 - 0.28 * smoothstep(x, 0.05, 0.6)
    covered = (y < top + 0.12) & (y > 5.95) & (x < 0.78) & (z > 0.25)
    corner = s.vertex[s.triangles]
    skin = (s.material[s.triangles[:, 0]] == SKIN) & ~s.inner & covered[corner].all(1)
    index, triangles = np.unique(corner[skin], return_inverse=True)
    edge = np.minimum(top[index] - y[index], np.minimum(y[index] - 6.05, 0.7 - x[index]))
    triangles = triangles.reshape(-1, 3)
    points = person.vertices[index] + CLOTH_GAP * person.normals[index]
    points[:, 2] = _stretched(points, edge)
    chart = np.column_stack([base[index, 0], y[index]])
    colour = linear(np.array([(222, 228, 232), (150, 186, 212), (40, 42, 46)][rng.integers(3)]))
    fabric = Fabric(
        triangles.astype(np.int32),
        *map(np.float32, (chart, edge)),
        colour,
        colour * 0.85,
        "stripes",
        0.22,
    )
    return fabric, points.astype(np.float32), np.ones(len(points), np.float32)


def _stretched(points: np.ndarray, edge: np.ndarray) -> np.ndarray:
    """Stretch a cloth over points (n, 3), except at its edge, so that it spans what lies between; give z."""
    tree, height = cKDTree(points[:, :2]), points[:, 2]
    near = tree.query_ball_point(points[:, :2], SPAN)
    highest = np.array([height[beside].max() for beside in near])
    cloth = np.array([highest[beside].mean() for beside in near])
    loose = smoothstep(edge, 0.0, SPAN)
    return height * (1 - loose) + np.maximum(height, cloth) * loose


def sunglasses(rng: np.random.Generator, person: Head) -> list[Solid]:
    """Fit spectacles with dark lenses."""
    frame = clothes.spectacles(rng, person)
    lenses = []
    for rim in frame[0:4:2]:
        sides = 6
        line = rim.points.reshape(-1, sides, 3).mean(1)
        centre = line.mean(0)
        points = np.vstack([centre, centre + (line - centre) * [1.12, 1.2, 1]]).astype(np.float32)
        around = np.arange(1, len(line))
        fan = np.column_stack([np.zeros_like(around), around, around + 1]).astype(np.int32)
        normals = np.tile(np.float32([0, 0, 1]), (len(points), 1))
        lenses.append(Solid(points, normals, fan, np.float32([0.012, 0.012, 0.014])))
    return [*frame, *lenses]


def fringe(rng: np.random.Generator, person: Head) -> Ribbons:
    """Let hair fall over one side of the face."""
    side = rng.choice([-1, 1])
    root = np.linspace(-0.25, 0.78, FRINGE_STRANDS) + rng.normal(0, 0.03, FRINGE_STRANDS)
    down = np.linspace(0, 1, FRINGE_STEPS)
    length = rng.uniform(0.75, 1.0) * (1.55 - 0.5 * np.abs(root - 0.35)) + rng.normal(0, 0.08, FRINGE_STRANDS)
    x = side * (root[:, None] + 0.1 * down * (root[:, None] - 0.2))
    y = 8.12 - length[:, None] * down
    points = np.dstack([x, y, _front_of(person, x, y) + 0.05 + 0.08 * down])
    colour = linear(np.array(person.person.hair_colour)) * rng.uniform(0.7, 1.1, (FRINGE_STRANDS, 1))
    normals = np.dstack([0.5 * x, np.zeros_like(x), np.ones_like(x)])
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    width = np.full((FRINGE_STRANDS, FRINGE_STEPS), 0.016) * (1 - 0.6 * down)
    return Ribbons(
        points.astype(np.float32),
        normals.astype(np.float32),
        np.repeat(colour[:, None], FRINGE_STEPS, 1).astype(np.float32),
        width.astype(np.float32),
        0.8,
    )


def hand(rng: np.random.Generator, person: Head) -> list[Solid]:
    """Hold a hand before the mouth, a cheek or an eye, its back to the camera."""
    side = float(rng.choice([-1, 1]))
    x, y = ((0.12, 6.55), (0.42, 6.8), (0.3, 7.2))[rng.integers(3)]
    lean = np.radians(rng.uniform(15, 60))
    fingers = np.array([-side * np.sin(lean), np.cos(lean), -0.12])
    at = np.array([side * x, y, 0])
    at[2] = _front_of(person, at[:1], at[1:2])[0] + 0.3
    return [place_hand(person.person, side, at, fingers, np.array([0, 0, -1.0]))]


def cup(rng: np.random.Generator, person: Head) -> list[Solid]:
    """Drink from a cup that a hand holds from the side."""
    side = float(rng.choice([-1, 1]))
    middle = np.array([side * 0.04, rng.uniform(6.3, 6.5), 0])
    middle[2] = _front_of(person, np.zeros(1), np.array([6.6]))[0] + CUP_RADIUS + 0.02
    around = np.linspace(0, 2 * np.pi, 40)
    ring = np.column_stack([np.cos(around), np.zeros(40), np.sin(around)])
    heights = np.array([-0.5, 0.44, 0.5]) * CUP_HEIGHT
    radii = np.array([0.82, 1.0, 1.03]) * CUP_RADIUS
    points = np.concatenate([middle + ring * r + [0, h, 0] for h, r in zip(heights, radii, strict=True)])
    first = (np.arange(2)[:, None] * 40 + np.arange(39)).ravel()
    triangles = np.concatenate(
        [
            np.stack([first, first + 1, first + 40], 1),
            np.stack([first + 1, first + 41, first + 40], 1),
        ]
    )
    colour = linear(rng.uniform(40, 235, 3))
    normals = np.tile(ring, (3, 1)).astype(np.float32)
    body = Solid(points.astype(np.float32), normals, triangles.astype(np.int32), colour)
    grip = middle + np.array([side * (CUP_RADIUS + 0.12), 0.05, 0.05])
    fingers = np.array([-side * 0.35, 0.9, 0.25])
    return [body, place_hand(person.person, side, grip, fingers, np.array([-side, 0, -0.2]))]


@dataclass(frozen=True)
class _Hand:
    """The left hand and arm of the base mesh: palm at the origin, fingers up, the palm's side to -z."""

    points: np.ndarray
    normals: np.ndarray
    triangles: np.ndarray


@lru_cache(1)
def _left_hand() -> _Hand:
    mesh = assets.base_mesh()
    bones = json.loads(assets.find("mpfb2/rigs/standard/weights.default.json").read_text())["weights"]
    weight = np.zeros(len(mesh.vertices))
    for bone, pairs in bones.items():
        if bone.endswith(".L") and bone.startswith(("wrist", "finger", "metacarpal", "lowerarm", "upperarm")):
            for vertex, share in pairs:
                weight[int(vertex)] += share
    inside = weight > 0.6
    faces = mesh.faces[inside[mesh.faces].all(1) & (mesh.face_groups == "body")]
    index, corners = np.unique(faces, return_inverse=True)
    quads = corners.reshape(faces.shape)
    groups = mesh.vertex_groups
    joint = {n: mesh.vertices[groups[f"joint-l-{n}"]].mean(0) for n in ("hand", "finger-3-1", "finger-3-4")}
    first = mesh.vertices[groups["joint-l-finger-2-1"]].mean(0)
    last = mesh.vertices[groups["joint-l-finger-5-1"]].mean(0)
    up = joint["finger-3-4"] - joint["hand"]
    scale = HAND_LENGTH / np.linalg.norm(up)
    up /= np.linalg.norm(up)
    across = first - last
    across -= (across @ up) * up
    across /= np.linalg.norm(across)
    frame = np.stack([across, up, np.cross(across, up)], 1)
    palm = (joint["hand"] + joint["finger-3-1"]) / 2 + 0.25 * (joint["finger-3-4"] - joint["finger-3-1"])
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)
    normals = geometry.normals(mesh.vertices)[index] @ frame
    return _Hand((mesh.vertices[index] - palm) @ frame * scale, normals, triangles)


def place_hand(person: Identity, side: float, at: np.ndarray, fingers: np.ndarray, palm: np.ndarray) -> Solid:
    """Place a hand with its arm.

    Parameters
    ----------
    person : Identity
        Whose.
    side : float
        1 for the left hand, -1 for the right one.
    at, fingers, palm : ndarray of float64, shape (3,)
        The middle of the palm, where the fingers point, and where the palm looks.

    Returns
    -------
    Solid
    """
    left = _left_hand()
    up = fingers / np.linalg.norm(fingers)
    inward = palm - (palm @ up) * up
    inward /= np.linalg.norm(inward)
    mirror = np.array([side, 1, 1])
    frame = np.stack([np.cross(up, -inward), up, -inward], 1)
    return Solid(
        (left.points * mirror @ frame.T + at).astype(np.float32),
        (left.normals * mirror @ frame.T).astype(np.float32),
        left.triangles,
        linear(np.array(person.skin_colour)) * np.float32(0.9),
    )


def _front_of(person: Head, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return how far the front of the face stands out at x and y, smoothed."""
    shape = np.shape(x)
    tree_points = np.column_stack([np.ravel(x), np.ravel(y)])
    index = geometry.nearest_front(tree_points)
    return person.vertices[index, 2].reshape(shape)


def head_of(person: Identity) -> Head:
    """Return the head of an actor on which `wear` fits things."""
    return Head(person, geometry.lower_arms(face(person)))
