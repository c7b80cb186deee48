"""Whether the heat of Grad-CAM lies in the face's box or in the margin around it."""

import numpy as np


def share_inside(heat: np.ndarray, margin: float) -> np.ndarray:
    """Measure how much of the heat lies in the box that the detector drew, rather than in the margin.

    Parameters
    ----------
    heat : ndarray, shape (n, size, size)
        As `dfd.explain.heatmaps` gives it.
    margin : float
        Margin that the faces were cropped with.

    Returns
    -------
    ndarray of float, shape (n,)
        0 to 1. A heat map without preference has ``1 / (1 + margin) ** 2``.
    """
    size = heat.shape[1]
    edge = round(size * margin / (1 + margin) / 2)
    inside = heat[:, edge : size - edge, edge : size - edge].sum(axis=(1, 2))
    return inside / np.maximum(heat.sum(axis=(1, 2)), np.finfo(float).tiny)
