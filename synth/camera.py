"""Where points in space appear in the frame, and which part of it a person covers."""

from dataclasses import dataclass

import numpy as np

from . import geometry
from .scene import Scene
from .subject import Subject


@dataclass(frozen=True)
class Window:
    """The part of the frame that is drawn, and how finely.

    Attributes
    ----------
    x0, y0, width, height : int
        The part, in pixels of the frame.
    scale : float
        Rows and columns of the fine grid for each pixel of the frame.
    focal : float
        Focal length in pixels of the frame.
    centre : ndarray of float64, shape (2,)
        Pixel of the frame that the camera points at.
    """

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
