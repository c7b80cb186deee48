"""Which network the report's table of an architecture (its Figure 3.6) describes: B0 or B7."""

import math

import efficientnet_pytorch
import pandas as pd
import torch
from efficientnet_pytorch.utils import get_model_params, round_filters, round_repeats


def architecture(name: str) -> pd.DataFrame:
    """Derive the stages of an EfficientNet from its width and depth coefficients.

    Parameters
    ----------
    name : str
        ``"efficientnet-b0"`` to ``"efficientnet-b7"``.

    Returns
    -------
    DataFrame
        stage, operator, resolution (side of what comes in, pixels), channels, layers: the columns of
        Table 1 in the paper and of the report's Figure 3.6.

    References
    ----------
    M. Tan and Q. V. Le, EfficientNet, ICML 2019, Table 1 and section 3.3.
    """
    blocks, settings = get_model_params(name, {})
    side = settings.image_size
    rows = [("Conv3x3", side, round_filters(32, settings), 1)]
    side = math.ceil(side / 2)
    for block in blocks:
        operator = f"MBConv{block.expand_ratio}, k{block.kernel_size}x{block.kernel_size}"
        channels = round_filters(block.output_filters, settings)
        rows.append((operator, side, channels, round_repeats(block.num_repeat, settings)))
        side = math.ceil(side / block.stride[0])
    rows.append(("Conv1x1 & Pooling & FC", side, round_filters(1280, settings), 1))
    stages = pd.DataFrame(rows, columns=["operator", "resolution", "channels", "layers"])
    stages.insert(0, "stage", range(1, len(stages) + 1))
    return stages


def parameters(name: str) -> int:
    """Count the parameters of an EfficientNet, without making room for them.

    Parameters
    ----------
    name : str
        ``"efficientnet-b0"`` to ``"efficientnet-b7"``.

    Returns
    -------
    int
        The last layer's for 1,000 classes among them.
    """
    with torch.device("meta"):
        network = efficientnet_pytorch.EfficientNet.from_name(name)
    return sum(parameter.numel() for parameter in network.parameters())
