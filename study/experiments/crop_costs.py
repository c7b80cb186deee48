"""What a face crop of each margin and size costs in time and bytes, and how much of it leaves the frame."""

import time

import numpy as np
import pandas as pd

from dfd import faces, tables
from dfd.boxes import BOX
from dfd.run import Run
from study import results
from study.experiments import linear_probe, preprocessing

MARGINS = (0, 0.3, 0.6, 1)
SIZES = (80, 120, 160, 240, 320)
PICTURES = [(margin, 240) for margin in MARGINS] + [(0.6, size) for size in SIZES if size != 240]
"""Margins and sizes whose crops are compared."""

COLUMNS = ["margin", "size", "face_id", "seconds", "bytes", "outside", "scale"]


def table(run: Run) -> pd.DataFrame:
    """Make or reuse what crops of each of `PICTURES` cost, for one face a video.

    Parameters
    ----------
    run : Run
        The run; at most as many videos are taken as `linear_probe.SOURCES` says.

    Returns
    -------
    DataFrame
        margin, size (pixels), face_id, seconds (to cut out and compress), bytes (compressed), outside (share
        of the picture that lies beyond the frame) and scale (pixels of the picture for one of the frame).
    """
    rows = faces.table(run).groupby("video").head(1)
    rows = rows.sample(min(linear_probe.SOURCES[run.name], len(rows)), random_state=run.seed)
    inputs = [tables.stored_fingerprint(faces.path(run)), run.seed]
    return results.keep(run, "crop_costs", __name__, inputs, lambda: _measure(run, rows))


def cost(image: np.ndarray, box: np.ndarray, margin: float, size: int, repeats: int = 3) -> dict[str, float]:
    """Measure what the crop of one face costs.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        The frame, RGB.
    box : ndarray of float, shape (4,)
        Left, top, right and bottom of the face in pixels.
    margin : float
        Share of the face's side added around it.
    size : int
        Side of the crop in pixels.
    repeats : int
        How often it is made; the fastest counts.

    Returns
    -------
    dict of str to float
        seconds, bytes, outside and scale, as in `table`.
    """
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        data = faces.encode(faces.crop(image, box, margin, size))
        seconds.append(time.perf_counter() - start)
    corners = box.reshape(2, 2)
    side = (1 + margin) * (corners[1] - corners[0]).max()
    edges = corners.mean(axis=0) + np.array([[-side / 2], [side / 2]])
    inside = np.clip(edges, 0, image.shape[1::-1])
    outside = max(0.0, 1 - np.prod(inside[1] - inside[0]) / side**2)
    return {"seconds": min(seconds), "bytes": len(data), "outside": outside, "scale": size / side}


def _measure(run: Run, rows: pd.DataFrame) -> pd.DataFrame:
    costs = []
    rows = preprocessing.with_path(run, rows)
    for place, face in rows.iterrows():
        image = preprocessing.frames_of(run, rows.loc[[place]])[face["frame"]]
        box = face[BOX].to_numpy(float)
        costs += [
            {"margin": margin, "size": size, "face_id": face["face_id"]} | cost(image, box, margin, size)
            for margin, size in PICTURES
        ]
    return pd.DataFrame(costs, columns=COLUMNS)
