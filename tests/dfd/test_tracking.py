"""Searching frames and following faces from one to the next."""

import math
import threading

import numpy as np
import pandas as pd
import pytest
import torch

from dfd import boxes, detectors, tracking, video
from dfd.video import Frame


@pytest.fixture(scope="module")
def frames(sample):
    return list(video.every(sample.data / "benchmark" / "benchmark_540x960.mp4", 4))


def test_followed_faces_are_those_of_a_default_search(frames):
    detector = detectors.make("facenet-pytorch")
    for frame, found in tracking.find(iter(frames)):
        theirs = detector.detect([frame.image])[0]
        sure = theirs.scores >= 0.95
        assert (boxes.iou(theirs.boxes[sure], found.boxes).max(axis=1) > 0.8).all()
        eyes = np.linalg.norm(theirs.landmarks[sure, 0] - theirs.landmarks[sure, 1], axis=1)
        apart = np.linalg.norm(theirs.landmarks[sure] - found.landmarks, axis=2).mean(axis=1)
        assert (apart < 0.1 * eyes).all()


def test_whole_frames_are_searched_only_now_and_then(frames, monkeypatch):
    searched = []
    search = tracking.search
    monkeypatch.setattr(tracking, "search", lambda images: searched.append(1) or search(images))
    assert len(list(tracking.find(iter(frames)))) == len(frames)
    assert len(searched) == math.ceil(len(frames) / tracking.SEARCH_EVERY)


@pytest.mark.parametrize("cores", [1, 2])
def test_frames_are_decoded_in_another_thread_where_there_is_a_core_for_it(frames, monkeypatch, cores):
    here, readers = threading.get_ident(), set()

    def decoded():
        for frame in frames:
            readers.add(threading.get_ident())
            yield frame

    monkeypatch.setattr(torch, "get_num_threads", lambda: cores)
    assert [frame for frame, _ in tracking.find(decoded())] == frames
    assert readers == {here} if cores == 1 else here not in readers


def test_batches_as_on_a_gpu_find_what_single_searches_do(frames, monkeypatch):
    single = [tracking.search([frame.image])[0] for frame in frames]
    batched = detectors.make("facenet-pytorch-batched", batch_size=tracking.GPU_BATCH)
    monkeypatch.setattr(tracking, "_detector", lambda: batched)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    found = list(tracking.find(iter(frames)))
    assert [frame.index for frame, _ in found] == [frame.index for frame in frames]
    for one, (_, other) in zip(single, found, strict=True):
        assert (boxes.iou(one.boxes, other.boxes).max(axis=1) > 0.99).all()
        assert len(one) == len(other)


def test_frames_far_apart_are_all_searched(frames, monkeypatch):
    searched = []
    search = tracking.search
    monkeypatch.setattr(tracking, "search", lambda images: searched.append(1) or search(images))
    apart = [Frame(each.index, each.time * 20, each.image) for each in frames[:3]]
    list(tracking.find(iter(apart)))
    assert len(searched) == 3


def test_a_face_that_leaves_is_not_followed(frames):
    empty = np.full_like(frames[0].image, 90)
    with_gap = [frames[0], Frame(1, 0.1, empty), Frame(2, 0.2, frames[0].image)]
    assert [len(found) for _, found in tracking.find(iter(with_gap))] == [1, 0, 1]


def test_two_people_stay_apart(sample):
    truth = pd.read_parquet(sample.data / "truth" / "frames.parquet")
    videos = pd.read_parquet(sample.data / "truth" / "videos.parquet")
    clip = videos[(videos["people"] == 2) & (videos["label"] == "REAL")].iloc[0]
    path = sample.data / f"dfdc_train_part_{clip['part']}" / clip["video"]
    tracked = list(tracking.find(video.sample_frames(path, 12)))
    assert max(len(found) for _, found in tracked) == 2
    for frame, found in tracked:
        true = truth[(truth["video"] == clip["video"]) & (truth["frame"] == frame.index)]
        assert (boxes.iou(found.boxes, found.boxes) - np.eye(len(found))).max(initial=0) < tracking.SAME_FACE
        assert (boxes.iou(found.boxes, true[boxes.BOX].to_numpy()).max(axis=1) > 0.5).all()


def test_an_unreadable_video_stays_an_error(sample, tmp_path):
    clip = sample.data / "benchmark" / "benchmark_540x960.mp4"
    (tmp_path / "cut.mp4").write_bytes(clip.read_bytes()[:20_000])
    with pytest.raises(video.InputError):
        list(tracking.find(video.every(tmp_path / "cut.mp4", 1)))
