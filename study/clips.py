"""Video files: how their frames are stored, and longer clips made of short ones."""

from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd
from av.error import FFmpegError

from dfd import video
from dfd.errors import InputError
from dfd.tables import replacing


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
    except (FFmpegError, IndexError) as error:
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


def beginning(path: str | Path, target: Path, frames: int) -> Path:
    """Copy the beginning of a video, without encoding it anew.

    Parameters
    ----------
    path : str or Path
        The video.
    target : Path
        The file to write, of the same kind.
    frames : int
        How many frames to copy, in the order of decoding.

    Returns
    -------
    Path
        `target`.

    Raises
    ------
    InputError
        If the file is no readable video.
    """
    try:
        with replacing(target) as aside, av.open(str(path)) as whole, av.open(str(aside), "w") as copy:
            stream = copy.add_stream_from_template(whole.streams.video[0])
            packets = (packet for packet in whole.demux(video=0) if packet.dts is not None)
            for packet in islice(packets, frames):
                packet.stream = stream
                copy.mux(packet)
    except (FFmpegError, IndexError) as error:
        raise InputError(path, "not a readable video") from error
    return target


def lengthened(
    path: str | Path,
    target: Path,
    frames: int,
    key_every: int,
    bit_rate: int | None = None,
    short_side: int | None = None,
) -> Path:
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
    bit_rate : int, optional
        Bits a second to aim at; DFDC's have some 3 million. By default the encoder aims at a quality.
    short_side : int, optional
        Short side in pixels to which frames are scaled; by default they keep their size.

    Returns
    -------
    Path
        `target`.
    """
    pictures = [_scaled(frame.image, short_side) for frame in video.every(path, 1)]
    there_and_back = [*pictures, *pictures[-2:0:-1]]
    height, width = pictures[0].shape[:2]
    settings = {"preset": "veryfast", "sc_threshold": "0", "g": str(key_every), "bf": "3"}
    with replacing(target) as aside, av.open(str(aside), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=30, options=settings)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        if bit_rate:
            stream.bit_rate = bit_rate
        for index in range(frames):
            picture = there_and_back[index % len(there_and_back)]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return target


def _scaled(image: np.ndarray, short_side: int | None) -> np.ndarray:
    if short_side is None:
        return image
    # H.264 halves the resolution of colours, so both sides are even.
    scale = short_side / min(image.shape[:2])
    size = [2 * round(side * scale / 2) for side in image.shape[1::-1]]
    return cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)
