"""Compare clips frame by frame: a data set made anew with the committed one."""

from pathlib import Path

import numpy as np

from .encode import read
from .errors import SynthError

PEAK = 255.0
EQUAL = 38.0
"""PSNR in dB from which two clips count as the same."""


def psnr(first: Path, second: Path) -> float:
    """Measure how alike two clips are.

    Parameters
    ----------
    first, second : Path
        The MP4 files.

    Returns
    -------
    float
        Peak signal-to-noise ratio over all frames in dB; infinite for equal ones.

    Raises
    ------
    SynthError
        If a file is no readable video, or they differ in size or number of frames.
    """
    one, other = np.stack(read(first)), np.stack(read(second))
    if one.shape != other.shape:
        raise SynthError(first, f"has frames of shape {one.shape}, and {second} of {other.shape}")
    error = np.mean((one.astype(np.float32) - other.astype(np.float32)) ** 2, dtype=np.float64)
    return float(10 * np.log10(PEAK**2 / error)) if error else float("inf")


def folders(made: Path, committed: Path) -> dict[str, float]:
    """Compare all clips of two data sets.

    Parameters
    ----------
    made, committed : Path
        Their folders.

    Returns
    -------
    dict of str to float
        PSNR of each clip in dB.

    Raises
    ------
    SynthError
        If there is no clip, or one is missing in either.
    """
    names = sorted(path.relative_to(committed) for path in committed.glob("*/*.mp4"))
    if not names:
        raise SynthError(committed, "holds no clips")
    missing = [name for name in names if not (made / name).is_file()]
    if missing:
        raise SynthError(made, f"{len(missing)} clips are missing, such as {missing[0]}")
    return {name.name: psnr(made / name, committed / name) for name in names}
