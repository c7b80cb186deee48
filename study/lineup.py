"""The detectors as pages show them: their names and colours, the same in every figure and table."""

import pandas as pd

from dfd import detectors
from study.plots import COLOURS as PALETTE

TITLES = {
    "facenet-pytorch-batched": "facenet-pytorch, batched",
    "facenet-pytorch": "facenet-pytorch",
    "tensorflow-mtcnn": "TensorFlow MTCNN",
    "dlib-hog": "dlib HOG",
    "dlib-cnn": "dlib CNN",
    "opencv-haar": "OpenCV Haar",
}
"""Names of `dfd.detectors.NAMES` in words, in the order in which they are shown."""

COLOURS = dict(zip(TITLES, PALETTE, strict=False))
"""Colour of each detector."""

MTCNNS = ("facenet-pytorch", "tensorflow-mtcnn")
"""The two detectors that carry the same weights, so that they can be compared without truth."""

SEARCHING = tuple(name for name in detectors.NAMES if name != "facenet-pytorch-batched")
"""Detectors whose accuracy is measured: all but the batched one, whose boxes are those of the other."""


def titled(table: pd.DataFrame) -> pd.DataFrame:
    """Write the names of detectors in words.

    Parameters
    ----------
    table : DataFrame
        Its index is made of names of `dfd.detectors.NAMES`.

    Returns
    -------
    DataFrame
        The same rows, in the order of `TITLES`.
    """
    there = [name for name in TITLES if name in table.index]
    return table.loc[there].rename(index=TITLES).rename_axis(index=None)
