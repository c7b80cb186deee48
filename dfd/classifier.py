"""The classifier: a pretrained backbone, dropout, and a linear head that ends in softmax or in sigmoid."""

from typing import Any, Literal, get_args

import torch
from torch import nn
from torch.nn import functional

from dfd import embedding
from dfd.errors import InputError
from dfd.run import Run

Head = Literal["softmax", "sigmoid"]
OUTPUTS: dict[Head, int] = {"softmax": 2, "sigmoid": 1}
FAKE = 1
"""The class number of FAKE, and its position among the softmax head's logits; REAL has 0."""


class Classifier(nn.Module):
    """A backbone with a linear head that tells REAL from FAKE (report, Figure 3.20).

    Parameters
    ----------
    backbone : Module
        Maps what it is given to feature vectors, of shape (n, features).
    features : int
        Length of a feature vector.
    head : str
        ``"softmax"`` for two logits (REAL, FAKE) or ``"sigmoid"`` for the logit of FAKE alone.
    dropout : float
        Share of the features that training sets to zero at random.

    Raises
    ------
    InputError
        If there is no such head.
    """

    def __init__(
        self, backbone: nn.Module, features: int, head: Head = "softmax", dropout: float = 0.2
    ) -> None:
        super().__init__()
        if head not in OUTPUTS:
            raise InputError(f"head {head!r}", f"no such head; there are {', '.join(get_args(Head))}")
        self.backbone: Any = backbone
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(features, OUTPUTS[head])

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Compute logits, shape (n, 2) or (n, 1), of REAL and FAKE, or of FAKE alone."""
        return self.head(self.dropout(self.backbone(inputs)))


def make(run: Run, head: Head = "softmax", dropout: float = 0.2) -> Classifier:
    """Build the classifier of a run: its backbone with ImageNet weights, and a head that is still untrained.

    Parameters
    ----------
    head : str
        ``"softmax"`` or ``"sigmoid"``.
    dropout : float
        Share of the features that training sets to zero at random.

    Returns
    -------
    Classifier
        On the CPU. Its head is drawn from torch's random generator.
    """
    backbone = embedding.backbone(run)
    return Classifier(backbone, embedding.FEATURES[run.backbone], head, dropout)


def fake_logit(logits: torch.Tensor) -> torch.Tensor:
    """Reduce either head's output to one number, the log odds of FAKE.

    Parameters
    ----------
    logits : Tensor, shape (n, 2) or (n, 1)
        Output of a `Classifier`.

    Returns
    -------
    Tensor, shape (n,)
        ``logit(FAKE) - logit(REAL)`` of a softmax head, or the logit of a sigmoid head: the sigmoid of
        either is the probability of FAKE.
    """
    if logits.shape[1] == OUTPUTS["sigmoid"]:
        return logits[:, 0]
    return logits[:, FAKE] - logits[:, 1 - FAKE]


def by_height(model: Classifier, apart: bool = True) -> dict[int, list[nn.Parameter]]:
    """Sort the parameters of a classifier by how many blocks of layers lie above them.

    Parameters
    ----------
    model : Classifier
        The classifier.
    apart : bool
        Whether to tell heights apart; otherwise all are at 0.

    Returns
    -------
    dict of int to list of Parameter
        0 for the head and the last convolution, 1 for the topmost block, and so on down to the first
        convolution.
    """
    if not apart:
        return {0: list(model.parameters())}
    blocks = len(model.backbone.network._blocks)
    heights: dict[int, list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        layer = name.removeprefix("backbone.network.").split(".")
        if layer[0] == "_blocks":
            height = blocks - int(layer[1])
        else:
            height = blocks + 1 if layer[0] in ("_conv_stem", "_bn0") else 0
        heights.setdefault(height, []).append(parameter)
    return heights


def loss(logits: torch.Tensor, fake: torch.Tensor, smoothing: float = 0.0) -> torch.Tensor:
    """Compute the mean cross-entropy of either head's output.

    Parameters
    ----------
    logits : Tensor, shape (n, 2) or (n, 1)
        Output of a `Classifier`.
    fake : Tensor of int64, shape (n,)
        1 for FAKE, 0 for REAL.
    smoothing : float
        Share of the label that both classes share.

    Returns
    -------
    Tensor, shape ()
        In nats.
    """
    if logits.shape[1] == OUTPUTS["sigmoid"]:
        targets = fake.to(logits.dtype) * (1 - smoothing) + smoothing / 2
        return functional.binary_cross_entropy_with_logits(logits[:, 0], targets)
    return functional.cross_entropy(logits, fake, label_smoothing=smoothing)
