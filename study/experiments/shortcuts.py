"""Whether fakes can be told from originals without looking for a forgery: by the file, light or sharpness."""

from functools import partial

import cv2
import numpy as np
import pandas as pd

from dfd import dataset
from study import statistics


def shortcuts(videos: pd.DataFrame, seed: int, repeats: int = statistics.REPEATS) -> pd.DataFrame:
    """Measure how well properties of the file alone tell fake from real, which they should not.

    Parameters
    ----------
    videos : DataFrame
        Readable videos of both labels, from the videos table.
    seed : int
        Seed of the random draws.
    repeats : int
        Draws of the bootstrap; whole sources are drawn, for an original and its fakes are much alike.

    Returns
    -------
    DataFrame
        property, auc (area under the ROC curve; 0.5 is chance), and the bounds low and high of its 95%
        interval.
    """
    fake, area = dataset.is_fake(videos), videos["width"] * videos["height"]
    properties = {
        "pixels in a frame": area,
        "seconds": videos["duration"],
        "bytes": videos["bytes"],
        "bytes a pixel": videos["bytes"] / (area * videos["frames"]),
    }
    rows = []
    for name, values in properties.items():
        area_under_curve = partial(statistics.auc, fake, values.to_numpy(float))
        interval = statistics.bootstrap(area_under_curve, videos["source"], repeats, seed)
        rows.append((name, interval.value, interval.low, interval.high))
    return pd.DataFrame(rows, columns=["property", "auc", "low", "high"])


def crop_statistics(images: np.ndarray) -> np.ndarray:
    """Measure what a careless forger leaves behind and no face is needed for: light, colour and sharpness.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, height, width, 3)
        RGB.

    Returns
    -------
    ndarray of float, shape (n, 15)
        Of the whole crop and of its middle: mean and standard deviation of red, green and blue, and the
        logarithm of the variance of the Laplacian; and the difference of the two sharpnesses.
    """
    height, width = images.shape[1:3]
    middle = images[:, height // 4 : -(height // 4), width // 4 : -(width // 4)]
    whole, inner = (np.array([_statistics(image) for image in views]) for views in (images, middle))
    return np.hstack([whole, inner, inner[:, -1:] - whole[:, -1:]])


def _statistics(image: np.ndarray) -> np.ndarray:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    sharpness = np.log(cv2.Laplacian(grey, cv2.CV_64F).var() + 1)
    return np.r_[image.mean(axis=(0, 1)), image.std(axis=(0, 1)), sharpness]
