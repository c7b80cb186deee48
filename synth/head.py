"""An actor's head in the neutral pose, on which hair grows and clothes are fitted."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from . import assets, geometry
from .geometry import SKIN
from .identity import Identity


class Head:
    """An actor's head in the neutral pose.

    Parameters
    ----------
    person : Identity
        The actor.
    vertices : ndarray of float32, shape (v, 3)
        The actor's vertices of the base mesh, face to the front.

    Attributes
    ----------
    base, normals : ndarray of float32, shape (v, 3)
        Vertices of the base mesh itself, and the actor's normals.
    triangles : ndarray of int64, shape (m, 3)
        Triangles of the skin of head, neck and shoulders.
    index : ndarray of int64, shape (k,)
        Vertices in them that are not on the ears.
    top, chin : float
        Heights of the highest point and of the chin.
    centre, crown : ndarray of float64, shape (3,)
        Middle of the skull, and the point that hair is combed away from.
    """

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
        self.index = self.index[~on_ears(self.base[self.index])]
        self._tree = cKDTree(vertices[self.index])
        self.top = float(vertices[self.index, 1].max())
        self.centre = np.array([0, vertices[geometry.nearest_front(np.array([[0, 7.5]]))[0], 1] + 0.25, 0.52])
        self.chin = float(vertices[geometry.nearest_front(np.array([[0, 6.22]]))[0], 1])
        self.crown = np.array([0.0, self.top - 0.12, 0.12])

    def roots(self, rng: np.random.Generator, count: int, density: np.ndarray) -> "Roots":
        """Scatter roots by area and density (v,) over the head."""
        corners = self.vertices[self.triangles]
        area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
        weight = area * density[self.triangles].mean(1)
        triangle = rng.choice(len(area), count, p=weight / weight.sum())
        a, b = rng.random((2, count))
        a, b = np.where(a + b > 1, 1 - a, a), np.where(a + b > 1, 1 - b, b)
        mix = np.stack([1 - a - b, a, b], 1)[..., None]
        corner = self.triangles[triangle]
        normal = (self.normals[corner] * mix).sum(1)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
        point = (self.vertices[corner] * mix).sum(1)
        return Roots(point, normal, (self.base[corner] * mix).sum(1), corner[:, 0])

    def above(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the height of points (n, 3) above the surface and its normals there."""
        _, near = self._tree.query(points, k=4)
        vertex = self.index[near]
        normal = self.normals[vertex].mean(1)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
        return ((points - self.vertices[vertex].mean(1)) * normal).sum(1), normal


@dataclass(frozen=True)
class Roots:
    """Where n strands grow.

    Attributes
    ----------
    point, normal : ndarray of float64, shape (n, 3)
        Points on the skin and its normals there.
    base : ndarray of float64, shape (n, 3)
        The same points on the base mesh.
    vertex : ndarray of int64, shape (n,)
        A vertex of the base mesh beside each.
    """

    point: np.ndarray
    normal: np.ndarray
    base: np.ndarray
    vertex: np.ndarray


def on_ears(base: np.ndarray) -> np.ndarray:
    """Return whether points (n, 3) of the base mesh lie on the ears."""
    x, y, z = np.abs(base[:, 0]), base[:, 1], base[:, 2]
    return (x > 0.66) & (y > 6.75) & (y < 7.4) & (z > 0.2) & (z < 0.72)
