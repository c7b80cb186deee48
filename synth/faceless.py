"""Things in a picture without a face that look a little like one."""

from collections.abc import Callable

import cv2
import numpy as np

from . import actor, camera, occluders
from .geometry import rasterise
from .identity import Identity
from .lighting import soft_light
from .motion import Moment
from .scene import Scene
from .subject import Solid

FINE = 2
"""Rows and columns of the grid on which things are drawn for each pixel of the picture."""

WORDS = ("NEWS", "LIVE", "WEATHER", "Today at noon", "Episode 12", "SUBSCRIBE", "OPEN", "Platform 4", "Menu")
FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX)
HAND_SIDE = 2.4
"""What a hand takes of a picture, in decimetres."""

Painter = Callable[[np.random.Generator, np.ndarray, Scene, list[Identity]], None]


def rooms(rng: np.random.Generator, light: np.ndarray, place: Scene, cast: list[Identity]) -> None:
    """Leave the place empty, as it is."""


def hands(rng: np.random.Generator, light: np.ndarray, place: Scene, cast: list[Identity]) -> None:
    """Hold up to three hands into the picture."""
    for _ in range(int(rng.integers(1, 4))):
        distance = HAND_SIDE * place.focal / (rng.uniform(0.35, 0.7) * place.height)
        at = np.array([rng.uniform(-0.4, 0.4) * place.width, rng.uniform(-0.3, 0.1) * place.height, 0]) * (
            distance / place.focal
        ) - [0, 0, distance]
        lean = np.radians(rng.uniform(-40, 40))
        fingers = np.array([np.sin(lean), np.cos(lean), rng.uniform(-0.3, 0.3)])
        palm = np.array([rng.uniform(-0.6, 0.6), 0, rng.choice([-1, 1])])
        owner = cast[int(rng.integers(len(cast)))]
        side = float(rng.choice([-1, 1]))
        _solid(light, place, occluders.place_hand(owner, side, at, fingers, palm))


def backs(rng: np.random.Generator, light: np.ndarray, place: Scene, cast: list[Identity]) -> None:
    """Show one to three people from behind."""
    count = int(rng.integers(1, 4))
    for number in range(count):
        person = int(rng.integers(12))
        distance = place.focal * 1.33 / rng.uniform(50, 95)
        x = (number + 0.5) / count - 0.5
        position = (x * place.width * distance / place.focal, rng.uniform(-0.3, 0.5), -distance)
        model = actor.model(cast[person], 0)
        moment = Moment(rng.uniform(-15, 15), rng.uniform(-10, 10), 0, 0, (0, 0), 0, (0, 0), {})
        turn = 180 + rng.uniform(-20, 20)
        _, layer = actor.shoot(person, model, position, turn, moment, place, np.zeros(2))
        if layer is not None:
            actor.paste(light, layer)


def posters(rng: np.random.Generator, light: np.ndarray, place: Scene, cast: list[Identity]) -> None:
    """Hang abstract pictures on the wall."""
    for _ in range(int(rng.integers(1, 4))):
        fine, (x, y), (w, h) = _part(light, rng, 0.3, 0.6)
        fine[:] = _colour(rng, 0.5)
        for _ in range(int(rng.integers(4, 10))):
            centre = rng.integers(0, (w, h)).tolist()
            axes = (rng.uniform(0.05, 0.3, 2) * min(w, h)).astype(int).tolist()
            colour = _colour(rng, 0.4).tolist()
            if rng.random() < 0.6:
                cv2.ellipse(fine, centre, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1, cv2.LINE_AA)
            else:
                corners = (np.array(centre) + rng.normal(0, axes[0], (3, 2))).astype(np.int32)
                cv2.fillPoly(fine, [corners], colour, cv2.LINE_AA)
        cv2.rectangle(fine, (0, 0), (w - 1, h - 1), (0.03, 0.03, 0.03), max(w // 50, 2))
        _put(light, fine, x, y)


def captions(rng: np.random.Generator, light: np.ndarray, place: Scene, cast: list[Identity]) -> None:
    """Lay captions over the picture, as television does."""
    for _ in range(int(rng.integers(2, 5))):
        text = str(rng.choice(WORDS))
        font, scale = int(rng.choice(FONTS)), float(rng.uniform(0.6, 1.6))
        thickness = int(rng.integers(1, 4))
        (w, h), below = cv2.getTextSize(text, font, scale, thickness)
        x = int(rng.integers(0, max(light.shape[1] - w - 12, 1)))
        y = int(rng.integers(0, max(light.shape[0] - h - below - 12, 1)))
        if rng.random() < 0.7:
            cv2.rectangle(light, (x, y), (x + w + 12, y + h + below + 12), _colour(rng, 0.3).tolist(), -1)
        ink = np.zeros(light.shape[:2], np.uint8)
        cv2.putText(ink, text, (x + 6, y + h + 6), font, scale, 255, thickness, cv2.LINE_AA)
        share = ink[..., None].astype(np.float32) / 255
        light[:] = light * (1 - share) + _colour(rng, 0.9) * share


def clothes(rng: np.random.Generator, light: np.ndarray, place: Scene, cast: list[Identity]) -> None:
    """Throw clothes on a heap."""
    height, width = light.shape[:2]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    top = height * rng.uniform(0.2, 0.5)
    heap = rows > top + (columns - width * rng.uniform(0.3, 0.7)) ** 2 / width * rng.uniform(0.5, 1.6)
    count = int(rng.integers(6, 14))
    at = rng.uniform(0, 1, (count, 2)) * [width, height]
    bend = [_waves(rng, light.shape[:2], 0.06) * width * 0.06 for _ in range(2)]
    away = np.stack([(columns + bend[0] - x) ** 2 + 2 * (rows + bend[1] - y) ** 2 for x, y in at])
    piece = away.argmin(0)
    relief = _waves(rng, light.shape[:2], 0.05) * 6 + _waves(rng, light.shape[:2], 0.02) * 2
    relief -= 0.02 * np.sqrt(away.min(0))
    down, right = np.gradient(relief)
    normal = np.dstack([-right, down, np.ones_like(relief)])
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    cloth = np.zeros_like(light)
    for number in range(count):
        colour, second = _colour(rng, 0.25), _colour(rng, 0.35)
        wave = np.sin((columns + bend[0]) * rng.uniform(0.1, 0.5)) * np.sin(
            rows * rng.choice([0.0, 0.3]) + 1.2
        )
        striped = (rng.random() < 0.5) * (wave > 0.2)
        cloth += ((piece == number) * (1 - striped))[..., None] * colour
        cloth += ((piece == number) * striped)[..., None] * second
    light[heap] = (cloth * soft_light(place, normal, np.ones_like(relief)))[heap]


def patterns(rng: np.random.Generator, light: np.ndarray, place: Scene, cast: list[Identity]) -> None:
    """Cover the wall with a pattern of dots, rings, checks or ovals."""
    height, width = light.shape[:2]
    step = int(rng.uniform(0.08, 0.25) * height)
    light[:] = _colour(rng, 0.45)
    first, second = _colour(rng, 0.3).tolist(), _colour(rng, 0.2).tolist()
    kind = int(rng.integers(4))
    for row, y in enumerate(range(0, height + step, step)):
        for x in range((row % 2) * step // 2, width + step, step):
            if kind == 0:
                cv2.circle(light, (x, y), step // 3, first, -1, cv2.LINE_AA)
            elif kind == 1:
                cv2.circle(light, (x, y), step // 3, first, max(step // 10, 1), cv2.LINE_AA)
                cv2.circle(light, (x, y), step // 8, second, -1, cv2.LINE_AA)
            elif kind == 2:
                cv2.rectangle(light, (x, y), (x + step // 2, y + step // 2), first, -1)
            else:
                cv2.ellipse(light, (x, y), (step // 4, step // 3), 0, 0, 360, first, -1, cv2.LINE_AA)
                for side in (-1, 1):
                    spot = (x + side * step // 10, y - step // 12)
                    cv2.circle(light, spot, max(step // 24, 1), second, -1, cv2.LINE_AA)


def fronts(rng: np.random.Generator, light: np.ndarray, place: Scene, cast: list[Identity]) -> None:
    """Draw things with two eyes and a mouth: sockets, houses and cars from the front."""
    for _ in range(int(rng.integers(1, 4))):
        fine, (x, y), (w, h) = _part(light, rng, 0.3, 0.55)
        body, dark = _colour(rng, 0.5), (_colour(rng, 0.04)).tolist()
        fine[:] = body
        kind = int(rng.integers(3))
        left, right, eyes = int(0.3 * w), int(0.7 * w), int(0.38 * h)
        if kind == 0:
            for column in (left, right):
                cv2.circle(fine, (column, eyes), w // 12, dark, -1, cv2.LINE_AA)
            cv2.circle(fine, (w // 2, int(0.72 * h)), w // 10, dark, -1, cv2.LINE_AA)
        elif kind == 1:
            for column in (left, right):
                corner = (column - w // 9, eyes - h // 9)
                cv2.rectangle(fine, corner, (column + w // 9, eyes + h // 9), (0.3, 0.4, 0.5), -1)
                cv2.rectangle(fine, corner, (column + w // 9, eyes + h // 9), dark, max(w // 60, 1))
            cv2.rectangle(fine, (int(0.4 * w), int(0.62 * h)), (int(0.6 * w), h), dark, -1)
            roof = np.array([[0, h // 6], [w // 2, 0], [w, h // 6]], np.int32)
            cv2.fillPoly(fine, [roof], _colour(rng, 0.15).tolist())
        else:
            cv2.rectangle(fine, (w // 8, h // 12), (w - w // 8, int(0.42 * h)), (0.1, 0.13, 0.16), -1)
            for column in (int(0.16 * w), int(0.84 * w)):
                cv2.circle(fine, (column, int(0.62 * h)), w // 10, (1.2, 1.15, 0.9), -1, cv2.LINE_AA)
            cv2.rectangle(fine, (int(0.3 * w), int(0.6 * h)), (int(0.7 * w), int(0.75 * h)), dark, -1)
        _put(light, fine * np.linspace(1.1, 0.8, h, dtype=np.float32)[:, None, None], x, y)


KINDS: dict[str, Painter] = {
    painter.__name__: painter
    for painter in (rooms, hands, backs, posters, captions, clothes, patterns, fronts)
}
"""What may be in a picture without a face."""


def _colour(rng: np.random.Generator, brightness: float) -> np.ndarray:
    return np.clip(brightness * rng.uniform(0.4, 1.6, 3), 0.01, 1.5).astype(np.float32)


def _waves(rng: np.random.Generator, shape: tuple[int, int], size: float) -> np.ndarray:
    """Return smooth noise with a deviation of 1 and waves of a size given as a share of the width."""
    cells = [max(round(side / (size * shape[1])), 3) for side in shape]
    rough = rng.normal(0, 1, cells).astype(np.float32)
    return cv2.resize(rough, shape[::-1], interpolation=cv2.INTER_CUBIC)


def _part(
    light: np.ndarray, rng: np.random.Generator, low: float, high: float
) -> tuple[np.ndarray, tuple[int, int], tuple[int, int]]:
    """Choose a rectangle of a share of the picture's height; give a canvas, its place and its fine size."""
    height, width = light.shape[:2]
    h = int(rng.uniform(low, high) * height)
    w = min(int(h * rng.uniform(0.7, 1.3)), width - 1)
    x, y = int(rng.integers(0, width - w)), int(rng.integers(0, height - h))
    return np.zeros((h * FINE, w * FINE, 3), np.float32), (x, y), (w * FINE, h * FINE)


def _put(light: np.ndarray, fine: np.ndarray, x: int, y: int) -> None:
    part = cv2.resize(fine, None, fx=1 / FINE, fy=1 / FINE, interpolation=cv2.INTER_AREA)
    light[y : y + part.shape[0], x : x + part.shape[1]] = part


def _solid(light: np.ndarray, place: Scene, solid: Solid) -> None:
    """Draw a solid that stands in front of the place, in place."""
    height, width = light.shape[:2]
    view = camera.whole_frame(place, np.zeros(2))
    fine = np.zeros((height * FINE, width * FINE, 3), np.float32)
    depth = np.full(fine.shape[:2], 200, np.float32)
    pixels = view.project(solid.points) * np.float32([FINE, FINE, 1])
    colour = solid.colour * soft_light(place, solid.normals, np.ones(len(solid.normals), np.float32))
    rasterise(pixels, solid.triangles, colour, fine, depth)
    cover = (depth < 199).astype(np.float32)
    drawn = cv2.resize(fine * cover[..., None], (width, height), interpolation=cv2.INTER_AREA)
    cover = cv2.resize(cover, (width, height), interpolation=cv2.INTER_AREA)
    light *= 1 - cover[..., None]
    light += drawn
