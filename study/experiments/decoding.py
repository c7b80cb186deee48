"""Which way to read frames is fastest, and what of its gain is left once faces are found? (C09)."""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd import dataset, detectors, search, tables, video
from dfd.run import Run
from study import clips, decoders, measuring, plots, statistics, truth

# Chapter 03 times whole pipelines with the report's way to decode.
from study.decoders import opencv as opencv
from study.records import Depth, Result
from study.statistics import Interval

UNIT = "clips"
TIMES = True
KEY_EVERY = 250
"""Distance of DFDC's key frames."""

BIT_RATE, SHORT_SIDE = 3_000_000, 1080
"""Bits a second, and the short side in pixels, of the clips that are made to be like DFDC's."""

SHORT = 50
"""Frames of the short clips, about as many as the sample's have."""

TENTH = decoders.TENTH
READ, GRAB, *_, BOOK = decoders.WAYS
DEFAULT, OURS = "default MTCNN", "this book's extractor"
"""Ways to find faces: facenet-pytorch's MTCNN on whole frames as it comes, and `dfd.search.find`."""

CONDITIONS = {
    "reading alone": None,
    "with the default MTCNN": DEFAULT,
    "with this book's extractor": OURS,
}
"""What follows the reading, by the words of the claim's conditions."""

COLUMNS = ["unit", "length", "wanted", "way", "frames", "seconds"]


@dataclass(frozen=True)
class Plan:
    """How much is timed.

    Attributes
    ----------
    clips : int
        On the sample as many clips are made of its originals, half of them upright; of other data as many
        videos are read.
    frames : int
        Frames of each: the sample's are played forth and back until then, others are cut.
    short : bool
        Whether the first `SHORT` frames of each are read as well.
    """

    clips: int
    frames: int
    short: bool


PLANS: dict[Depth, Plan] = {"quick": Plan(3, 30, short=False), "full": Plan(10, 300, short=True)}
"""DFDC's clips have 300 frames."""


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    dataset.table(run)
    return [tables.stored_fingerprint(dataset.path(run))]


def obstacle(run: Run) -> str:
    """Say why this run has nothing to read; empty if it has."""
    if len(_readable(run)):
        return ""
    return "This run has no video of more than ten frames that can be read, so reading cannot be timed."


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Time all ways of reading, and two of finding faces: a row for each clip, length, selection and way."""
    plan, rows = PLANS[depth], []
    detector = detectors.make("facenet-pytorch", device=str(run.device))
    with tempfile.TemporaryDirectory() as scratch:
        for unit, path in _clips(run, plan, Path(scratch)):
            # Nothing that happens for the first time is timed.
            first = next(iter(video.sample_frames(path, 1)))
            detector.detect([first.image])
            search.search(first.image)
            length = len(clips.structure(path))
            rows += [(unit, length, *row) for row in _reading(path, length)]
            rows += [(unit, length, TENTH, *row) for row in _finding(detector, path)]
            if plan.short and length > SHORT:
                short = clips.beginning(path, path.with_name("short.mp4"), SHORT)
                rows += [(unit, SHORT, *row) for row in _reading(short, len(clips.structure(short)))]
            path.unlink()
    return pd.DataFrame(rows, columns=COLUMNS)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compute shares of the time that are saved, clip by clip, with intervals over clips."""
    longest = table["length"].max()
    seconds = table.pivot_table(index=["length", "unit"], columns=["wanted", "way"], values="seconds")
    tenth = pd.DataFrame(seconds.loc[longest][TENTH])
    estimates = {
        f"cut: {condition}": _saved(tenth, GRAB, READ, finding) for condition, finding in CONDITIONS.items()
    }
    for length in sorted(table["length"].unique(), reverse=True):
        name, rows = _of_length(length, longest), seconds.loc[length]
        estimates[f"cut in reading: {name}"] = _saved(pd.DataFrame(rows[TENTH]), GRAB, READ)
        for wanted in (TENTH, decoders.FEW):
            saved = _saved(pd.DataFrame(rows[wanted]), BOOK, GRAB)
            estimates[f"saved by this book's reader: {wanted}, {name}"] = saved
    frames = table[(table["way"] == DEFAULT) & (table["length"] == longest)].set_index("unit")["frames"]
    for finding in (DEFAULT, OURS):
        estimates[f"seconds a frame: {finding}"] = statistics.mean(tenth[finding] / frames)
    estimates[f"times as fast: {OURS}"] = statistics.mean(tenth[DEFAULT] / tenth[OURS])
    return estimates


def draw(result: Result) -> Figure:
    """Draw the time of each way against the number of frames that are wanted of a long clip."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    longest = result.table["length"].max()
    rows = result.table[(result.table["length"] == longest) & result.table["way"].isin(list(decoders.WAYS))]
    times = rows.groupby(["way", "frames"], sort=False)["seconds"].agg(["median", "min", "max"])
    times = times.reset_index().sort_values("frames")
    figure, panel = plt.subplots(figsize=(8, 4.2))
    for number, way in enumerate(decoders.WAYS):
        line, colour = times[times["way"] == way], plots.COLOURS[number]
        panel.fill_between(line["frames"], line["min"], line["max"], color=colour, alpha=0.15, lw=0)
        panel.plot(line["frames"], line["median"], "o-", label=way, color=colour, ms=4)
    ticks = sorted(times["frames"].unique())
    count = rows["unit"].nunique()
    panel.set(xlabel=f"frames wanted of {longest} (log scale)", ylabel="seconds", xscale="log")
    panel.set(ylim=(0, None), title=f"median and range of {count} clip{'s' * (count > 1)}")
    panel.set_xticks(ticks, [str(count) for count in ticks])
    panel.minorticks_off()
    panel.legend(fontsize=8)
    return figure


def draw_cut(result: Result) -> Figure:
    """Draw reading and finding faces on top of each other, with `read()` and with `grab()`.

    Parameters
    ----------
    result : Result
        As `measure` gives it.

    Returns
    -------
    Figure
        A panel for each detector.
    """
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    rows = result.table[result.table["wanted"] == TENTH]
    rows = rows[rows["length"] == rows["length"].max()]
    seconds = rows.groupby("way")["seconds"].mean()
    figure, axes = plt.subplots(1, len(CONDITIONS), figsize=(9, 3.2))
    for panel, (condition, finding) in zip(axes, CONDITIONS.items(), strict=True):
        reading = np.array([seconds[READ], seconds[GRAB]])
        panel.bar(["read()", "grab()"], reading, color=plots.COLOURS[0], label="reading", width=0.6)
        if finding:
            panel.bar(
                ["read()", "grab()"],
                seconds[finding],
                bottom=reading,
                color=plots.COLOURS[5],
                label="finding faces",
                width=0.6,
            )
            panel.set_ylim(top=1.35 * (reading[0] + seconds[finding]))
            panel.legend(fontsize=8, loc="upper right")
        cut = result.estimates[f"cut: {condition}"]
        panel.set(title=f"{condition}\ncut by {cut.value:.0%}", ylabel="seconds a clip")
    return figure


def _saved(seconds: pd.DataFrame, ours: str, baseline: str, besides: str | None = None) -> Interval:
    more = seconds[besides] if besides else 0
    return statistics.mean(1 - (seconds[ours] + more) / (seconds[baseline] + more))


def _of_length(length: int, longest: int) -> str:
    return "whole clips" if length == longest else f"clips of {length} frames"


def _clips(run: Run, plan: Plan, scratch: Path) -> Iterator[tuple[str, Path]]:
    """Make one clip after the other; each is read before the next is made."""
    for row in _spread(run, plan.clips).to_dict("records"):
        path, target = run.data / row["path"], scratch / "long.mp4"
        if truth.folder(run).is_dir():
            clips.lengthened(path, target, plan.frames, KEY_EVERY, BIT_RATE, SHORT_SIDE)
        else:
            clips.beginning(path, target, min(row["frames"], plan.frames))
        yield row["video"], target


def _spread(run: Run, count: int) -> pd.DataFrame:
    """Take originals spread over the run, upright ones and others by turns."""
    videos = _readable(run)
    upright = videos["height"] > videos["width"]
    order = upright.groupby(upright).cumcount().sort_values(kind="stable").index
    return videos.loc[order].head(count)


def _readable(run: Run) -> pd.DataFrame:
    return dataset.table(run).query("status == 'ok' and label == 'REAL' and frames > 10 and height != width")


def _reading(path: Path, length: int) -> Iterator[tuple[str, str, int, float]]:
    for wanted, indices in decoders.selections(length).items():
        for way, decode in decoders.WAYS.items():
            start = time.perf_counter()
            count = sum(1 for _ in decode(path, indices))
            yield wanted, way, count, time.perf_counter() - start


def _finding(detector: detectors.Detector, path: Path) -> Iterator[tuple[str, int, float]]:
    frames = list(video.every(path, 10))
    start = time.perf_counter()
    for frame in frames:
        detector.detect([frame.image])
    yield DEFAULT, len(frames), time.perf_counter() - start
    start = time.perf_counter()
    list(search.find(iter(frames)))
    yield OURS, len(frames), time.perf_counter() - start
