"""When does a batch of frames pay, and what does the smallest face cost: MTCNN timed along both settings."""

import math

import pandas as pd

from dfd.run import Run
from study import timing
from study.timing import Trial

BATCH_SIZES = (1, 2, 4, 8, 16)
MIN_FACE_SIZES = (20, 40, 80, 160)
BATCH_FACE_SIZES = (80, None)
"""Smallest faces of the batch curves: one with little work in a frame, and the package's own."""


def batch_curve(run: Run) -> pd.DataFrame:
    """Time the batched detector at the smallest size for several batch sizes and smallest faces.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    DataFrame
        As `study.timing.timed` gives it.
    """
    return timing.kept(run, "detector_batch_curve", __name__, *batch_trials(timing.clips(run)))


def batch_trials(clips: pd.DataFrame) -> list[list[Trial]]:
    """List the settings of the batch curves: one list for each of `BATCH_FACE_SIZES`.

    Parameters
    ----------
    clips : DataFrame
        As `study.timing.clips` gives them.

    Returns
    -------
    list of list of Trial
        Each list goes into a process of its own, smallest batch first, so that the memory is its own.
    """
    size, clip = clips.iloc[0][["size", "path"]]
    name = "facenet-pytorch-batched"
    return [[Trial(name, size, clip, side, batch) for batch in BATCH_SIZES] for side in BATCH_FACE_SIZES]


def first_layer(size: str, min_face_size: float, batch_size: int) -> float:
    """Tell how much the first layer of MTCNN writes at the largest level of its pyramid.

    Parameters
    ----------
    size : str
        One of `study.timing.SIZES`.
    min_face_size : float
        Side of the smallest face looked for; on the first level it has 12 pixels.
    batch_size : int
        Frames in the batch.

    Returns
    -------
    float
        MiB: ten channels of 32-bit numbers, a 3 x 3 convolution without padding.

    References
    ----------
    K. Zhang et al., Joint face detection and alignment using multitask cascaded networks, 2016.
    """
    sides = [int(int(side) * 12 / min_face_size + 1) - 2 for side in size.split("x")]
    return 10 * math.prod(sides) * 4 * batch_size / 2**20


def face_size_curve(run: Run) -> pd.DataFrame:
    """Time the one-by-one detector at the largest size for several smallest faces.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    DataFrame
        As `study.timing.timed` gives it.
    """
    size, clip = timing.clips(run).iloc[-1][["size", "path"]]
    trials = [Trial("facenet-pytorch", size, clip, min_face_size=side) for side in MIN_FACE_SIZES]
    return timing.kept(run, "detector_face_size_curve", __name__, trials)
