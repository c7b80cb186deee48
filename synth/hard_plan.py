"""The plan of the hard faces: which stills there are, who is in them, and what makes them hard."""

from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from . import faceless, occluders
from .errors import SynthError
from .identity import Identity

SEED, ACTORS = 2027, 60
TROUPE = 12
"""Actors that stills share: those of one troupe are drawn one after the other, and their models kept."""

SMALL, LARGE = (360, 280), (560, 420)
"""Sizes of stills in pixels: of one to four faces, and of more."""

BEHIND = "another head"
"""An occlusion that no thing makes, but somebody who stands before."""

WIDTHS = (12, 16, 24, 36, 54, 80, 120, 200)
"""Edges of the bins of the width of a face, in pixels."""

HEIGHTS = {2: (0.3, 0.62), 3: (0.2, 0.48, 0.76)}
"""Where the faces of each row are, by the number of rows, as a share of the still's height from above."""

FACELESS_OF_EACH = 16
"""Stills without a face, of each of `faceless.KINDS`."""

OF_EACH_WIDTH = 64
"""Faces of each of these bins at least, in good light and from the front."""

TONES = {"light": (1, 3), "medium": (4, 6), "dark": (7, 10)}
"""Groups of skin tone, by the first and last on the Monk scale."""


@dataclass(frozen=True)
class Face:
    """Somebody in a still.

    Attributes
    ----------
    actor : int
        Index into the cast.
    width : float
        Width of the face, were it frontal, in pixels.
    x, y : float
        Where the middle of the face is about, in pixels.
    yaw, pitch : float
        Turn of the head against the camera in degrees.
    occlusion : str
        One of `occluders.KINDS`, `BEHIND` or "".
    row : int
        Those of one row stand behind the same parapet, if they need one.
    """

    actor: int
    width: float
    x: float
    y: float
    yaw: float
    pitch: float
    occlusion: str = ""
    row: int = 0


@dataclass(frozen=True)
class Still:
    """A picture of the benchmark.

    Attributes
    ----------
    stratum : str
        What makes it hard; one of `STRATA` or "faceless".
    size : (width, height)
        In pixels.
    seed : int
        Seed of the place and of all that is drawn in it.
    faces : tuple of Face
        From the farthest to the nearest.
    roll : float
        Turn of the camera in degrees.
    light : str
        "normal", "dark" or "backlight".
    grey : float
        Mean grey of a dark still, of 255; 0 for one that is not.
    blur : float
        Length of the camera's motion, as a share of the width of a face.
    quality : int
        Of a JPEG file that the still has been before; 0 for none.
    thing : str
        What looks like a face in a faceless still; one of `faceless.KINDS`.
    """

    stratum: str
    size: tuple[int, int]
    seed: int
    faces: tuple[Face, ...] = ()
    roll: float = 0.0
    light: str = "normal"
    grey: float = 0.0
    blur: float = 0.0
    quality: int = 0
    thing: str = ""


@dataclass
class _Casting:
    """Hands out actors so that all of a troupe, and all tones, get their turn."""

    cast: list[Identity]
    rng: np.random.Generator
    turns: dict[int, int] = field(default_factory=dict)

    def draw(self, tones: list[str]) -> list[int]:
        """Draw different actors of one troupe, each of a group of skin tone, or of any where it is ""."""
        troupes = [range(start, start + TROUPE) for start in range(0, len(self.cast), TROUPE)]
        for troupe in sorted(troupes, key=lambda actors: sum(self.turns.get(actor, 0) for actor in actors)):
            drawn: list[int] = []
            for tone in tones:
                suited = [a for a in troupe if a not in drawn and tone in ("", _tone(self.cast[a]))]
                drawn += sorted(suited, key=lambda a: (self.turns.get(a, 0), self.rng.random()))[:1]
            if len(drawn) == len(tones):
                for actor in drawn:
                    self.turns[actor] = self.turns.get(actor, 0) + 1
                return drawn
        raise SynthError("hard faces", f"no troupe of {TROUPE} actors has people of the tones {tones}")


def make(cast: list[Identity], seed: int = SEED) -> list[Still]:
    """Plan all stills.

    Parameters
    ----------
    cast : list of Identity
        The actors; a multiple of `TROUPE` of them.
    seed : int
        Of all that is drawn.

    Returns
    -------
    list of Still
        The same for the same cast and seed, those of one troupe one after the other.
    """
    rng = np.random.default_rng([seed, 81])
    casting = _Casting(cast, rng)
    stills = [still for stratum in STRATA.values() for still in stratum(casting, rng)]
    stills += [
        Still("faceless", SMALL, int(rng.integers(2**31)), thing=kind)
        for kind in faceless.KINDS
        for _ in range(FACELESS_OF_EACH)
    ]
    return sorted(stills, key=lambda still: still.faces[0].actor // TROUPE if still.faces else -1)


def _tone(person: Identity) -> str:
    return next(name for name, (first, last) in TONES.items() if first <= person.monk <= last)


def _gathered(
    casting: _Casting,
    rng: np.random.Generator,
    stratum: str,
    widths: list[float],
    tones: list[str] | None = None,
) -> Still:
    """Put people of given widths side by side, in as many rows as they need."""
    count = len(widths)
    size = SMALL if count <= 4 else LARGE
    actors = casting.draw(tones or [""] * count)
    rows = 1 if count <= 4 else 2 if count <= 8 else 3
    faces = []
    for row in range(rows):
        members = range(row * count // rows, (row + 1) * count // rows)
        places = (np.arange(len(members)) + 0.5) / len(members)
        for member, place in zip(members, places, strict=True):
            width, room = widths[member], size[0] / len(members)
            slack = max(room - 1.5 * width, 0) / 2
            x = place * size[0] + rng.uniform(-slack, slack) * 0.7
            low, high = 0.78 * width, size[1] - 0.68 * width
            height = HEIGHTS[rows][row] if rows > 1 else rng.uniform(0.34, 0.5)
            y = np.clip(height * size[1], low, max(low, high))
            faces.append(
                Face(
                    actors[member], width, float(x), float(y), _facing(rng), float(rng.normal(0, 5)), "", row
                )
            )
        # Those who are smaller stand farther away, and are drawn first.
        first = len(faces) - len(members)
        faces[first:] = sorted(faces[first:], key=lambda face: face.width)
    return Still(stratum, size, int(rng.integers(2**31)), tuple(faces))


def _facing(rng: np.random.Generator) -> float:
    return float(np.clip(rng.normal(0, 9), -18, 18))


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _widths(casting: _Casting, rng: np.random.Generator) -> list[Still]:
    together = {12: 8, 16: 8, 24: 6, 36: 4, 54: 3, 80: 2, 120: 1}
    stills = []
    for low, high in pairwise(WIDTHS):
        count = together[low]
        for _ in range(-(-OF_EACH_WIDTH // count)):
            widths = [_log_uniform(rng, low, high) for _ in range(count)]
            stills.append(_gathered(casting, rng, "width", widths))
    return stills


def _changed(still: Still, **changes: list) -> Still:
    """Give each face of a still a value of its own."""
    faces = [
        replace(face, **{name: values[place] for name, values in changes.items()})
        for place, face in enumerate(still.faces)
    ]
    return replace(still, faces=tuple(faces))


def _pair(casting: _Casting, rng: np.random.Generator, stratum: str, tones: list[str] | None = None) -> Still:
    return _gathered(casting, rng, stratum, [_log_uniform(rng, 36, 92) for _ in range(2)], tones)


def _angles(low: float, high: float, rng: np.random.Generator) -> list[float]:
    return [float(rng.choice([-1, 1]) * rng.uniform(low, high)) for _ in range(2)]


def _yaws(casting: _Casting, rng: np.random.Generator) -> list[Still]:
    return [
        _changed(_pair(casting, rng, "yaw"), yaw=_angles(low, low + 15, rng))
        for low in range(0, 90, 15)
        for _ in range(30)
    ]


def _pitches(casting: _Casting, rng: np.random.Generator) -> list[Still]:
    return [
        _changed(_pair(casting, rng, "pitch"), pitch=_angles(low, low + 15, rng))
        for low in (10, 25)
        for _ in range(30)
    ]


def _rolls(casting: _Casting, rng: np.random.Generator) -> list[Still]:
    return [
        replace(_pair(casting, rng, "roll"), roll=_angles(low, low + 20, rng)[0])
        for low in (10, 30, 50, 70)
        for _ in range(15)
    ]


def _occlusions(casting: _Casting, rng: np.random.Generator) -> list[Still]:
    stills = []
    for kind in occluders.KINDS:
        stills += [_changed(_pair(casting, rng, "occlusion"), occlusion=[kind, kind]) for _ in range(20)]
    for _ in range(40):
        still = _pair(casting, rng, "occlusion")
        behind, before = still.faces
        width = behind.width
        side = rng.choice([-1, 1])
        x = still.size[0] / 2 - side * 0.4 * width
        behind = replace(behind, x=x, y=before.y, occlusion=BEHIND)
        before = replace(
            before,
            width=1.25 * width,
            x=x + side * rng.uniform(0.75, 1.15) * width,
            y=before.y + rng.uniform(0.15, 0.4) * width,
        )
        stills.append(replace(still, faces=(behind, before)))
    return stills


def _two_tones(place: int) -> list[str]:
    return [list(TONES)[(place + other) % len(TONES)] for other in range(2)]


def _dark(casting: _Casting, rng: np.random.Generator) -> list[Still]:
    return [
        replace(_pair(casting, rng, "dark", _two_tones(place)), light="dark", grey=float(grey))
        for grey in (20, 28, 40, 56)
        for place in range(30)
    ]


def _backlights(casting: _Casting, rng: np.random.Generator) -> list[Still]:
    return [
        replace(_pair(casting, rng, "backlight", _two_tones(place)), light="backlight") for place in range(30)
    ]


def _blurs(casting: _Casting, rng: np.random.Generator) -> list[Still]:
    return [
        replace(_pair(casting, rng, "blur"), blur=float(rng.uniform(low, low + 0.15)))
        for low in (0.1, 0.25, 0.4)
        for _ in range(15)
    ]


def _compressions(casting: _Casting, rng: np.random.Generator) -> list[Still]:
    return [
        replace(_pair(casting, rng, "compression"), quality=quality)
        for quality in (5, 10, 20)
        for _ in range(15)
    ]


def _crowds(casting: _Casting, rng: np.random.Generator) -> list[Still]:
    return [
        _gathered(casting, rng, "crowd", [_log_uniform(rng, 28, 56) for _ in range(int(rng.integers(5, 13)))])
        for _ in range(24)
    ]


STRATA = {
    "width": _widths,
    "yaw": _yaws,
    "pitch": _pitches,
    "roll": _rolls,
    "occlusion": _occlusions,
    "dark": _dark,
    "backlight": _backlights,
    "blur": _blurs,
    "compression": _compressions,
    "crowd": _crowds,
}
"""What makes stills hard, and the function that plans them."""
