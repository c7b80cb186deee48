"""Convolutional networks, all trained in the same way on the same faces; a method only names its layers."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

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
from study.records import Depth

SIZE = 128
"""Side of the crops in pixels, unless a method wants another."""

PASS = 640
"""Faces that are drawn for one pass, half REAL and half FAKE."""

SHOWN, BRIEF = 3 * PASS, PASS // 5
"""Faces that a training shows in all, and one in `make book`."""

Layers = Callable[[Run], tuple[nn.Module, int]]
"""Builds the layers below the head, and says how many features they give."""


def recipe(
    name: str, learning_rate: float, seed: int, *, size: int = SIZE, part: float = 1.0, shown: int = SHOWN
) -> Recipe:
    """Give the recipe of a training: the same for all networks, but for the rate and the pictures.

    Parameters
    ----------
    name : str
        Of the method.
    learning_rate : float
        The highest of the schedule.
    seed : int
        Of all that is drawn.
    size : int
        Side of the pictures in pixels.
    part : float
        Share of the crop's side that they show, about its middle.
    shown : int
        Faces in all, in passes of `PASS`.

    Returns
    -------
    Recipe
    """
    faces = min(shown, PASS)
    schedule: dict[str, Any] = {"epochs": shown // faces, "faces": faces, "learning_rate": learning_rate}
    return Recipe(name, size=size, part=part, seed=seed, **schedule)


def train(run: Run, faces: pd.DataFrame, own: Recipe, layers: Layers) -> Classifier:
    """Train a network on pairs of a REAL face and a FAKE face of the same source.

    Parameters
    ----------
    run : Run
        The run.
    faces : DataFrame
        To learn from: face_id, video, source, label.
    own : Recipe
        As `recipe` gives it.
    layers : callable
        Builds what is below the head.

    Returns
    -------
    Classifier
        In evaluation mode, on the CPU.
    """
    lightning.seed_everything(own.seed, verbose=False)
    model = Classifier(*layers(run), own.head, own.dropout).to(memory_format=torch.channels_last)
    pairs = loading.Pairs(faces, own.faces, own.seed, augmented=True)
    pictures = loading.Faces(faces, face_crops.Crops(run), own.size, own.part)
    batches = loading.batches(pictures, pairs, own.batch, 0, drop_last=True)
    fitting.trainer(run.device, max_epochs=own.epochs).fit(fitting.Classification(model, own), batches)
    return model.cpu().eval()


def fit(
    run: Run,
    faces: pd.DataFrame,
    seed: int,
    *,
    name: str,
    layers: Layers,
    learning_rate: float,
    size: int = SIZE,
    part: float = 1.0,
    shown: int = SHOWN,
) -> Fitted:
    """Train a network and let it judge videos.

    Parameters
    ----------
    run, faces, layers : Run, DataFrame and callable
        As for `train`.
    name, learning_rate, seed, size, part, shown : str, float and int
        As for `recipe`.

    Returns
    -------
    Fitted
    """
    own = recipe(name, learning_rate, seed, size=size, part=part, shown=shown)
    return fitted(run, own, train(run, faces, own, layers))


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

    def judge(others: pd.DataFrame) -> pd.Series:
        return of_videos(others, training.judge(run, own, model, others)["logit"].to_numpy())

    # The layer of ImageNet's 1,000 classes is still there and not used.
    used = {name: weights for name, weights in model.named_parameters() if "._fc." not in name}
    learned = [weights.numel() for weights in used.values() if weights.requires_grad]
    return Fitted(judge, sum(learned))


def method(name: str, layers: Layers, start: str, learning_rate: float, **settings: Any) -> Method:
    """Make a method of layers.

    Parameters
    ----------
    name, start : str
        As `Method` has them.
    layers : callable
        Builds what is below the head.
    learning_rate : float
        The highest of the schedule.
    **settings : int and float
        Further ones of `recipe`.

    Returns
    -------
    Method
    """
    return Method(
        name, start, partial(fit, name=name, layers=layers, learning_rate=learning_rate, **settings)
    )


def at_depth(methods: Iterable[Method], depth: Depth) -> list[Method]:
    """Give methods that are shown `BRIEF` faces only at quick depth.

    Parameters
    ----------
    methods : iterable of Method
        Made by `method`, or with a `fit` that takes `shown` as `recipe` does.
    depth : str
        ``"quick"`` or ``"full"``.

    Returns
    -------
    list of Method
        Of the same names.
    """
    if depth == "full":
        return list(methods)
    return [replace(method, fit=partial(method.fit, shown=BRIEF)) for method in methods]
