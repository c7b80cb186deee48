"""A finished data set as its readers see it: truth tables, clips and face crops."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd

LANDMARKS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
"""Names of the five landmarks in their order; left is the image's left."""

MARGIN = 0.3
"""Share of a face's width and height that its crop has on every side."""
CROP = 240


def table(data: Path, name: str) -> pd.DataFrame:
    """Read a truth table.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    name : str
        "videos", "frames", "changes" or "actors".

    Returns
    -------
    DataFrame
    """
    return pd.read_parquet(data / "truth" / f"{name}.parquet")


def clip_path(data: Path, video: pd.Series) -> Path:
    """Find a clip.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    video : Series
        A row of the truth table of videos.

    Returns
    -------
    Path
    """
    return data / f"dfdc_train_part_{video.part}" / video.video


def face_crop(image: np.ndarray, face: pd.Series, side: int = CROP) -> np.ndarray:
    """Cut out a face with a margin, as the book's pipeline does.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB frame.
    face : Series
        A row of the truth table of frames.
    side : int
        Side of the crop in pixels.

    Returns
    -------
    ndarray of uint8, shape (side, side, 3)
    """
    margin_x, margin_y = MARGIN * (face.x1 - face.x0), MARGIN * (face.y1 - face.y0)
    x0, y0 = max(0, round(face.x0 - margin_x)), max(0, round(face.y0 - margin_y))
    crop = image[y0 : round(face.y1 + margin_y), x0 : round(face.x1 + margin_x)]
    return cv2.resize(crop, (side, side), interpolation=cv2.INTER_LINEAR)
