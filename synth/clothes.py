"""What is worn: knitted cap, headscarf, shirt and spectacles, fitted to an actor's head."""

import numpy as np
from scipy import sparse
from scipy.ndimage import gaussian_filter, maximum_filter
from scipy.sparse.linalg import spsolve
from scipy.spatial import cKDTree

from . import assets, geometry
from .appearance import linear
from .geometry import SKIN, smoothstep
from .head import Head, on_ears
from .subject import Fabric, Solid


def cap(rng: np.random.Generator, head: Head) -> tuple[Fabric, np.ndarray, np.ndarray]:
    """Knit a cap with a rolled rim.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    head : Head
        Who wears it.

    Returns
    -------
    fabric : Fabric
        The cloth.
    points : ndarray of float32, shape (n, 3)
        Where its points are.
    weight : ndarray of float32, shape (n,)
        How much each follows the head.
    """
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
        _grid_triangles(rows, columns),
        *map(np.float32, (chart, inside)),
        colour,
        colour * 0.45,
        "ribs",
        1.0,
    )
    return ribbed, points, np.ones(len(points), np.float32)


def cap_rim(head: Head, points: np.ndarray) -> np.ndarray:
    """Return the height (n,) of the rim of a cap at points (n, 3) around the head: higher in front."""
    front = np.clip((points[:, 2] - head.centre[2]) / 0.95, -1, 1)
    return head.centre[1] + 0.27 * front


def _radial(head: Head) -> tuple[cKDTree, np.ndarray]:
    """Return a search tree of directions from the middle of the head, and how far its surface is in each."""
    upper = head.index[head.base[head.index, 1] > 6.9]
    offset = head.vertices[upper] - head.centre - np.array([0, 0.08, 0])
    distance = np.linalg.norm(offset, axis=1)
    return cKDTree(offset / distance[:, None]), distance


def headscarf(rng: np.random.Generator, head: Head) -> tuple[Fabric, np.ndarray, np.ndarray]:
    """Wrap a scarf about head, neck and breast, open at the face; takes and returns the same as `cap`."""
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
    opening = _face_opening(head, tight * np.sin(angle), height[:, None], tight * np.cos(angle))
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
        _grid_triangles(len(height), columns),
        *map(np.float32, (chart, edge)),
        colour,
        colour * 0.75,
        pattern,
        0.35,
    )
    return fabric, points, weight


def _envelope(
    head: Head, angle: np.ndarray, height: np.ndarray, blur: tuple[float, float], widen: tuple[int, int]
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
    occupied = (grid > 0).astype(float)
    weight = gaussian_filter(occupied, blur, mode=("nearest", "wrap"))
    return gaussian_filter(grid, blur, mode=("nearest", "wrap")) / (weight + 1e-9)


def _face_opening(head: Head, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Return how far points (...) lie outside a scarf's opening; z counts from the middle of the head."""
    chin, top = head.chin, head.centre[1] + 0.17
    across, up = x / 0.585, (y - (chin - 0.03 + top) / 2) / ((top - chin + 0.03) / 2)
    return np.where(z > 0.1, (np.hypot(across, up) - 1) * 0.7, 1.0)


def _grid_triangles(rows: int, columns: int) -> np.ndarray:
    """Return the triangles (m, 3) of a grid of points whose last column joins the first."""
    row, column = np.meshgrid(np.arange(rows - 1), np.arange(columns), indexing="ij")
    right = (column + 1) % columns
    a, b = row * columns + column, row * columns + right
    c, d = a + columns, b + columns
    return np.concatenate(
        [np.stack([a, b, c], -1).reshape(-1, 3), np.stack([b, d, c], -1).reshape(-1, 3)]
    ).astype(np.int32)


def _dye(rng: np.random.Generator) -> np.ndarray:
    """Return a colour of cloth, linear RGB."""
    palette = (
        (38, 44, 58), (52, 60, 84), (120, 40, 48), (70, 92, 74), (150, 140, 126), (196, 186, 170),
        (88, 88, 92), (40, 40, 42), (64, 96, 128), (172, 128, 74), (108, 72, 96), (206, 206, 204),
        (132, 90, 70), (92, 122, 118),
    )  # fmt: skip
    colour = np.array(palette[rng.integers(len(palette))]) * rng.uniform(0.85, 1.12)
    return linear(np.clip(colour, 10, 215))


def shirt(
    rng: np.random.Generator, vertices: np.ndarray, collar: str
) -> tuple[Fabric, np.ndarray, np.ndarray]:
    """Drape a shirt over an actor.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    vertices : ndarray of float32, shape (v, 3)
        The actor's vertices of the base mesh.
    collar : {"crew", "vee", "high"}
        Its kind.

    Returns
    -------
    fabric : Fabric
        The cloth.
    index : ndarray of int64, shape (n,)
        The vertex of the base mesh below each of its points.
    offset : ndarray of float32, shape (n, 3)
        From the vertex to the point.
    """
    mesh = assets.base_mesh()
    quads = mesh.faces[(mesh.face_groups == "body")]
    low, high = mesh.vertices[quads][..., 1].min(1), mesh.vertices[quads][..., 1].max(1)
    reach = np.abs(mesh.vertices[quads][..., 0]).max(1)
    quads = quads[(low > geometry.LOWEST) & (high < 6.35) & (reach < 3.85)]
    index, inverse = np.unique(quads, return_inverse=True)
    quads = inverse.reshape(quads.shape)
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)
    edge = _neckline(mesh.vertices[index], collar)
    chart = vertices[index][:, :2].astype(np.float32)
    free = smoothstep(edge, 0.05, 0.4)[:, None]
    draped = vertices.copy()
    draped[index] += free * (_smooth(vertices[index], index, quads) - vertices[index])
    offset = draped[index] - vertices[index] + (0.035 + 0.045 * free) * geometry.normals(draped)[index]
    patterns = ("plain", "plain", "stripes", "checks") if collar != "high" else ("plain", "ribs", "stripes")
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
    body = mesh.face_groups == "body"
    vertex, texture = mesh.faces[body].ravel(), mesh.texture_coordinates[mesh.texture_faces[body].ravel()]
    spots = mesh.vertices[vertex[geometry.in_mask("aureolae", texture)]]
    spots = spots[spots[:, 2] > 0]
    middle = np.abs(spots).mean(0)
    base = mesh.vertices[index]
    bump = np.linalg.norm(np.abs(base[:, :2]) - middle[:2], axis=1) < 0.42
    bump &= base[:, 2] > 0.3
    system = (sparse.diags(degree.ravel()) - links).tocsr()
    inner, outer = np.flatnonzero(bump), np.flatnonzero(~bump)
    right_side = -system[inner][:, outer] @ points[outer]
    flat = points.copy()
    flat[inner] = spsolve(system[inner][:, inner].tocsc(), right_side)
    return flat


def bare(head: Head, collar: str, style: str) -> np.ndarray:
    """Tell which triangles of the body's surface no cloth hides.

    Parameters
    ----------
    head : Head
        Who wears the clothes.
    collar : {"crew", "vee", "high"}
        Kind of the shirt's collar.
    style : str
        Hair, or what covers it.

    Returns
    -------
    ndarray of bool, shape (m,)
    """
    s = geometry.surface()
    hidden = _neckline(head.base[s.vertex], collar) > 0.1
    if style == "headscarf":
        x, y, z = (head.vertices[s.vertex] - [0, 0, head.centre[2]]).T
        opening = _face_opening(head, x, y, z)
        covered = (opening > 0.4) | ((opening > 0.0) & on_ears(head.base[s.vertex]))
        hidden |= covered & (head.base[s.vertex, 1] > 5.9)
    hidden &= s.material == SKIN
    return ~hidden[s.triangles].all(1)


def _neckline(points: np.ndarray, collar: str) -> np.ndarray:
    """Return how far (n,) points of the base mesh lie below the edge of a collar."""
    x, y, z = points.T
    angle = np.arctan2(np.abs(x), z - 0.2)
    if collar == "high":
        edge = np.interp(angle, [0, np.pi], [6.02, 6.05])
    elif collar == "vee":
        edge = np.interp(angle, [0, 0.35, 0.9, 1.6, np.pi], [5.05, 5.3, 5.72, 5.92, 5.86])
    else:
        edge = np.interp(angle, [0, 0.4, 0.8, 1.2, 1.6, np.pi], [5.63, 5.64, 5.7, 5.8, 5.9, 5.86])
    return (edge - y) * 0.8


def spectacles(rng: np.random.Generator, head: Head) -> list[Solid]:
    """Fit a spectacle frame: two rims, two temples and a bridge.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    head : Head
        Who wears it.

    Returns
    -------
    list of Solid
    """
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
        _grid_triangles(len(line), sides),
        np.asarray(colour, np.float32),
    )
