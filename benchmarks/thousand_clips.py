"""Find the faces of clips, some of them damaged: ``python benchmarks/thousand_clips.py [COUNT]``."""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from threading import Event, Thread

import av
import numpy as np
import pandas as pd
import psutil

from dfd import dataset, faces, profile, results, video
from dfd.profile import Profile

PACKAGES = ("torch", "facenet-pytorch", "av", "distributed")
DAMAGED_SHARE = 0.05
PAUSE = 1.0
FACES = 2


def truncated(source: Path, target: Path) -> None:
    """Keep the first half of the file."""
    content = source.read_bytes()
    target.write_bytes(content[: len(content) // 2])


def empty(source: Path, target: Path) -> None:
    """Keep nothing of the file."""
    target.write_bytes(b"")


def text(source: Path, target: Path) -> None:
    """Put prose in the place of the video."""
    target.write_text(f"This is not {source.name}.\n" * 200)


def audio_only(source: Path, target: Path) -> None:
    """Put a second of silence in the place of the video."""
    with av.open(target, "w") as container:
        stream = container.add_stream("aac", rate=16_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def faceless(source: Path, target: Path) -> None:
    """Put grey frames in the place of the video."""
    _write(target, [np.full((120, 160, 3), 128, np.uint8)] * 30)


def one_pixel(source: Path, target: Path) -> None:
    """Shrink the video to one pixel."""
    _write(target, [np.full((1, 1, 3), 128, np.uint8)] * 30, codec="mpeg4")


def rotated(source: Path, target: Path) -> None:
    """Store the video on its side, with a flag that tells players to turn it back."""
    _write(target, [np.rot90(frame.image).copy() for frame in video.every(source, 1)], turn=-90)


def variable_frame_rate(source: Path, target: Path) -> None:
    """Show every third frame three times as long."""
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


def damaged_set(source: Profile, folder: Path, count: int) -> dict[str, str]:
    """Make a data set of clones of a run's clips, a share of `DAMAGED_SHARE` of them damaged.

    Parameters
    ----------
    source : Profile
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
            (part / name).hardlink_to(source.data / clip["path"])
    (part / "metadata.json").write_text(json.dumps(listed))
    return damages


def main(count: int = 1000) -> None:
    """Make the clips, find their faces, and store what came of them and how much memory it took.

    Parameters
    ----------
    count : int
        Number of clips.
    """
    run = profile.load("sample")
    with tempfile.TemporaryDirectory(dir=run.build) as scratch:
        damages = damaged_set(run, Path(scratch) / "data", count)
        run = replace(
            run,
            name="dfdc",
            data=Path(scratch) / "data",
            build=Path(scratch) / "build",
            faces_per_real=FACES,
            parts=None,
            videos=None,
        )
        started, stop, memory = time.perf_counter(), Event(), []
        watcher = Thread(target=partial(_watch, stop, memory))
        watcher.start()
        outcome = faces.status(run)
        seconds = time.perf_counter() - started
        stop.set()
        watcher.join()
    outcome["damage"] = outcome["video"].map(damages).fillna("none")
    half = memory[len(memory) // 2 :]
    result = results.store(
        "thousand_clips",
        f"faces of {count} clips, of which {len(damages)} are damaged",
        PACKAGES,
        jobs=run.jobs,
        clips=len(outcome),
        damaged=len(damages),
        seconds=round(seconds, 1),
        clips_with_one_status=int((outcome.groupby("video")["status"].nunique() == 1).sum()),
        statuses=json.loads(pd.crosstab(outcome["damage"], outcome["status"]).to_json(orient="index")),
        megabytes={
            "at_half": round(float(np.median(half[: len(half) // 4 + 1]))),
            "at_the_end": round(float(np.median(half[-len(half) // 4 :]))),
            "most": round(max(memory)),
            "every_tenth": [
                round(memory[place]) for place in np.linspace(0, len(memory) - 1, 11).astype(int)
            ],
        },
    )
    print(json.dumps(result, indent=1))


def _watch(stop: Event, memory: list[float]) -> None:
    """Note the memory (MB) of this process and its children until told to stop."""
    while not stop.wait(PAUSE):
        total = 0
        for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
            try:
                total += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        memory.append(total / 1e6)


def _write(
    target: Path,
    images: list[np.ndarray],
    codec: str = "libx264",
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


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
