"""Draw a posed and lit person on a transparent layer, and develop the frame."""

from dataclasses import dataclass

import cv2
import numpy as np

from . import geometry
from .camera import Window
from .geometry import EYE, SKIN, rasterise, smoothstep
from .lighting import ShadowMap, hair_light, shade, soft_light
from .scene import Scene
from .subject import Fabric, Ribbons, Subject, ribbon_mesh

FAR = 199.0


@dataclass(frozen=True)
class Layer:
    """A drawn person.

    Attributes
    ----------
    x0, y0 : int
        Where in the frame its top left pixel belongs.
    colour : ndarray of float32, shape (h, w, 3)
        Linear RGB, multiplied by `cover`.
    cover : ndarray of float32, shape (h, w)
        Share of each pixel that the person covers.
    atlas : ndarray of float32, shape (h, w, 2)
        Pixel of the atlas where skin or eye is seen, otherwise -1.
    """

    x0: int
    y0: int
    colour: np.ndarray
    cover: np.ndarray
    atlas: np.ndarray


def draw(subject: Subject, scene: Scene, view: Window) -> Layer:
    """Draw a person on a transparent layer."""
    skin = _Buffers.of(view)
    s = geometry.surface()
    pixels = view.project(subject.points[s.vertex])
    skin.draw_surface(subject, pixels, np.column_stack([s.uv, s.material]))
    facing = np.column_stack([subject.normals[s.vertex, :2], subject.openness[s.vertex]])
    second = _Buffers.of(view)
    second.draw_surface(subject, pixels, facing)

    depth = skin.depth.copy()
    normal, openness = _normals(second.values[..., :2]), second.values[..., 2].copy()
    texture, gloss = _textures(subject, skin.values)
    colour, relief = np.ascontiguousarray(texture[..., :3]), texture[..., 3]
    material = np.where(depth < FAR, np.round(skin.values[..., 2]), -1)
    _roughen(normal, relief)
    place = view.unproject(np.where(depth < FAR, depth, scene.distance))
    _round_eyes(subject, place, normal, openness, colour, material, view)
    for fabric, points in subject.fabrics:
        _lay(fabric, points, view, depth, normal, openness, colour, gloss, material)
    place = view.unproject(np.where(depth < FAR, depth, scene.distance))
    shadow_map = ShadowMap(subject, scene.key)
    lit = shadow_map.light_at(place)
    image = shade(scene, view, colour, normal, openness, gloss, material, lit)
    image[depth >= FAR] = 0
    for solid in subject.solids:
        light = soft_light(scene, solid.normals, np.ones(len(solid.normals), np.float32))
        rasterise(view.project(solid.points), solid.triangles, solid.colour * light, image, depth)
    for ribbons in subject.ribbons:
        _comb(ribbons, scene, view, shadow_map, image, depth)
    atlas = np.where(
        (material >= SKIN)[..., None] & (depth >= skin.depth - 1e-4)[..., None], skin.values[..., :2], -1
    )
    return _reduce(view, image, depth, atlas.astype(np.float32))


@dataclass(frozen=True)
class _Buffers:
    values: np.ndarray
    depth: np.ndarray

    @classmethod
    def of(cls, view: Window) -> "_Buffers":
        return cls(np.zeros((*view.shape, 3), np.float32), np.full(view.shape, 200, np.float32))

    def draw_surface(self, subject: Subject, pixels: np.ndarray, values: np.ndarray) -> None:
        """Draw values (n, 3) of the body's vertices; the mouth's lining only where it faces the camera."""
        s = geometry.surface()
        rasterise(pixels, s.triangles[subject.bare & ~s.inner], values, self.values, self.depth)
        rasterise(pixels, s.triangles[s.inner], values, self.values, self.depth, front_only=True)


def _normals(across: np.ndarray) -> np.ndarray:
    """Complete normals (h, w, 3) that face the camera from their x and y."""
    z = np.sqrt(np.clip(1 - (across**2).sum(-1), 0.01, 1))
    return np.dstack([across, z])


def _textures(subject: Subject, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.ascontiguousarray(values[..., 0]), np.ascontiguousarray(values[..., 1])
    return (
        cv2.remap(subject.texture, x, y, cv2.INTER_LINEAR),
        cv2.remap(subject.gloss, x, y, cv2.INTER_LINEAR),
    )


def _roughen(normal: np.ndarray, relief: np.ndarray) -> None:
    """Tilt normals, in place, by the slope of the fine relief."""
    strength = 0.035
    relief = np.ascontiguousarray(relief)
    normal[..., 0] -= strength * np.clip(cv2.Sobel(relief, cv2.CV_32F, 1, 0, ksize=3), -2, 2)
    normal[..., 1] += strength * np.clip(cv2.Sobel(relief, cv2.CV_32F, 0, 1, ksize=3), -2, 2)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)


def _round_eyes(
    subject: Subject,
    place: np.ndarray,
    normal: np.ndarray,
    openness: np.ndarray,
    colour: np.ndarray,
    material: np.ndarray,
    view: Window,
) -> None:
    """Give the eyeballs the normals of spheres, the shade of their lids and a rim of lashes, in place."""
    eye = material == EYE
    rows, columns = np.flatnonzero(eye.any(1)), np.flatnonzero(eye.any(0))
    if not len(rows):
        return
    pixel = view.focal / subject.eyes[:, 2].mean() * -view.scale
    pad = int(0.2 * pixel) + 2
    part = np.s_[max(rows[0] - pad, 0) : rows[-1] + pad, max(columns[0] - pad, 0) : columns[-1] + pad]
    eye = eye[part]
    where = place[part][eye]
    offsets = where[:, None] - subject.eyes[None]
    nearer = np.linalg.norm(offsets, axis=2).argmin(1)
    offset = offsets[np.arange(len(where)), nearer]
    normal[part][eye] = offset / (np.linalg.norm(offset, axis=1, keepdims=True) + 1e-6)
    soft = cv2.GaussianBlur(eye.astype(np.float32), (0, 0), max(0.03 * pixel, 0.6))
    moved = np.float32([[1, 0, 0], [0, 1, 0.028 * pixel]])
    lowered = cv2.warpAffine(soft, moved, soft.shape[::-1])
    openness[part][eye] = (0.3 + 0.7 * smoothstep(lowered, 0.35, 0.95))[eye]
    skin = material[part] == SKIN
    for rise, reach, strength in ((0.028, 0.011, subject.lashes), (-0.014, 0.008, 0.35 * subject.lashes)):
        moved = np.float32([[1, 0, 0], [0, 1, -rise * pixel]])
        rim = cv2.warpAffine(
            cv2.GaussianBlur(eye.astype(np.float32), (0, 0), max(reach * pixel, 0.5)), moved, eye.shape[::-1]
        )
        colour[part] *= 1 - (strength * smoothstep(rim, 0.15, 0.75) * skin)[..., None] * np.float32(
            [0.9, 0.95, 0.97]
        )


def _lay(
    fabric: Fabric,
    points: np.ndarray,
    view: Window,
    depth: np.ndarray,
    normal: np.ndarray,
    openness: np.ndarray,
    colour: np.ndarray,
    gloss: np.ndarray,
    material: np.ndarray,
) -> None:
    """Lay a cloth over what has been drawn, in place."""
    pixels = view.project(points)
    chart = _Buffers.of(view)
    rasterise(
        pixels, fabric.triangles, np.column_stack([fabric.chart, fabric.inside]), chart.values, chart.depth
    )
    facing = _Buffers.of(view)
    rasterise(pixels, fabric.triangles, _mesh_normals(points, fabric.triangles), facing.values, facing.depth)
    over = (chart.depth < depth) & (chart.values[..., 2] > 0)
    across, up, inside = chart.values[over].T
    cloth = facing.values[over]
    cloth /= np.linalg.norm(cloth, axis=1, keepdims=True) + 1e-6
    cloth *= np.where(cloth[:, 2:] < 0, -1, 1)
    colour[over] = _pattern(fabric, across, up, inside)
    normal[over] = cloth
    openness[over] = 0.6 + 0.4 * smoothstep(inside, -0.1, 0.35)
    gloss[over] = 0.03
    material[over] = -2
    depth[over] = chart.depth[over]
    # The cloth throws a narrow shade on the skin beside its edge.
    scale = view.focal / depth.min() * view.scale
    near = cv2.GaussianBlur(over.astype(np.float32), (0, 0), max(0.06 * scale, 0.7))
    openness *= 1 - 0.45 * near * ~over


def _mesh_normals(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    corners = points[triangles]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = np.stack(
        [np.bincount(triangles.T.ravel(), np.tile(across[:, k], 3), len(points)) for k in range(3)], axis=1
    )
    return total / (np.linalg.norm(total, axis=1, keepdims=True) + 1e-9)


def _pattern(fabric: Fabric, across: np.ndarray, up: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Return the colour (n, 3) of a cloth at points of its chart."""
    wave = 2 * np.pi / fabric.period
    if fabric.pattern == "stripes":
        share = smoothstep(np.sin(up * wave), -0.15, 0.15)
    elif fabric.pattern == "checks":
        share = 0.5 * (
            smoothstep(np.sin(up * wave), -0.2, 0.2) + smoothstep(np.sin(across * wave), -0.2, 0.2)
        )
    elif fabric.pattern == "ribs":
        share = 0.3 + 0.3 * np.sin(across * 70)
    else:
        share = np.zeros_like(up)
    colour = fabric.colour + share[:, None] * (fabric.second - fabric.colour)
    hem = smoothstep(inside, 0.0, 0.03) * (1 - 0.25 * np.exp(-(((inside - 0.12) / 0.012) ** 2)))
    folds = 1 + 0.05 * np.sin(across * 4.1 + 2 * np.sin(up * 1.7)) + 0.03 * np.sin(up * 9 + 3 * across)
    return colour * ((0.6 + 0.4 * hem) * folds)[:, None]


def _comb(
    ribbons: Ribbons, scene: Scene, view: Window, shadow_map: ShadowMap, image: np.ndarray, depth: np.ndarray
) -> None:
    """Light and draw ribbons, in place."""
    points = ribbons.points
    tangent = np.gradient(points, axis=1)
    tangent /= np.linalg.norm(tangent, axis=-1, keepdims=True) + 1e-9
    lit = shadow_map.light_at(points + 0.06 * ribbons.normals)
    light = hair_light(scene, tangent, ribbons.normals, lit)
    colour = ribbons.colour * light
    for source, reach in ((scene.key, lit), (scene.fill, 1.0), (scene.rim, 1.0)):
        half = source.direction + np.float32([0, 0, 1])
        half /= np.linalg.norm(half) + 1e-6
        across = np.sqrt(np.clip(1 - (tangent @ half) ** 2, 0, 1))
        facing = np.clip(ribbons.normals @ source.direction + 0.15, 0, 1)
        strength = (
            ribbons.shine * (0.05 * across**24 + 0.35 * ribbons.colour.mean(-1) * across**8) * facing * reach
        )
        colour = colour + strength[..., None] * source.colour
    pixel = view.focal / scene.distance * view.scale
    width = np.maximum(ribbons.width, 0.9 / pixel)
    vertices, triangles = ribbon_mesh(points, np.float32([0, 0, 1]), width)
    values = np.repeat(colour.reshape(-1, 3), 2, axis=0)
    rasterise(view.project(vertices), triangles, values, image, depth)


def _reduce(view: Window, image: np.ndarray, depth: np.ndarray, atlas: np.ndarray) -> Layer:
    """Scale a finely drawn layer down to the frame's pixels."""
    cover = (depth < FAR).astype(np.float32)
    size = (view.width, view.height)
    colour = np.minimum(image, 2.5) * cover[..., None]
    if view.scale != 1:
        colour = cv2.resize(colour, size, interpolation=cv2.INTER_AREA)
        cover = cv2.resize(cover, size, interpolation=cv2.INTER_AREA)
        atlas = cv2.resize(atlas, size, interpolation=cv2.INTER_NEAREST)
    else:
        colour, cover = cv2.GaussianBlur(colour, (0, 0), 0.6), cv2.GaussianBlur(cover, (0, 0), 0.6)
    return Layer(view.x0, view.y0, colour, cover, atlas)


def develop(image: np.ndarray, exposure: float) -> np.ndarray:
    """Turn linear light (h, w, 3) into an sRGB image, uint8, with a film-like shoulder."""
    light = image * exposure
    curve = light * (1 + light / 5.5) / (1 + light * 0.62)
    return (np.clip(curve, 0, 1) ** np.float32(1 / 2.2) * 255 + 0.5).astype(np.uint8)
