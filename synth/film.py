"""Film a take: frames, with all that is known about the faces in them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from . import appearance, assets, geometry, hair, motion, render, scene
from .errors import SynthError
from .geometry import smoothstep
from .identity import Identity, face
from .motion import Moment
from .render import Layer, Subject
from .scene import Scene

LANDMARKS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
"""Names of the five landmarks, in order; left is the image's left."""

TEETH_BACK = 0.1


@dataclass(frozen=True)
class Take:
    """What is filmed.

    Attributes
    ----------
    actors : tuple of int
        One or two indices into the cast.
    seed : int
        Of motion, place, camera and light.
    look : int
        Of hair, clothes and spectacles.
    size : (width, height)
        In pixels.
    frames : int
    fps : float
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
        Of the head against the camera, in degrees.
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


@dataclass(frozen=True)
class Shot:
    """A frame and the people in it.

    Attributes
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        sRGB.
    people : list of Person
        In the order of the take's actors.
    """

    image: np.ndarray
    people: list[Person]


def film(cast: list[Identity], take: Take) -> Iterator[Shot]:
    """Film a take, frame by frame; the same take of the same cast gives the same frames.

    Parameters
    ----------
    cast : list of Identity
    take : Take

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
    look: hair.Look
    vertices: np.ndarray
    openness: np.ndarray
    texture: np.ndarray
    gloss: np.ndarray
    eyes: np.ndarray


@dataclass(frozen=True)
class _Place:
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


def _play(take: Take, index: int, spot: _Place) -> list[Moment]:
    rng = np.random.default_rng([take.seed, 52, index])
    # Of two people each turns away and leaves on the own side, so as not to cross the other.
    side = np.sign(spot.x) if len(take.actors) == 2 else rng.choice([-1, 1])
    return motion.perform(rng, take.frames, take.fps, take.faceless, float(side))


def _spot(rng: np.random.Generator, index: int, count: int, place: Scene) -> _Place:
    half = place.width / 2 / place.focal * place.distance
    if count == 1:
        return _Place(rng.normal(0, 0.12) * half, rng.normal(0, 0.1), rng.normal(0, 4))
    side = 2 * index - 1
    return _Place(side * rng.uniform(0.44, 0.52) * half, rng.uniform(-0.45, 0.3), -side * rng.uniform(2, 14))


@lru_cache(3)
def _model(person: Identity, look_number: int) -> _Model:
    look = hair.dress(person, look_number)
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
        person, look, vertices, _openness(vertices), texture, skin.gloss * (1 - 0.8 * look.scalp), eyes
    )


def _sphere_centre(points: np.ndarray) -> np.ndarray:
    """Return the centre (3,) of the sphere through points (n, 3)."""
    system = np.column_stack([2 * points, np.ones(len(points))])
    return np.linalg.lstsq(system, (points**2).sum(1), rcond=None)[0][:3].astype(np.float32)


def _openness(vertices: np.ndarray) -> np.ndarray:
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
        geometry.rasterise(
            pixels[s.vertex], s.triangles, np.zeros((len(s.vertex), 3), np.float32), image, depth
        )
        column = np.clip(pixels[used, 0], 0, size - 1).astype(int)
        row = np.clip(pixels[used, 1], 0, size - 1).astype(int)
        cosine = np.clip(normal[used] @ towards, 0, 1)
        free = smoothstep(depth[row, column] - pixels[used, 2], -0.09, -0.03)
        seen[used] += cosine * free
        total[used] += cosine
    openness = np.clip(seen / total, 0.04, 1)
    teeth = s.vertex[s.material >= geometry.TEETH]
    openness[teeth] = np.maximum(openness[teeth], 0.45)
    return openness.astype(np.float32)


def _shoot(
    actor: int, model: _Model, spot: _Place, moment: Moment, place: Scene, shift: np.ndarray
) -> tuple[Person, Layer | None]:
    matrix = geometry.rotation(moment.yaw, moment.pitch, -moment.roll)
    body = geometry.rotation(spot.turn + moment.turn, 0, 0)
    half = place.width / 2 / place.focal * place.distance
    out = np.sign(moment.away) * abs(moment.away) * (half + 3.2)
    stand = np.float32([spot.x + moment.sway[0] + out, spot.y + moment.sway[1] - 7.0, -place.distance])

    def to_camera(points: np.ndarray) -> np.ndarray:
        return ((points - np.float32([0, 0, 0.5])) @ body.T + stand).astype(np.float32)

    relaxed = _express(model, moment)
    vertices = to_camera(geometry.turn_head(relaxed, matrix))
    subject = _subject(model, relaxed, vertices, matrix, body, to_camera)
    view = render.window(subject, place, shift)
    layer = render.draw(subject, place, view) if view is not None else None
    person = _describe(actor, moment, spot, subject, place, shift, layer)
    return person, layer


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
        ribbons.append(render.Ribbons(b.points + moved[:, None], b.normals, b.colour, b.width, b.shine))
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
        ribbons=[
            render.Ribbons(with_head(r.points), turn(r.normals), r.colour, r.width, r.shine) for r in ribbons
        ],
        solids=[
            render.Solid(with_head(s.points), turn(s.normals), s.triangles, s.colour) for s in look.solids
        ],
    )


def _paste(image: np.ndarray, layer: Layer) -> None:
    """Put a layer over an image, in place."""
    height, width = layer.cover.shape
    part = image[layer.y0 : layer.y0 + height, layer.x0 : layer.x0 + width]
    part *= 1 - layer.cover[..., None]
    part += layer.colour


def _ring(x: float, y: float, width: float, height: float, count: int) -> list[tuple[float, float]]:
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return list(zip(x + width * np.cos(angle), y + height * np.sin(angle), strict=True))


def _mirrored(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(-x, y) for x, y in points] + points


@lru_cache(1)
def contour_vertices() -> np.ndarray:
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
    outline = [(0.72, 7.2), (0.66, 6.75), (0.46, 6.38), (0.16, 6.2), (0.66, 7.5), (0.6, 7.75), (0.3, 7.9)]
    return geometry.nearest_front(np.array([*_mirrored(outline), (0.0, 6.18), (0.0, 7.92)]))


@lru_cache(1)
def _region_masks() -> np.ndarray:
    """Masks (height, width, 3) of face, mouth and eyes in the atlas."""
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


def _masks(layer: Layer | None, place: Scene) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    full = np.zeros((place.height, place.width, 3), np.float32)
    if layer is not None:
        x, y = np.ascontiguousarray(layer.atlas[..., 0]), np.ascontiguousarray(layer.atlas[..., 1])
        part = cv2.remap(_region_masks(), x, y, cv2.INTER_LINEAR, borderValue=0) * (x >= 0)[..., None]
        height, width = layer.cover.shape
        full[layer.y0 : layer.y0 + height, layer.x0 : layer.x0 + width] = part * layer.cover[..., None]
    return full[..., 0].copy(), full[..., 1].copy(), full[..., 2].copy()


def _describe(
    actor: int,
    moment: Moment,
    spot: _Place,
    subject: Subject,
    place: Scene,
    shift: np.ndarray,
    layer: Layer | None,
) -> Person:
    view = render.whole_frame(place, shift)

    def project(vertices: np.ndarray) -> np.ndarray:
        return view.project(subject.points[vertices])[:, :2]

    landmarks = np.stack([project(v).mean(0) for v in _landmark_vertices()]).astype(np.float32)
    outline = project(_box_vertices())
    box = np.concatenate([outline.min(0), outline.max(0)]).astype(np.float32)
    yaw = moment.yaw + spot.turn + moment.turn
    edge = np.float32([place.width, place.height])
    share = np.prod(np.clip(box[2:], 0, edge) - np.clip(box[:2], 0, edge)) / np.prod(box[2:] - box[:2])
    face_mask, mouth_mask, eyes_mask = _masks(layer, place)
    return Person(
        actor=actor,
        box=box,
        landmarks=landmarks,
        contour=project(contour_vertices()).astype(np.float32),
        face_mask=face_mask,
        mouth_mask=mouth_mask,
        eyes_mask=eyes_mask,
        yaw=float(yaw),
        pitch=float(moment.pitch),
        roll=float(moment.roll),
        visible=bool(share > 0.7 and abs(yaw) < 60),
    )
