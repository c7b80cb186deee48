"""Find the faces in the frames of a video: one network searches, and another one gives a second opinion."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

import cv2
import numpy as np
import torch
from facenet_pytorch.models.mtcnn import ONet

from dfd.detections import Detections, checked
from dfd.single_shot import YuNet
from dfd.video import Frame

VERSION = 2
"""Raised when the code of this module delivers other faces than before."""

SHORT_SIDE = 320
"""Side in pixels to which the short side of a frame is shrunk before it is searched."""

SMALLEST_FACE = 1 / 15
"""Side of the smallest face kept, as a share of the frame's short side."""

DARK, BRIGHTENED = 60, 90
"""Mean grey level (of 255) below which a frame is brightened, and that to which it is."""

LOWEST_GAMMA = 0.3
"""Exponent of the strongest brightening; a stronger one would show little but noise."""

SURE = 0.8
"""YuNet's score from which a box is kept without asking."""

LOWEST_SCORE = 0.6
"""YuNet's score from which the second opinion is asked."""

LOWEST_OPINION = 0.3
"""Probability of a face from which MTCNN's last network confirms a box."""

INPUT = 48
"""Side in pixels of the images that MTCNN's last network takes."""

AHEAD = 4
"""Frames that are decoded, or searched, before they are asked for."""

Item = TypeVar("Item")


def find(frames: Iterable[Frame]) -> Iterator[tuple[Frame, Detections]]:
    """Find the faces in frames of one video.

    Every frame is searched by itself, so what is found does not depend on how many frames are looked at, nor
    on the video's label. One thread decodes, another one searches what is decoded, and the caller's own uses
    what is found; unless this process has only one core to itself, as Dask's workers have: then threads would
    be in each other's way.

    Parameters
    ----------
    frames : iterable of Frame
        Frames of one video, in the order of display.

    Yields
    ------
    Frame
        Each frame, in the same order.
    Detections
        Its faces, from left to right, as `search` gives them.

    Examples
    --------
    >>> import dfd.run
    >>> from dfd import search, video
    >>> clip = dfd.run.load("sample").data / "benchmark" / "benchmark_540x960.mp4"
    >>> [len(faces) for frame, faces in search.find(video.sample_frames(clip, 3))]
    [1, 1, 1]
    """
    threads = torch.get_num_threads() > 1
    decoded = _ahead(iter(frames)) if threads else frames
    searched = ((frame, search(frame.image)) for frame in decoded)
    return _ahead(searched) if threads else searched


def search(image: np.ndarray) -> Detections:
    """Find the faces in one image.

    The image is shrunk to a short side of `SHORT_SIDE`, brightened if it is dark, and searched by YuNet. Of
    each box the last of MTCNN's three networks sees a cut-out of the image in its full size: it marks the
    landmarks more exactly, and says whether it sees a face too, which counts where YuNet is not sure.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.

    Returns
    -------
    Detections
        Boxes of YuNet and landmarks of MTCNN in pixels of the image, from left to right. The score is the
        mean of both networks' probabilities.

    Raises
    ------
    ValueError
        If the image has another shape or type, such as one channel or four.

    References
    ----------
    W. Wu, H. Peng and S. Yu, YuNet: a tiny millisecond-level face detector, Machine Intelligence Research
    2023; K. Zhang and others, Joint face detection and alignment using multitask cascaded convolutional
    networks, IEEE Signal Processing Letters 2016.
    """
    small = _shrunk(checked(image))
    curve = _brightening(small)
    candidates = _yunet().detect([small if curve is None else cv2.LUT(small, curve)])[0]
    back = image.shape[1] / small.shape[1]
    edges = candidates.boxes * back
    large = (edges[:, 2:] - edges[:, :2]).max(axis=1) >= SMALLEST_FACE * min(image.shape[:2])
    edges, scores = edges[large], candidates.scores[large]
    if not len(edges):
        return Detections(edges, scores, candidates.landmarks[large])
    opinions, landmarks = _second_opinion(image, edges, curve)
    kept = np.flatnonzero((scores >= SURE) | (opinions >= LOWEST_OPINION))
    kept = kept[np.argsort(edges[kept, 0])]
    return Detections(edges[kept], (scores[kept] + opinions[kept]) / 2, landmarks[kept])


def _shrunk(image: np.ndarray) -> np.ndarray:
    # Halving averages four pixels at a time and takes a sixth of the time of averaging once over all.
    while min(image.shape[:2]) >= 2 * SHORT_SIDE:
        image = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    scale = SHORT_SIDE / min(image.shape[:2])
    return cv2.resize(image, None, fx=scale, fy=scale) if scale < 1 else image


def _brightening(image: np.ndarray) -> np.ndarray | None:
    """Give the grey level that each one becomes in a dark image; None for a bright one."""
    grey = float(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).mean())
    if grey >= DARK:
        return None
    gamma = max(np.log(BRIGHTENED / 255) / np.log(max(grey, 1) / 255), LOWEST_GAMMA)
    return (255 * (np.arange(256) / 255) ** gamma).round().astype(np.uint8)


def _second_opinion(
    image: np.ndarray, edges: np.ndarray, curve: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Show boxes to MTCNN's last network: the probability that each is a face, and its landmarks."""
    sides = np.maximum((edges[:, 2:] - edges[:, :2]).max(axis=1).round(), 1).astype(int)
    corners = ((edges[:, :2] + edges[:, 2:]) / 2 - sides[:, None] / 2).round().astype(int)
    places = zip(corners.tolist(), sides.tolist(), strict=True)
    squares = np.stack([_cut_out(image, left, top, side) for (left, top), side in places])
    squares = squares if curve is None else cv2.LUT(squares, curve)
    inputs = torch.from_numpy(squares).permute(0, 3, 1, 2).float()
    # The images are too small to be worth sharing out; the other cores decode meanwhile.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            _, points, probabilities = _onet()((inputs - 127.5) / 128)
    finally:
        torch.set_num_threads(threads)
    # The network gives all x and then all y, as shares of the square.
    shares = points.reshape(-1, 2, 5).transpose(1, 2).numpy()
    return probabilities[:, 1].numpy(), corners[:, None] + shares * sides[:, None, None]


def _cut_out(image: np.ndarray, left: int, top: int, side: int) -> np.ndarray:
    """Cut out a square and bring it to the size that the network takes; black where it leaves the image."""
    height, width = image.shape[:2]
    part = image[max(top, 0) : max(top + side, 1), max(left, 0) : max(left + side, 1)]
    beyond = (max(-top, 0), max(top + side - height, 0), max(-left, 0), max(left + side - width, 0))
    square = cv2.copyMakeBorder(part, *beyond, cv2.BORDER_CONSTANT) if any(beyond) else part
    return cv2.resize(
        square, (INPUT, INPUT), interpolation=cv2.INTER_AREA if side > INPUT else cv2.INTER_LINEAR
    )


@lru_cache(maxsize=1)
def _yunet() -> YuNet:
    return YuNet(lowest_score=LOWEST_SCORE)


@lru_cache(maxsize=1)
def _onet() -> ONet:
    return ONet(pretrained=True).eval()


def _ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Let a thread make the next items while the present one is used."""
    with ThreadPoolExecutor(1) as thread:
        waiting = deque(thread.submit(next, items, None) for _ in range(AHEAD))
        while (item := waiting.popleft().result()) is not None:
            waiting.append(thread.submit(next, items, None))
            yield item
