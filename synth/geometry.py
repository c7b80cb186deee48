"""The actor as a renderable surface: texture atlas, named points, normals and pose."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from . import assets

SKIN, EYE, TEETH, TONGUE = range(4)
PARTS = {
    "body": SKIN,
    "helper-l-eye": EYE,
    "helper-r-eye": EYE,
    "helper-upper-teeth": TEETH,
    "helper-lower-teeth": TEETH,
    "helper-tongue": TONGUE,
}
ATLAS_WIDTH, ATLAS_HEIGHT = 1536, 1280
EYE_TILE, EYE_SCALE = (1152, 896), 80
"""Where the front of the eyeball lies in the atlas, and pixels for each radian away from it."""
LOWEST = -1.6
"""Nothing of the body below this height (dm) is drawn."""
EYE_CENTRE = np.array([0.3078, 7.2841, 1.2454], np.float32)
"""Centre of the left eyeball in the base mesh."""
NECK = np.array([0.0, 6.05, 0.2], np.float32)
"""The point about which the head turns."""


@dataclass(frozen=True)
class Surface:
    """The drawn part of the base mesh, its vertices split along the seams of the texture.

    Attributes
    ----------
    vertex : ndarray of int64, shape (n,)
        Which vertex of the base mesh each one is.
    uv : ndarray of float32, shape (n, 2)
        Its pixel in the atlas.
    texture : ndarray of float32, shape (n, 2)
        Its place in the asset's own masks.
    material : ndarray of float32, shape (n,)
        SKIN, EYE, TEETH or TONGUE.
    triangles : ndarray of int32, shape (m, 3)
    inner : ndarray of bool, shape (m,)
        Whether a triangle lines the mouth: seen from behind it must not show, or it pokes through thin lips.
    """

    vertex: np.ndarray
    uv: np.ndarray
    texture: np.ndarray
    material: np.ndarray
    triangles: np.ndarray
    inner: np.ndarray


@dataclass(frozen=True)
class Atlas:
    """What lies at each pixel of the texture atlas.

    Attributes
    ----------
    position : ndarray of float32, shape (height, width, 3)
        Point of the base mesh.
    material : ndarray of uint8, shape (height, width)
    lips, ears, eyelids, face, mouth : ndarray of float32, shape (height, width)
        Soft masks between 0 and 1.
    """

    position: np.ndarray
    material: np.ndarray
    lips: np.ndarray
    ears: np.ndarray
    eyelids: np.ndarray
    face: np.ndarray
    mouth: np.ndarray


def smoothstep(x: np.ndarray, low: float | np.ndarray, high: float | np.ndarray) -> np.ndarray:
    """Return 0 below `low`, 1 above `high` and a smooth rise between."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def _triangles(quads: np.ndarray) -> np.ndarray:
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def _chart(texture: np.ndarray, position: np.ndarray, part: str) -> np.ndarray:
    """Place texture coordinates (n, 2) in the atlas, giving the face most of the room."""
    x, y = texture[:, 0] * 1024, (1 - texture[:, 1]) * 1024
    if PARTS[part] == EYE:
        side = np.array([np.sign(position[:, 0].mean()), 1, 1], np.float32)
        offset = position * side - EYE_CENTRE
        # Azimuthal chart of the eyeball; its back, which is never seen, folds onto the rim.
        direction = offset / np.linalg.norm(offset, axis=1, keepdims=True)
        angle = np.arccos(np.clip(direction[:, 2:], -1, 1))
        flat = direction[:, :2] / (np.linalg.norm(direction[:, :2], axis=1, keepdims=True) + 1e-6)
        return np.array(EYE_TILE) + flat * np.minimum(angle, 1.55) * EYE_SCALE * np.array([1, -1])
    if PARTS[part] != SKIN:
        return np.stack([(x - 630) * 1.6 + 1325, (y - 20) * 1.8 + 790], 1)
    on_head = (position[:, 1] > 5) & (np.abs(position[:, 0]) < 1.5)
    head = on_head & (x > 650) & (y > 183) & (y < 876)
    ears = on_head & (x < 160) & (y > 368) & (y < 470)
    u = np.interp(x, [655, 790, 1000, 1022], [4, 230, 985, 1020])
    v = np.interp(y, [185, 400, 660, 874], [4, 250, 1030, 1276])
    body = np.stack([1024 + x / 2, y / 2], 1)
    ear = np.stack([1034 + (x - 10) * 3, 520 + (y - 372) * 2.4], 1)
    return np.where(head[:, None], np.stack([u, v], 1), np.where(ears[:, None], ear, body))


def in_mask(name: str, texture: np.ndarray) -> np.ndarray:
    """Return whether texture coordinates (n, 2) of the base mesh lie inside the mask of a name."""
    mask = assets.mask(name)
    column = np.clip(texture[:, 0] * mask.shape[1], 0, mask.shape[1] - 1).astype(int)
    row = np.clip((1 - texture[:, 1]) * mask.shape[0], 0, mask.shape[0] - 1).astype(int)
    return mask[row, column] > 0.5


@lru_cache(1)
def surface() -> Surface:
    """Build the drawn surface."""
    mesh = assets.base_mesh()
    low = mesh.vertices[mesh.faces][..., 1].min(1)
    reach = np.abs(mesh.vertices[mesh.faces][..., 0]).max(1)
    vertex, uv, texture, material, triangles, count = [], [], [], [], [], 0
    for part, kind in PARTS.items():
        drawn = (mesh.face_groups == part) & (low > LOWEST) & (reach < 3.9)
        faces, texture_faces = mesh.faces[drawn], mesh.texture_faces[drawn]
        pairs, inverse = np.unique(faces * 10**6 + texture_faces, return_inverse=True)
        corner = pairs // 10**6
        vertex.append(corner)
        texture.append(mesh.texture_coordinates[pairs % 10**6])
        uv.append(_chart(texture[-1], mesh.vertices[corner], part))
        material.append(np.full(len(pairs), kind))
        triangles.append(_triangles(inverse.reshape(faces.shape)) + count)
        count += len(pairs)
    triangles, texture, material = map(np.concatenate, (triangles, texture, material))
    lining = in_mask("inside-mouth", texture) & (material == SKIN)
    return Surface(
        np.concatenate(vertex),
        np.concatenate(uv).astype(np.float32),
        texture,
        material.astype(np.float32),
        triangles.astype(np.int32),
        lining[triangles].all(1),
    )


def _bake(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Interpolate values (n, 3) of the surface's vertices over the atlas; also return where there are any."""
    s = surface()
    image = np.zeros((ATLAS_HEIGHT, ATLAS_WIDTH, 3), np.float32)
    depth = np.full((ATLAS_HEIGHT, ATLAS_WIDTH), 100, np.float32)
    flat = np.column_stack([s.uv + 0.5, np.full(len(s.uv), 10)])
    rasterise(flat, s.triangles, values, image, depth)
    return image, depth < 99


@lru_cache(1)
def atlas() -> Atlas:
    """Bake what lies at each pixel of the atlas; pixels outside of it repeat the nearest inside."""
    s, mesh = surface(), assets.base_mesh()
    position, inside = _bake(mesh.vertices[s.vertex])
    original, _ = _bake(np.column_stack([s.texture, s.material]))
    _, label = cv2.distanceTransformWithLabels(
        (~inside).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    nearest = np.zeros(label.max() + 1, np.int64)
    nearest[label[inside]] = np.flatnonzero(inside)
    position = position.reshape(-1, 3)[nearest[label]]
    original = original.reshape(-1, 3)[nearest[label]]
    x, y = original[..., 0] * 2048 - 0.5, (1 - original[..., 1]) * 2048 - 0.5
    masks = {
        name.replace("inside-", ""): cv2.remap(assets.mask(name), x, y, cv2.INTER_LINEAR)
        for name in ("lips", "ears", "eyelids", "face", "inside-mouth")
    }
    material = np.round(original[..., 2]).astype(np.uint8)
    skin = material == SKIN
    return Atlas(position, material, **{name: value * skin for name, value in masks.items()})


def _settings(culling: int) -> cv2.TriangleRasterizeSettings:
    settings = cv2.TriangleRasterizeSettings()
    settings.setCullingMode(culling)
    settings.setShadingType(cv2.RASTERIZE_SHADING_SHADED)
    return settings


_BOTH_SIDES = _settings(cv2.RASTERIZE_CULLING_NONE)
_FRONT_SIDE = _settings(cv2.RASTERIZE_CULLING_CW)


def rasterise(
    points: np.ndarray,
    triangles: np.ndarray,
    values: np.ndarray,
    image: np.ndarray,
    depth: np.ndarray,
    front_only: bool = False,
) -> None:
    """Draw triangles into an image and its depth buffer, in place.

    Parameters
    ----------
    points : ndarray, shape (n, 3)
        Column and row in pixels (centres at .5) and distance from the camera.
    triangles : ndarray of int, shape (m, 3)
    values : ndarray, shape (n, 3)
        What is interpolated, with the right perspective, over each triangle.
    image : ndarray of float32, shape (height, width, 3)
    depth : ndarray of float32, shape (height, width)
        Distances; a triangle is drawn only where it is nearer.
    front_only : bool
        Leave out triangles seen from behind.
    """
    height, width = depth.shape
    z = points[:, 2]
    camera = np.empty((len(points), 1, 3), np.float32)
    camera[:, 0, 0] = (points[:, 0] - width / 2) * (2 / height) * z
    camera[:, 0, 1] = (height / 2 - points[:, 1]) * (2 / height) * z
    camera[:, 0, 2] = -z
    cv2.triangleRasterize(
        camera,
        np.ascontiguousarray(triangles, np.int32).reshape(-1, 1, 3),
        np.ascontiguousarray(values, np.float32).reshape(-1, 1, 3),
        image,
        depth,
        np.eye(4, dtype=np.float32),
        np.pi / 2,
        0.5,
        200.0,
        _FRONT_SIDE if front_only else _BOTH_SIDES,
    )


@lru_cache(1)
def _incidence() -> tuple[np.ndarray, sparse.csr_matrix]:
    mesh = assets.base_mesh()
    quads = mesh.faces[np.isin(mesh.face_groups, list(PARTS))]
    rows = quads.T.ravel()
    columns = np.tile(np.arange(len(quads)), 4)
    shape = (len(mesh.vertices), len(quads))
    return quads, sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape)


def normals(vertices: np.ndarray) -> np.ndarray:
    """Return the unit normals (v, 3) of the base mesh with its vertices (v, 3) so placed."""
    quads, incidence = _incidence()
    across = np.cross(
        vertices[quads[:, 2]] - vertices[quads[:, 0]], vertices[quads[:, 3]] - vertices[quads[:, 1]]
    )
    total = incidence @ across
    return (total / (np.linalg.norm(total, axis=1, keepdims=True) + 1e-9)).astype(np.float32)


def rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Return the rotation matrix (3, 3) of a head: yaw to its left, pitch down, roll; in degrees."""
    a, b, c = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return (about_y @ about_x @ about_z).astype(np.float32)


def _turn(points: np.ndarray, centre: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Rotate points (n, 3) about a centre by a rotation vector (3,) or one for each (n, 3), in radians."""
    vector = np.broadcast_to(vector, points.shape)
    angle = np.linalg.norm(vector, axis=1, keepdims=True)
    axis = vector / (angle + 1e-9)
    p = points - centre
    along = axis * (axis * p).sum(1, keepdims=True)
    return (centre + along + (p - along) * np.cos(angle) + np.cross(axis, p) * np.sin(angle)).astype(
        np.float32
    )


def lower_arms(vertices: np.ndarray) -> np.ndarray:
    """Let the arms of the base mesh, which stand out, hang down beside the body."""
    groups, weights = assets.base_mesh().vertex_groups, assets.arm_weights()
    out = vertices.copy()
    for side, sign in (("l", 1), ("r", -1)):
        arm = (weights > 0) & (np.sign(vertices[:, 0]) == sign)
        centre = vertices[groups[f"joint-{side}-shoulder"]].mean(0)
        turn = weights[arm, None] * np.array([[0, 0, -sign * np.radians(42)]])
        out[arm] = _turn(vertices[arm], centre, turn)
    return out


@lru_cache(1)
def head_weights() -> np.ndarray:
    """Return how much each vertex (v,) of the base mesh follows the head: 0 on the torso, 1 on the head."""
    mesh = assets.base_mesh()
    x, y, z = mesh.vertices.T
    weights = smoothstep(y + 0.25 * (z - 0.3), 5.55, 6.55) * (np.abs(x) < 1.6)
    for part in PARTS:
        if part != "body":
            weights[mesh.vertex_groups[part]] = 1
    weights[mesh.vertex_groups["helper-hair"]] = 1
    return weights.astype(np.float32)


def turn_head(vertices: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Turn the head of the base mesh by a rotation matrix; the neck follows in part."""
    vector = cv2.Rodrigues(matrix.astype(np.float64))[0].ravel()
    weights = head_weights()
    moved = weights > 0
    out = vertices.copy()
    out[moved] = _turn(vertices[moved], NECK, weights[moved, None] * vector[None])
    return out


def turn_partly(points: np.ndarray, weight: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Turn points (n, 3) that follow the head by a weight (n,)."""
    vector = cv2.Rodrigues(matrix.astype(np.float64))[0].ravel()
    return _turn(points, NECK, weight[:, None] * vector[None])


def turn_with_head(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Turn points (n, 3) that are fixed to the skull."""
    return (points - NECK) @ matrix.T + NECK


@lru_cache(1)
def _front() -> tuple[np.ndarray, cKDTree]:
    """Vertices of the front of the face, and a search tree of their x and y."""
    mesh = assets.base_mesh()
    normal = normals(mesh.vertices)
    index = np.unique(surface().vertex[surface().material == SKIN])
    v = mesh.vertices[index]
    inside = (v[:, 1] > 6.7) & (v[:, 1] < 6.95) & (np.abs(v[:, 0]) < 0.3) & (v[:, 2] < 1.42)
    index = index[(v[:, 1] > 5.9) & (v[:, 2] > 0.2) & (normal[index, 2] > -0.1) & ~inside]
    return index, cKDTree(mesh.vertices[index, :2])


def nearest_front(points: np.ndarray) -> np.ndarray:
    """Return the vertices (n,) of the front of the face nearest to points (n, 2) given by x and y."""
    index, tree = _front()
    return index[tree.query(points)[1]]
