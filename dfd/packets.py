"""Packets of a video file: how many frames they promise, and which must be decoded to see some of them."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
from av.container import InputContainer
from av.error import FFmpegError

from dfd.errors import InputError

SKIPPING = ("h264", "hevc", "mpeg4")
"""Decoders that can be told between two packets to leave out frames to which no other refers."""


@dataclass
class Packets:
    """What a file says of the packets of a stream, in the order of decoding.

    Attributes
    ----------
    stamps : list of int
        When each frame is shown, in the stream's unit of time.
    keys : list of bool
        Whether decoding can begin there.
    count, whole : int
        All packets, those of frames that are never shown too, and those that the container does not call
        damaged.
    timed : bool
        Whether each says when it is shown.
    cut : bool
        Whether the last one is damaged.
    latest, last : int
        When the last frame is shown, and for how long.
    """

    stamps: list[int] = field(default_factory=list)
    keys: list[bool] = field(default_factory=list)
    count: int = 0
    whole: int = 0
    timed: bool = True
    cut: bool = False
    latest: int = 0
    last: int = 0

    @property
    def regular(self) -> bool:
        """Whether time stamps tell the frames apart, and decoding can begin at the first of them."""
        if not self.stamps or not self.timed or not self.keys[0]:
            return False
        return len(set(self.stamps)) == len(self.stamps) and self.stamps[0] == min(self.stamps)


def read(path: str | Path, container: InputContainer, stream: av.VideoStream) -> Packets:
    """Go through the packets of a stream without decoding them or keeping them.

    Parameters
    ----------
    path : str or Path
        The file.
    container, stream : av objects
        The file, opened, and one of its streams.

    Returns
    -------
    Packets

    Raises
    ------
    InputError
        If there are none, or the file ends before it should.
    """
    packets, promised = Packets(), 0
    try:
        for packet in container.demux(stream):
            if packet.size:
                _note(packets, packet)
            elif packet.dts is not None:
                # A frame that was dropped while filming is stored as a packet of no bytes.
                promised -= 1
    except FFmpegError as error:
        raise InputError(path, f"not a readable video ({words(error)})") from error
    if not packets.count:
        raise InputError(path, "no frame in it")
    # Only these files say how many frames they were meant to hold.
    if container.format.name.startswith("mov"):
        total = max(promised + stream.frames, packets.count)
        if packets.whole < total:
            raise InputError(path, f"holds {packets.whole} of {total} frames; it may be truncated")
    if (packets.cut and container.format.name != "mpegts") or _riff_is_cut(Path(path)):
        raise InputError(path, "its last part is missing; it may be truncated")
    return packets


def needed(packets: Packets, wanted: Iterable[int]) -> set[int]:
    """Tell which packets must be decoded to see frames.

    Parameters
    ----------
    packets : Packets
        Regular ones.
    wanted : iterable of int
        Time stamps of the frames.

    Returns
    -------
    set of int
        Places in the order of decoding: for each frame those from the last key frame before it on.
    """
    places = {stamp: place for place, stamp in enumerate(packets.stamps)}
    starts = [place for place, key in enumerate(packets.keys) if key]
    decoded = set()
    for stamp in wanted:
        place = places[stamp]
        group = bisect_right(starts, place) - 1
        # A frame shown before the key frame that it is stored after may refer to the group before.
        if stamp < packets.stamps[starts[group]]:
            group = max(group - 1, 0)
        decoded.update(range(starts[group], place + 1))
    return decoded


def decode(
    container: InputContainer, stream: av.VideoStream, places: set[int], wanted: set[int]
) -> Iterator[av.VideoFrame]:
    """Decode some packets.

    Parameters
    ----------
    container, stream : av objects
        The file, opened, and one of its streams.
    places : set of int
        As `needed` gives them.
    wanted : set of int
        Time stamps of the frames that must be there; others may.

    Yields
    ------
    VideoFrame
        In the order of display.

    Raises
    ------
    FFmpegError
        If a packet cannot be decoded.
    """
    place, decoding, skips = -1, False, stream.codec_context.name in SKIPPING
    for packet in container.demux(stream):
        shown = packet.size > 0 and packet.pts is not None and not packet.is_discard
        place += shown
        if shown and place not in places:
            # Groups of pictures without a wanted frame are passed over, and the decoder emptied before.
            if decoding:
                yield from stream.codec_context.decode(None)
                stream.codec_context.flush_buffers()
            decoding = False
            continue
        decoding = True
        # A frame that no other refers to need not be decoded unless it is wanted itself.
        if skips:
            stream.codec_context.skip_frame = "DEFAULT" if not shown or packet.pts in wanted else "NONREF"
        yield from packet.decode()


def decode_all(
    path: str | Path, container: InputContainer, stream: av.VideoStream
) -> Iterator[av.VideoFrame | None]:
    """Decode all packets, the damaged ones too.

    Parameters
    ----------
    path : str or Path
        The file.
    container, stream : av objects
        The file, opened, and one of its streams.

    Yields
    ------
    VideoFrame or None
        In the order of display; None for one that cannot be decoded.

    Raises
    ------
    InputError
        If the file cannot be read on.
    """
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except FFmpegError as error:
            raise InputError(path, f"cannot be read to its end ({words(error)})") from error
        if packet is None:
            return
        try:
            for frame in packet.decode():
                yield None if frame.is_corrupt else frame
        except FFmpegError:
            yield None


def words(error: Exception) -> str:
    """Say what FFmpeg, or Python, has to say of a file.

    Parameters
    ----------
    error : Exception
        What either has raised.

    Returns
    -------
    str
    """
    return getattr(error, "strerror", None) or str(error)


def _note(packets: Packets, packet: av.Packet) -> None:
    packets.count += 1
    packets.whole += not packet.is_corrupt
    packets.cut = packet.is_corrupt
    if packet.is_discard:
        return
    if packet.pts is None:
        packets.timed = False
        return
    if not packets.stamps or packet.pts > packets.latest:
        packets.latest, packets.last = packet.pts, packet.duration or 0
    packets.stamps.append(packet.pts)
    packets.keys.append(packet.is_keyframe)


def _riff_is_cut(path: Path) -> bool:
    """Tell whether an AVI file ends before the end of its first chunk."""
    with path.open("rb") as file:
        head = file.read(12)
    is_avi = head[:4] == b"RIFF" and head[8:12] == b"AVI "
    return is_avi and path.stat().st_size < int.from_bytes(head[4:8], "little") + 8
