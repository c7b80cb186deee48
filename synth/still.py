"""Draw a still of the hard faces, and say where its faces are and how hard they are to see."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from . import actor, camera, faceless, occluders, render, scene
from .annotation import Person
from .hard_plan import BEHIND, Face, Still
from .identity import Identity
from .motion import Moment
from .render import Layer
from .scene import Scene

FOCAL = 1000.0
"""Focal length of the stills' camera in pixels."""

FACE_WIDTH = 1.33
"""Width of a face's box in decimetres."""

HEAD_SHARE = 0.45
"""Share of a turn that the head makes; the body makes the rest."""

FARTHEST_TURN = 35.0
"""Degrees that a head turns against its body at most."""

PARAPET = 50.0
"""Width of a face in pixels below which people stand behind a parapet: their drawn bodies end."""

CHEST = 3.2
"""How far below the middle of a face a parapet begins, in widths of a face."""

NOISE = (0.6, 3.2)
"""Standard deviations of the sensor's noise in a bright and in a dark still, of 255."""


@dataclass(frozen=True)
class Seen:
    """What is known of a face in a finished still.

    Attributes
    ----------
    face : Face
        What was planned.
    box : ndarray of float32, shape (4,)
        x0, y0, x1, y1 in pixels.
    landmarks : ndarray of float32, shape (5, 2)
        As in `annotation.Person`.
    roll : float
        Turn of the head in the picture in degrees.
    covered : float
        Share of the face that is hidden by something else than itself.
    grey : float
        Mean grey of what is seen of the face, of 255.
    """

    face: Face
    box: np.ndarray
    landmarks: np.ndarray
    roll: float
    covered: float
    grey: float


def draw(cast: list[Identity], still: Still) -> tuple[np.ndarray, list[Seen]]:
    """Draw a still.

    Parameters
    ----------
    cast : list of Identity
        All actors.
    still : Still
        What to draw.

    Returns
    -------
    image : ndarray of uint8, shape (height, width, 3)
        sRGB, before it is written as a JPEG file.
    seen : list of Seen
        Its faces, in the order of the plan.
    """
    rng = np.random.default_rng([still.seed, 91])
    wanted, still = still, _with_room_to_turn(still)
    place = _lit(scene.build(still.seed, still.size, max(len(still.faces), 1)), still, rng)
    light = place.frame_background(np.zeros(2))
    if still.thing:
        faceless.KINDS[still.thing](rng, light, place, cast)
    people, masks, whole = [], [], []
    for number, face in enumerate(still.faces):
        person, layer, full = _shoot(cast, face, place, still.seed)
        people.append(person)
        masks.append(person.face_mask)
        whole.append(full)
        if layer is not None:
            _hide(masks, layer)
            actor.paste(light, layer)
        row = [other for other in still.faces if other.row == face.row and other.width < PARAPET]
        if row and face == row[-1]:
            _parapet(rng, light, masks[: number + 1], row)
    light, points, masks = _turned(light, wanted, people, masks)
    light = _blurred(light, still, rng)
    image = _developed(light, place, still, rng)
    seen = [
        _seen(face, person, own, mask, full, image, still)
        for face, person, own, mask, full in zip(wanted.faces, people, points, masks, whole, strict=True)
    ]
    return image, seen


def _lit(place: Scene, still: Still, rng: np.random.Generator) -> Scene:
    """Give a scene the stills' camera and their light."""
    place = replace(place, focal=FOCAL, drift=np.zeros_like(place.drift))
    if still.light != "backlight":
        return place
    # The sun is behind them: a bright place, a bright rim, and only what the sky gives from the front.
    bright = place.background * np.float32(rng.uniform(1.6, 2.4) / max(place.background.mean(), 0.05) * 0.5)
    return replace(
        place,
        background=np.clip(bright, 0.05, 3).astype(np.float32),
        key=replace(place.key, colour=place.key.colour * np.float32(0.10)),
        fill=replace(place.fill, colour=place.fill.colour * np.float32(0.22)),
        rim=replace(place.rim, colour=place.rim.colour * np.float32(2.5)),
        sky=place.sky * np.float32(0.6),
        ground=place.ground * np.float32(0.6),
    )


def _shoot(cast: list[Identity], face: Face, place: Scene, seed: int) -> tuple[Person, Layer | None, float]:
    """Draw somebody; also give the size of the face, in pixels, as it were with nothing before it."""
    rng = np.random.default_rng([seed, 92, face.actor])
    identity = cast[face.actor]
    model = actor.model(identity, 0)
    distance = FOCAL * FACE_WIDTH / face.width
    own = replace(place, distance=distance)
    centre = camera.whole_frame(own, np.zeros(2)).centre
    position = (
        (face.x - centre[0]) * distance / FOCAL,
        (centre[1] - face.y) * distance / FOCAL,
        -distance,
    )
    head = float(np.clip(HEAD_SHARE * face.yaw, -FARTHEST_TURN, FARTHEST_TURN))
    gaze = (float(rng.normal(0, 6)), float(rng.normal(0, 3)))
    units = {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0} if rng.random() < 0.4 else {}
    units = {name: float(rng.uniform(0.1, 0.5)) for name in units} | {"jawOpen": float(rng.uniform(0, 0.25))}
    moment = Moment(head, face.pitch, float(rng.normal(0, 2)), 0, (0, 0), 0, gaze, units)

    def drawn(shown: actor.Model) -> tuple[Person, Layer | None]:
        return actor.shoot(face.actor, shown, position, face.yaw - head, moment, own, np.zeros(2))

    person, layer = drawn(model)
    full = float(person.face_mask.sum())
    if face.occlusion and face.occlusion != BEHIND:
        worn = occluders.wear(model.look, occluders.head_of(identity), face.occlusion, rng)
        person, layer = drawn(replace(model, look=worn))
    return person, layer, full


def _hide(masks: list[np.ndarray], layer: Layer) -> None:
    """Take from the masks of those behind what a layer covers, in place."""
    height, width = layer.cover.shape
    part = np.s_[layer.y0 : layer.y0 + height, layer.x0 : layer.x0 + width]
    for mask in masks[:-1]:
        mask[part] *= 1 - layer.cover


def _parapet(rng: np.random.Generator, light: np.ndarray, masks: list[np.ndarray], row: list[Face]) -> None:
    """Build a wall before those of a row, from their chests downwards, over the whole width, in place."""
    top = round(min(face.y + CHEST * face.width for face in row))
    colour = rng.uniform(0.05, 0.4, 3)
    if top < len(light):
        light[top:] = colour * (1 - 0.15 * np.linspace(0, 1, len(light) - top))[:, None, None]
        light[top : top + 2] *= 1.6
        for mask in masks:
            mask[top:] = 0


def _with_room_to_turn(still: Still) -> Still:
    """Widen a still whose camera turns, so that nothing is missing in its corners."""
    if not still.roll:
        return still
    side = 2 * round(np.hypot(*still.size) / 2 + 1)
    across, down = ((side - length) / 2 for length in still.size)
    faces = tuple(replace(face, x=face.x + across, y=face.y + down) for face in still.faces)
    return replace(still, size=(side, side), faces=faces)


def _turned(
    light: np.ndarray, still: Still, people: list[Person], masks: list[np.ndarray]
) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]], list[np.ndarray]]:
    """Turn the camera and cut out the still; also give outline and landmarks of each face, and the masks."""
    points = [(np.vstack([_outline(person), person.landmarks[2:3]]), person.landmarks) for person in people]
    if not still.roll:
        return light, points, masks
    side = light.shape[0]
    matrix = cv2.getRotationMatrix2D((side / 2, side / 2), still.roll, 1.0)
    matrix[:, 2] += (np.array(still.size) - side) / 2

    def turn(xy: np.ndarray) -> np.ndarray:
        return xy @ matrix[:, :2].T + matrix[:, 2]

    masks = [cv2.warpAffine(mask, matrix, still.size) for mask in masks]
    light = cv2.warpAffine(light, matrix, still.size, flags=cv2.INTER_LINEAR)
    return light, [(turn(outline), turn(marks)) for outline, marks in points], masks


def _outline(person: Person) -> np.ndarray:
    """Return points (k, 2) that the box of a face encloses."""
    x0, y0, x1, y1 = person.box
    middle_x, middle_y = (x0 + x1) / 2, (y0 + y1) / 2
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    return np.column_stack(
        [middle_x + (x1 - x0) / 2 * np.cos(angle), middle_y + (y1 - y0) / 2 * np.sin(angle)]
    )


def _blurred(light: np.ndarray, still: Still, rng: np.random.Generator) -> np.ndarray:
    """Move the camera while the picture is taken."""
    if not still.blur:
        return light
    length = still.blur * np.mean([face.width for face in still.faces])
    angle = rng.uniform(0, np.pi)
    side = int(length) + 3 | 1
    kernel = np.zeros((side, side), np.float32)
    reach = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    middle = (side - 1) / 2
    for along in np.linspace(-1, 1, 8 * side):
        column, row = np.round(middle + along * reach).astype(int)
        kernel[row, column] += 1
    return cv2.filter2D(light, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT)


def _developed(light: np.ndarray, place: Scene, still: Still, rng: np.random.Generator) -> np.ndarray:
    """Expose the picture, dark as it shall be, with the noise of the sensor, and compress it once."""
    exposure, noise = place.exposure, NOISE[0]
    if still.light == "dark":
        low, high = 0.0, exposure
        for _ in range(24):
            exposure = (low + high) / 2
            too_bright = render.develop(light, exposure).mean() > still.grey
            low, high = (low, exposure) if too_bright else (exposure, high)
        noise = NOISE[1]
    image = render.develop(light, exposure).astype(np.float32)
    image = np.clip(image + rng.normal(0, noise, image.shape), 0, 255).astype(np.uint8)
    if still.quality:
        coarse = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, still.quality])[1]
        image = cv2.imdecode(coarse, cv2.IMREAD_COLOR)[..., ::-1]
    return image


def _seen(
    face: Face,
    person: Person,
    points: tuple[np.ndarray, np.ndarray],
    mask: np.ndarray,
    full: float,
    image: np.ndarray,
    still: Still,
) -> Seen:
    outline, landmarks = points
    box = np.concatenate([outline.min(0), outline.max(0)]).astype(np.float32)
    weight = float(mask.sum())
    grey = float((image.mean(-1) * mask).sum() / weight) if weight else np.nan
    covered = float(np.clip(1 - weight / full, 0, 1)) if full else 1.0
    return Seen(face, box, np.float32(landmarks), person.roll + still.roll, covered, grey)
