"""Film a take: pose, draw and annotate its actors, frame by frame."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from . import actor, motion, render, scene
from .annotation import Person
from .errors import SynthError
from .identity import Identity
from .motion import Moment
from .scene import Scene

TEETH_BACK = 0.1
"""How far the lower teeth are moved back, in decimetres."""


@dataclass(frozen=True)
class Take:
    """What is filmed.

    Attributes
    ----------
    actors : tuple of int
        One or two indices into the cast.
    seed : int
        Seed of motion, place, camera and light.
    look : int
        Number of the actors' look: hair, clothes and spectacles.
    size : (width, height)
        Size of the frames in pixels.
    frames : int
        Number of frames.
    fps : float
        Frames a second.
    faceless : (first, last + 1), optional
        Frames in which no face is visible.
    """

    actors: tuple[int, ...]
    seed: int
    look: int
    size: tuple[int, int]
    frames: int
    fps: float
    faceless: tuple[int, int] | None = None


@dataclass(frozen=True)
class Shot:
    """A frame and the people in it.

    Attributes
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        The frame, sRGB.
    people : list of Person
        The take's actors, in its order.
    """

    image: np.ndarray
    people: list[Person]


def film(cast: list[Identity], take: Take) -> Iterator[Shot]:
    """Film a take, frame by frame; the same take of the same cast gives the same frames.

    Parameters
    ----------
    cast : list of Identity
        All actors.
    take : Take
        What to film.

    Yields
    ------
    Shot

    Raises
    ------
    SynthError
        If the take makes no sense.
    """
    check(cast, take)
    return _film(cast, take)


def check(cast: list[Identity], take: Take) -> None:
    """Raise a SynthError if a take cannot be filmed with a cast."""
    if not 1 <= len(take.actors) <= 2 or len(set(take.actors)) != len(take.actors):
        raise SynthError("actors", f"a take has one actor or two different ones, not {take.actors}")
    if not all(0 <= actor < len(cast) for actor in take.actors):
        raise SynthError("actors", f"{take.actors} are not all in a cast of {len(cast)}")
    if take.seed < 0 or take.look < 0:
        raise SynthError("seed", f"seed and look must be 0 or more, not {take.seed} and {take.look}")
    width, height = take.size
    if min(width, height) < 120 or max(width, height) > 4096 or width % 2 or height % 2:
        raise SynthError("size", f"sides must be even and between 120 and 4096 pixels, not {width}x{height}")
    if take.frames < 1 or not 1 <= take.fps <= 240:
        raise SynthError("frames", f"cannot film {take.frames} frames at {take.fps} a second")
    if take.faceless is not None and not 0 <= take.faceless[0] < take.faceless[1] <= take.frames:
        raise SynthError("faceless", f"{take.faceless} is not a range of {take.frames} frames")


@dataclass(frozen=True)
class _Spot:
    """Where an actor stands: offset from the middle in decimetres, turn in degrees."""

    x: float
    y: float
    turn: float


def _film(cast: list[Identity], take: Take) -> Iterator[Shot]:
    count = len(take.actors)
    place = scene.build(take.seed, take.size, count)
    rng = np.random.default_rng([take.seed, 51])
    models = [actor.model(cast[number], take.look) for number in take.actors]
    spots = [_spot(rng, k, count, place) for k in range(count)]
    plays = [_play(take, k, spots[k]) for k in range(count)]
    for frame in range(take.frames):
        shift = place.camera_shift(frame / take.fps)
        image = place.frame_background(shift)
        people = []
        for number, model, spot, play in zip(take.actors, models, spots, plays, strict=True):
            moment = play[frame]
            position = _position(spot, moment, place)
            person, layer = actor.shoot(
                number, model, position, spot.turn + moment.turn, moment, place, shift
            )
            people.append(person)
            if layer is not None:
                actor.paste(image, layer)
        yield Shot(render.develop(image, place.exposure), people)


def _play(take: Take, index: int, spot: _Spot) -> list[Moment]:
    """Let one of the take's actors perform."""
    rng = np.random.default_rng([take.seed, 52, index])
    # Of two people each turns away and leaves on the own side, so as not to cross the other.
    side = np.sign(spot.x) if len(take.actors) == 2 else rng.choice([-1, 1])
    return motion.perform(rng, take.frames, take.fps, take.faceless, float(side))


def _spot(rng: np.random.Generator, index: int, count: int, place: Scene) -> _Spot:
    """Draw where one of the actors stands."""
    half = place.width / 2 / place.focal * place.distance
    if count == 1:
        return _Spot(rng.normal(0, 0.12) * half, rng.normal(0, 0.1), rng.normal(0, 4))
    side = 2 * index - 1
    return _Spot(side * rng.uniform(0.44, 0.52) * half, rng.uniform(-0.45, 0.3), -side * rng.uniform(2, 14))


def _position(spot: _Spot, moment: Moment, place: Scene) -> tuple[float, float, float]:
    """Say where an actor is at a moment, in decimetres of camera space."""
    half = place.width / 2 / place.focal * place.distance
    out = moment.away * (half + 3.2)
    return spot.x + moment.sway[0] + out, spot.y + moment.sway[1], -place.distance
