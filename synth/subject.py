"""What is drawn of a person: cloth, strands of hair, spectacle frames and the posed body."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Fabric:
    """A piece of cloth: clothes, cap or headscarf.

    Attributes
    ----------
    triangles : ndarray of int32, shape (m, 3)
        Indices of the points at the corners of each triangle.
    chart : ndarray of float32, shape (n, 2)
        Where each point lies on the cloth, for its pattern; in decimetres.
    inside : ndarray of float32, shape (n,)
        Distance to the edge of the cloth; drawn where positive.
    colour, second : ndarray of float32, shape (3,)
        Colour of the cloth and of its pattern, linear RGB.
    pattern : str
        "plain", "stripes", "checks" or "ribs".
    period : float
        Width of one repeat of the pattern in decimetres.
    """

    triangles: np.ndarray
    chart: np.ndarray
    inside: np.ndarray
    colour: np.ndarray
    second: np.ndarray
    pattern: str
    period: float


@dataclass(frozen=True)
class Ribbons:
    """Strands drawn as thin ribbons that face the camera.

    Attributes
    ----------
    points : ndarray of float32, shape (n, k, 3)
        Middle lines of n strands.
    normals : ndarray of float32, shape (n, k, 3)
        Normals of the head of hair, not of the strands: they make its light soft.
    colour : ndarray of float32, shape (n, k, 3)
        Linear RGB, with the shade of the hair above it.
    width : ndarray of float32, shape (n, k)
        Width of the strands in decimetres.
    shine : float
        Strength of the reflections.
    """

    points: np.ndarray
    normals: np.ndarray
    colour: np.ndarray
    width: np.ndarray
    shine: float


@dataclass(frozen=True)
class Solid:
    """A plain opaque mesh: a part of a spectacle frame.

    Attributes
    ----------
    points, normals : ndarray of float32, shape (n, 3)
        Vertices and their normals.
    triangles : ndarray of int32, shape (m, 3)
        Indices of the vertices at the corners of each triangle.
    colour : ndarray of float32, shape (3,)
        Linear RGB.
    """

    points: np.ndarray
    normals: np.ndarray
    triangles: np.ndarray
    colour: np.ndarray


@dataclass(frozen=True)
class Subject:
    """A posed person, in camera space (x right, y up, z towards the camera; the camera at the origin).

    Attributes
    ----------
    points, normals : ndarray of float32, shape (v, 3)
        Vertices of the base mesh and their normals.
    openness : ndarray of float32, shape (v,)
        How much of the surroundings each vertex sees, from 0 to 1.
    bare : ndarray of bool, shape (m,)
        The triangles of the body that no cloth hides.
    texture : ndarray of float32, shape (height, width, 4)
        Atlas of the skin's colour (linear RGB) and fine relief.
    gloss : ndarray of float32, shape (height, width)
        Atlas of the strength of the mirror-like reflection.
    eyes : ndarray of float32, shape (2, 3)
        Centres of the eyeballs.
    lashes : float
        How dark the rims of the lids are, from 0 to 1.
    fabrics : list of (Fabric, ndarray of float32, shape (n, 3))
        Pieces of cloth, and where their points are.
    ribbons : list of Ribbons
        Hair and beard.
    solids : list of Solid
        Parts of the spectacles.
    """

    points: np.ndarray
    normals: np.ndarray
    openness: np.ndarray
    bare: np.ndarray
    texture: np.ndarray
    gloss: np.ndarray
    eyes: np.ndarray
    lashes: float
    fabrics: list[tuple[Fabric, np.ndarray]]
    ribbons: list[Ribbons]
    solids: list[Solid]


def ribbon_mesh(points: np.ndarray, towards: np.ndarray, width: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices (n*k*2, 3) and triangles of ribbons about lines (n, k, 3) seen from a direction."""
    count, steps = points.shape[:2]
    tangent = np.gradient(points, axis=1)
    side = np.cross(tangent, towards)
    side /= np.linalg.norm(side, axis=-1, keepdims=True) + 1e-9
    half = side * (width / 2)[..., None]
    vertices = np.stack([points - half, points + half], axis=2).reshape(-1, 3)
    first = (np.arange(count)[:, None] * steps + np.arange(steps - 1)).ravel() * 2
    triangles = np.concatenate(
        [np.stack([first, first + 1, first + 2], 1), np.stack([first + 1, first + 3, first + 2], 1)]
    )
    return vertices.astype(np.float32), triangles.astype(np.int32)
