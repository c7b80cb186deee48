"""The search for faces: what it finds, in which light, and what it lets pass."""

import threading
from collections.abc import Iterator

import cv2
import numpy as np
import pandas as pd
import pytest
import torch

from dfd import boxes, detectors, faces, search, video
from dfd.boxes import BOX
from dfd.run import ROOT, Run
from dfd.video import Frame

HARD = ROOT / "data" / "hard_faces"


@pytest.fixture(scope="module")
def frames(sample: Run) -> list[Frame]:
    return list(video.every(sample.data / "benchmark" / "benchmark_540x960.mp4", 4))


def still(name: str) -> np.ndarray:
    """A still of the hard faces."""
    return cv2.cvtColor(cv2.imread(str(HARD / "images" / name)), cv2.COLOR_BGR2RGB)


@pytest.fixture(scope="module")
def stills() -> pd.DataFrame:
    return pd.read_parquet(HARD / "truth" / "stills.parquet")


def test_faces_are_those_of_a_default_search(frames: list[Frame]) -> None:
    detector = detectors.make("facenet-pytorch")
    for frame, ours in search.find(frames):
        theirs = detector.detect([frame.image])[0]
        sure = theirs.scores >= 0.95
        overlaps = boxes.iou(theirs.boxes[sure], ours.boxes)
        assert (overlaps.max(axis=1) > 0.6).all()
        eyes = np.linalg.norm(theirs.landmarks[0, 1] - theirs.landmarks[0, 0])
        nearest = ours.landmarks[overlaps[0].argmax()]
        np.testing.assert_allclose(nearest, theirs.landmarks[0], atol=0.25 * eyes)


def test_a_frame_gives_the_same_whatever_comes_before_it(frames: list[Frame]) -> None:
    alone = search.search(frames[-1].image)
    _, last = list(search.find(frames))[-1]
    np.testing.assert_array_equal(alone.boxes, last.boxes)


@pytest.mark.parametrize("cores", [1, 2])
def test_frames_are_decoded_ahead_where_there_is_a_core_for_it(
    frames: list[Frame], cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers, here = set(), threading.get_ident()

    def decoded() -> Iterator[Frame]:
        for frame in frames[:3]:
            readers.add(threading.get_ident())
            yield frame

    monkeypatch.setattr(torch, "get_num_threads", lambda: cores)
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)
    assert [frame for frame, _ in search.find(decoded())] == frames[:3]
    assert readers == {here} if cores == 1 else here not in readers


def test_dark_faces_of_every_tone_are_found(stills: pd.DataFrame) -> None:
    truth = pd.read_parquet(HARD / "truth" / "faces.parquet")
    darkest = stills[stills["light"] == "dark"].nsmallest(12, "grey")["image"]
    missed = 0
    for name in darkest:
        own = truth.loc[truth["image"] == name, BOX].to_numpy(float)
        overlaps = boxes.iou(own, search.search(still(name)).boxes.astype(float))
        missed += (overlaps.max(axis=1, initial=0) < 0.5).sum()
    assert missed == 0


def test_what_looks_like_a_face_is_let_pass(stills: pd.DataFrame) -> None:
    faceless = stills[stills["stratum"] == "faceless"]["image"].iloc[::8]
    assert sum(len(search.search(still(name))) for name in faceless) == 0


def test_two_people_are_two_faces_from_left_to_right(sample: Run) -> None:
    videos = pd.read_parquet(sample.data / "truth" / "videos.parquet")
    clip = videos[(videos["people"] == 2) & (videos["label"] == "REAL")].iloc[0]
    path = sample.data / f"dfdc_train_part_{clip['part']}" / clip["video"]
    searched = list(search.find(video.sample_frames(path, 12)))
    assert max(len(people) for _, people in searched) == 2
    for _, people in searched:
        assert list(people.boxes[:, 0]) == sorted(people.boxes[:, 0])
        assert ((people.scores > 0) & (people.scores <= 1)).all()


def test_forty_faces_in_a_frame(frames: list[Frame]) -> None:
    box = search.search(frames[0].image).boxes[0]
    crowd = np.tile(faces.crop(frames[0].image, box, margin=0.6, size=160), (5, 8, 1))
    assert len(search.search(crowd)) == 40


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (3, 3), (19, 40), (4320, 7680)])
def test_odd_sizes_have_no_face_and_no_error(size: tuple[int, int]) -> None:
    assert len(search.search(np.full((*size, 3), 90, np.uint8))) == 0


@pytest.mark.parametrize("shape", [(90, 120), (90, 120, 1), (90, 120, 4), (0, 120, 3)])
def test_grey_pictures_and_others_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="an image must be uint8"):
        search.search(np.zeros(shape, np.uint8))


def test_a_face_cut_by_the_border(frames: list[Frame]) -> None:
    image, box = frames[0].image, search.search(frames[0].image).boxes[0]
    cut = np.ascontiguousarray(image[:, round((box[0] * 2 + box[2]) / 3) :])
    (face,) = search.search(cut).boxes
    assert face[0] < 0.2 * (box[2] - box[0])


def test_a_video_that_ends_early_says_so(sample: Run, tmp_path) -> None:
    clip = sample.data / "benchmark" / "benchmark_540x960.mp4"
    (tmp_path / "cut.mp4").write_bytes(clip.read_bytes()[:20_000])
    with pytest.raises(video.InputError):
        list(search.find(video.every(tmp_path / "cut.mp4", 1)))
