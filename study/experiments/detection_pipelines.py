"""What does preprocessing save, and against what (C10)? Whole ways from a file to the faces in its frames."""

import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from itertools import islice
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd import detectors, search, video
from dfd.run import Run
from study import clips, decoders, measuring, plots, statistics, timing
from study.experiments import published_speeds
from study.isolated import in_process
from study.records import Depth, Result
from study.statistics import Interval

UNIT = "repeats"
TIMES = True

STEP = 10
"""Distance between two frames whose faces are wanted."""

FRAMES = 300
"""Frames of a clip at full depth, as long as DFDC's; the sample's are played forth and back until then."""

KEY_EVERY = 250
"""Distance between its key frames, as in DFDC."""

BIT_RATE = 3_000_000
"""Bits a second of the clip, as in DFDC."""

SIZES = ("540x960", "1080x1920")
REPEATS: dict[Depth, int] = {"quick": 3, "full": 6}

READ, GRAB, OURS = "read()", "grab() and retrieve()", "this book's extractor"
START = f"{READ}, one by one"
REPORTS = f"{GRAB}, batched"
BATCHES = f"{READ}, batched"
WAYS = (START, BATCHES, REPORTS, OURS)
"""The ways compared; the first is the report's starting point, the third what it ends with."""


measure = measuring.of(__name__)
obstacle = timing.obstacle
inputs = timing.inputs


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Time all ways and their decoding alone, in turns: one row for each repeat, size and way."""
    parts = []
    available = timing.clips(run).set_index("size")["path"]
    same = available.nunique() == 1
    for size in SIZES[-1:] if same or depth == "quick" else SIZES:
        with tempfile.TemporaryDirectory() as scratch:
            clip = available[size]
            if depth == "full":
                clip = clips.lengthened(clip, Path(scratch) / "long.mp4", FRAMES, KEY_EVERY, BIT_RATE)
            # TensorFlow and torch, or a notebook's own threads, would fight over the cores.
            rows = in_process("facenet-pytorch", _time, clip, str(run.device), REPEATS[depth])
        parts.append(
            pd.DataFrame(rows, columns=["unit", "way", "part", "seconds", "frames", "faces", "reason"])
        )
        parts[-1]["size"] = size
    return pd.concat(parts, ignore_index=True)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Work out what each way saves, by the report's figures and here, and which share of it is decoding."""
    by_report = published_speeds.saved_by_report()
    batching = by_report.loc[by_report["change"] == "from facenet-pytorch to batches", "saved"]
    estimates = {
        "saved by batches, Table 3.1": Interval(batching.mean(), batching.min(), batching.max()),
        "saved by grab() and retrieve(), the report's stopwatch": statistics.exactly(
            by_report["saved"].iloc[-1]
        ),
    }
    for size, rows in table.groupby("size", sort=False):
        whole, decoded = (
            rows[rows["part"] == part]
            .pivot(index="unit", columns="way", values="seconds")
            .reindex(columns=names)
            for part, names in (("whole", WAYS), ("decoding", (READ, GRAB, OURS)))
        )
        for way in WAYS[1:]:
            estimates[f"saved here by {way}, {size}"] = statistics.median(1 - whole[way] / whole[START])
        estimates[f"times as fast: {OURS}, {size}"] = statistics.median(whole[START] / whole[OURS])
        for way in (START, OURS):
            reader = READ if way == START else OURS
            estimates[f"share of decoding: {way}, {size}"] = statistics.median(decoded[reader] / whole[way])
    return estimates


def draw(result: Result) -> Figure:
    """Show the time of each way for a wanted frame, and which part of it decoding takes."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    measured = result.table.dropna(subset="seconds")
    if measured.empty:
        return plots.obstacle_figure(str(result.table["reason"].iloc[0]))
    sizes = list(dict.fromkeys(measured["size"]))
    figure, axes = plt.subplots(1, len(sizes), figsize=(9, 3.2), sharey=True, squeeze=False)
    for panel, size in zip(axes.flat, sizes, strict=True):
        rows = measured[measured["size"] == size]
        medians = rows.groupby(["part", "way"])["seconds"].median()
        for place, way in enumerate(WAYS):
            reader = next(name for name in (READ, GRAB, OURS) if way.startswith(name))
            panel.barh(place, medians["whole", way], color=plots.COLOURS[0], label="finding faces")
            panel.barh(place, medians["decoding", reader], color=plots.COLOURS[1], label="decoding")
            own = statistics.median(rows[(rows["part"] == "whole") & (rows["way"] == way)]["seconds"])
            panel.hlines(place, own.low, own.high, color="black")
        panel.set(title=size, xlabel="seconds for a wanted frame", yticks=range(len(WAYS)), yticklabels=WAYS)
    axes[0, 0].invert_yaxis()
    figure.legend(
        *(part[:2] for part in axes[0, 0].get_legend_handles_labels()), loc="outside lower center", ncols=2
    )
    return figure


def saved(result: Result) -> pd.DataFrame | Result:
    """Tabulate what each way saves against the first.

    Parameters
    ----------
    result : Result
        As `measure` gives it.

    Returns
    -------
    DataFrame or Result
        One row for each way and two columns for each size: seconds for a wanted frame, and the share of the
        first way's time that is saved; the result itself if there is an obstacle.
    """
    if result.obstacle:
        return result
    measured = result.table.dropna(subset="seconds").query("part == 'whole'")
    columns = {}
    for size, rows in measured.groupby("size", sort=False):
        seconds = rows.groupby("way")["seconds"].median()
        columns[f"seconds, {size}"] = {way: f"{seconds[way]:.3f}" for way in WAYS}
        columns[f"saved, {size}"] = {
            way: _percent(result.estimates[f"saved here by {way}, {size}"]) for way in WAYS[1:]
        }
    return pd.DataFrame(columns, index=list(WAYS)).fillna("")


def by_report() -> pd.DataFrame:
    """Tabulate what the report's own figures say of each of its changes.

    Returns
    -------
    DataFrame
        One row for each change, with the least and the greatest share of time that it saves over the sizes.
    """
    table = published_speeds.saved_by_report().groupby("change", sort=False)["saved"].agg(["min", "max"])
    return (
        table.map("{:.1%}".format)
        .rename(columns={"min": "saves at least", "max": "at most"})
        .rename_axis(None)
    )


def _percent(share: Interval) -> str:
    return f"{share.value:.0%} ({share.low:.0%} to {share.high:.0%})"


def _time(clip: Path, device: str, repeats: int) -> list[dict]:
    readers, ways = _ways(clip, device)
    jobs = {("decoding", name): read for name, read in readers.items()} | {
        ("whole", way): ways[way] for way in WAYS
    }
    rows = []
    # The ways take turns, so that a busy moment of the machine does not hit only one of them.
    for repeat in range(-1, repeats):
        for (part, way), work in jobs.items():
            begin = time.perf_counter()
            done = work()
            seconds = (time.perf_counter() - begin) / len(done)
            faces = sum(map(len, done)) if part == "whole" else 0
            facts = {"unit": repeat, "way": way, "part": part, "frames": len(done), "faces": faces}
            rows += [facts | {"seconds": seconds}] if repeat >= 0 else []
    return rows


def _ways(
    clip: Path, device: str
) -> tuple[dict[str, Callable[[], list]], dict[str, Callable[[], list[detectors.Detections]]]]:
    """Name the ways to decode, and the whole ways: each gives a list with one entry for each wanted frame."""
    one_by_one = detectors.make("facenet-pytorch", device)
    batched = detectors.make("facenet-pytorch-batched", device, batch_size=timing.FRAMES)

    def opencv(convert_all: bool) -> list[np.ndarray]:
        frames: Generator[np.ndarray] = decoders.opencv(clip, range(0, sys.maxsize, STEP), convert_all)
        with closing(frames):
            return list(islice(frames, FRAMES))

    def ours() -> Iterable[video.Frame]:
        return video.every(clip, STEP)

    readers = {READ: lambda: opencv(True), GRAB: lambda: opencv(False), OURS: lambda: list(ours())}
    ways = {
        START: lambda: one_by_one.detect(opencv(True)),
        BATCHES: lambda: batched.detect(opencv(True)),
        REPORTS: lambda: batched.detect(opencv(False)),
        OURS: lambda: [faces for _, faces in search.find(iter(ours()))],
    }
    return readers, ways
