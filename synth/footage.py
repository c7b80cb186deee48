"""A filmed take as arrays: what the deepfake methods read, and how it is kept on disk until they have."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from .files import replacing
from .film import Shot


@dataclass(frozen=True)
class Track:
    """One person throughout a take of n frames.

    Attributes
    ----------
    actor : int
        Index of the actor in the cast.
    visible : ndarray of bool, shape (n,)
        Whether the face can be seen.
    boxes : ndarray of float32, shape (n, 4)
        Bounding box of the face: x0, y0, x1, y1 in pixels.
    landmarks : ndarray of float32, shape (n, 5, 2)
        Eyes, nose and corners of the mouth, image left first, in pixels.
    contour : ndarray of float32, shape (n, k, 2)
        Points of the face in the same anatomical order in every frame and for every actor, in pixels.
    pose : ndarray of float32, shape (n, 3)
        Yaw, pitch and roll in degrees.
    face, mouth, eyes : ndarray of uint8, shape (n, height, width)
        Share of each pixel that shows the skin of the face, the mouth or the eyes (255 is all).
    """

    actor: int
    visible: np.ndarray
    boxes: np.ndarray
    landmarks: np.ndarray
    contour: np.ndarray
    pose: np.ndarray
    face: np.ndarray
    mouth: np.ndarray
    eyes: np.ndarray

    @property
    def interocular(self) -> np.ndarray:
        """Distance between the eyes in pixels, shape (n,)."""
        return np.linalg.norm(self.landmarks[:, 1] - self.landmarks[:, 0], axis=1)

    def points(self, frame: int) -> np.ndarray:
        """Return the landmarks and the contour of a frame together, shape (5 + k, 2)."""
        return np.concatenate([self.landmarks[frame], self.contour[frame]])


@dataclass(frozen=True)
class Footage:
    """The frames of a take and the people in it.

    Attributes
    ----------
    images : ndarray of uint8, shape (n, height, width, 3)
        The frames, RGB.
    people : tuple of Track
        One for each actor of the take, in its order.
    """

    images: np.ndarray
    people: tuple[Track, ...]


def collect(shots: Iterable[Shot]) -> Footage:
    """Gather the frames of a film.

    Parameters
    ----------
    shots : iterable of Shot
        As `film.film` gives them.

    Returns
    -------
    Footage
    """
    shots = list(shots)
    tracks = []
    for people in zip(*(shot.people for shot in shots), strict=True):
        tracks.append(
            Track(
                actor=people[0].actor,
                visible=np.array([person.visible for person in people]),
                boxes=np.array([person.box for person in people], np.float32),
                landmarks=np.array([person.landmarks for person in people], np.float32),
                contour=np.array([person.contour for person in people], np.float32),
                pose=np.array([(person.yaw, person.pitch, person.roll) for person in people], np.float32),
                face=_bytes(person.face_mask for person in people),
                mouth=_bytes(person.mouth_mask for person in people),
                eyes=_bytes(person.eyes_mask for person in people),
            )
        )
    return Footage(np.stack([shot.image for shot in shots]), tuple(tracks))


def _bytes(masks: Iterable[np.ndarray]) -> np.ndarray:
    return np.stack([np.round(255 * np.clip(mask, 0, 1)).astype(np.uint8) for mask in masks])


def save(footage: Footage, path: Path) -> None:
    """Write a take, whole or not at all.

    Parameters
    ----------
    footage : Footage
        The take.
    path : Path
        An ``.npz`` file.
    """
    arrays = {"images": footage.images}
    for number, track in enumerate(footage.people):
        arrays |= {
            f"{field.name}_{number}": np.asarray(getattr(track, field.name)) for field in fields(Track)
        }
    with replacing(path) as aside, aside.open("wb") as stream:
        np.savez(stream, **arrays)


def load(path: Path) -> Footage:
    """Read a take that `save` wrote.

    Parameters
    ----------
    path : Path
        The ``.npz`` file.

    Returns
    -------
    Footage
    """
    with np.load(path) as arrays:
        count = sum(name.startswith("actor_") for name in arrays.files)
        people = tuple(
            Track(
                **{
                    field.name: int(arrays[f"actor_{number}"])
                    if field.name == "actor"
                    else arrays[f"{field.name}_{number}"]
                    for field in fields(Track)
                }
            )
            for number in range(count)
        )
        return Footage(arrays["images"], people)
