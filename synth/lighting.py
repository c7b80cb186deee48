"""How light falls on skin, eyes, cloth and hair: shadows, surroundings, mirroring and skin's translucency."""

import cv2
import numpy as np

from . import geometry
from .camera import Window
from .geometry import EYE, SKIN, TEETH, rasterise, smoothstep
from .scene import Light, Scene
from .subject import Subject, ribbon_mesh

_SHADOW_SIZE = 320


class ShadowMap:
    """Depth as the key light sees it; its variance gives soft edges (a variance shadow map)."""

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
            points, triangles = ribbon_mesh(ribbons.points[::2], self.axes[2], ribbons.width[::2] * 2.0)
            rasterise(self.project(points), triangles, points * 0, image, depth)
        self.mean = cv2.GaussianBlur(depth, (0, 0), 2.2)
        self.square = cv2.GaussianBlur(depth * depth, (0, 0), 2.2)

    def project(self, points: np.ndarray) -> np.ndarray:
        """Return column and row in the map and distance (n, 3) of points (n, 3), seen from the light."""
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


def openness(vertices: np.ndarray) -> np.ndarray:
    """Return how much of the surroundings each vertex (v,) sees, weighted by the cosine."""
    s = geometry.surface()
    normal = geometry.normals(vertices)
    seen, total = np.zeros(len(vertices)), np.full(len(vertices), 1e-6)
    used = np.unique(s.vertex)
    size, scale, middle = 224, 40.0, np.float32([0, 6.9, 0.4])
    golden = np.pi * (3 - np.sqrt(5))
    image = np.zeros((size, size, 3), np.float32)
    for k in range(56):
        height = 1 - 2 * (k + 0.5) / 56
        ring = np.sqrt(1 - height**2)
        towards = np.float32([ring * np.cos(k * golden), height, ring * np.sin(k * golden)])
        side = np.cross(towards, [0.31, 0.83, 0.46])
        side /= np.linalg.norm(side)
        axes = np.stack([side, np.cross(towards, side), towards]).astype(np.float32)
        p = (vertices - middle) @ axes.T
        pixels = np.stack([size / 2 + p[:, 0] * scale, size / 2 - p[:, 1] * scale, 20 - p[:, 2]], 1).astype(
            np.float32
        )
        depth = np.full((size, size), 60, np.float32)
        rasterise(pixels[s.vertex], s.triangles, np.zeros((len(s.vertex), 3), np.float32), image, depth)
        column = np.clip(pixels[used, 0], 0, size - 1).astype(int)
        row = np.clip(pixels[used, 1], 0, size - 1).astype(int)
        cosine = np.clip(normal[used] @ towards, 0, 1)
        free = smoothstep(depth[row, column] - pixels[used, 2], -0.09, -0.03)
        seen[used] += cosine * free
        total[used] += cosine
    share = np.clip(seen / total, 0.04, 1)
    teeth = s.vertex[s.material >= TEETH]
    share[teeth] = np.maximum(share[teeth], 0.45)
    return share.astype(np.float32)


def _half_lambert(normal: np.ndarray, direction: np.ndarray, wrap: float) -> np.ndarray:
    return np.clip((normal @ direction + wrap) / (1 + wrap), 0, 1)


def soft_light(scene: Scene, normal: np.ndarray, lit: np.ndarray) -> np.ndarray:
    """Return the light (n, 3) that falls on normals (n, 3)."""
    up = 0.5 + 0.5 * normal[..., 1:2]
    total = scene.ground + up * (scene.sky - scene.ground)
    total = total + (_half_lambert(normal, scene.key.direction, 0.2) * lit)[..., None] * scene.key.colour
    total = total + _half_lambert(normal, scene.fill.direction, 0.3)[..., None] * scene.fill.colour
    return total + _half_lambert(normal, scene.rim.direction, 0.1)[..., None] * scene.rim.colour


def hair_light(scene: Scene, tangent: np.ndarray, normal: np.ndarray, lit: np.ndarray) -> np.ndarray:
    """Return the light (n, k, 3) that falls on strands, more on those that lie across its direction."""
    up = 0.5 + 0.5 * normal[..., 1:2]
    total = scene.ground + up * (scene.sky - scene.ground)
    for source, reach in ((scene.key, lit), (scene.fill, 1.0), (scene.rim, 1.0)):
        strand = np.sqrt(np.clip(1 - (tangent @ source.direction) ** 2, 0, 1))
        surface = _half_lambert(normal, source.direction, 0.25)
        total = total + (surface * (0.45 + 0.55 * strand) * reach)[..., None] * source.colour
    return total


def shade(
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
