"""When does a batch of frames pay, and what does the smallest face cost? MTCNN timed along both settings."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dfd.run import Run
from study import measuring, plots, statistics, timing
from study.records import Depth, Result
from study.statistics import Interval
from study.timing import Trial

UNIT = "repeats"
TIMES = True

BATCHED, ONE_BY_ONE = "facenet-pytorch-batched", "facenet-pytorch"
BATCH_SIZES: dict[Depth, tuple[int, ...]] = {"quick": (1, 4, 16), "full": (1, 2, 4, 8, 16)}
MIN_FACE_SIZES = (20, 40, 80, 160)
BATCH_FACE_SIZES = (80, 20)
"""Smallest faces of the batch curves: one with little work in a frame, and the package's own."""


measure = measuring.of(__name__)
obstacle = timing.obstacle
inputs = timing.inputs


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Time batches of several sizes on the smallest frames, and several smallest faces on the largest."""
    processes = trials(timing.clips(run), depth)
    device, pace = str(run.device), timing.PACES[depth]
    return pd.concat([timing.timed(own, device, pace) for own in processes], ignore_index=True)


def trials(clips: pd.DataFrame, depth: Depth) -> list[list[Trial]]:
    """List what is timed.

    Parameters
    ----------
    clips : DataFrame
        As `study.timing.clips` gives them.
    depth : str
        Which of `BATCH_SIZES`.

    Returns
    -------
    list of list of Trial
        Each list goes into a process of its own, smallest batch first, so that the memory is its own.
    """
    (small, small_clip), (large, large_clip) = clips.iloc[[0, -1]][["size", "path"]].to_numpy()
    batches = [
        [Trial(BATCHED, small, small_clip, side, batch) for batch in BATCH_SIZES[depth]]
        for side in BATCH_FACE_SIZES
    ]
    return [*batches, [Trial(ONE_BY_ONE, large, large_clip, side) for side in MIN_FACE_SIZES]]


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compare batches with single frames, and smallest faces with the package's own."""
    estimates = {}
    measured = table.dropna(subset="seconds")
    curves = measured[measured["detector"] == BATCHED].groupby("min_face_size", sort=False)
    for side, rows in curves:
        seconds = rows.pivot(index="unit", columns="batch_size", values="seconds")
        estimates |= {
            f"a batch of {batch} to one by one, faces from {side:.0f} px": statistics.median(
                seconds[1] / seconds[batch]
            )
            for batch in seconds.columns[1:]
        }
    rows = measured[measured["detector"] == ONE_BY_ONE]
    seconds = rows.pivot(index="unit", columns="min_face_size", values="seconds")
    first = MIN_FACE_SIZES[0]
    estimates |= {
        f"looking for faces from {side:.0f} px to {first} px": statistics.median(
            seconds[first] / seconds[side]
        )
        for side in seconds.columns[1:]
    }
    return estimates | {"processes for each core, batches": timing.load(table)}


def draw(result: Result) -> Figure:
    """Draw speed and memory against the size of a batch, and speed against the smallest face."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    figure, (speed, memory, smallest) = plt.subplots(1, 3, figsize=(10, 3.6))
    measured = result.table.dropna(subset="seconds")
    for place, (side, rows) in enumerate(measured[measured["detector"] == BATCHED].groupby("min_face_size")):
        look = {"color": plots.COLOURS[place], "label": f"faces from {side:.0f} px"}
        _curve(speed, rows, "batch_size", look)
        peak = rows.groupby("batch_size")["memory"].max()
        memory.plot(peak.index, peak, "o-", **look)
    _curve(
        smallest, measured[measured["detector"] == ONE_BY_ONE], "min_face_size", {"color": plots.COLOURS[2]}
    )
    speed.set(xlabel="frames in a batch", ylabel="frames per second")
    memory.set(xlabel="frames in a batch", ylabel="memory (MiB)")
    smallest.set(xlabel="smallest face (pixels)", ylabel="frames per second")
    for panel in (speed, memory, smallest):
        panel.set_xscale("log", base=2)
        panel.xaxis.set_major_formatter("{x:.0f}")
        panel.set_ylim(bottom=0)
    smallest.set_xticks(MIN_FACE_SIZES)
    figure.legend(*speed.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


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


def first_layers(batches: tuple[int, ...] = (1, 4, 16)) -> pd.DataFrame:
    """Tabulate `first_layer` for frames of the smallest of the three sizes.

    Parameters
    ----------
    batches : tuple of int
        Sizes of batches.

    Returns
    -------
    DataFrame
        MiB, a row for each of `BATCH_FACE_SIZES` and a column for each size of batch.
    """
    size = next(iter(timing.SIZES))
    rows = {
        f"faces from {side} px": {f"batch of {batch}": first_layer(size, side, batch) for batch in batches}
        for side in BATCH_FACE_SIZES
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def _curve(panel: Axes, rows: pd.DataFrame, column: str, look: dict) -> None:
    speeds = {value: timing.rate(own["seconds"]) for value, own in rows.groupby(column)}
    values = np.array([[speed.value, speed.low, speed.high] for speed in speeds.values()])
    if len(values):
        below, above = values[:, 0] - values[:, 1], values[:, 2] - values[:, 0]
        panel.errorbar(
            np.array(list(speeds), int), values[:, 0], yerr=[below, above], marker="o", capsize=3, **look
        )
