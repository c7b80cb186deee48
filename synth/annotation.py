"""What is known about a face in a frame: box, landmarks, contour, masks and pose."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from . import geometry
from .camera import Window
from .geometry import smoothstep
from .render import Layer
from .subject import Subject


@dataclass(frozen=True)
class Person:
    """An actor in a frame. Points are columns and rows in pixels.

    Attributes
    ----------
    actor : int
        Index into the cast.
    box : ndarray of float32, shape (4,)
        x0, y0, x1, y1 around the face, as facenet-pytorch's MTCNN draws it.
    landmarks : ndarray of float32, shape (5, 2)
        Eye on the image's left, other eye, tip of the nose, left and right corner of the mouth.
    contour : ndarray of float32, shape (k, 2)
        Dense points of the face, always the same ones in the same order.
    face_mask, mouth_mask, eyes_mask : ndarray of float32, shape (height, width)
        Visible skin of the face, and the regions about mouth and eyes; between 0 and 1.
    yaw, pitch, roll : float
        Turn of the head against the camera in degrees.
    visible : bool
        Whether the face can be seen.
    """

    actor: int
    box: np.ndarray
    landmarks: np.ndarray
    contour: np.ndarray
    face_mask: np.ndarray
    mouth_mask: np.ndarray
    eyes_mask: np.ndarray
    yaw: float
    pitch: float
    roll: float
    visible: bool


def annotate(
    actor: int, pose: tuple[float, float, float], subject: Subject, view: Window, layer: Layer | None
) -> Person:
    """Say where an actor's face is in a frame.

    Parameters
    ----------
    actor : int
        Index into the cast.
    pose : tuple of float
        Yaw, pitch and roll of the head against the camera in degrees.
    subject : Subject
        The posed actor.
    view : Window
        The whole frame.
    layer : Layer or None
        The drawn actor; ``None`` out of the picture.

    Returns
    -------
    Person
    """

    def project(vertices: np.ndarray) -> np.ndarray:
        return view.project(subject.points[vertices])[:, :2]

    yaw, pitch, roll = pose
    landmarks = np.stack([project(v).mean(0) for v in _landmark_vertices()]).astype(np.float32)
    outline = project(_box_vertices())
    box = np.concatenate([outline.min(0), outline.max(0)]).astype(np.float32)
    edge = np.float32([view.width, view.height])
    share = np.prod(np.clip(box[2:], 0, edge) - np.clip(box[:2], 0, edge)) / np.prod(box[2:] - box[:2])
    face_mask, mouth_mask, eyes_mask = _masks(layer, view)
    return Person(
        actor=actor,
        box=box,
        landmarks=landmarks,
        contour=project(_contour_vertices()).astype(np.float32),
        face_mask=face_mask,
        mouth_mask=mouth_mask,
        eyes_mask=eyes_mask,
        yaw=yaw,
        pitch=pitch,
        roll=roll,
        visible=bool(share > 0.7 and abs(yaw) < 60),
    )


@lru_cache(1)
def _contour_vertices() -> np.ndarray:
    """Return the vertices (k,) of the contour: jaw, forehead, brows, eyes, cheeks, nose and mouth."""
    jaw = [(0.70, 7.2), (0.70, 6.98), (0.66, 6.75), (0.58, 6.55), (0.46, 6.38), (0.32, 6.27), (0.16, 6.2)]
    forehead = [(0.66, 7.5), (0.6, 7.72), (0.45, 7.88), (0.24, 7.96)]
    brow = [(0.12, 7.47), (0.23, 7.52), (0.34, 7.54), (0.45, 7.52), (0.55, 7.46)]
    eye = _ring(0.31, 7.283, 0.15, 0.075, 8)
    cheek = [(0.34, 7.05), (0.5, 7.0), (0.45, 6.75), (0.36, 6.5)]
    nose_side = [(0.07, 7.2), (0.1, 7.05), (0.15, 6.93), (0.08, 6.86)]
    nose = [(0.0, 7.35), (0.0, 7.2), (0.0, 7.07), (0.0, 6.925), (0.0, 6.85)]
    mouth = [(0.25, 6.61), (0.17, 6.67), (0.07, 6.71), (0.17, 6.54), (0.07, 6.5)]
    middle = [(0.0, 6.18), (0.0, 7.98), (0.0, 6.705), (0.0, 6.49), (0.0, 6.4), (0.0, 7.7)]
    points = _mirrored(jaw + forehead + brow + eye + cheek + nose_side + mouth) + nose + middle
    return geometry.nearest_front(np.array(points))


@lru_cache(1)
def _landmark_vertices() -> list[np.ndarray]:
    """Return the vertices (k,) whose mean is the landmark, for each of the five."""
    eye = np.array(_ring(0.31, 7.292, 0.15, 0.075, 8))
    points = [
        eye * [-1, 1],
        eye,
        np.array([[0, 6.969]]),
        np.array([[-0.253, 6.605]]),
        np.array([[0.253, 6.605]]),
    ]
    return [geometry.nearest_front(p) for p in points]


@lru_cache(1)
def _box_vertices() -> np.ndarray:
    """Return the vertices (k,) that the box encloses."""
    outline = [(0.72, 7.2), (0.66, 6.75), (0.46, 6.38), (0.16, 6.2), (0.66, 7.5), (0.6, 7.75), (0.3, 7.9)]
    return geometry.nearest_front(np.array([*_mirrored(outline), (0.0, 6.18), (0.0, 7.92)]))


def _ring(x: float, y: float, width: float, height: float, count: int) -> list[tuple[float, float]]:
    """Return points on an ellipse."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return list(zip(x + width * np.cos(angle), y + height * np.sin(angle), strict=True))


def _mirrored(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return points of the left half of the face with those of the right."""
    return [(-x, y) for x, y in points] + points


@lru_cache(1)
def _region_masks() -> np.ndarray:
    """Return masks (height, width, 3) of face, mouth and eyes in the atlas."""
    atlas = geometry.atlas()
    x, y, z = np.abs(atlas.position[..., 0]), atlas.position[..., 1], atlas.position[..., 2]
    face_part = (
        smoothstep(y, 6.16, 6.26) * (1 - smoothstep(y, 7.86, 8.0)) * smoothstep(z - 0.25 * x, 0.42, 0.56)
    )
    face_part = face_part * (1 - smoothstep(x, 0.66, 0.72)) * (1 - np.minimum(1, 2 * atlas.ears))
    inner = atlas.material != geometry.SKIN
    face_part = np.maximum(face_part, inner)
    mouth = 1 - smoothstep((x / 0.42) ** 2 + ((y - 6.58) / 0.27) ** 2, 0.7, 1.15)
    mouth = np.maximum(mouth * (z > 1.0), (atlas.material >= geometry.TEETH))
    eyes = 1 - smoothstep(((x - 0.32) / 0.28) ** 2 + ((y - 7.33) / 0.23) ** 2, 0.7, 1.15)
    eyes = np.maximum(eyes * (z > 0.8), atlas.material == geometry.EYE)
    return np.dstack([face_part, mouth, eyes]).astype(np.float32)


def _masks(layer: Layer | None, view: Window) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return masks (height, width) of the visible face, mouth and eyes in the frame."""
    full = np.zeros((view.height, view.width, 3), np.float32)
    if layer is not None:
        x, y = np.ascontiguousarray(layer.atlas[..., 0]), np.ascontiguousarray(layer.atlas[..., 1])
        part = cv2.remap(_region_masks(), x, y, cv2.INTER_LINEAR, borderValue=0) * (x >= 0)[..., None]
        height, width = layer.cover.shape
        full[layer.y0 : layer.y0 + height, layer.x0 : layer.x0 + width] = part * layer.cover[..., None]
    return full[..., 0].copy(), full[..., 1].copy(), full[..., 2].copy()
