"""The shooting plan: who is filmed how often, who replaces whom, by which method, and in which split."""

from dataclasses import dataclass
from string import ascii_lowercase

import numpy as np

from . import degrade, encode
from .clips import AUTOENCODER, PARTIAL, SWAP, Fake, Real
from .degrade import Degradation
from .encode import Encoding
from .errors import SynthError
from .film import Take
from .identity import Identity

FPS = 30
CLIPS_PER_PART = 24
LOOKS = 3
SIZES = ((480, 270), (270, 480), (360, 360), (270, 480), (480, 270), (360, 640), (640, 360), (360, 360))
BENCHMARK_SIZES = ((540, 960), (720, 1280), (1080, 1920))
# Of five actors of a group two are for training, one for validation, two for the test.
SPLITS = ("train", "test", "validation", "train", "test")
METHODS = (SWAP, AUTOENCODER, SWAP, PARTIAL, AUTOENCODER)
TWO_PEOPLE_EVERY = 5
FACELESS_EVERY = 13
QUARTER_TURN_CLIP = 1
LARGEST_ACTORS, LARGEST_TAKES, LARGEST_FAKES = 2000, 6, 40
FRAMES_RANGE = (8, 3000)
SCALE_RANGE = (0.5, 4.0)


@dataclass(frozen=True)
class Setting:
    """What the user asks for.

    Attributes
    ----------
    seed : int
        Seed of everything.
    actors : int
        Actors in the cast.
    clips : int
        REAL clips.
    fakes : int
        FAKE clips made of each REAL one.
    frames : int
        Frames of a clip.
    scale : float
        Size of the clips' frames; 1 is that of the committed sample.
    """

    seed: int
    actors: int
    clips: int
    fakes: int = 5
    frames: int = 48
    scale: float = 1.0


@dataclass(frozen=True)
class Plan:
    """A whole data set.

    Attributes
    ----------
    setting : Setting
        What the user asked for.
    cast : list of Identity
        The actors.
    splits : list of str
        The split of each actor.
    real : list of Real
        The REAL clips.
    fake : list of Fake
        The FAKE clips, those of one original together.
    benchmark : list of Real
        The benchmark clips; they belong to no part or split.
    """

    setting: Setting
    cast: list[Identity]
    splits: list[str]
    real: list[Real]
    fake: list[Fake]
    benchmark: list[Real]

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """The pairs of actors that an autoencoder is trained for."""
        return sorted({fake.pair for fake in self.fake if fake.generator == AUTOENCODER})

    def footage_of(self, actor: int) -> list[tuple[Real, int]]:
        """List the takes in which an actor is alone, as only those show who is who in every frame."""
        return [(real, 0) for real in self.real if real.take.actors == (actor,)]


def check(setting: Setting) -> None:
    """Refuse a setting that makes no sense.

    Parameters
    ----------
    setting : Setting
        What the user asks for.

    Raises
    ------
    SynthError
        If a number is out of range.
    """
    if not 0 <= setting.seed < 2**31:
        raise SynthError(f"seed {setting.seed}", "must lie between 0 and 2147483647")
    if not 6 <= setting.actors <= LARGEST_ACTORS:
        raise SynthError(f"actors {setting.actors}", f"must lie between 6 and {LARGEST_ACTORS}")
    if not setting.actors <= setting.clips <= LARGEST_TAKES * setting.actors:
        raise SynthError(
            f"clips {setting.clips}",
            f"must lie between the number of actors and {LARGEST_TAKES} times that: every actor is filmed",
        )
    if not 1 <= setting.fakes <= LARGEST_FAKES:
        raise SynthError(f"fakes {setting.fakes}", f"must lie between 1 and {LARGEST_FAKES}")
    if not FRAMES_RANGE[0] <= setting.frames <= FRAMES_RANGE[1]:
        raise SynthError(f"frames {setting.frames}", "must lie between {} and {}".format(*FRAMES_RANGE))
    if not SCALE_RANGE[0] <= setting.scale <= SCALE_RANGE[1]:
        raise SynthError(f"scale {setting.scale}", "must lie between {} and {}".format(*SCALE_RANGE))


def make(setting: Setting, cast: list[Identity]) -> Plan:
    """Plan a data set.

    Parameters
    ----------
    setting : Setting
        What the user asks for.
    cast : list of Identity
        The actors.

    Returns
    -------
    Plan
        The same for the same arguments.

    Raises
    ------
    SynthError
        If the setting makes no sense.
    """
    check(setting)
    rng = np.random.default_rng([setting.seed, 1])
    splits = split_actors(cast)
    names = _names(setting.clips * (1 + setting.fakes), rng)
    real = _real_clips(setting, cast, splits, names, rng)
    fake = _fake_clips(setting, cast, splits, real, names, rng)
    return Plan(setting, cast, splits, real, fake, _benchmark(setting, rng))


def split_actors(cast: list[Identity]) -> list[str]:
    """Give every actor a split, in the same proportions in each group.

    Parameters
    ----------
    cast : list of Identity
        The actors.

    Returns
    -------
    list of str
        "train", "validation" or "test" for each.
    """
    seen: dict[tuple[str, str], int] = {}
    splits = []
    for actor in cast:
        group = (actor.ancestry, actor.gender)
        splits.append(SPLITS[seen.get(group, 0) % len(SPLITS)])
        seen[group] = seen.get(group, 0) + 1
    return splits


def _names(count: int, rng: np.random.Generator) -> list[str]:
    names: dict[str, None] = {}
    while len(names) < count:
        names["".join(rng.choice(list(ascii_lowercase), 10)) + ".mp4"] = None
    return list(names)


def _filming_order(splits: list[str], clips: int) -> list[int]:
    """List who is filmed: everybody once, then train actors again, then one test actor of each group, ..."""
    actors = range(len(splits))
    train = [actor for actor in actors if splits[actor] == "train"]
    others = sorted((a for a in actors if splits[a] != "train"), key=lambda a: (splits[a] != "test", a))
    order = list(actors)
    while len(order) < clips:
        order += train + others
    return order[:clips]


def _real_clips(
    setting: Setting, cast: list[Identity], splits: list[str], names: list[str], rng: np.random.Generator
) -> list[Real]:
    takes_of: dict[int, int] = {}
    clips = []
    for number, actor in enumerate(_filming_order(splits, setting.clips)):
        look = takes_of.get(actor, 0)
        takes_of[actor] = look + 1
        size = SIZES[int(rng.integers(len(SIZES)))]
        people = (actor,)
        # Second takes only: everybody needs footage of their own.
        if number >= setting.actors and (number - setting.actors) % TWO_PEOPLE_EVERY == 2:
            size = SIZES[0]
            people = (
                actor,
                int(rng.choice([a for a in range(len(cast)) if a != actor and splits[a] == splits[actor]])),
            )
        quarter_turn = number == QUARTER_TURN_CLIP
        if quarter_turn:
            size = SIZES[1]
        take = Take(
            actors=people,
            seed=int(rng.integers(2**31)),
            look=look % LOOKS,
            size=_scaled(size, setting.scale),
            frames=setting.frames,
            fps=FPS,
            faceless=_faceless(setting.frames, rng) if number % FACELESS_EVERY == 8 else None,
        )
        clips.append(
            Real(
                video=names[number],
                part=number // CLIPS_PER_PART,
                split=splits[actor],
                take=take,
                degradation=degrade.draw(rng),
                encoding=encode.draw(rng, FPS, quarter_turn),
                seed=int(rng.integers(2**31)),
            )
        )
    return clips


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """Scale a frame's size; H.264 wants even numbers."""
    return 2 * round(size[0] * scale / 2), 2 * round(size[1] * scale / 2)


def _faceless(frames: int, rng: np.random.Generator) -> tuple[int, int]:
    """Draw the frames, about a fifth, in which the face is turned away."""
    length = max(2, frames // 5)
    start = int(rng.integers(frames // 8, frames - length - frames // 8))
    return start, start + length


def _fake_clips(
    setting: Setting,
    cast: list[Identity],
    splits: list[str],
    real: list[Real],
    names: list[str],
    rng: np.random.Generator,
) -> list[Fake]:
    names = names[len(real) :]
    strengths = _strengths(real, setting.fakes, rng)
    fakes = []
    for original in real:
        for turn in range(setting.fakes):
            person = int(rng.integers(len(original.take.actors)))
            method = METHODS[turn % len(METHODS)]
            generator = method if method != PARTIAL else str(rng.choice([SWAP, AUTOENCODER]))
            target = original.take.actors[person]
            fakes.append(
                Fake(
                    video=names[len(fakes)],
                    original=original,
                    person=person,
                    donor=_donor(cast, splits, target, generator, rng),
                    method=method,
                    region=str(rng.choice(["mouth", "eyes"])) if method == PARTIAL else "face",
                    generator=generator,
                    strength=strengths[len(fakes)],
                    degradation=degrade.draw(rng),
                    encoding=encode.draw(rng, FPS, original.encoding.quarter_turn),
                    seed=int(rng.integers(2**31)),
                )
            )
    return fakes


def _strengths(real: list[Real], fakes: int, rng: np.random.Generator) -> list[float]:
    """Spread the strengths evenly within each split and method."""
    keys = [(clip.split, METHODS[turn % len(METHODS)]) for clip in real for turn in range(fakes)]
    strengths = np.zeros(len(keys))
    for key in sorted(set(keys)):
        members = [number for number, other in enumerate(keys) if other == key]
        strengths[members] = (rng.permutation(len(members)) + 0.5) / len(members)
    return [round(float(strength), 3) for strength in strengths]


def _donor(
    cast: list[Identity], splits: list[str], target: int, generator: str, rng: np.random.Generator
) -> int:
    """Choose a donor of the target's split, as like the target in gender, ancestry and skin as there is."""
    me = cast[target]
    others = [a for a, split in enumerate(splits) if split == splits[target] and a != target]
    if not others:
        raise SynthError(
            f"actor {target}", "is alone in its split, so nobody can be its donor; ask for more actors"
        )

    def unlikeness(actor: int) -> float:
        other = cast[actor]
        return (
            8 * (other.gender != me.gender)
            + abs(other.monk - me.monk)
            + 0.5 * (other.ancestry != me.ancestry)
        )

    ranked = sorted(others, key=lambda actor: (unlikeness(actor), actor))
    # Training an autoencoder takes seconds for every pair, so its donor is always the likest.
    choice = ranked[:1] if generator == AUTOENCODER else ranked[:4]
    return int(rng.choice(choice))


def _benchmark(setting: Setting, rng: np.random.Generator) -> list[Real]:
    clips = []
    for number, size in enumerate(BENCHMARK_SIZES):
        take = Take(
            actors=(number % setting.actors,),
            seed=int(rng.integers(2**31)),
            look=number % LOOKS,
            size=_scaled(size, setting.scale),
            frames=setting.frames,
            fps=FPS,
            faceless=None,
        )
        untouched = Degradation(0, 1, 0, 0, 1, 1, 1, 0, 0)
        video = f"benchmark_{size[0]}x{size[1]}.mp4"
        clips.append(Real(video, -1, "benchmark", take, untouched, Encoding(26, "medium", FPS), 0))
    return clips
