"""The look of a take: an actor's hair, headwear, spectacles and clothes, over a face that stays the same."""

from dataclasses import dataclass

import numpy as np

from . import clothes, geometry, hair
from .head import Head
from .identity import Identity, face
from .subject import Fabric, Ribbons, Solid


@dataclass(frozen=True)
class Look:
    """What an actor wears in a take.

    Attributes
    ----------
    hair : list of Ribbons
        Strands that are fixed to the skull, for a head that faces the front.
    beard : Beard or None
        Strands that follow the skin, for those who have them.
    cover : list of (Fabric, points, weight)
        Cap or headscarf, and how much each point follows the head.
    shirt : Fabric
        Its points are the vertices `shirt_vertex` of the base mesh, moved by `shirt_offset` (n, 3).
    bare : ndarray of bool, shape (m,)
        The triangles of the body's surface that no cloth hides.
    solids : list of Solid
        Parts of the spectacles.
    scalp : ndarray of float32, shape (height, width)
        How much of the scalp in the atlas has the hair's colour.
    """

    hair: list[Ribbons]
    beard: hair.Beard | None
    cover: list[tuple[Fabric, np.ndarray, np.ndarray]]
    shirt: Fabric
    shirt_vertex: np.ndarray
    shirt_offset: np.ndarray
    bare: np.ndarray
    solids: list[Solid]
    scalp: np.ndarray


_STYLES_OF = {
    ("african", "man"): ("shaved", "buzz", "cropped", "curly", "cap"),
    ("african", "woman"): ("buzz", "curly", "afro", "bun", "headscarf", "cap"),
    ("asian", "man"): ("buzz", "short", "parted", "cap", "cropped"),
    ("asian", "woman"): ("bun", "bob", "short", "headscarf", "cap", "parted"),
    ("caucasian", "man"): ("buzz", "short", "parted", "cropped", "curly", "cap"),
    ("caucasian", "woman"): ("bun", "bob", "curly", "short", "headscarf", "cap"),
}
_HEADWEAR = {"cap": clothes.cap, "headscarf": clothes.headscarf}


def style_of(person: Identity, look: int) -> str:
    """Return the hair style of an actor's look: each look has another one, until they run out."""
    styles = list(_STYLES_OF[person.ancestry, person.gender])
    if person.balding > 0.65:
        styles = ["shaved", "buzz", "cap"]
    order = np.random.default_rng([person.seed, 41]).permutation(len(styles))
    return styles[order[look % len(styles)]]


def dress(person: Identity, look: int) -> Look:
    """Make an actor's look.

    Parameters
    ----------
    person : Identity
        The actor.
    look : int
        Number of the look: another number gives other hair and clothes.

    Returns
    -------
    Look
    """
    rng = np.random.default_rng([person.seed, 42, look])
    style = style_of(person, look)
    vertices = geometry.lower_arms(face(person))
    head = Head(person, vertices)
    strands = hair.STYLES[style](rng, head)
    cover = [_HEADWEAR[style](rng, head)] if style in _HEADWEAR else []
    spectacles = bool(rng.random() < 0.3) and style != "headscarf"
    collar = "crew" if style == "headscarf" else str(rng.choice(["crew", "vee", "high"], p=[0.55, 0.25, 0.2]))
    shirt, vertex, offset = clothes.shirt(rng, vertices, collar)
    return Look(
        hair=strands,
        beard=hair.beard(rng, head),
        cover=cover,
        shirt=shirt,
        shirt_vertex=vertex,
        shirt_offset=offset,
        bare=clothes.bare(head, collar, style),
        solids=clothes.spectacles(rng, head) if spectacles else [],
        scalp=hair.undercoat(person, style),
    )
