"""Frames of a video, by index, decoding no more than they need."""

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd

from dfd.errors import InputError


@dataclass(frozen=True)
class Frame:
    """One picture of a video.

    Attributes
    ----------
    index : int
        Place in the order of display, from 0.
    time : float
        Seconds since the first frame.
    image : ndarray of uint8, shape (height, width, 3)
        RGB, turned upright.
    """

    index: int
    time: float
    image: np.ndarray


def sample_frames(path: str | Path, count: int) -> Iterator[Frame]:
    """Read frames spread evenly over a video: the middle one of each of `count` equal stretches.

    Parameters
    ----------
    path : str or Path
        The video.
    count : int
        Frames wanted, 1 or more; a shorter video gives all that it has.

    Yields
    ------
    Frame
        In the order of display.

    Raises
    ------
    InputError
        If the file is missing, no video, or ends before a wanted frame.
    """
    _at_least_one("count", count)
    times = _times(path)
    count = min(count, len(times))
    yield from _read(path, times, spread(len(times), count).tolist())


def every(path: str | Path, step: int) -> Iterator[Frame]:
    """Read every `step`-th frame of a video, from the first on.

    Parameters
    ----------
    path : str or Path
        The video.
    step : int
        Distance between two frames, 1 or more.

    Yields
    ------
    Frame
        In the order of display.

    Raises
    ------
    InputError
        If the file is missing, no video, or ends before a wanted frame.
    """
    _at_least_one("step", step)
    times = _times(path)
    yield from _read(path, times, range(0, len(times), step))


def read_frame(path: str | Path, index: int) -> Frame:
    """Read one frame of a video.

    Parameters
    ----------
    path : str or Path
        The video.
    index : int
        Its place in the order of display, from 0.

    Returns
    -------
    Frame

    Raises
    ------
    InputError
        If the file is missing, no video, or has no such frame.
    """
    times = _times(path)
    if not 0 <= index < len(times):
        raise InputError(path, f"no frame {index}; it has {len(times)}")
    return next(_read(path, times, [index]))


def spread(length: int, count: int) -> np.ndarray:
    """Places spread evenly over a sequence: the middle one of each of `count` equal stretches.

    Parameters
    ----------
    length : int
        Length of the sequence.
    count : int
        Places wanted, at most `length`.

    Returns
    -------
    ndarray of int, shape (count,)
        Increasing, without repeats.
    """
    return (2 * np.arange(count) + 1) * length // (2 * count)


def _at_least_one(name: str, value: int) -> None:
    if value < 1:
        raise InputError(f"{name} {value}", "must be 1 or more")


def _open(path: str | Path) -> av.container.InputContainer:
    if not Path(path).is_file():
        raise InputError(path, "no such file")
    try:
        container = av.open(str(path))
    except av.FFmpegError as error:
        raise InputError(path, f"not a readable video ({error.strerror})") from error
    if not container.streams.video:
        container.close()
        raise InputError(path, "no video stream in it")
    return container


def _times(path: str | Path) -> list[int]:
    # Reading the packets without decoding them tells when each frame is shown, which counts them too:
    # headers may be wrong, and frames are stored in another order than shown.
    with _open(path) as container:
        try:
            times = sorted(p.pts for p in container.demux(video=0) if p.pts is not None and not p.is_discard)
        except av.FFmpegError as error:
            raise InputError(path, f"not a readable video ({error.strerror})") from error
    if not times:
        raise InputError(path, "no frame in it")
    return times


def _read(path: str | Path, times: list[int], indices: Iterable[int]) -> Iterator[Frame]:
    wanted = {times[index]: index for index in indices}
    with _open(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        try:
            for packet in container.demux(stream):
                # A frame that no other refers to need not be decoded unless it is wanted itself.
                needed = packet.pts is None or packet.pts in wanted
                stream.codec_context.skip_frame = "DEFAULT" if needed else "NONREF"
                for frame in packet.decode():
                    index = wanted.pop(frame.pts, None)
                    if index is not None:
                        image = np.rot90(frame.to_ndarray(format="rgb24"), frame.rotation // 90)
                        seconds = float((frame.pts - times[0]) * stream.time_base)
                        yield Frame(index, seconds, np.ascontiguousarray(image))
                if not wanted:
                    return
        except av.FFmpegError as error:
            raise InputError(path, f"cannot be decoded ({error.strerror})") from error
    raise InputError(path, f"ends before frame {min(wanted.values())} of {len(times)}; it may be truncated")


def every_by_reading(path: str | Path, step: int) -> Iterator[np.ndarray]:
    """Read every `step`-th frame the slow way: OpenCV's ``read()`` on all frames (report, section 3.2.2.3).

    Parameters
    ----------
    path : str or Path
        The video.
    step : int
        Distance between two frames.

    Yields
    ------
    ndarray of uint8, shape (height, width, 3)
        RGB.
    """
    capture = cv2.VideoCapture(str(path))
    index = 0
    while True:
        there, image = capture.read()
        if not there:
            break
        if index % step == 0:
            yield cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        index += 1
    capture.release()


def every_by_grabbing(path: str | Path, step: int) -> Iterator[np.ndarray]:
    """Read every `step`-th frame the report's way: ``grab()`` on all, ``retrieve()`` on those wanted.

    Parameters
    ----------
    path : str or Path
        The video.
    step : int
        Distance between two frames.

    Yields
    ------
    ndarray of uint8, shape (height, width, 3)
        RGB.
    """
    capture = cv2.VideoCapture(str(path))
    index = 0
    while capture.grab():
        if index % step == 0:
            _, image = capture.retrieve()
            yield cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        index += 1
    capture.release()


def reading_times(path: str | Path, step: int, repeats: int) -> pd.DataFrame:
    """Time several ways to get every `step`-th frame of a video.

    The ways take turns, so that a busy moment of the machine does not hit only one of them.

    Parameters
    ----------
    path : str or Path
        The video.
    step : int
        Distance between two frames.
    repeats : int
        Rounds.

    Returns
    -------
    DataFrame
        way, round, frames (delivered), seconds. ``"grab() alone"`` retrieves only the first frame, so it
        shows what the decoding costs without the conversion.
    """
    ways = {
        "read()": every_by_reading,
        "grab() and retrieve()": every_by_grabbing,
        "grab() alone": lambda path, _: every_by_grabbing(path, sys.maxsize),
        "PyAV, skipping": every,
    }
    rows = []
    for number in range(repeats):
        for way, read in ways.items():
            start = time.perf_counter()
            frames = sum(1 for _ in read(path, step))
            rows.append(
                {"way": way, "round": number, "frames": frames, "seconds": time.perf_counter() - start}
            )
    return pd.DataFrame(rows)
