"""Convolutional networks, all trained in the same way on the same faces; a method only names its layers."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import lightning
import pandas as pd
import torch
from torch import nn

from dfd import faces as face_crops
from dfd import fitting, loading, training
from dfd.classifier import Classifier
from dfd.recipe import Recipe
from dfd.run import Run
from study.methods.method import Fitted, Method, of_videos

SIZE = 128
"""Side of the crops in pixels."""

EPOCHS, DRAWN = 3, 640
"""Passes, and faces that are drawn for each, half REAL and half FAKE."""

BRIEF = 128
"""Faces of the one pass that a training takes in `make book`."""

Layers = Callable[[Run], tuple[nn.Module, int]]
"""Builds the layers below the head, and says how many features they give."""


def recipe(name: str, learning_rate: float, seed: int, brief: bool = False) -> Recipe:
    """Give the recipe of a training, which is the same for all networks but for its rate.

    Parameters
    ----------
    name : str
        Of the method.
    learning_rate : float
        The highest of the schedule.
    seed : int
        Of all that is drawn.
    brief : bool
        Whether there is one pass over `BRIEF` faces only.

    Returns
    -------
    Recipe
    """
    epochs, drawn = (1, BRIEF) if brief else (EPOCHS, DRAWN)
    return Recipe(name, size=SIZE, epochs=epochs, faces=drawn, learning_rate=learning_rate, seed=seed)


def fit(
    run: Run,
    faces: pd.DataFrame,
    seed: int,
    *,
    name: str,
    layers: Layers,
    learning_rate: float,
    brief: bool = False,
) -> Fitted:
    """Train a network on pairs of a REAL face and a FAKE face of the same source.

    Parameters
    ----------
    run : Run
        The run.
    faces : DataFrame
        To learn from: face_id, video, source, label.
    seed : int
        Of the start and of all that is drawn.
    name : str
        Of the method.
    layers : callable
        Builds what is below the head.
    learning_rate : float
        The highest of the schedule.
    brief : bool
        As `recipe` takes it.

    Returns
    -------
    Fitted
    """
    own = recipe(name, learning_rate, seed, brief)
    lightning.seed_everything(seed, verbose=False)
    model = Classifier(*layers(run), own.head, own.dropout).to(memory_format=torch.channels_last)
    pairs = loading.Pairs(faces, own.faces, seed, augmented=True)
    shown = loading.Faces(faces, face_crops.Crops(run), own.size)
    batches = loading.batches(shown, pairs, own.batch, 0, drop_last=True)
    fitting.trainer(run.device, max_epochs=own.epochs).fit(fitting.Classification(model, own), batches)
    return fitted(run, own, model)


def fitted(run: Run, own: Recipe, model: Classifier) -> Fitted:
    """Let a trained network judge videos: the mean logit of their faces.

    Parameters
    ----------
    run : Run
        The run.
    own : Recipe
        How it was trained.
    model : Classifier
        Trained.

    Returns
    -------
    Fitted
    """
    model.cpu().eval()

    def judge(others: pd.DataFrame) -> pd.Series:
        return of_videos(others, training.judge(run, own, model, others)["logit"].to_numpy())

    # The layer of ImageNet's 1,000 classes is still there and not used.
    used = {name: weights for name, weights in model.named_parameters() if "._fc." not in name}
    learned = [weights.numel() for weights in used.values() if weights.requires_grad]
    return Fitted(judge, sum(learned))


def method(name: str, layers: Layers, start: str, learning_rate: float) -> Method:
    """Make a method of layers.

    Parameters
    ----------
    name, start : str
        As `Method` has them.
    layers : callable
        Builds what is below the head.
    learning_rate : float
        The highest of the schedule.

    Returns
    -------
    Method
    """
    return Method(name, start, partial(fit, name=name, layers=layers, learning_rate=learning_rate))


def brief(method: Method) -> Method:
    """Give a method of `method` that is trained for some seconds only.

    Parameters
    ----------
    method : Method
        Made by `method`.

    Returns
    -------
    Method
        Of the same name.
    """
    return replace(method, fit=partial(method.fit, brief=True))
