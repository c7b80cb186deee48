"""Which videos have sound, and whether the forgery changed it: what listening could find (chapter 09)."""

from pathlib import Path

import av
import numpy as np
import pandas as pd
from av.error import FFmpegError
from matplotlib.figure import Figure

from dfd import dataset, progress, tables
from dfd.errors import InputError
from dfd.run import Run
from study import measuring, plots, statistics, truth
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
MOST_SOURCES = 200
"""Source videos that are listened to with their fakes, at most, drawn at random."""

RATE, STEP = 8000, 80
"""Samples of the sound that are taken a second, and that are put into one value of loudness."""

ALIKE = 0.9
"""Correlation of two loudnesses above which a fake has its original's sound; a new coding changes less."""

CHANGED = "fakes with another sound than their original's"


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    dataset.table(run)
    return [tables.stored_fingerprint(dataset.path(run)), run.seed]


def obstacle(run: Run) -> str:
    """Say why this run cannot be listened to; empty if it can."""
    return "" if len(_videos(run)) else "No video of this run can be read."


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Listen to videos: one row for each, with sound and, of fakes whose original is there, changed.

    Both depths listen to the same videos. One whose sound cannot be read stays in the table, with the reason.
    """
    videos = _videos(run)
    paths = {name: run.data / place for name, place in zip(videos["video"], videos["path"], strict=True)}
    heard: dict[str, np.ndarray | None] = {}
    reasons: dict[str, str] = {}
    for name, path in progress.track(paths.items(), "listening", len(paths), "video"):
        try:
            heard[name] = loudness(path)
        except InputError as error:
            reasons[name] = str(error)
    videos = videos.assign(
        sound=[heard.get(name) is not None for name in videos["video"]],
        reason=videos["video"].map(reasons).fillna(""),
    )
    changed = [
        _changed(heard.get(fake), heard.get(original))
        for fake, original in zip(videos["video"], videos["source"], strict=True)
    ]
    videos = videos.assign(changed=np.where(dataset.is_fake(videos), changed, np.nan))
    columns = ["video", "source", "label", "unit", "sound", "changed", "reason"]
    return truth.with_unit(run, videos)[columns]


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compute the share of videos with sound, by label, and of fakes whose sound was changed."""
    shares = {}
    for label in dataset.LABELS:
        rows = table[table["label"] == label]
        shares[f"{label} videos with sound"] = statistics.rate(rows["sound"], rows["unit"])
    return shares | {CHANGED: statistics.rate(table["changed"], table["unit"])}


def draw(result: Result) -> Figure:
    """Draw the shares."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    return plots.intervals(result.estimates, "", "share of videos")


def loudness(path: Path) -> np.ndarray | None:
    """Measure how loud a video is, a hundred times a second.

    Parameters
    ----------
    path : Path
        The video.

    Returns
    -------
    ndarray of float, shape (n,), or None
        Root mean square of the first sound track; ``None`` where there is none.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                return None
            resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
            parts = [
                piece.to_ndarray()[0]
                for frame in container.decode(container.streams.audio[0])
                for piece in resampler.resample(frame)
            ]
    except (FFmpegError, OSError) as error:
        raise InputError(path, f"its sound cannot be read ({error})") from error
    sound = np.concatenate([np.zeros(0), *parts])
    whole = len(sound) // STEP * STEP
    return np.sqrt((sound[:whole].reshape(-1, STEP) ** 2).mean(axis=1))


def _videos(run: Run) -> pd.DataFrame:
    videos = dataset.table(run)
    videos = videos[(videos["status"] == "ok") & videos["label"].notna()]
    sources = pd.Series(sorted(videos["source"].dropna().unique()), dtype=object)
    kept = sources.sample(min(MOST_SOURCES, len(sources)), random_state=run.seed)
    return videos[videos["source"].isin(kept)].reset_index(drop=True)


def _changed(sound: np.ndarray | None, original: np.ndarray | None) -> float:
    if sound is None or original is None:
        return np.nan
    count = min(len(sound), len(original))
    if count < 2 or sound[:count].std() == 0 or original[:count].std() == 0:
        return np.nan
    return float(np.corrcoef(sound[:count], original[:count])[0, 1] < ALIKE)
