"""Recipes: how a classifier is trained, as a small file says it."""

import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from dfd.classifier import Head
from dfd.errors import InputError

FOLDER = Path(__file__).parent / "recipes"
"""Where the recipes of the profiles are."""

Augmentation = Literal["report", "none"]


@dataclass(frozen=True)
class Recipe:
    """How a classifier is trained.

    Attributes
    ----------
    name : str
        Tells recipes apart in tables and file names.
    head : str
        ``"softmax"`` or ``"sigmoid"``.
    augmentation : str
        ``"report"`` for `dfd.augment.training`, or ``"none"``.
    size : int
        Side that face crops are scaled to, in pixels.
    part : float
        Share of a crop's side that the network is shown, from its middle: 1 for all of it; of a crop with a
        margin of 0.6, 1 / 1.6 is the face without margin.
    epochs : int
        Passes at most; in each, faces are drawn anew.
    faces : int
        Largest number of faces drawn for an epoch, half REAL and half FAKE.
    batch : int
        Faces in a training step, over all devices; an even number.
    learning_rate : float
        Highest rate of the schedule.
    layer_decay : float
        Factor of the learning rate from one block of the backbone to the one below: under 1, early layers,
        which see edges and colours, keep more of what ImageNet taught them.
    warm_up : float
        Share of the steps in which the rate rises to its highest; it then falls along a cosine.
    weight_decay : float
        AdamW's decoupled weight decay.
    clip : float
        Norm that the gradient is cut to; 0 leaves it as it is.
    dropout : float
        Share of the features dropped before the head.
    smoothing : float
        Share of the label that is given to both classes alike, so that no logit has to grow without bound.
    averaging : float
        Share that the average of the weights over the steps keeps of itself in each (an exponential moving
        average, which then is the classifier); 0 takes the weights of the last step.
    patience : int
        Epochs without a lower log loss on the validation split after which the training ends, with the
        weights of the best one; 0 trains to the end and takes the last.
    seed : int
        Seed of the head's start, the draws, the augmentation and the dropout.

    References
    ----------
    L. N. Smith and N. Topin, Super-convergence, 2019 (the schedule); B. T. Polyak and A. B. Juditsky,
    Acceleration of stochastic approximation by averaging, 1992; C. Szegedy and others, Rethinking the
    Inception architecture, CVPR 2016 (label smoothing).
    """

    name: str = "fine-tuned"
    head: Head = "softmax"
    augmentation: Augmentation = "report"
    size: int = 160
    part: float = 1.0
    epochs: int = 4
    faces: int = 900
    batch: int = 32
    learning_rate: float = 5e-4
    layer_decay: float = 1.0
    warm_up: float = 0.3
    weight_decay: float = 0.05
    clip: float = 0.0
    dropout: float = 0.2
    smoothing: float = 0.0
    averaging: float = 0.0
    patience: int = 0
    seed: int = 2020

    def __post_init__(self) -> None:
        """Refuse what cannot be trained with."""
        for field, allowed in (("head", get_args(Head)), ("augmentation", get_args(Augmentation))):
            if getattr(self, field) not in allowed:
                raise InputError(
                    f"recipe {self.name!r}",
                    f"{field} is {getattr(self, field)!r}; there are {', '.join(allowed)}",
                )
        for field, lowest, highest in RANGES:
            if not lowest <= getattr(self, field) <= highest:
                raise InputError(
                    f"recipe {self.name!r}",
                    f"{field} is {getattr(self, field)}; it must lie from {lowest:g} to {highest:g}",
                )
        if self.batch % 2:
            raise InputError(f"recipe {self.name!r}", f"batch is {self.batch}; it must be even")
        if not re.fullmatch(NAME, self.name):
            raise InputError(f"recipe {self.name!r}", f"name is {self.name!r}; files are named after it")


NAME = r"[\w .,-]*\w[\w .,-]*"
"""What a recipe's name may be made of."""

RANGES = (
    ("size", 32, 1024),
    ("part", 0.05, 1),
    ("epochs", 1, 10_000),
    ("faces", 2, 10**9),
    ("batch", 2, 10**6),
    ("learning_rate", 1e-9, 10),
    ("layer_decay", 0.1, 1),
    ("warm_up", 0, 0.9),
    ("weight_decay", 0, 10),
    ("clip", 0, 1e6),
    ("dropout", 0, 0.95),
    ("smoothing", 0, 0.9),
    ("averaging", 0, 0.999999),
    ("patience", 0, 10_000),
)
"""Fields of a recipe with their lowest and highest values."""


def load(name: str | Path, **defaults: Any) -> Recipe:
    """Read a recipe.

    Parameters
    ----------
    name : str or Path
        A profile (``"sample"`` or ``"dfdc"``), or a TOML file with some of the fields of `Recipe`; the others
        keep their defaults.
    **defaults : object
        Values of fields that the file does not set, instead of `Recipe`'s own.

    Returns
    -------
    Recipe

    Raises
    ------
    InputError
        If there is no such file, or it is no recipe.

    Examples
    --------
    >>> from dfd import recipe
    >>> recipe.load("sample").epochs, recipe.load("dfdc", seed=1).seed
    (4, 1)
    """
    path = Path(name) if Path(name).suffix else FOLDER / f"{name}.toml"
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(path, f"no recipe that can be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(path, f"not TOML ({error})") from error
    types = {field.name: type(field.default) for field in fields(Recipe)}
    for key, value in settings.items():
        if key not in types:
            raise InputError(path, f"{key} is no field of a recipe; there are {', '.join(types)}")
        suits = type(value) is types[key] or (type(value) is int and types[key] is float)
        if not suits:
            raise InputError(path, f"{key} is {value!r}; it must be of type {types[key].__name__}")
    try:
        return Recipe(**defaults | settings)
    except InputError as error:
        raise InputError(path, error.reason) from error


def epoch_faces(recipe: Recipe, there: int) -> int:
    """Tell how many faces an epoch draws.

    Parameters
    ----------
    recipe : Recipe
        How to train.
    there : int
        Faces of the train split.

    Returns
    -------
    int
        An even number: the recipe's, or as many as there are if they are fewer, but two at least.

    Examples
    --------
    >>> from dfd import recipe
    >>> large = recipe.Recipe(faces=40_000)
    >>> recipe.epoch_faces(large, there=344), recipe.epoch_faces(large, there=1_200_000)
    (344, 40000)
    """
    return max(min(recipe.faces, there) // 2 * 2, 2)
