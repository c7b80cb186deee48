"""Face detectors of nine packages behind one interface, with one convention for boxes and landmarks."""

import os
from collections import defaultdict
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import cv2
import numpy as np
import torch

from dfd import single_shot, weights
from dfd.detections import Detections, checked, in_order, nothing, resized
from dfd.errors import InputError, MissingExtraError

VERSION = 1
"""Raised when the code of this module delivers other boxes than before."""

NAMES = (
    "facenet-pytorch",
    "facenet-pytorch-batched",
    "tensorflow-mtcnn",
    "dlib-cnn",
    "dlib-hog",
    "opencv-haar",
    *single_shot.NAMES,
)
MTCNN_MIN_FACE_SIZE = 20
DLIB_WINDOW = {"dlib-cnn": 40, "dlib-hog": 80}


class Detector(Protocol):
    """What every detector offers.

    Attributes
    ----------
    name : str
        One of `NAMES`.
    device : str
        Where it computes: ``"cpu"``, ``"cuda"``, ...
    min_face_size : float or None
        Side of the smallest face looked for, in pixels; ``None`` for the package's default. Read at every
        call, so that it can follow the size of the frames.
    """

    name: str
    device: str
    min_face_size: float | None

    def detect(self, images: list[np.ndarray]) -> list[Detections]:
        """Find the faces in images.

        Parameters
        ----------
        images : list of ndarray of uint8, shape (height, width, 3)
            RGB images, not necessarily of the same size.

        Returns
        -------
        list of Detections
            One for each image, in the same order.
        """
        ...


def make(
    name: str,
    device: str | torch.device = "cpu",
    min_face_size: float | None = None,
    batch_size: int = 16,
    half: bool = False,
) -> Detector:
    """Load a detector.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    device : str or torch.device
        Where facenet-pytorch computes; the others use the CPU.
    min_face_size : float, optional
        Side of the smallest face looked for, in pixels of the image. By default what the package does:
        20 for the two MTCNNs, about 40 for dlib's CNN and 80 for its HOG detector, 24 for OpenCV's cascade;
        for the others see `dfd.single_shot.SMALLEST`.
    batch_size : int
        Largest number of images of equal size in one pass of ``"facenet-pytorch-batched"``.
    half : bool
        Whether facenet-pytorch's networks compute in half precision, which moves boxes.

    Returns
    -------
    Detector

    Raises
    ------
    InputError
        If there is no such detector, or its package or model is not installed; it then says which extra
        brings it.

    References
    ----------
    Report, section 3.2.1.
    """
    match name:
        case "facenet-pytorch":
            return FacenetPytorch(name, str(device), min_face_size, 1, half)
        case "facenet-pytorch-batched":
            return FacenetPytorch(name, str(device), min_face_size, batch_size, half)
        case "tensorflow-mtcnn":
            return TensorflowMtcnn(min_face_size)
        case "dlib-cnn":
            return DlibCnn(min_face_size)
        case "dlib-hog":
            return DlibHog(min_face_size)
        case "opencv-haar":
            return OpencvHaar(min_face_size)
    if name in single_shot.NAMES:
        return single_shot.make(name, min_face_size)
    raise InputError(f"detector {name!r}", f"no such detector; there are {', '.join(NAMES)}")


@dataclass
class FacenetPytorch:
    """The MTCNN of facenet-pytorch, with the weights that come in its wheel.

    `select_boxes` of the package fails when a batch has an image without a face, so `detect` is used, which
    returns ``None`` for such an image. A batch is one array, so only images of equal size share one.
    """

    name: str
    device: str
    min_face_size: float | None
    batch_size: int
    half: bool = False
    model: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        package = import_module("facenet_pytorch")
        self.model = package.MTCNN(keep_all=True, device=torch.device(self.device)).eval()
        for network in (self.model.pnet, self.model.rnet, self.model.onet):
            network.register_forward_hook(_in_full_precision)

    def detect(self, images: list[np.ndarray]) -> list[Detections]:
        """Find the faces in images; see `Detector.detect`."""
        self.model.min_face_size = self.min_face_size or MTCNN_MIN_FACE_SIZE
        by_size = defaultdict(list)
        for index, image in enumerate(images):
            by_size[checked(image).shape].append(index)
        faces: list[Detections] = [nothing()] * len(images)
        for (height, width, _), indices in by_size.items():
            if min(height, width) * (12 / self.model.min_face_size) < 12:
                continue  # the image pyramid would be empty, which the package turns into an error
            for start in range(0, len(indices), self.batch_size):
                batch = indices[start : start + self.batch_size]
                results = self._detect(np.stack([images[index] for index in batch]))
                for index, boxes, scores, landmarks in zip(batch, *results, strict=True):
                    if boxes is not None:
                        faces[index] = in_order(boxes, scores, landmarks)
        return faces

    def _detect(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        with torch.autocast(torch.device(self.device).type, torch.float16, enabled=self.half):
            return self.model.detect(images, landmarks=True)


@dataclass
class TensorflowMtcnn:
    """The MTCNN of the package ``mtcnn``, which runs on TensorFlow; imported only when it is asked for.

    Two things differ from a plain call of version 1.0.0. Its ``min_face_size`` does not shorten the image
    pyramid, so that a large one ends in levels too small for the network, an error that the package turns
    into "no faces": the image is resized instead. And its last threshold is lowered from 0.8 to the 0.7 of
    facenet-pytorch and of the original MTCNN, so that both are asked the same question.
    """

    min_face_size: float | None
    name: str = field(default="tensorflow-mtcnn", init=False)
    device: str = field(default="cpu", init=False)
    model: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        # Otherwise TensorFlow would take the memory of every GPU that it sees, and use none of them.
        weights.package("tensorflow").config.set_visible_devices([], "GPU")
        self.model = weights.package("mtcnn").MTCNN(device="CPU:0")

    def detect(self, images: list[np.ndarray]) -> list[Detections]:
        """Find the faces in images; see `Detector.detect`."""
        return [self._detect(checked(image)) for image in images]

    def _detect(self, image: np.ndarray) -> Detections:
        scaled, back = resized(image, self.min_face_size, MTCNN_MIN_FACE_SIZE)
        if min(scaled.shape[:2]) < MTCNN_MIN_FACE_SIZE:
            return nothing()
        rows = self.model.detect_faces(
            scaled, box_format="xyxy", output_type="numpy", fit_to_image=False, threshold_onet=0.7
        )
        # A row is image number, box, score, the five x and then the five y.
        landmarks = np.stack([rows[:, 6:11], rows[:, 11:16]], axis=-1)
        return in_order(rows[:, 1:5] * np.tile(back, 2), rows[:, 5], landmarks * back)


@dataclass
class DlibHog:
    """dlib's frontal detector: a sliding window over histograms of oriented gradients.

    Its window has a fixed size, so for another smallest face the image is resized first.
    """

    min_face_size: float | None
    name: str = field(default="dlib-hog", init=False)
    device: str = field(default="cpu", init=False)
    model: Any = field(init=False, repr=False)
    landmark_model: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        dlib = weights.package("dlib")
        self.model = self._load(dlib)
        self.landmark_model = dlib.shape_predictor(str(weights.in_package("dlib-landmarks")))

    def detect(self, images: list[np.ndarray]) -> list[Detections]:
        """Find the faces in images; see `Detector.detect`."""
        return [self._detect(checked(image)) for image in images]

    def _load(self, dlib: ModuleType) -> Any:
        return dlib.get_frontal_face_detector()

    def _find(self, image: np.ndarray) -> tuple[list, list[float]]:
        rectangles, scores, _ = self.model.run(image, 0, 0.0)
        return list(rectangles), list(scores)

    def _detect(self, image: np.ndarray) -> Detections:
        window = DLIB_WINDOW[self.name]
        scaled, back = resized(image, self.min_face_size, window)
        # A smaller image holds no face of this size, and the smallest make dlib's network fail.
        if min(scaled.shape[:2]) < window:
            return nothing()
        rectangles, scores = self._find(scaled)
        # dlib's right and bottom are the last pixel inside, not the edge.
        boxes = [(r.left(), r.top(), r.right() + 1, r.bottom() + 1) for r in rectangles]
        landmarks = [_dlib_landmarks(self.landmark_model(scaled, r)) for r in rectangles]
        return in_order(
            np.reshape(boxes, (-1, 4)) * np.tile(back, 2), scores, np.reshape(landmarks, (-1, 5, 2)) * back
        )


@dataclass
class DlibCnn(DlibHog):
    """dlib's convolutional detector, trained with a max-margin loss."""

    name: str = field(default="dlib-cnn", init=False)

    def _load(self, dlib: ModuleType) -> Any:
        return dlib.cnn_face_detection_model_v1(str(weights.in_package("dlib-cnn")))

    def _find(self, image: np.ndarray) -> tuple[list, list[float]]:
        faces = self.model(image, 0)
        return [face.rect for face in faces], [face.confidence for face in faces]


@dataclass
class OpencvHaar:
    """OpenCV's boosted cascade of Haar features, which gives no landmarks.

    References
    ----------
    Viola and Jones, Rapid object detection using a boosted cascade of simple features, CVPR 2001.
    """

    min_face_size: float | None
    name: str = field(default="opencv-haar", init=False)
    device: str = field(default="cpu", init=False)
    model: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        path = Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"
        self.model = cv2.CascadeClassifier(str(path))
        if self.model.empty():
            raise MissingExtraError(path, "detectors", "OpenCV's Haar cascade is not there")

    def detect(self, images: list[np.ndarray]) -> list[Detections]:
        """Find the faces in images; see `Detector.detect`."""
        return [self._detect(checked(image)) for image in images]

    def _detect(self, image: np.ndarray) -> Detections:
        side = round(self.min_face_size or 0)
        rectangles, _, weights = self.model.detectMultiScale3(
            cv2.cvtColor(image, cv2.COLOR_RGB2GRAY),
            scaleFactor=1.1,
            minNeighbors=5,
            minSize=(side, side),
            outputRejectLevels=True,
        )
        boxes = np.reshape(rectangles, (-1, 4)).astype(np.float32)
        boxes[:, 2:] += boxes[:, :2]
        return in_order(boxes, weights)


def _in_full_precision(
    _network: Any, _inputs: Any, outputs: tuple[torch.Tensor, ...]
) -> tuple[torch.Tensor, ...]:
    # Coordinates are added to these, which need more digits than half precision has.
    return tuple(output.float() for output in outputs)


def _dlib_landmarks(shape: Any) -> np.ndarray:
    """Turn dlib's five points (both corners of each eye, base of the nose) into ours; it has no mouth."""
    points = np.array([(point.x, point.y) for point in shape.parts()], dtype=float)
    eyes = sorted((points[0:2].mean(axis=0), points[2:4].mean(axis=0)), key=lambda eye: eye[0])
    return np.array([*eyes, points[4], (np.nan, np.nan), (np.nan, np.nan)])
