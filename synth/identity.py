"""Who the actors are: face shape, colouring and other traits that stay the same in every take."""

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product

import numpy as np

from . import assets
from .errors import SynthError
from .traits import (
    ANCESTRIES,
    ASYMMETRIES,
    DETAILS,
    EYE_COLOURS,
    GROUPS,
    HAIR_COLOURS,
    HEAD_SHAPES,
    LEANINGS,
    MONK_RANGE,
    MONK_TONES,
    SPREAD,
)


@dataclass(frozen=True)
class Brows:
    """The shape of the eyebrows; lengths in decimetres on the base mesh.

    Attributes
    ----------
    height, thickness, arch, slant : float
        Rise above the usual place, width, bend upwards, and rise from the inner to the outer end.
    inner, outer : float
        Distance of the ends from the middle of the face.
    density : float
        How thick the hairs grow, from 0 to 1.
    """

    height: float
    thickness: float
    arch: float
    slant: float
    inner: float
    outer: float
    density: float


@dataclass(frozen=True)
class Identity:
    """One actor.

    Attributes
    ----------
    index : int
        Place in the cast.
    seed : int
        Seed of everything drawn for this actor.
    gender : str
        "woman" or "man".
    ancestry : str
        "african", "asian" or "caucasian"; the main one of a mixture.
    mixture : dict of str to float
        The share of each ancestry.
    age : int
        Age in years.
    monk : int
        Skin tone on the Monk scale, from 1 (lightest) to 10.
    eyes : str
        Name of the eye colour.
    hair : str
        Name of the hair colour before greying.
    grey : float
        How much of the hair is grey, from 0 to 1.
    balding : float
        How far the hair has receded, from 0 to 1.
    beard : str
        "none", "shaven", "stubble", "moustache", "goatee" or "full".
    skin_colour, eye_colour, hair_colour : tuple of float
        Colours in sRGB, 0 to 255; the hair's with its grey.
    brows : Brows
        Shape of the eyebrows.
    freckles, redness, roughness : float
        Amount of each, from 0 to 1.
    moles : tuple of (x, y, radius, strength)
        Their places and radii on the base mesh, in decimetres.
    targets : dict of str to float
        Weights of the shape targets.
    """

    index: int
    seed: int
    gender: str
    ancestry: str
    mixture: dict[str, float]
    age: int
    monk: int
    eyes: str
    hair: str
    grey: float
    balding: float
    beard: str
    skin_colour: tuple[float, ...]
    eye_colour: tuple[float, ...]
    hair_colour: tuple[float, ...]
    brows: Brows
    freckles: float
    redness: float
    roughness: float
    moles: tuple[tuple[float, float, float, float], ...]
    targets: dict[str, float] = field(repr=False)

    def __hash__(self) -> int:
        return hash((self.seed, self.index))

    @property
    def name(self) -> str:
        """Return the name under which tables list the actor."""
        return f"actor_{self.index:02d}"


def cast(seed: int, count: int) -> list[Identity]:
    """Make a cast with its six groups (ancestry and gender) balanced and its ages spread over 20 to 75.

    Parameters
    ----------
    seed : int
        Seed of the random generators: the same seed makes the same people.
    count : int
        Number of actors; actor i belongs to group i modulo 6.

    Returns
    -------
    list of Identity

    Raises
    ------
    SynthError
        If the seed is negative or the count is below 1.
    """
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise SynthError("seed", f"must be a whole number, 0 or more, not {seed!r}")
    if not isinstance(count, int | np.integer) or count < 1:
        raise SynthError("actors", f"must be a whole number, 1 or more, not {count!r}")
    rng = np.random.default_rng([seed, 1])
    ages = _spread_ages(rng, count)
    return [_person(np.random.default_rng([seed, 2, i]), i, int(ages[i])) for i in range(count)]


def _spread_ages(rng: np.random.Generator, count: int) -> np.ndarray:
    """Spread ages evenly within each group."""
    ages = np.empty(count)
    for group in range(len(GROUPS)):
        members = np.arange(group, count, len(GROUPS))
        steps = (rng.permutation(len(members)) + rng.random(len(members))) / max(len(members), 1)
        ages[members] = 20 + 55 * steps**1.15
    return ages.round()


def _person(rng: np.random.Generator, index: int, age: int) -> Identity:
    ancestry, gender = GROUPS[index % len(GROUPS)]
    mixture = _mixture(rng, ancestry)
    low, high = MONK_RANGE[ancestry]
    monk = int(rng.integers(low, high + 1))
    skin = np.array(MONK_TONES[monk - 1]) * (1 + rng.normal(0, 0.02)) * (1 + rng.normal(0, 0.012, 3))
    eyes = _eye_colour(rng, ancestry, monk)
    hair = _hair_name(rng, ancestry, monk)
    grey = float(np.clip((age - 38) / 32 + rng.normal(0, 0.18), 0, 1)) if age > 34 else 0.0
    return Identity(
        index=index,
        seed=int(rng.integers(2**31)),
        gender=gender,
        ancestry=ancestry,
        mixture=mixture,
        age=age,
        monk=monk,
        eyes=eyes,
        hair=hair,
        grey=grey,
        balding=float(np.clip((age - 30) / 50 * rng.uniform(0, 1.6), 0, 1)) if gender == "man" else 0.0,
        beard=_beard(rng, gender, ancestry),
        skin_colour=tuple(np.clip(skin, 0, 250).tolist()),
        eye_colour=tuple((np.array(EYE_COLOURS[eyes]) * rng.uniform(0.85, 1.15)).tolist()),
        hair_colour=_hair_colour(rng, hair, grey),
        brows=_brows(rng, gender),
        freckles=float(rng.beta(0.6, 1.8)) if monk <= 4 else float(0.3 * rng.beta(0.6, 3)),
        redness=float(rng.uniform(0.2, 1)),
        roughness=float(rng.uniform(0.2, 1)),
        moles=_moles(rng),
        targets=_targets(rng, gender, mixture, age),
    )


def _mixture(rng: np.random.Generator, main: str) -> dict[str, float]:
    share = {name: 0.0 for name in ANCESTRIES}
    other = float(rng.uniform(0, 0.3)) if rng.random() < 0.4 else 0.0
    share[str(rng.choice([a for a in ANCESTRIES if a != main]))] = other
    share[main] = 1 - other
    return share


def _eye_colour(rng: np.random.Generator, ancestry: str, monk: int) -> str:
    if ancestry == "caucasian" and monk <= 4:
        return str(rng.choice(list(EYE_COLOURS), p=[0.08, 0.2, 0.17, 0.15, 0.15, 0.25]))
    return str(rng.choice(["dark brown", "brown", "hazel"], p=[0.55, 0.4, 0.05]))


def _hair_name(rng: np.random.Generator, ancestry: str, monk: int) -> str:
    if ancestry == "caucasian" and monk <= 4:
        return str(rng.choice(list(HAIR_COLOURS), p=[0.1, 0.28, 0.3, 0.22, 0.1]))
    return str(rng.choice(["black", "dark brown"], p=[0.75, 0.25]))


def _hair_colour(rng: np.random.Generator, name: str, grey: float) -> tuple[float, ...]:
    colour = np.array(HAIR_COLOURS[name]) * rng.uniform(0.85, 1.2)
    silver = np.array([176, 172, 168]) * rng.uniform(0.9, 1.1)
    return tuple((colour + (silver - colour) * 0.85 * grey).tolist())


def _beard(rng: np.random.Generator, gender: str, ancestry: str) -> str:
    if gender == "woman":
        return "none"
    kinds = ("shaven", "stubble", "moustache", "goatee", "full")
    sparse = ancestry == "asian"
    return str(
        rng.choice(kinds, p=[0.55, 0.25, 0.05, 0.1, 0.05] if sparse else [0.35, 0.28, 0.05, 0.1, 0.22])
    )


def _brows(rng: np.random.Generator, gender: str) -> Brows:
    man = gender == "man"
    return Brows(
        height=float(rng.normal(0, 0.018)),
        thickness=float(rng.uniform(0.05, 0.085) if man else rng.uniform(0.03, 0.058)),
        arch=float(rng.uniform(0.01, 0.04) if man else rng.uniform(0.025, 0.065)),
        slant=float(rng.normal(-0.03, 0.02)),
        inner=float(rng.uniform(0.09, 0.15)),
        outer=float(rng.uniform(0.50, 0.58)),
        density=float(rng.uniform(0.55, 1)),
    )


def _moles(rng: np.random.Generator) -> tuple[tuple[float, float, float, float], ...]:
    count = int(rng.poisson(1.6))
    return tuple(
        (
            float(rng.uniform(-0.55, 0.55)),
            float(rng.uniform(6.45, 7.75)),
            float(rng.uniform(0.008, 0.018)),
            0.7,
        )
        for _ in range(count)
    )


def _targets(rng: np.random.Generator, gender: str, mixture: dict[str, float], age: int) -> dict[str, float]:
    targets = _macro_targets(rng, gender, mixture, age)
    for up, down, spread in DETAILS:
        lean = LEANINGS.get(up, 0.0) * (1 if gender == "woman" else -0.5)
        weight = float(np.clip(rng.normal(lean, SPREAD * spread), -0.85, 0.85))
        name = up if weight > 0 else down
        for side in ("l", "r") if "{}" in name else ("",):
            targets[name.format(side)] = abs(weight)
    for shape in rng.choice(HEAD_SHAPES[gender], 2, replace=False):
        targets[f"head/head-{shape}"] = float(rng.uniform(0.1, 0.5))
    for name in rng.choice(ASYMMETRIES, 4, replace=False):
        targets[f"asym/asym-{name}-{rng.choice(['l', 'r'])}"] = float(rng.uniform(0, 0.35))
    if age > 45:
        targets["head/head-age-incr"] = (age - 45) / 60
        targets["neck/neck-double-incr"] = (age - 45) / 80
    return targets


def _macro_targets(
    rng: np.random.Generator, gender: str, mixture: dict[str, float], age: int
) -> dict[str, float]:
    old = float(np.clip((age - 25) / 62, 0, 0.85))
    sexes = {"male": float(rng.uniform(0.85, 1)) if gender == "man" else float(rng.uniform(0, 0.15))}
    sexes["female"] = 1 - sexes["male"]
    fat = float(np.clip(rng.normal(0, 0.4), -0.8, 0.9))
    build = {"averageweight": 1 - abs(fat), "maxweight" if fat > 0 else "minweight": abs(fat)}
    targets = {}
    for (sex, a), (stage, b) in product(sexes.items(), {"young": 1 - old, "old": old}.items()):
        for ancestry, c in mixture.items():
            targets[f"macrodetails/{ancestry}-{sex}-{stage}"] = a * b * c
        for weight, c in build.items():
            targets[f"macrodetails/universal-{sex}-{stage}-averagemuscle-{weight}"] = a * b * c
    return targets


@lru_cache(64)
def face(person: Identity) -> np.ndarray:
    """Return the actor's vertices (v, 3), float32, with a neutral face and arms that stand out.

    Whatever the actor's height, the eyes are where those of the base mesh are.
    """
    mesh = assets.base_mesh()
    vertices = mesh.vertices.copy()
    for name, weight in person.targets.items():
        if weight > 1e-3:
            indices, offsets = assets.target(name)
            vertices[indices] += weight * offsets
    eyes = np.concatenate([mesh.vertex_groups["helper-l-eye"], mesh.vertex_groups["helper-r-eye"]])
    move = mesh.vertices[eyes].mean(0) - vertices[eyes].mean(0)
    return vertices + np.float32([0, move[1], move[2]])
