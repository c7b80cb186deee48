"""The one reader of the hard faces: stills whose difficulty is known."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from dfd import contents, tables
from dfd.boxes import LANDMARK_COLUMNS
from dfd.errors import InputError
from dfd.run import ROOT

FOLDER = ROOT / "data" / "hard_faces"

TONES = {"light skin": (1, 3), "medium skin": (4, 6), "dark skin": (7, 10)}
"""Groups of skin tone, by the first and last on the Monk scale."""


def inputs(folder: Path = FOLDER) -> list:
    """List what depends on the stills: their checksums.

    Parameters
    ----------
    folder : Path
        Of the stills.

    Returns
    -------
    list
        The SHA-256 of the list of all files' checksums; empty where the stills are not there.
    """
    sums = folder / "SHA256SUMS"
    return [contents.sha256(sums)] if sums.is_file() else []


def stills(folder: Path = FOLDER) -> pd.DataFrame:
    """Read what is known of the stills.

    Parameters
    ----------
    folder : Path
        Of the stills.

    Returns
    -------
    DataFrame
        One row for each still: image (file name), stratum (what makes it hard), thing (in a faceless one),
        faces (how many), light (``"normal"``, ``"dark"`` or ``"backlight"``), grey (mean, of 255) and more.
    """
    return tables.read(folder / "truth" / "stills.parquet")


def faces(folder: Path = FOLDER) -> pd.DataFrame:
    """Read what is known of their faces.

    Parameters
    ----------
    folder : Path
        Of the stills.

    Returns
    -------
    DataFrame
        One row for each face: image, face (its place in the still), unit (the actor), x0 y0 x1 y1 and the
        landmarks (pixels), width (pixels), yaw, pitch, roll (degrees), occlusion, monk, tone, and of its
        still stratum and light.
    """
    table = tables.read(folder / "truth" / "faces.parquet")
    edges = [0, *(last for _, last in TONES.values())]
    table = table.assign(
        unit=table["actor"],
        width=table["x1"] - table["x0"],
        tone=pd.cut(table["monk"], edges, labels=list(TONES)).astype(str),
    )
    return table[table["counts"]].merge(stills(folder)[["image", "stratum", "light"]], on="image")


def image(name: str, folder: Path = FOLDER) -> np.ndarray:
    """Read a still.

    Parameters
    ----------
    name : str
        Its file name.
    folder : Path
        Of the stills.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        RGB.

    Raises
    ------
    InputError
        If the file is no readable picture.
    """
    path = folder / "images" / name
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise InputError(path, "not a readable picture")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def landmarks(table: pd.DataFrame) -> np.ndarray:
    """Take the landmarks of faces.

    Parameters
    ----------
    table : DataFrame
        Rows of `faces`.

    Returns
    -------
    ndarray of float, shape (n, 5, 2)
        x and y in pixels of the points in `dfd.boxes.LANDMARKS`.
    """
    return table[LANDMARK_COLUMNS].to_numpy(float).reshape(-1, 5, 2)
