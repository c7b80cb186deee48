"""A REAL and a FAKE clip: all that is needed to make each."""

from dataclasses import dataclass

from .degrade import Degradation
from .encode import Encoding
from .film import Take

SWAP, AUTOENCODER, PARTIAL = "landmark swap", "autoencoder", "partial blend"
"""Names of the methods of faking."""


@dataclass(frozen=True)
class Real:
    """A REAL clip.

    Attributes
    ----------
    video : str
        File name.
    part : int
        Number of the DFDC part that it lies in.
    split : str
        "train", "validation" or "test".
    take : Take
        What is filmed; its first actor is the clip's own.
    degradation : Degradation
        How it is made worse before it is encoded.
    encoding : Encoding
        How it is encoded.
    seed : int
        Seed of the degradation's noise.
    """

    video: str
    part: int
    split: str
    take: Take
    degradation: Degradation
    encoding: Encoding
    seed: int


@dataclass(frozen=True)
class Fake:
    """A FAKE clip.

    Attributes
    ----------
    video : str
        File name.
    original : Real
        The clip that it is made of.
    person : int
        Whose face in it is changed.
    donor : int
        Whose face is put in.
    method : str
        `SWAP`, `AUTOENCODER` or `PARTIAL`.
    region : str
        "face", "mouth" or "eyes".
    generator : str
        What generates the face: `SWAP` or `AUTOENCODER`.
    strength : float
        From 0 (hardest to see) to 1 (crudest).
    degradation : Degradation
        How it is made worse before it is encoded.
    encoding : Encoding
        How it is encoded.
    seed : int
        Seed of the fake's faults and of the degradation's noise.
    """

    video: str
    original: Real
    person: int
    donor: int
    method: str
    region: str
    generator: str
    strength: float
    degradation: Degradation
    encoding: Encoding
    seed: int

    @property
    def target(self) -> int:
        """The actor whose face is changed."""
        return self.original.take.actors[self.person]

    @property
    def pair(self) -> tuple[int, int]:
        """Target and donor, the lower number first: who the autoencoder is trained for."""
        return min(self.target, self.donor), max(self.target, self.donor)
