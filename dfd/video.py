"""Frames of a video, by index, decoding no more than they need."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError

from dfd.errors import InputError

VERSION = 1
"""Raised when the code of this module delivers other frames than before."""


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

    Examples
    --------
    >>> import dfd.run
    >>> from dfd import video
    >>> clip = dfd.run.load("sample").data / "benchmark" / "benchmark_540x960.mp4"
    >>> [frame.index for frame in video.sample_frames(clip, 3)]
    [8, 24, 40]
    """
    _at_least_one("count", count)
    packets = _packets(path)
    length = len(packets.stamps)
    yield from _read(path, packets, spread(length, min(count, length)).tolist())


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
    packets = _packets(path)
    yield from _read(path, packets, range(0, len(packets.stamps), step))


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
    packets = _packets(path)
    if not 0 <= index < len(packets.stamps):
        raise InputError(path, f"no frame {index}; it has {len(packets.stamps)}")
    return next(_read(path, packets, [index]))


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


def _open(path: str | Path) -> InputContainer:
    if not Path(path).is_file():
        raise InputError(path, "no such file")
    try:
        container = av.open(str(path))
    except FFmpegError as error:
        raise InputError(path, f"not a readable video ({error.strerror})") from error
    if not container.streams.video:
        container.close()
        raise InputError(path, "no video stream in it")
    return container


@dataclass(frozen=True)
class _Packets:
    """What a file says of its packets, in the order of decoding: time stamps and which are key frames."""

    stamps: list[int]
    keys: list[bool]

    @property
    def times(self) -> list[int]:
        return sorted(self.stamps)


def _packets(path: str | Path) -> _Packets:
    # Reading the packets without decoding them tells when each frame is shown, which counts them too:
    # headers may be wrong, and frames are stored in another order than shown.
    with _open(path) as container:
        promised = container.streams.video[0].frames
        try:
            packets = [packet for packet in container.demux(video=0) if packet.size]
        except FFmpegError as error:
            raise InputError(path, f"not a readable video ({error.strerror})") from error
    shown = [packet for packet in packets if _shows(packet)]
    if not shown:
        raise InputError(path, "no frame in it")
    whole = sum(not packet.is_corrupt for packet in packets)
    if whole < max(promised, len(packets)):
        raise InputError(path, f"holds {whole} of {max(promised, len(packets))} frames; it may be truncated")
    stamps = [packet.pts for packet in shown if packet.pts is not None]
    return _Packets(stamps, [packet.is_keyframe for packet in shown])


def _shows(packet: av.Packet) -> bool:
    return packet.pts is not None and not packet.is_discard


def _needed(packets: _Packets, wanted: Iterable[int]) -> set[int]:
    """Tell which packets must be decoded to see frames, given by their time stamps."""
    places = {stamp: place for place, stamp in enumerate(packets.stamps)}
    starts = [place for place, key in enumerate(packets.keys) if key or place == 0]
    needed = set()
    for stamp in wanted:
        place = places[stamp]
        group = bisect_right(starts, place) - 1
        # A frame shown before the key frame that it is stored after may refer to the group before.
        if stamp < packets.stamps[starts[group]]:
            group = max(group - 1, 0)
        needed.update(range(starts[group], place + 1))
    return needed


def _read(path: str | Path, packets: _Packets, indices: Iterable[int]) -> Iterator[Frame]:
    times = packets.times
    wanted = {times[index]: index for index in indices}
    needed = _needed(packets, wanted)
    with _open(path) as container:
        stream = container.streams.video[0]
        # Whole frames in parallel would take the core on which the frames before are searched for faces.
        stream.thread_type = "SLICE"
        try:
            for frame in _decode(container, stream, needed, wanted):
                if frame.pts in wanted:
                    index = wanted.pop(frame.pts)
                    # Threads that convert a single picture take longer to start than to work.
                    image = np.rot90(frame.to_ndarray(format="rgb24", threads=1), frame.rotation // 90)
                    seconds = float((frame.pts - times[0]) * (stream.time_base or 1))
                    yield Frame(index, seconds, np.ascontiguousarray(image))
                if not wanted:
                    return
        except FFmpegError as error:
            raise InputError(path, f"cannot be decoded ({error.strerror})") from error
    raise InputError(path, f"ends before frame {min(wanted.values())} of {len(times)}; it may be truncated")


def _decode(
    container: InputContainer, stream: av.VideoStream, needed: set[int], wanted: dict[int, int]
) -> Iterator[av.VideoFrame]:
    place, decoding = -1, False
    for packet in container.demux(stream):
        shown = _shows(packet)
        if shown:
            place += 1
        if shown and place not in needed:
            # Groups of pictures without a wanted frame are passed over, and the decoder emptied before.
            if decoding:
                yield from stream.codec_context.decode(None)
                stream.codec_context.flush_buffers()
            decoding = False
            continue
        decoding = True
        # A frame that no other refers to need not be decoded unless it is wanted itself.
        stream.codec_context.skip_frame = "DEFAULT" if not shown or packet.pts in wanted else "NONREF"
        yield from packet.decode()
