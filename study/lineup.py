"""The detectors as pages show them: their names and colours, the same in every figure and table."""

import pandas as pd

from dfd import detectors, single_shot
from study.plots import COLOURS as PALETTE

EXTRACTOR = "extractor"
"""Stands for `dfd.search` where it is compared with detectors."""

MTCNN = "facenet-pytorch"
"""The detector that the report ends with."""

DLIB = ("dlib-hog", "dlib-cnn")

TITLES = {
    "facenet-pytorch-batched": "facenet-pytorch, batched",
    "facenet-pytorch": "facenet-pytorch",
    "tensorflow-mtcnn": "TensorFlow MTCNN",
    "dlib-hog": "dlib HOG",
    "dlib-cnn": "dlib CNN",
    "opencv-haar": "OpenCV Haar",
    "yunet": "YuNet",
    "centerface": "CenterFace",
    "libfacedetection": "libfacedetection",
    "blazeface": "BlazeFace",
    EXTRACTOR: "this book's extractor",
}
"""Names of `dfd.detectors.NAMES`, and `EXTRACTOR`, in words, in the order in which they are shown."""

COLOURS = dict(zip(TITLES, [*PALETTE, "#882255", "#332288", "#000000"], strict=True))
"""Colour of each detector."""

MTCNNS = ("facenet-pytorch", "tensorflow-mtcnn")
"""The two detectors that carry the same weights, so that they can be compared without truth."""

ALL = tuple(name for name in detectors.NAMES if name != "facenet-pytorch-batched")
"""Detectors whose accuracy is measured: all but the batched one, whose boxes are those of the other."""

SEARCHING = tuple(name for name in ALL if name not in single_shot.NAMES)
"""Those of the report's time, which are also tried on the sample and under damage."""

RIVALS = (MTCNN, "yunet")
"""The report's detector and the one that searches for the extractor, beside which the extractor is judged."""

USUAL = {"yunet": 0.9, "centerface": 0.5, "libfacedetection": 0.5, "blazeface": 0.5}
"""Lowest scores that packages ask for by default, where `dfd.detectors` asks for less."""


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
