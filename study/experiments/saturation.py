"""Whether the sigmoid saturates: the gradient that a fake sends back, for two functions and losses (C20)."""

from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch.nn import functional

from dfd.run import Run
from study import measuring, plots, records, statistics
from study.records import Depth, Result
from study.statistics import Interval

UNIT = records.FIGURES
WRONG = -8.0
"""Logit of a fake that a network takes for real, nearly surely: a probability of FAKE of 0.0003."""


def _two(logits: torch.Tensor) -> torch.Tensor:
    return torch.stack([torch.zeros_like(logits), logits], dim=1)


LOSSES: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "sigmoid with squared error": lambda z: (torch.sigmoid(z) - 1) ** 2,
    "softmax with squared error": lambda z: (torch.softmax(_two(z), dim=1)[:, 1] - 1) ** 2,
    "sigmoid with cross-entropy": lambda z: functional.softplus(-z),
    "softmax with cross-entropy": lambda z: -torch.log_softmax(_two(z), dim=1)[:, 1],
}
"""The loss of a fake at each logit of FAKE."""


measure = measuring.of(__name__)


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Let PyTorch differentiate each loss with respect to the logit, from -8 to 8."""
    parts = []
    for name, loss in LOSSES.items():
        logits = torch.linspace(WRONG, -WRONG, 161, dtype=torch.float64).requires_grad_()
        loss(logits).sum().backward()
        gradient = np.abs(logits.grad.numpy()) if logits.grad is not None else np.nan
        parts.append(pd.DataFrame({"loss": name, "logit": logits.detach().numpy(), "gradient": gradient}))
    table = pd.concat(parts, ignore_index=True)
    return table.assign(unit=table["logit"])


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Read the gradient where the network is most wrong."""
    wrong = table[table["logit"] == WRONG].set_index("loss")["gradient"]
    return {f"gradient, {name}": statistics.exactly(wrong[name]) for name in LOSSES}


def draw(result: Result) -> Figure:
    """Draw the size of each gradient against the logit."""
    figure, panel = plt.subplots(figsize=(7, 3.8))
    for number, (name, rows) in enumerate(result.table.groupby("loss", sort=False)):
        thin = number % 2 == 1
        style = {"ls": "-" if thin else "--", "lw": 2 if thin else 5, "alpha": 1 if thin else 0.4}
        colour = plots.COLOURS[number // 2]
        panel.semilogy(rows["logit"], rows["gradient"], color=colour, label=name, **style)
    panel.set(xlabel="logit of a fake", ylabel="size of the gradient", ylim=(1e-4, 2))
    panel.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    return figure
