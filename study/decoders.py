"""Six ways to read the wanted frames of a video, and whether they deliver the same pictures."""

from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd

from dfd import video
from dfd.errors import InputError
from study import clips

COUNTS = (8, 15, 40)
"""Frames that are wanted, spread evenly: 8 of a fake and 40 of an original, as the report takes, and 15."""

FEW, TENTH, ALL = f"{COUNTS[0]} in all", "every 10", "every 1"
"""Names of selections: the least frames, every tenth as the report's loop reads, and all."""


def opencv(path: str | Path, wanted: Sequence[int], convert_all: bool = False) -> Generator[np.ndarray]:
    """Decode with OpenCV, the report's two ways (section 3.2.2.3).

    Parameters
    ----------
    path : str or Path
        The video.
    wanted : sequence of int
        Frames to deliver, increasing; a range that goes on beyond the end delivers until there.
    convert_all : bool
        Whether ``read()`` converts every frame to colours, or ``grab()`` passes over those that are not
        wanted and ``retrieve()`` converts the others.

    Yields
    ------
    ndarray of uint8, shape (height, width, 3)
        RGB, upright.

    Raises
    ------
    InputError
        If the file is no readable video.
    """
    capture = cv2.VideoCapture(str(path))
    if not capture.isOpened():
        raise InputError(path, "not a readable video")
    try:
        for index in range(wanted[-1] + 1):
            there, image = capture.read() if convert_all else (capture.grab(), None)
            if not there:
                return
            if index in wanted:
                image = capture.retrieve()[1] if image is None else image
                yield cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    finally:
        capture.release()


def pyav(path: str | Path, wanted: Sequence[int], skip: bool = False) -> Iterator[np.ndarray]:
    """Decode from the first frame to the last wanted one with PyAV, and convert only those wanted.

    Parameters
    ----------
    path : str or Path
        The video.
    wanted : sequence of int
        Frames to deliver, increasing.
    skip : bool
        Whether the decoder leaves out the frames that no other frame refers to, unless they are wanted.

    Yields
    ------
    ndarray of uint8, shape (height, width, 3)
        RGB, upright.

    Raises
    ------
    InputError
        If the file is no readable video, or has no such frame.
    """
    due = set(_times(path, clips.structure(path), wanted))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for packet in container.demux(stream):
            spare = skip and packet.pts is not None and packet.pts not in due
            stream.codec_context.skip_frame = "NONREF" if spare else "DEFAULT"
            for frame in packet.decode():
                if frame.pts in due:
                    due.remove(frame.pts)
                    yield _upright(frame)
            if not due:
                return
    raise InputError(path, "ends before the last frame wanted; it may be truncated")


def seeking(path: str | Path, wanted: Sequence[int]) -> Iterator[np.ndarray]:
    """Jump to the last key frame before each wanted frame, and decode from there to it.

    Where no key frame lies between two wanted frames there is nothing to jump over, and decoding goes on.

    Parameters
    ----------
    path : str or Path
        The video.
    wanted : sequence of int
        Frames to deliver, increasing.

    Yields
    ------
    ndarray of uint8, shape (height, width, 3)
        RGB, upright.

    Raises
    ------
    InputError
        If the file is no readable video, or has no such frame.
    """
    frames = clips.structure(path)
    keys = np.flatnonzero(frames["key"])
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        decoded, here = container.decode(stream), -1
        for index, stamp in zip(wanted, _times(path, frames, wanted), strict=True):
            if keys[keys <= index].max(initial=0) > here + 1:
                container.seek(stamp, stream=stream)
                decoded = container.decode(stream)
            frame = next((frame for frame in decoded if frame.pts == stamp), None)
            if frame is None:
                raise InputError(path, f"ends before frame {index}; it may be truncated")
            yield _upright(frame)
            here = index


def reader(path: str | Path, wanted: Sequence[int]) -> Iterator[np.ndarray]:
    """Decode the way that this book's stages do (`dfd.video`).

    Parameters
    ----------
    path : str or Path
        The video.
    wanted : sequence of int
        A selection of `selections`: a range from 0 on, or frames spread evenly.

    Yields
    ------
    ndarray of uint8, shape (height, width, 3)
        RGB, upright.
    """
    if isinstance(wanted, range):
        frames = video.every(path, wanted.step)
    else:
        frames = video.sample_frames(path, len(wanted))
    return (frame.image for frame in frames)


WAYS: dict[str, Callable[[str | Path, Sequence[int]], Iterator[np.ndarray]]] = {
    "OpenCV, read()": partial(opencv, convert_all=True),
    "OpenCV, grab() and retrieve()": opencv,
    "PyAV, all frames": pyav,
    "PyAV, non-reference frames skipped": partial(pyav, skip=True),
    "PyAV, seeking by key frame": seeking,
    "this book": reader,
}
"""The ways compared, the report's first one first."""


def _times(path: str | Path, frames: pd.DataFrame, wanted: Sequence[int]) -> list[int]:
    if wanted[-1] >= len(frames):
        raise InputError(path, f"no frame {wanted[-1]}; it has {len(frames)}")
    return frames["time"].iloc[list(wanted)].tolist()


def _upright(frame: av.VideoFrame) -> np.ndarray:
    # By default each conversion starts threads of its own, which takes longer than converting.
    return np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24", threads=1), frame.rotation // 90))


def selections(length: int) -> dict[str, Sequence[int]]:
    """Name the frames that one may want of a video.

    Parameters
    ----------
    length : int
        Number of its frames.

    Returns
    -------
    dict of str to sequence of int
        As many frames as each of `COUNTS`, as far as the video has more; every tenth, and all.
    """
    spread = {f"{count} in all": video.spread(length, count).tolist() for count in COUNTS if count < length}
    few = spread or {FEW: video.spread(length, min(COUNTS[0], length)).tolist()}
    return {**few, TENTH: range(0, length, 10), ALL: range(length)}


def differences(path: str | Path, wanted: Sequence[int]) -> pd.DataFrame:
    """Compare the pixels that all `WAYS` deliver with those of the first.

    Parameters
    ----------
    path : str or Path
        The video.
    wanted : sequence of int
        Frames to compare.

    Returns
    -------
    DataFrame
        way, frames (delivered), same (share of frames without any difference), largest and mean
        difference in grey levels; NaN where another number of frames was delivered.
    """
    first: list[np.ndarray] | None = None
    rows = []
    for way, decode in WAYS.items():
        images = list(decode(path, wanted))
        first = images if first is None else first
        if len(images) == len(first):
            apart = np.stack([cv2.absdiff(ours, theirs) for ours, theirs in zip(images, first, strict=True)])
            same = float((apart.max(axis=(1, 2, 3)) == 0).mean())
            rows.append((way, len(images), same, int(apart.max()), float(apart.mean())))
        else:
            rows.append((way, len(images), np.nan, np.nan, np.nan))
    return pd.DataFrame(rows, columns=["way", "frames", "same", "largest", "mean"])
