"""Draw a person into a frame: projection, texture, light, shadow, skin's translucency, hair."""

from dataclasses import dataclass

import cv2
import numpy as np

from . import geometry
from .geometry import EYE, SKIN, TEETH, rasterise, smoothstep
from .scene import Light, Scene

FAR = 199.0
_SHADOW_SIZE = 320


@dataclass(frozen=True)
class Fabric:
    """A piece of cloth: clothes, cap or headscarf.

    Attributes
    ----------
    triangles : ndarray of int32, shape (m, 3)
    chart : ndarray of float32, shape (n, 2)
        Where each point lies on the cloth, for its pattern; in decimetres.
    inside : ndarray of float32, shape (n,)
        Distance to the edge of the cloth; drawn where positive.
    colour, second : ndarray of float32, shape (3,)
        Linear RGB; the second one is the pattern's.
    pattern : str
        "plain", "stripes", "checks" or "ribs".
    period : float
        Of the pattern, in decimetres.
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
    normals : ndarray of float32, shape (n, k, 3)
        Of the head of hair, not of the strand: for soft light.
    colour : ndarray of float32, shape (n, k, 3)
        Linear RGB, with the shade of the hair above it.
    width : ndarray of float32, shape (n, k)
    shine : float
    """

    points: np.ndarray
    normals: np.ndarray
    colour: np.ndarray
    width: np.ndarray
    shine: float


@dataclass(frozen=True)
class Solid:
    """A plain opaque mesh with its own normals: spectacle frames."""

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
        Of the base mesh.
    openness : ndarray of float32, shape (v,)
        How much of the surroundings each vertex sees, from 0 to 1.
    bare : ndarray of bool, shape (m,)
        The triangles of the body that no cloth hides.
    texture : ndarray of float32, shape (height, width, 4)
    gloss : ndarray of float32, shape (height, width)
    eyes : ndarray of float32, shape (2, 3)
        Centres of the eyeballs.
    lashes : float
        How dark the rims of the lids are, from 0 to 1.
    fabrics : list of (Fabric, points (n, 3))
    ribbons : list of Ribbons
    solids : list of Solid
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


@dataclass(frozen=True)
class Window:
    """The part of the frame that is drawn, and how finely."""

    x0: int
    y0: int
    width: int
    height: int
    scale: float
    focal: float
    centre: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the fine grid."""
        return round(self.height * self.scale), round(self.width * self.scale)

    def project(self, points: np.ndarray) -> np.ndarray:
        """Return column and row on the fine grid and distance (n, 3) of camera-space points (n, 3)."""
        away = np.maximum(-points[:, 2], 0.6)
        x = (self.centre[0] + self.focal * points[:, 0] / away - self.x0) * self.scale
        y = (self.centre[1] - self.focal * points[:, 1] / away - self.y0) * self.scale
        return np.stack([x, y, away], 1).astype(np.float32)

    def unproject(self, depth: np.ndarray) -> np.ndarray:
        """Return the camera-space points (rows, columns, 3) seen at distances (rows, columns)."""
        rows, columns = self.shape
        x = (
            (np.arange(columns, dtype=np.float32) + 0.5) / self.scale + self.x0 - self.centre[0]
        ) / self.focal
        y = (self.centre[1] - (np.arange(rows, dtype=np.float32) + 0.5) / self.scale - self.y0) / self.focal
        return np.dstack([x[None, :] * depth, y[:, None] * depth, -depth]).astype(np.float32)


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
    atlas : ndarray of float32, shape (h, w, 2)
        Pixel of the atlas where skin or eye is seen, otherwise -1.
    """

    x0: int
    y0: int
    colour: np.ndarray
    cover: np.ndarray
    atlas: np.ndarray


def whole_frame(scene: Scene, shift: np.ndarray) -> Window:
    """Return the view of the whole frame at its own resolution, the hand having moved it by a shift (2,)."""
    centre = (
        np.array([scene.width / 2, scene.height * (0.48 if scene.height <= scene.width else 0.42)]) + shift
    )
    return Window(0, 0, scene.width, scene.height, 1.0, scene.focal, centre)


def window(subject: Subject, scene: Scene, shift: np.ndarray) -> Window | None:
    """Return the part of the frame that a person may cover, or None when out of the picture."""
    whole = whole_frame(scene, shift)
    clouds = [subject.points[geometry.surface().vertex]]
    clouds += [points for _, points in subject.fabrics]
    clouds += [r.points.reshape(-1, 3) for r in subject.ribbons]
    pixels = whole.project(np.concatenate(clouds))[:, :2]
    x0, y0 = np.maximum(np.floor(pixels.min(0)) - 2, 0).astype(int)
    x1, y1 = np.minimum(np.ceil(pixels.max(0)) + 2, [scene.width, scene.height]).astype(int)
    if x1 - x0 < 4 or y1 - y0 < 4:
        return None
    area = scene.width * scene.height
    scale = 2.0 if area <= 300_000 else 1.5 if area <= 600_000 else 1.0
    return Window(int(x0), int(y0), int(x1 - x0), int(y1 - y0), scale, scene.focal, whole.centre)


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
    _roughen(normal, relief, view)
    place = view.unproject(np.where(depth < FAR, depth, scene.distance))
    _round_eyes(subject, place, normal, openness, colour, material, view)
    for fabric, points in subject.fabrics:
        _lay(fabric, points, view, depth, normal, openness, colour, gloss, material)
    place = view.unproject(np.where(depth < FAR, depth, scene.distance))
    shadow_map = _ShadowMap(subject, scene.key)
    lit = shadow_map.light_at(place)
    image = _shade(scene, view, colour, normal, openness, gloss, material, lit)
    image[depth >= FAR] = 0
    for solid in subject.solids:
        light = _soft_light(scene, solid.normals, np.ones(len(solid.normals), np.float32))
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


def _roughen(normal: np.ndarray, relief: np.ndarray, view: Window) -> None:
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


class _ShadowMap:
    """What the key light sees; soft by way of the variance of the depth."""

    def __init__(self, subject: Subject, light: Light) -> None:
        side = np.cross([0, 1, 0], light.direction)
        side /= np.linalg.norm(side)
        self.axes = np.stack([side, np.cross(light.direction, side), light.direction]).astype(np.float32)
        self.centre = subject.eyes.mean(0) - np.float32([0, 0.6, 0])
        self.half = 2.6
        image = np.zeros((_SHADOW_SIZE, _SHADOW_SIZE, 3), np.float32)
        depth = np.full((_SHADOW_SIZE, _SHADOW_SIZE), 14.0, np.float32)
        s = geometry.surface()
        points = self.project(subject.points[s.vertex])
        rasterise(points, s.triangles[subject.bare], points * 0, image, depth)
        for fabric, cloth in subject.fabrics:
            drawn = fabric.triangles[(fabric.inside[fabric.triangles] > 0).all(1)]
            rasterise(self.project(cloth), drawn, cloth * 0, image, depth)
        for ribbons in subject.ribbons:
            points, triangles = _ribbon_mesh(ribbons.points[::2], self.axes[2], ribbons.width[::2] * 2.0)
            rasterise(self.project(points), triangles, points * 0, image, depth)
        self.mean = cv2.GaussianBlur(depth, (0, 0), 2.2)
        self.square = cv2.GaussianBlur(depth * depth, (0, 0), 2.2)

    def project(self, points: np.ndarray) -> np.ndarray:
        p = (points - self.centre) @ self.axes.T
        scale = _SHADOW_SIZE / 2 / self.half
        return np.stack(
            [_SHADOW_SIZE / 2 + p[:, 0] * scale, _SHADOW_SIZE / 2 - p[:, 1] * scale, 8 - p[:, 2]], 1
        )

    def light_at(self, places: np.ndarray) -> np.ndarray:
        """Return how much of the light (h, w) reaches places (h, w, 3)."""
        p = self.project(places.reshape(-1, 3)).astype(np.float32).reshape(places.shape)
        x, y = np.ascontiguousarray(p[..., 0]) - 0.5, np.ascontiguousarray(p[..., 1]) - 0.5
        mean = cv2.remap(self.mean, x, y, cv2.INTER_LINEAR, borderValue=14.0)
        square = cv2.remap(self.square, x, y, cv2.INTER_LINEAR, borderValue=196.0)
        behind = np.maximum(p[..., 2] - 0.05 - mean, 0)
        variance = np.clip(square - mean * mean, 0.0012, None)
        return smoothstep(variance / (variance + behind * behind), 0.25, 1.0)


def _half_lambert(normal: np.ndarray, direction: np.ndarray, wrap: float) -> np.ndarray:
    return np.clip((normal @ direction + wrap) / (1 + wrap), 0, 1)


def _soft_light(scene: Scene, normal: np.ndarray, lit: np.ndarray) -> np.ndarray:
    """Return the light (n, 3) that falls on normals (n, 3)."""
    up = 0.5 + 0.5 * normal[..., 1:2]
    total = scene.ground + up * (scene.sky - scene.ground)
    total = total + (_half_lambert(normal, scene.key.direction, 0.2) * lit)[..., None] * scene.key.colour
    total = total + _half_lambert(normal, scene.fill.direction, 0.3)[..., None] * scene.fill.colour
    return total + _half_lambert(normal, scene.rim.direction, 0.1)[..., None] * scene.rim.colour


def _shade(
    scene: Scene,
    view: Window,
    colour: np.ndarray,
    normal: np.ndarray,
    openness: np.ndarray,
    gloss: np.ndarray,
    material: np.ndarray,
    lit: np.ndarray,
) -> np.ndarray:
    """Return the linear light (h, w, 3) that reaches the camera from the surfaces."""
    covered = material != -1
    n, ao, sun = normal[covered], openness[covered], lit[covered]
    kind = material[covered]
    up = (0.5 + 0.5 * n[:, 1:2]) * (scene.sky - scene.ground) + scene.ground
    light = up * (ao**1.2)[:, None]
    light += (_half_lambert(n, scene.key.direction, 0.12) * sun)[:, None] * scene.key.colour
    light += (_half_lambert(n, scene.fill.direction, 0.25) * ao)[:, None] * scene.fill.colour
    light += (np.clip(n @ scene.rim.direction, 0, 1) * ao)[:, None] * scene.rim.colour
    irradiance = np.zeros_like(colour)
    irradiance[covered] = light
    skin = material == SKIN
    light = _translucent(irradiance, skin, view, scene)[covered]
    out = colour[covered] * light
    out += _mirror(scene, n, sun, ao, gloss[covered], kind == EYE)
    grazing = np.clip(1 - n[:, 2], 0, 1) ** 4 * 0.1 * ao * (kind != EYE)
    out += grazing[:, None] * scene.sky
    out[kind == EYE] *= 0.95
    out[kind >= TEETH] *= 0.6
    image = np.zeros_like(colour)
    image[covered] = out
    return image


def _translucent(irradiance: np.ndarray, skin: np.ndarray, view: Window, scene: Scene) -> np.ndarray:
    """Let light spread inside the skin, red the furthest."""
    scale = view.focal / scene.distance * view.scale
    weight = skin.astype(np.float32)
    mixed = irradiance.copy()
    for channel, reach in enumerate((0.045, 0.02, 0.012)):
        sigma = max(reach * scale, 0.4)
        spread = cv2.GaussianBlur(irradiance[..., channel] * weight, (0, 0), sigma)
        total = cv2.GaussianBlur(weight, (0, 0), sigma) + 1e-3
        blurred = spread / total
        mixed[..., channel] = np.where(
            skin, 0.2 * irradiance[..., channel] + 0.8 * blurred, irradiance[..., channel]
        )
    return mixed


def _mirror(
    scene: Scene, n: np.ndarray, sun: np.ndarray, ao: np.ndarray, gloss: np.ndarray, eye: np.ndarray
) -> np.ndarray:
    """Return the light (n, 3) mirrored by skin's oil and the wet eye."""
    total = np.zeros_like(n)
    # The cornea is more curved than the eyeball: lights mirror nearer to the pupil.
    cornea = n[eye] * np.float32([1.9, 1.9, 1.0])
    cornea /= np.linalg.norm(cornea, axis=1, keepdims=True)
    for light, reach in ((scene.key, sun), (scene.fill, ao), (scene.rim, ao)):
        half = light.direction + np.float32([0, 0, 1])
        length = np.linalg.norm(half)
        if length < 0.3:
            continue
        along = np.clip(n @ (half / length), 0, 1)
        eighth = along**8
        lobe = (0.10 * eighth + 0.16 * eighth**5) * gloss * (1.5 * reach)
        lobe *= np.sqrt(np.clip(n @ light.direction, 0, 1))
        lobe[eye] = 3.0 * np.clip(cornea @ (half / length), 0, 1) ** 160 * np.maximum(reach[eye], 0.4)
        total += lobe[:, None] * light.colour
    return total


def _ribbon_mesh(points: np.ndarray, towards: np.ndarray, width: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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


def _comb(
    ribbons: Ribbons, scene: Scene, view: Window, shadow_map: _ShadowMap, image: np.ndarray, depth: np.ndarray
) -> None:
    """Light and draw ribbons, in place."""
    points = ribbons.points
    tangent = np.gradient(points, axis=1)
    tangent /= np.linalg.norm(tangent, axis=-1, keepdims=True) + 1e-9
    lit = shadow_map.light_at(points + 0.06 * ribbons.normals)
    light = _hair_light(scene, tangent, ribbons.normals, lit)
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
    vertices, triangles = _ribbon_mesh(points, np.float32([0, 0, 1]), width)
    values = np.repeat(colour.reshape(-1, 3), 2, axis=0)
    rasterise(view.project(vertices), triangles, values, image, depth)


def _hair_light(scene: Scene, tangent: np.ndarray, normal: np.ndarray, lit: np.ndarray) -> np.ndarray:
    up = 0.5 + 0.5 * normal[..., 1:2]
    total = scene.ground + up * (scene.sky - scene.ground)
    for source, reach in ((scene.key, lit), (scene.fill, 1.0), (scene.rim, 1.0)):
        strand = np.sqrt(np.clip(1 - (tangent @ source.direction) ** 2, 0, 1))
        surface = _half_lambert(normal, source.direction, 0.25)
        total = total + (surface * (0.45 + 0.55 * strand) * reach)[..., None] * source.colour
    return total


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
