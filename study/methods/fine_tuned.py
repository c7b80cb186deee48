"""The book's own method: a backbone with ImageNet weights, all of it trained further."""

from torch import nn

from dfd import embedding
from dfd.run import Run
from study.methods import networks


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


FINE_TUNED = networks.method("fine-tuned Lite0", layers, "ImageNet", 5e-4)
