"""An actor in a look: posed, drawn and annotated."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from . import appearance, assets, camera, geometry, render
from .annotation import Person, annotate
from .identity import Identity, face
from .lighting import openness
from .look import Look, dress
from .motion import Moment
from .render import Layer
from .scene import Scene
from .subject import Ribbons, Solid, Subject

TEETH_BACK = 0.1
"""How far the lower teeth are moved back, in decimetres."""
MIDDLE_HEIGHT = 7.0
"""Height of the middle of the face in the base mesh, about, in decimetres."""


@dataclass(frozen=True)
class Model:
    """An actor in a look, ready to be posed; see `Subject` for what the arrays are."""

    person: Identity
    look: Look
    vertices: np.ndarray
    openness: np.ndarray
    texture: np.ndarray
    gloss: np.ndarray
    eyes: np.ndarray


@lru_cache(12)
def model(person: Identity, look_number: int) -> Model:
    """Dress and paint an actor.

    Parameters
    ----------
    person : Identity
        The actor.
    look_number : int
        Number of the look.

    Returns
    -------
    Model
    """
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
    return Model(
        person, look, vertices, openness(vertices), texture, skin.gloss * (1 - 0.8 * look.scalp), eyes
    )


def shoot(
    actor: int,
    model: Model,
    position: tuple[float, float, float],
    turn: float,
    moment: Moment,
    place: Scene,
    shift: np.ndarray,
) -> tuple[Person, Layer | None]:
    """Pose, draw and annotate an actor.

    Parameters
    ----------
    actor : int
        Index into the cast.
    model : Model
        The actor in a look.
    position : tuple of float
        Where the middle of the face is, about, in camera space, in decimetres.
    turn : float
        Turn of the body in degrees.
    moment : Moment
        Pose of the head against the body, gaze and expression.
    place : Scene
        The place.
    shift : ndarray of float64, shape (2,)
        By how many pixels the hand has moved the camera.

    Returns
    -------
    Person
    Layer or None
        ``None`` out of the picture.
    """
    matrix = geometry.rotation(moment.yaw, moment.pitch, -moment.roll)
    body = geometry.rotation(turn, 0, 0)
    x, y, z = position
    stand = np.float32([x, y - MIDDLE_HEIGHT, z])

    def to_camera(points: np.ndarray) -> np.ndarray:
        return ((points - np.float32([0, 0, 0.5])) @ body.T + stand).astype(np.float32)

    relaxed = _express(model, moment)
    vertices = to_camera(geometry.turn_head(relaxed, matrix))
    subject = _subject(model, relaxed, vertices, matrix, body, to_camera)
    window = camera.window(subject, place, shift)
    layer = render.draw(subject, place, window) if window is not None else None
    pose = (float(moment.yaw + turn), float(moment.pitch), float(moment.roll))
    return annotate(actor, pose, subject, camera.whole_frame(place, shift), layer), layer


def paste(image: np.ndarray, layer: Layer) -> None:
    """Put a layer over an image of linear light, in place."""
    height, width = layer.cover.shape
    part = image[layer.y0 : layer.y0 + height, layer.x0 : layer.x0 + width]
    part *= 1 - layer.cover[..., None]
    part += layer.colour


def _sphere_centre(points: np.ndarray) -> np.ndarray:
    """Return the centre (3,) of the sphere through points (n, 3)."""
    system = np.column_stack([2 * points, np.ones(len(points))])
    return np.linalg.lstsq(system, (points**2).sum(1), rcond=None)[0][:3].astype(np.float32)


def _express(model: Model, moment: Moment) -> np.ndarray:
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
    model: Model,
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
