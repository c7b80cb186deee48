"""Ways to decode the wanted frames of a video, compared: what they deliver and how long they take."""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd

from dfd import video
from dfd.errors import InputError
from dfd.tables import replacing

STEPS = (1, 2, 5, 10, 30, 100)
FEW = 8


def opencv(path: str | Path, wanted: Sequence[int], convert_all: bool = False) -> Iterator[np.ndarray]:
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
    due = set(_times(path, structure(path), wanted))
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
    frames = structure(path)
    keys = np.flatnonzero(frames["key"])
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        decoded, here = container.decode(stream), -1
        for index, stamp in zip(wanted, _times(path, frames, wanted), strict=True):
            if keys[keys <= index].max(initial=0) > here + 1:
                container.seek(stamp, stream=stream)
                decoded = container.decode(stream)
            found = next((frame for frame in decoded if frame.pts == stamp), None)
            if found is None:
                raise InputError(path, f"ends before frame {index}; it may be truncated")
            yield _upright(found)
            here = index


def book(path: str | Path, wanted: Sequence[int]) -> Iterator[np.ndarray]:
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
    "this book": book,
}
"""The ways compared, the report's first one first."""


def structure(path: str | Path) -> pd.DataFrame:
    """List the frames of a video without decoding them.

    Parameters
    ----------
    path : str or Path
        The video.

    Returns
    -------
    DataFrame
        In the order of display: time (in the stream's unit), key (whether decoding can start here),
        reference (whether other frames refer to it, as H.264 says in each frame's header; true for other
        codecs) and bytes.

    Raises
    ------
    InputError
        If the file is no readable video.
    """
    try:
        with av.open(str(path)) as container:
            h264 = container.streams.video[0].codec_context.name == "h264"
            rows = [
                (packet.pts, packet.is_keyframe, not h264 or _is_reference(bytes(packet)), packet.size)
                for packet in container.demux(video=0)
                if packet.pts is not None and not packet.is_discard
            ]
    except (av.FFmpegError, IndexError) as error:
        raise InputError(path, "not a readable video") from error
    return pd.DataFrame(rows, columns=["time", "key", "reference", "bytes"]).sort_values(
        "time", ignore_index=True
    )


def _is_reference(packet: bytes) -> bool:
    # An MP4 packet is a row of units, each after its length in four bytes. The first byte of a unit tells
    # how much others need it (two bits) and what it is (five bits; 1 to 5 are slices of a picture).
    start = 0
    while start + 4 < len(packet):
        header = packet[start + 4]
        if 1 <= header & 31 <= 5:
            return header & 96 > 0
        start += 4 + int.from_bytes(packet[start : start + 4], "big")
    return True


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
        Every frame, every second, ... (`STEPS`), as far as the video is long enough for two of them; and
        `FEW` spread evenly.
    """
    ranges = {f"every {step}": range(0, length, step) for step in STEPS if step < length}
    return ranges | {f"{FEW} in all": video.spread(length, min(FEW, length)).tolist()}


def times(path: str | Path, wanted: dict[str, Sequence[int]], repeats: int) -> pd.DataFrame:
    """Time all `WAYS` to get frames of a video.

    The ways take turns, so that a busy moment of the machine does not hit only one of them.

    Parameters
    ----------
    path : str or Path
        The video.
    wanted : dict of str to sequence of int
        Selections of frames, as `selections` names them.
    repeats : int
        Rounds.

    Returns
    -------
    DataFrame
        wanted (name of the selection), way, round, frames (delivered), seconds.
    """
    rows = []
    for number in range(repeats):
        for name, indices in wanted.items():
            for way, decode in WAYS.items():
                start = time.perf_counter()
                frames = sum(1 for _ in decode(path, indices))
                rows.append((name, way, number, frames, time.perf_counter() - start))
    return pd.DataFrame(rows, columns=["wanted", "way", "round", "frames", "seconds"])


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
    first = None
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


def lengthened(path: str | Path, target: Path, frames: int, key_every: int) -> Path:
    """Make a longer video of a short one by playing it forwards and backwards.

    Parameters
    ----------
    path : str or Path
        The short video.
    target : Path
        The MP4 file to write (H.264).
    frames : int
        Frames of the longer one.
    key_every : int
        Distance of its key frames; DFDC's have 250.

    Returns
    -------
    Path
        `target`.
    """
    pictures = [frame.image for frame in video.every(path, 1)]
    there_and_back = [*pictures, *pictures[-2:0:-1]]
    height, width = pictures[0].shape[:2]
    settings = {"preset": "veryfast", "sc_threshold": "0", "g": str(key_every), "bf": "3"}
    with replacing(target) as aside, av.open(str(aside), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=30, options=settings)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in range(frames):
            picture = there_and_back[index % len(there_and_back)]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return target
