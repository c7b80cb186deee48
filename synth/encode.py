"""Write clips as H.264 and read them back."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from .errors import SynthError
from .files import replacing

# The display matrix of the MP4 track header (ISO/IEC 14496-12, 8.3.2), in 16.16 fixed point, its last
# column in 2.30.
ONE = (1 << 16).to_bytes(4, "big")
MINUS_ONE = (-(1 << 16)).to_bytes(4, "big", signed=True)
ZERO = bytes(4)
IDENTITY = ONE + ZERO + ZERO + ZERO + ONE + ZERO + ZERO + ZERO + (1 << 30).to_bytes(4, "big")


@dataclass(frozen=True)
class Encoding:
    """How a clip is encoded.

    Attributes
    ----------
    crf : int
        x264's constant rate factor; higher is smaller and coarser.
    preset : str
        x264's preset.
    fps : int
        Frames a second.
    quarter_turn : bool
        Store the frames lying on their side, with a display matrix that sets them upright, as phones do.
    """

    crf: int
    preset: str
    fps: int
    quarter_turn: bool = False


def draw(rng: np.random.Generator, fps: int, quarter_turn: bool) -> Encoding:
    """Draw the encoding of a clip; its label plays no part in it.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    fps : int
        Frames a second.
    quarter_turn : bool
        Whether the camera was held on its side.

    Returns
    -------
    Encoding
    """
    return Encoding(int(rng.integers(19, 25)), "medium", fps, quarter_turn)


def write(images: Iterable[np.ndarray], path: Path, encoding: Encoding) -> None:
    """Encode a clip, whole or not at all; the same frames give the same bytes.

    Parameters
    ----------
    images : iterable of ndarray of uint8, shape (height, width, 3)
        The frames, RGB; width and height even.
    path : Path
        The MP4 file.
    encoding : Encoding
        How to encode it.

    Raises
    ------
    SynthError
        If the disk is full or the file cannot be written.
    """
    with replacing(path) as aside:
        _encode(images, aside, encoding)
        if encoding.quarter_turn:
            aside.write_bytes(_set_upright(aside.read_bytes()))


def _encode(images: Iterable[np.ndarray], path: Path, encoding: Encoding) -> None:
    options = {"movflags": "faststart", "fflags": "bitexact"}
    with av.open(str(path), "w", format="mp4", options=options) as container:
        stream = container.add_stream("libx264", rate=encoding.fps)
        stream.pix_fmt = "yuv420p"
        # With more than one thread, x264's decisions depend on their timing, and where it may choose
        # algorithms by processor, those for AVX-512 depend on what is left in memory.
        stream.thread_count = 1
        stream.options = {
            "crf": str(encoding.crf),
            "preset": encoding.preset,
            "x264-params": "threads=1:cpu-independent=1",
        }
        for image in images:
            if encoding.quarter_turn:
                image = np.rot90(image)
            if not stream.codec_context.is_open:
                stream.height, stream.width = image.shape[:2]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _set_upright(content: bytes) -> bytes:
    """Replace the identity matrix in the track header by a quarter turn clockwise."""
    start = content.index(b"tkhd")
    place = content.index(IDENTITY, start)
    # Width and height follow the matrix, in 16.16 fixed point; the turn shifts the picture by its height.
    height = content[place + 40 : place + 44]
    turn = ZERO + ONE + ZERO + MINUS_ONE + ZERO + ZERO + height + ZERO + IDENTITY[-4:]
    return content[:place] + turn + content[place + 36 :]


def read(path: Path) -> list[np.ndarray]:
    """Decode a clip, upright.

    Parameters
    ----------
    path : Path
        The MP4 file.

    Returns
    -------
    list of ndarray of uint8, shape (height, width, 3)
        The frames, RGB.

    Raises
    ------
    SynthError
        If it is no readable video.
    """
    try:
        with av.open(str(path)) as container:
            frames = list(container.decode(video=0))
    except (av.FFmpegError, OSError, IndexError) as error:
        raise SynthError(path, f"is not a readable video ({error})") from error
    return [np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90)) for frame in frames]
