"""Faces as pictures: cut out of their frames, and measured for light, sharpness and what covers them."""

import cv2
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd import video
from dfd.boxes import BOX, LANDMARK_COLUMNS, LANDMARKS
from dfd.run import Run
from study import plots

SKIN_DISTANCE = 12.0
"""Distance in CIE L*a*b* (lightness counted half) from the skin's colour beyond which a pixel is no skin."""

COVERED_COLOUR = (204, 121, 167)
"""RGB colour in which `portrait` shows what covers a face."""

MARGIN = 0.4
"""Surroundings of a face in a `close_up`, on each side, as a share of the face's width."""


def appearance(run: Run, frames: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Measure in the pixels what the truth tables do not say: light, sharpness and what covers a face.

    Parameters
    ----------
    run : Run
        The run.
    frames : DataFrame
        Frames to look at: video, frame, and path of the video in the data folder.
    truth : DataFrame
        As `study.truth.faces` gives it.

    Returns
    -------
    DataFrame
        The truth's rows of these frames with path, width (of the box, in pixels), exposure (mean lightness
        L* of the frame, 0 to 100), and as `measured` gives them brightness, sharpness and covered.
    """
    table = frames[["video", "frame", "path"]].merge(truth, on=["video", "frame"])
    measures = {}
    for _, faces in table.groupby(["path", "frame"], sort=False):
        image = video.read_frame(run.data / faces["path"].iloc[0], faces["frame"].iloc[0]).image
        exposure = float(_lab(image)[..., 0].mean())
        for row, box, points in zip(faces.index, faces[BOX].to_numpy(float), landmarks(faces), strict=True):
            measures[row] = {"exposure": exposure} | measured(image, box, points)
    table = table.join(pd.DataFrame.from_dict(measures, orient="index"))
    return table.assign(width=table["x1"] - table["x0"])


def draw_extremes(run: Run, frames: pd.DataFrame, truth: pd.DataFrame, count: int = 6) -> Figure:
    """Show faces from the least to the most of what is measured in their pixels.

    Parameters
    ----------
    run : Run
        The run.
    frames, truth : DataFrame
        As `appearance` takes them.
    count : int
        Faces in a row.

    Returns
    -------
    Figure
        A row for the light of the frame, one for the sharpness of the face, and one for the covered share,
        with the covered pixels coloured.
    """
    looks, pictures, titles = appearance(run, frames, truth), [], []
    rows = {"exposure": "L* {:.0f}", "sharpness": "sharpness {:.1f}", "covered": "covered {:.0%}"}
    for column, form in rows.items():
        ranked = looks.sort_values(column)
        for place in np.linspace(0, len(ranked) - 1, count).astype(int):
            face = ranked.iloc[place]
            pictures.append(portrait(run, face, coloured=column == "covered"))
            titles.append(form.format(face[column]))
    return plots.gallery(pictures, titles, columns=count)


def landmarks(table: pd.DataFrame) -> np.ndarray:
    """Take the landmarks of faces out of a table.

    Parameters
    ----------
    table : DataFrame
        With the columns `dfd.boxes.LANDMARK_COLUMNS`.

    Returns
    -------
    ndarray of float, shape (n, 5, 2)
        x and y of the points in `dfd.boxes.LANDMARKS`, in pixels.
    """
    return table[LANDMARK_COLUMNS].to_numpy(dtype=float).reshape(-1, len(LANDMARKS), 2)


def landmark_error(points: np.ndarray, true_points: np.ndarray, count: int = 5) -> np.ndarray:
    """Measure how far landmarks lie from where they should be.

    Parameters
    ----------
    points, true_points : ndarray of float, shape (n, 5, 2)
        Landmarks of the same faces, as `landmarks` gives them.
    count : int
        Number of landmarks that count: 2 for the eyes, which all detectors mark in the same place.

    Returns
    -------
    ndarray of float, shape (n,)
        Mean distance, in inter-ocular distances of `true_points`.
    """
    between_eyes = np.linalg.norm(true_points[:, 0] - true_points[:, 1], axis=-1)
    distances = np.linalg.norm(points[:, :count] - true_points[:, :count], axis=-1)
    return distances.mean(axis=-1) / between_eyes


def measured(image: np.ndarray, box: np.ndarray, points: np.ndarray) -> dict[str, float]:
    """Measure one face in the pixels.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    box : ndarray, shape (4,)
        The face: left, top, right and bottom edge; may reach beyond the picture.
    points : ndarray, shape (5, 2)
        Its landmarks, in the order of `dfd.boxes.LANDMARKS`.

    Returns
    -------
    dict
        brightness : median lightness L* (0 to 100) of the oval in the box.
        sharpness : logarithm of the variance of the Laplacian of the box at a width of 112 pixels; noise
        counts as sharpness too.
        covered : share of the oval that shows no bare skin, as `covered` finds it.
    """
    crop, _ = _cut_out(image, box)
    small = cv2.resize(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), (112, 112 * crop.shape[0] // crop.shape[1]))
    oval = _oval(crop.shape[:2])
    return {
        "brightness": float(np.median(_lab(crop)[oval, 0])),
        "sharpness": float(np.log(cv2.Laplacian(small, cv2.CV_64F).var() + 1e-6)),
        "covered": float(covered(image, box, points)[oval].mean()),
    }


def covered(image: np.ndarray, box: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Find the pixels of a face that are not bare skin: glasses, beard, hair, cap, another head, frame edge.

    The colour of this face's skin is the median of three discs: on the cheeks half way between eye and
    corner of the mouth, and on the nose. A pixel in the oval of the box is covered if its colour is further
    than `SKIN_DISTANCE` from that, or if it lies outside the picture. Eyes, brows and lips are not skin
    either, nor is a deep shadow: an open face has a few percent covered. On dark skin a dark beard stands
    out less, so the shares of light and dark skins compare only roughly.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    box : ndarray, shape (4,)
        The face, as in `measured`.
    points : ndarray, shape (5, 2)
        Its landmarks, as in `measured`.

    Returns
    -------
    ndarray of bool, shape (height, width)
        The pixels of the box, which may be larger than the picture.
    """
    crop, inside = _cut_out(image, box)
    colours = _lab(crop) * [0.5, 1, 1]
    corner, width = np.floor(box[:2]), crop.shape[1]
    eyes, nose, mouth = points[:2], points[2:3], points[3:]
    discs = np.zeros(crop.shape[:2], np.uint8)
    for x, y in np.concatenate([(eyes + mouth) / 2, nose]) - corner:
        cv2.circle(discs, (round(x), round(y)), max(2, round(0.06 * width)), 1, -1)
    skin = np.median(colours[(discs > 0) & inside], axis=0)
    far = np.linalg.norm(colours - skin, axis=-1) > SKIN_DISTANCE
    return (far | ~inside) & _oval(crop.shape[:2])


def close_up(image: np.ndarray, box: np.ndarray, margin: float = MARGIN) -> tuple[np.ndarray, np.ndarray]:
    """Cut a face and some of its surroundings out of a picture.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    box : ndarray, shape (4,)
        The face: left, top, right and bottom edge.
    margin : float
        Added on each side, as a share of the box's width; no further than the picture reaches.

    Returns
    -------
    image : ndarray of uint8, shape (height, width, 3)
        The face with its surroundings.
    box : ndarray of float, shape (4,)
        The face in it.
    """
    grown = box + margin * (box[2] - box[0]) * np.array([-1, -1, 1, 1])
    x0, y0, x1, y1 = np.round(grown).astype(int).clip(0)
    return np.ascontiguousarray(image[y0:y1, x0:x1]), box - [x0, y0, x0, y0]


def portrait(run: Run, face: pd.Series, coloured: bool = False) -> np.ndarray:
    """Cut a face out of its frame, and colour what covers it if asked to.

    Parameters
    ----------
    run : Run
        The run.
    face : Series
        A row that `appearance` gives.
    coloured : bool
        Whether the pixels that `covered` finds are coloured.

    Returns
    -------
    ndarray of uint8, shape (150, 120, 3)
        RGB.
    """
    image = video.read_frame(run.data / face["path"], face["frame"]).image
    box = face[BOX].to_numpy(float)
    crop, _ = _cut_out(image, box)
    if coloured:
        points = face[LANDMARK_COLUMNS].to_numpy(float).reshape(-1, 2)
        crop[covered(image, box, points)] = COVERED_COLOUR
    return cv2.resize(crop, (120, 150), interpolation=cv2.INTER_AREA)


def _lab(image: np.ndarray) -> np.ndarray:
    """Turn RGB into CIE L*a*b*, lightness from 0 to 100."""
    return cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def _cut_out(image: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut a box out, black where it reaches beyond the picture, and say which pixels are inside of it."""
    x0, y0, x1, y1 = np.concatenate([np.floor(box[:2]), np.ceil(box[2:])]).astype(int)
    height, width = image.shape[:2]
    rows, columns = np.arange(y0, y1), np.arange(x0, x1)
    inside = np.outer((rows >= 0) & (rows < height), (columns >= 0) & (columns < width))
    crop = image[np.clip(rows, 0, height - 1)][:, np.clip(columns, 0, width - 1)]
    return np.where(inside[..., None], crop, 0).astype(np.uint8), inside


def _oval(shape: tuple[int, int]) -> np.ndarray:
    """Mark the pixels of a box that lie in the ellipse that fills it."""
    y, x = (2 * (np.arange(side) + 0.5) / side - 1 for side in shape)
    return y[:, None] ** 2 + x**2 <= 1
