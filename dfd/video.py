"""Frames of a video, by index, upright and with square pixels, decoding no more than they need."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.sidedata.sidedata import Type
from av.stream import Disposition

from dfd import packets
from dfd.errors import InputError

VERSION = 1
"""Raised when the code of this module delivers other frames than before."""

NO_STREAM = "no video stream in it"
"""The reason where a file holds sound alone, with or without a cover."""

MOST_LOST = 0.05
"""Share of its frames that a video may lose to damage; one that loses more is refused."""

USUAL_RATE = 25
"""Frames a second where a file does not say it."""

WIDEST = 4
"""Sides of a pixel of which the longer has more than so many times the shorter's length are a mistake."""


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
        RGB, turned upright, with square pixels.
    """

    index: int
    time: float
    image: np.ndarray


class Video:
    """A video file whose frames have been counted.

    Time stamps of the packets count the frames, since headers may be wrong. Where stamps are missing or
    repeat, or the stream begins inside a group of pictures, everything is decoded once to count.

    Parameters
    ----------
    path : str or Path
        The file.

    Attributes
    ----------
    frames : int
        How many there are.
    fps, duration : float
        Frames a second (mean), and seconds.
    lost : int
        Frames that damage has cost, as far as has been read.
    rotation : int
        Degrees counter-clockwise by which the file asks to be turned; known once a frame has been read.

    Raises
    ------
    InputError
        If the file is missing, is no video or a truncated one, or more than `MOST_LOST` of it cannot be
        decoded.
    """

    def __init__(self, path: str | Path) -> None:
        self.path, self.lost, self.rotation = path, 0, 0
        with self._open() as (container, stream):
            self._packets = packets.read(path, container, stream)
            base = float(stream.time_base or 1)
            rate = float(stream.average_rate or stream.guessed_rate or USUAL_RATE)
        self.regular = self._packets.regular
        stamps = sorted(self._packets.stamps) if self.regular else []
        self.frames = len(stamps) or self._count(stamps)
        seconds = base * (stamps[-1] - stamps[0] + self._packets.last) if stamps else 0
        # A header that is right within a frame is more exact than time stamps, which are rounded.
        agrees = not seconds or abs(self.frames - rate * seconds) < 1
        self.fps = rate if agrees else self.frames / seconds
        self.duration = self.frames / self.fps
        numbers = range(self.frames)
        self._stamps = stamps
        self._times = [base * (stamp - stamps[0]) for stamp in stamps] or [n / self.fps for n in numbers]

    def read(self, indices: Iterable[int]) -> Iterator[Frame]:
        """Read frames.

        Parameters
        ----------
        indices : iterable of int
            Their places in the order of display, increasing.

        Yields
        ------
        Frame
            In the order of display; one that cannot be decoded is left out and counted in `lost`.

        Raises
        ------
        InputError
            If more than `MOST_LOST` of the frames cannot be decoded.
        """
        wanted = [int(index) for index in indices]
        if self.regular:
            read = 0
            for frame in self._skipping(wanted):
                yield frame
                read += 1
            wanted = wanted[read:]
        if wanted:
            places = set(wanted)
            yield from (self._frame(index, image) for index, image in self._decoded(places))

    def first(self) -> Frame:
        """Read the first frame that can be decoded.

        Returns
        -------
        Frame

        Raises
        ------
        InputError
            If there is none.
        """
        frame = next(self.read(range(self.frames)), None)
        if frame is None:
            raise InputError(self.path, "no frame in it that can be decoded")
        return frame

    def _skipping(self, wanted: list[int]) -> Iterator[Frame]:
        """Decode what wanted frames need, and stop at the first one that is not delivered."""
        stamps = [self._stamps[index] for index in wanted]
        needed, place = packets.needed(self._packets, stamps), 0
        with self._open() as (container, stream):
            try:
                for frame in packets.decode(container, stream, needed, set(stamps)):
                    if frame.pts is None or frame.pts > stamps[place]:
                        return
                    if frame.pts == stamps[place]:
                        if frame.is_corrupt:
                            return
                        yield self._frame(wanted[place], self._image(frame, stream))
                        place += 1
                    if place == len(wanted):
                        return
            except FFmpegError:
                return

    def _decoded(self, places: set[int]) -> Iterator[tuple[int, np.ndarray]]:
        """Decode everything, and give the wanted frames of what can be decoded."""
        numbers = {stamp: number for number, stamp in enumerate(self._stamps)} if self.regular else None
        count = 0
        with self._open() as (container, stream):
            for frame in packets.decode_all(self.path, container, stream):
                if frame is None:
                    continue
                index = count if numbers is None else numbers.get(frame.pts or 0, -1)
                count += index >= 0
                if index in places:
                    yield index, self._image(frame, stream)
        if self.regular:
            self._lose(self.frames - count, self.frames)

    def _count(self, stamps: list[int]) -> int:
        """Decode everything to count the frames, and note their time stamps if these increase."""
        count, lost, times = 0, 0, []
        with self._open() as (container, stream):
            for frame in packets.decode_all(self.path, container, stream):
                if frame is not None:
                    count += 1
                    times.append(frame.pts)
                elif count:
                    # What comes before the first frame that can be decoded no player shows either.
                    lost += 1
        if not count:
            raise InputError(self.path, "no frame in it that can be decoded")
        self._lose(lost, count + lost)
        if None not in times and all(one < other for one, other in pairwise(times)):
            stamps += times
        return count

    def _lose(self, lost: int, frames: int) -> None:
        if lost > MOST_LOST * frames:
            reason = f"only {frames - lost} of {frames} frames can be decoded; it may be truncated or damaged"
            raise InputError(self.path, reason)
        self.lost = lost

    def _frame(self, index: int, image: np.ndarray) -> Frame:
        return Frame(index, self._times[index], image)

    def _image(self, frame: av.VideoFrame, stream: av.VideoStream) -> np.ndarray:
        # Threads that convert a single picture take longer to start than to work.
        image = frame.to_ndarray(format="rgb24", threads=1)
        image = _square_pixels(image, stream.sample_aspect_ratio)
        self.rotation = frame.rotation
        matrix = frame.side_data.get(Type.DISPLAYMATRIX)  # pyright: ignore[reportCallIssue, reportArgumentType]
        if matrix is not None:
            image = _upright(self.path, image, np.frombuffer(matrix, "<i4")[:9].reshape(3, 3))
        return np.ascontiguousarray(image)

    @contextmanager
    def _open(self) -> Iterator[tuple[InputContainer, av.VideoStream]]:
        if not Path(self.path).is_file():
            raise InputError(self.path, "no such file")
        try:
            container = av.open(str(self.path))
        except (FFmpegError, UnicodeError) as error:
            raise InputError(self.path, f"not a readable video ({packets.words(error)})") from error
        with container:
            if container.format.name == "image2" or container.format.name.endswith("_pipe"):
                raise InputError(self.path, "a picture, not a video")
            streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
            if not streams:
                raise InputError(self.path, NO_STREAM)
            best = container.streams.best("video")
            stream = next((other for other in streams if other is best), streams[0])
            # Whole frames in parallel would take the core on which the frames before are searched for faces.
            stream.thread_type = "SLICE"
            yield container, stream


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
        As `Video` and `Video.read` raise it.

    Examples
    --------
    >>> import dfd.run
    >>> from dfd import video
    >>> clip = dfd.run.load("sample").data / "benchmark" / "benchmark_540x960.mp4"
    >>> [frame.index for frame in video.sample_frames(clip, 3)]
    [8, 24, 40]
    """
    _at_least_one("count", count)
    clip = Video(path)
    yield from clip.read(spread(clip.frames, min(count, clip.frames)))


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
        As `Video` and `Video.read` raise it.
    """
    _at_least_one("step", step)
    clip = Video(path)
    yield from clip.read(range(0, clip.frames, step))


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
        As `Video` raises it, or if there is no such frame or it is damaged.
    """
    clip = Video(path)
    if not 0 <= index < clip.frames:
        raise InputError(path, f"no frame {index}; it has {clip.frames}")
    frame = next(clip.read([index]), None)
    if frame is None:
        raise InputError(path, f"frame {index} of {clip.frames} cannot be decoded")
    return frame


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


def _square_pixels(image: np.ndarray, ratio: Fraction | None) -> np.ndarray:
    """Stretch a picture whose pixels are not square, along its shorter direction as players do."""
    if not ratio or ratio == 1 or not 1 / WIDEST <= ratio <= WIDEST:
        return image
    height, width = image.shape[:2]
    size = (round(width * ratio), height) if ratio > 1 else (width, round(height / ratio))
    return cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)


def _upright(path: str | Path, image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Turn and mirror a picture as the file's display matrix says: x' = ax + cy, y' = bx + dy."""
    (a, b), (c, d) = matrix[:2, :2].tolist()
    if (a and b) or (c and d):
        raise InputError(path, "asks to be shown at an angle that is no multiple of 90 degrees")
    if b or c:
        image, a, d = image.transpose(1, 0, 2), c, b
    image = image[:, ::-1] if a < 0 else image
    return image[::-1] if d < 0 else image
