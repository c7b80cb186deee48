"""Whether each of a thousand clips gets its one status though some are damaged, and memory stays level."""

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Literal

import av
import numpy as np
import pandas as pd
import psutil

from dfd import dataset, faces, video
from dfd.run import Run
from study import results

PACKAGES = ("torch", "facenet-pytorch", "av", "distributed")

DAMAGED_SHARE = 0.05
"""Share of the clips that are damaged."""

PAUSE = 1.0
"""Seconds from one look at the memory to the next."""

FACES = 2
"""Faces kept of each clip."""


def truncated(source: Path, target: Path) -> None:
    """Keep the first half of the file.

    Parameters
    ----------
    source : Path
        The video.
    target : Path
        The file to write.
    """
    content = source.read_bytes()
    target.write_bytes(content[: len(content) // 2])


def empty(source: Path, target: Path) -> None:
    """Keep nothing of the file.

    Parameters
    ----------
    source : Path
        The video, which is not looked at.
    target : Path
        The file to write.
    """
    target.write_bytes(b"")


def text(source: Path, target: Path) -> None:
    """Put prose in the place of the video.

    Parameters
    ----------
    source : Path
        The video; only its name is used.
    target : Path
        The file to write.
    """
    target.write_text(f"This is not {source.name}.\n" * 200)


def audio_only(source: Path, target: Path) -> None:
    """Put a second of silence in the place of the video.

    Parameters
    ----------
    source : Path
        The video, which is not looked at.
    target : Path
        The file to write.
    """
    with av.open(target, "w") as container:
        stream = container.add_stream("aac", rate=16_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def faceless(source: Path, target: Path) -> None:
    """Put grey frames in the place of the video.

    Parameters
    ----------
    source : Path
        The video, which is not looked at.
    target : Path
        The file to write.
    """
    _write(target, [np.full((120, 160, 3), 128, np.uint8)] * 30)


def one_pixel(source: Path, target: Path) -> None:
    """Put frames of a single grey pixel in the place of the video.

    Parameters
    ----------
    source : Path
        The video, which is not looked at.
    target : Path
        The file to write.
    """
    _write(target, [np.full((1, 1, 3), 128, np.uint8)] * 30, codec="mpeg4")


def rotated(source: Path, target: Path) -> None:
    """Store the video on its side, with a flag that tells players to turn it back.

    Parameters
    ----------
    source : Path
        The video.
    target : Path
        The file to write.
    """
    _write(target, [np.rot90(frame.image).copy() for frame in video.every(source, 1)], turn=-90)


def variable_frame_rate(source: Path, target: Path) -> None:
    """Show every third frame three times as long.

    Parameters
    ----------
    source : Path
        The video.
    target : Path
        The file to write.
    """
    images = [frame.image for frame in video.every(source, 1)]
    lengths = np.where(np.arange(len(images)) % 3 == 0, 3, 1)
    _write(target, images, stamps=np.cumsum(lengths) - lengths)


DAMAGES: tuple[Callable[[Path, Path], None], ...] = (
    truncated,
    empty,
    text,
    audio_only,
    faceless,
    rotated,
    one_pixel,
    variable_frame_rate,
)


def damaged_set(source: Run, folder: Path, count: int) -> dict[str, str]:
    """Make a data set of clones of a run's clips, a share of `DAMAGED_SHARE` of them damaged.

    Parameters
    ----------
    source : Run
        The run whose clips are taken, in turns.
    folder : Path
        Where to make it.
    count : int
        Number of clips.

    Returns
    -------
    dict of str to str
        Name of each damaged clip and what was done to it.
    """
    clips = dataset.table(source).query("status == 'ok'")
    part = folder / "dfdc_train_part_0"
    part.mkdir(parents=True)
    every = round(1 / DAMAGED_SHARE)
    listed, damages = {}, {}
    for number in range(count):
        clip = clips.iloc[number % len(clips)]
        name = f"clip{number:05d}.mp4"
        listed[name] = {"label": "REAL", "split": "train"}
        if number % every == every - 1:
            damage = DAMAGES[number // every % len(DAMAGES)]
            damage(source.data / clip["path"], part / name)
            damages[name] = damage.__name__
        else:
            (part / name).symlink_to(source.data / clip["path"])
    (part / "metadata.json").write_text(json.dumps(listed))
    return damages


def measure(run: Run, count: int = 1000) -> dict:
    """Make the clips, find their faces, and store and print what came of them and how much memory it took.

    Parameters
    ----------
    run : Run
        The run whose clips are taken.
    count : int
        Number of clips.

    Returns
    -------
    dict
        As stored under ``"damaged_clips"``: jobs, clips, damaged, seconds, clips_with_one_status, statuses
        (counts by damage and status) and megabytes (of this process and its children).
    """
    run.build.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=run.build) as scratch:
        data, build = Path(scratch) / "data", Path(scratch) / "build"
        damages = damaged_set(run, data, count)
        damaged = replace(run, data=data, build=build, faces_per_real=FACES, parts=None, videos=None)
        started, stop, memory = time.perf_counter(), Event(), []
        watcher = Thread(target=partial(_watch, stop, memory))
        watcher.start()
        try:
            outcome = faces.status(damaged)
        finally:
            seconds = time.perf_counter() - started
            stop.set()
            watcher.join()
    outcome["damage"] = outcome["video"].map(damages).fillna("none")
    result = results.store(
        "damaged_clips",
        f"faces of {count} clips, of which {len(damages)} are damaged",
        PACKAGES,
        jobs=run.jobs,
        clips=len(outcome),
        damaged=len(damages),
        seconds=round(seconds, 1),
        clips_with_one_status=int((outcome.groupby("video")["status"].nunique() == 1).sum()),
        statuses=json.loads(pd.crosstab(outcome["damage"], outcome["status"]).to_json(orient="index")),
        megabytes=_over_time(memory),
    )
    print(json.dumps(result, indent=1))
    return result


def _over_time(memory: list[float]) -> dict:
    """Say how much memory (MB) was taken at half time, at the end, at most, and at each tenth of the time."""
    half = memory[len(memory) // 2 :]
    tenths = np.linspace(0, len(memory) - 1, 11).astype(int)
    return {
        "at_half": round(float(np.median(half[: len(half) // 4 + 1]))),
        "at_the_end": round(float(np.median(half[-len(half) // 4 :]))),
        "most": round(max(memory)),
        "every_tenth": [round(memory[place]) for place in tenths],
    }


def _watch(stop: Event, memory: list[float]) -> None:
    """Note the memory (MB) of this process and its children now and again until told to stop."""
    while True:
        total = 0
        for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
            try:
                total += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        memory.append(total / 1e6)
        if stop.wait(PAUSE):
            return


def _write(
    target: Path,
    images: list[np.ndarray],
    codec: Literal["libx264", "mpeg4"] = "libx264",
    stamps: np.ndarray | None = None,
    turn: int = 0,
) -> None:
    with av.open(target, "w") as container:
        stream = container.add_stream(codec, rate=30)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, 30)
        if turn:
            stream.set_display_rotation(turn)
        for index, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image)
            frame.pts = index if stamps is None else int(stamps[index])
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
