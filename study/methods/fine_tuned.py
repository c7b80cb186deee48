"""The book's own method: a backbone with ImageNet weights, all of it trained further."""

import pandas as pd
from torch import nn

from dfd import embedding, training
from dfd.run import Run
from study.methods import networks
from study.methods.method import Fitted, Method


def layers(run: Run) -> tuple[nn.Module, int]:
    """Build the backbone with its ImageNet weights.

    Parameters
    ----------
    run : Run
        The run, whose backbone it is.

    Returns
    -------
    tuple of Module and int
        The layers and the number of features.
    """
    return embedding.backbone(run), embedding.FEATURES[run.backbone]


def take(run: Run, faces: pd.DataFrame, seed: int) -> Fitted:
    """Take the run's own classifier, which has learned from the train split.

    Parameters
    ----------
    run : Run
        The run, whose classifier is trained if it is not there.
    faces, seed : DataFrame and int
        As every method takes them; do not count.

    Returns
    -------
    Fitted
    """
    return networks.fitted(run, training.own_recipe(run), training.train(run))


FINE_TUNED = networks.method("fine-tuned Lite0", layers, "ImageNet", 5e-4)
OWN = Method(FINE_TUNED.name, FINE_TUNED.start, take)
