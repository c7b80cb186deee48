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

from dfd import dataset, detectors, tables, tracking, video
from dfd.run import Run
from study import clips, decoders, measuring, plots, statistics

# Chapter 03 times whole pipelines with the report's way to decode.
from study.decoders import opencv as opencv
from study.records import Depth, Result
from study.statistics import Interval

UNIT = "repeats"
TIMES = True
KEY_EVERY = 250
"""Distance of DFDC's key frames."""

TENTH = "every 10"
FEW = f"{decoders.FEW} in all"
READ, GRAB, *_, BOOK = decoders.WAYS
DEFAULT, OURS = "default MTCNN", "this book's detector"
"""Ways to find faces: facenet-pytorch's MTCNN on whole frames as it comes, and `dfd.tracking.find`."""

CONDITIONS = {
    "reading alone": None,
    "with the default MTCNN": DEFAULT,
    "with this book's detector": OURS,
}
"""What follows the reading, by the words of the claim's conditions."""

COLUMNS = ["unit", "clip", "wanted", "way", "frames", "seconds"]


@dataclass(frozen=True)
class Clip:
    """A clip to read, made of one of the sample's benchmark clips.

    Attributes
    ----------
    size : str
        Which of them.
    frames : int
        Frames it is lengthened to, by playing forwards and backwards.
    megabits : float or None
        Megabits a second to encode it with; ``None`` for the encoder's choice.
    """

    size: str
    frames: int
    megabits: float | None = None

    @property
    def name(self) -> str:
        """How tables and figures call it."""
        rate = f"{self.megabits:g} Mbit/s" if self.megabits else "0.7 Mbit/s"
        return f"{self.size.replace('x', ' x ')}, {self.frames} frames, {rate}"


@dataclass(frozen=True)
class Plan:
    """How much is timed.

    Attributes
    ----------
    repeats : int
        Rounds in which all ways take turns, so that a busy moment of the machine does not hit only one.
    clips : tuple of Clip
        On the sample; the first is read in all selections of frames, the others in two.
    videos : int
        Of other data as many videos are read.
    frames : int
        Of each of them at most as many of its first frames.
    """

    repeats: int
    clips: tuple[Clip, ...]
    videos: int
    frames: int


PLANS: dict[Depth, Plan] = {
    "quick": Plan(3, (Clip("1080x1920", 30, 3),), 1, 30),
    "full": Plan(
        7,
        (
            Clip("1080x1920", 300, 3),
            Clip("1080x1920", 300),
            Clip("720x1280", 300, 3),
            Clip("1080x1920", 50),
        ),
        10,
        300,
    ),
}
"""DFDC's clips have 300 frames and some 3 Mbit/s; the sample's have 48 frames and less."""


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    folder = run.data / "benchmark"
    if folder.is_dir():
        files = sorted(str(path.relative_to(run.data)) for path in folder.glob("*.mp4"))
        return [dataset.hashes(run, files)]
    dataset.table(run)
    return [tables.stored_fingerprint(dataset.path(run))]


def obstacle(run: Run) -> str:
    """Say why this run has nothing to read; empty if it has."""
    if (run.data / "benchmark").is_dir() or len(_readable(run)):
        return ""
    return "This run has no video of more than ten frames that can be read, so reading cannot be timed."


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Time all ways of reading, and two of finding faces: a row for each repeat, clip, selection and way."""
    plan, rows = PLANS[depth], []
    with tempfile.TemporaryDirectory() as scratch:
        paths = dict(_clips(run, plan, Path(scratch)))
        detector = detectors.make("facenet-pytorch", device=str(run.device))
        for path in paths.values():
            first = list(video.sample_frames(path, 1))
            detector.detect([first[0].image])
            list(tracking.find(iter(first)))
        for repeat in range(plan.repeats):
            for place, (name, path) in enumerate(paths.items()):
                wanted = decoders.selections(len(clips.structure(path)))
                wanted = wanted if place == 0 else {key: wanted[key] for key in (TENTH, FEW)}
                for key, indices in wanted.items():
                    for way, decode in decoders.WAYS.items():
                        start = time.perf_counter()
                        count = sum(1 for _ in decode(path, indices))
                        rows.append((repeat, name, key, way, count, time.perf_counter() - start))
                rows += [(repeat, name, TENTH, *row) for row in _detection(detector, path)]
    return pd.DataFrame(rows, columns=COLUMNS)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compute shares of the time that are saved, paired by repeat, with intervals over repeats."""
    seconds = table.pivot_table(index="unit", columns=["wanted", "clip", "way"], values="seconds")
    tenth = pd.DataFrame(seconds[TENTH].T.groupby(level="way").sum().T)
    estimates = {
        f"cut: {condition}": _saved(tenth, GRAB, READ, finding) for condition, finding in CONDITIONS.items()
    }
    for clip in seconds[TENTH].columns.unique("clip"):
        estimates[f"cut in reading: {clip}"] = _saved(seconds[TENTH][clip], GRAB, READ)
    for clip in seconds[TENTH].columns.unique("clip"):
        for wanted in (TENTH, FEW):
            saved = _saved(seconds[wanted][clip], BOOK, GRAB)
            estimates[f"saved by this book's reader: {wanted}, {clip}"] = saved
    frames = table[table["way"] == DEFAULT].groupby("unit")["frames"].sum()
    for finding in (DEFAULT, OURS):
        estimates[f"seconds a frame: {finding}"] = statistics.mean(tenth[finding] / frames)
    estimates[f"times as fast: {OURS}"] = statistics.mean(tenth[DEFAULT] / tenth[OURS])
    return estimates


def draw(result: Result) -> Figure:
    """Draw the time of each way against the number of frames that are wanted of the first clip."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    clip = result.table["clip"].iloc[0]
    rows = result.table[(result.table["clip"] == clip) & result.table["way"].isin(list(decoders.WAYS))]
    groups = rows.groupby(["way", "wanted", "frames"], sort=False)["seconds"]
    times = groups.agg(["median", "min", "max"]).reset_index().sort_values("frames")
    figure, panel = plt.subplots(figsize=(8, 4.2))
    for number, way in enumerate(decoders.WAYS):
        line, few = (
            times[(times["way"] == way) & ((times["wanted"] == FEW) == only_few)]
            for only_few in (False, True)
        )
        colour = plots.COLOURS[number]
        panel.fill_between(line["frames"], line["min"], line["max"], color=colour, alpha=0.15, lw=0)
        panel.plot(line["frames"], line["median"], "o-", label=way, color=colour, ms=4)
        panel.plot(few["frames"], few["median"], "D", color=colour, ms=6)
    ticks = sorted(times["frames"].unique())
    panel.set(xlabel="frames wanted (log scale)", ylabel="seconds", xscale="log", ylim=(0, None), title=clip)
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
    seconds = rows.groupby(["unit", "way"])["seconds"].sum().groupby("way").median()
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
        panel.set(title=f"{condition}\ncut by {cut.value:.0%}", ylabel="seconds")
    return figure


def _saved(seconds: pd.DataFrame, ours: str, baseline: str, besides: str | None = None) -> Interval:
    more = seconds[besides] if besides else 0
    return statistics.mean(1 - (seconds[ours] + more) / (seconds[baseline] + more))


def _clips(run: Run, plan: Plan, scratch: Path) -> Iterator[tuple[str, Path]]:
    folder = run.data / "benchmark"
    if folder.is_dir():
        for number, clip in enumerate(plan.clips):
            short, target = folder / f"benchmark_{clip.size}.mp4", scratch / f"{number}.mp4"
            rate = round(clip.megabits * 1e6) if clip.megabits else None
            yield clip.name, clips.lengthened(short, target, clip.frames, KEY_EVERY, rate)
        return
    for row in _readable(run).head(plan.videos).itertuples():
        frames, target = min(int(row.frames), plan.frames), scratch / str(row.video)  # pyright: ignore[reportArgumentType]: rows have no types
        name = f"{row.video}, {row.width} x {row.height}, {frames} frames"
        yield name, clips.beginning(run.data / str(row.path), target, frames)


def _readable(run: Run) -> pd.DataFrame:
    return dataset.table(run).query("status == 'ok' and frames > 10")


def _detection(detector: detectors.Detector, path: Path) -> Iterator[tuple[str, int, float]]:
    frames = list(video.every(path, 10))
    start = time.perf_counter()
    for frame in frames:
        detector.detect([frame.image])
    yield DEFAULT, len(frames), time.perf_counter() - start
    start = time.perf_counter()
    list(tracking.find(iter(frames)))
    yield OURS, len(frames), time.perf_counter() - start
