"""Film a take: pose, draw and annotate its actors, frame by frame."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from . import appearance, assets, camera, geometry, motion, render, scene
from .annotation import Person, annotate
from .errors import SynthError
from .identity import Identity, face
from .lighting import openness
from .look import Look, dress
from .motion import Moment
from .render import Layer
from .scene import Scene
from .subject import Ribbons, Solid, Subject

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
class _Model:
    """An actor in a look, ready to be posed."""

    person: Identity
    look: Look
    vertices: np.ndarray
    openness: np.ndarray
    texture: np.ndarray
    gloss: np.ndarray
    eyes: np.ndarray


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
    models = [_model(cast[actor], take.look) for actor in take.actors]
    spots = [_spot(rng, k, count, place) for k in range(count)]
    plays = [_play(take, k, spots[k]) for k in range(count)]
    for frame in range(take.frames):
        shift = place.camera_shift(frame / take.fps)
        image = place.frame_background(shift)
        people = []
        for actor, model, spot, play in zip(take.actors, models, spots, plays, strict=True):
            person, layer = _shoot(actor, model, spot, play[frame], place, shift)
            people.append(person)
            if layer is not None:
                _paste(image, layer)
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


@lru_cache(3)
def _model(person: Identity, look_number: int) -> _Model:
    """Dress and paint an actor."""
    look = dress(person, look_number)
    skin = appearance.paint(person)
    vertices = geometry.lower_arms(face(person))
    scalp = look.scalp[..., None]
    tone = appearance.linear(np.array(person.hair_colour)) * np.float32(0.5)
    texture = skin.colour.copy()
    texture[..., :3] = texture[..., :3] * (1 - scalp) + tone * scalp
    groups = assets.base_mesh().vertex_groups
    # A smile draws the skin of the chin back, through lower teeth that stay where the base mesh has them.
    vertices[groups["helper-lower-teeth"], 2] -= TEETH_BACK
    eyes = np.stack([_sphere_centre(vertices[groups[f"helper-{side}-eye"]]) for side in "rl"])
    return _Model(
        person, look, vertices, openness(vertices), texture, skin.gloss * (1 - 0.8 * look.scalp), eyes
    )


def _sphere_centre(points: np.ndarray) -> np.ndarray:
    """Return the centre (3,) of the sphere through points (n, 3)."""
    system = np.column_stack([2 * points, np.ones(len(points))])
    return np.linalg.lstsq(system, (points**2).sum(1), rcond=None)[0][:3].astype(np.float32)


def _shoot(
    actor: int, model: _Model, spot: _Spot, moment: Moment, place: Scene, shift: np.ndarray
) -> tuple[Person, Layer | None]:
    """Pose, draw and annotate an actor at a moment, the hand having moved the camera by a shift (2,)."""
    matrix = geometry.rotation(moment.yaw, moment.pitch, -moment.roll)
    body = geometry.rotation(spot.turn + moment.turn, 0, 0)
    half = place.width / 2 / place.focal * place.distance
    out = moment.away * (half + 3.2)
    stand = np.float32([spot.x + moment.sway[0] + out, spot.y + moment.sway[1] - 7.0, -place.distance])

    def to_camera(points: np.ndarray) -> np.ndarray:
        return ((points - np.float32([0, 0, 0.5])) @ body.T + stand).astype(np.float32)

    relaxed = _express(model, moment)
    vertices = to_camera(geometry.turn_head(relaxed, matrix))
    subject = _subject(model, relaxed, vertices, matrix, body, to_camera)
    window = camera.window(subject, place, shift)
    layer = render.draw(subject, place, window) if window is not None else None
    pose = (float(moment.yaw + spot.turn + moment.turn), float(moment.pitch), float(moment.roll))
    return annotate(actor, pose, subject, camera.whole_frame(place, shift), layer), layer


def _express(model: _Model, moment: Moment) -> np.ndarray:
    """Return the actor's vertices with the face units and the gaze of a moment, the head to the front."""
    groups = assets.base_mesh().vertex_groups
    vertices = model.vertices.copy()
    for name, weight in moment.units.items():
        indices, offsets = assets.face_unit(name)
        vertices[indices] += weight * offsets
    turn = geometry.rotation(moment.gaze[0], moment.gaze[1], 0)
    for side, centre in zip("rl", model.eyes, strict=True):
        ball = groups[f"helper-{side}-eye"]
        vertices[ball] = (model.vertices[ball] - centre) @ turn.T + centre
    return vertices


def _subject(
    model: _Model,
    relaxed: np.ndarray,
    vertices: np.ndarray,
    matrix: np.ndarray,
    body: np.ndarray,
    to_camera: Callable[[np.ndarray], np.ndarray],
) -> Subject:
    """Put the posed body together with what is worn."""
    look = model.look
    normals = geometry.normals(vertices)

    def with_head(points: np.ndarray) -> np.ndarray:
        shape = points.shape
        return to_camera(geometry.turn_with_head(points.reshape(-1, 3), matrix)).reshape(shape)

    def turn(directions: np.ndarray) -> np.ndarray:
        return directions @ (body @ matrix).T

    fabrics = [(look.shirt, vertices[look.shirt_vertex] + look.shirt_offset @ body.T)]
    for fabric, points, weight in look.cover:
        fabrics.append((fabric, to_camera(geometry.turn_partly(points, weight, matrix))))
    ribbons = list(look.hair)
    if look.beard is not None:
        moved = (relaxed - model.vertices)[look.beard.vertex]
        b = look.beard.ribbons
        ribbons.append(Ribbons(b.points + moved[:, None], b.normals, b.colour, b.width, b.shine))
    return Subject(
        points=vertices,
        normals=normals,
        openness=model.openness,
        bare=look.bare,
        texture=model.texture,
        gloss=model.gloss,
        eyes=with_head(model.eyes),
        lashes=0.9 if model.person.gender == "woman" else 0.7,
        fabrics=fabrics,
        ribbons=[Ribbons(with_head(r.points), turn(r.normals), r.colour, r.width, r.shine) for r in ribbons],
        solids=[Solid(with_head(s.points), turn(s.normals), s.triangles, s.colour) for s in look.solids],
    )


def _paste(image: np.ndarray, layer: Layer) -> None:
    """Put a layer over an image, in place."""
    height, width = layer.cover.shape
    part = image[layer.y0 : layer.y0 + height, layer.x0 : layer.x0 + width]
    part *= 1 - layer.cover[..., None]
    part += layer.colour
