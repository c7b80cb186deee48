"""The report's loop against the extractor: how they are compared, and both on a short clip."""

import json
from dataclasses import replace

import numpy as np
import pytest

from dfd.detectors import Detections
from dfd.errors import InputError
from study import clips, results
from study.experiments import extraction_speed

LANDMARKS = np.array([[30, 40], [70, 40], [50, 60], [35, 80], [65, 80]], np.float32)
FRAMES = 20


@pytest.fixture
def run(tiny, sample, tmp_path, monkeypatch):
    """A few clips and the benchmark's, of which few frames are looked at."""
    (tiny.data / "benchmark").symlink_to(sample.data / "benchmark")
    monkeypatch.setattr(results, "FOLDER", tmp_path / "results")
    monkeypatch.setattr(extraction_speed, "FRAMES", FRAMES)
    monkeypatch.setattr(extraction_speed, "REPEATS", 1)
    return replace(tiny, videos=4)


def detections(*faces):
    """Make up faces from left edge, score and side in pixels."""
    boxes = np.array([(left, 0, left + side, side) for left, _, side in faces], np.float32).reshape(-1, 4)
    landmarks = np.array([LANDMARKS / 100 * side + (left, 0) for left, _, side in faces], np.float32)
    scores = np.array([score for _, score, _ in faces], np.float32)
    return Detections(boxes, scores, landmarks.reshape(-1, 5, 2))


def test_faces_of_one_way_are_looked_for_among_those_of_the_other():
    reference = {0: detections((0, 1, 100), (500, 1, 100)), 10: detections((0, 1, 100))}
    ours = {0: detections((500, 1, 100)), 10: detections((4, 1, 100))}
    figures = extraction_speed.compare(reference, ours, long_side=1000)
    assert (figures["faces"], figures["found"]) == (3, pytest.approx(2 / 3))
    # Half of the landmarks are in place, the others 4 pixels away of 40 between the eyes.
    assert figures["landmarks"] == pytest.approx(0.05, abs=0.001)


def test_doubtful_and_tiny_faces_do_not_count():
    reference = {0: detections((0, 1, 100), (300, 0.9, 100), (600, 1, 40))}
    figures = extraction_speed.compare(reference, reference, long_side=1000)
    assert figures == {"faces": 1, "found": 1, "landmarks": 0}
    nobody = {0: np.empty((0, 4))}
    assert extraction_speed.false_positives(reference, nobody, long_side=1000) == 1
    assert extraction_speed.false_positives(reference, nobody, long_side=500) == 2


def test_a_face_that_is_there_is_no_false_positive():
    faces = {0: detections((0, 1, 100), (500, 1, 100)), 10: detections()}
    true_boxes = {0: np.array([[10.0, 0.0, 110.0, 100.0]]), 10: np.array([[0.0, 0.0, 100.0, 100.0]])}
    assert extraction_speed.false_positives(faces, true_boxes, long_side=1000) == 1


def test_the_long_clip_shows_the_short_one_forth_and_back(sample, tmp_path, monkeypatch):
    monkeypatch.setattr(extraction_speed, "FRAMES", 100)
    short = sample.data / "benchmark" / "benchmark_540x960.mp4"
    places = extraction_speed._long_clip(short, tmp_path / "long.mp4")
    last = len(clips.structure(short)) - 1
    assert len(places) == len(clips.structure(tmp_path / "long.mp4")) == 100
    assert places[: last + 2] == [*range(last + 1), last - 1]
    assert set(np.abs(np.diff(places))) == {1}


@pytest.mark.slow
def test_both_ways_find_the_faces_of_the_benchmark_clip(run, capsys):
    result = extraction_speed.measure(run)
    printed = capsys.readouterr().out
    assert result == results.read("extraction_speed")
    assert result["clip"] == "benchmark_1080x1920.mp4, forth and back, 1080x1920"
    assert {name: len(times) for name, times in result["seconds"].items()} == {"loop": 1, "extractor": 1}
    seconds = {name: times[0] for name, times in result["seconds"].items()}
    assert result["speedup"] == pytest.approx(seconds["loop"] / seconds["extractor"], rel=0.1)
    assert (result["faces"], result["found"]) == (FRAMES / extraction_speed.STEP, 1)
    assert 0 < result["landmarks"] < 0.1
    assert result["false_positives"] == {"extractor": 0, "loop": 0}
    body, last = printed.rstrip().rsplit("\n", 1)
    assert json.loads(body) == result
    assert last == f"speedup {result['speedup']:.1f}x, faces found 100.0%, false positives 0 vs 0"


@pytest.mark.slow
def test_a_given_clip_is_compared_without_the_truth(run, tmp_path):
    clip = tmp_path / "given.mp4"
    clips.lengthened(run.data / "benchmark" / "benchmark_540x960.mp4", clip, FRAMES, key_every=250)
    result = extraction_speed.measure(run, str(clip))
    assert results.read("extraction_speed") is None
    assert results.read("extraction_speed_given_clip") == result
    assert result["clip"] == "given, 540x960"
    assert result["found"] == 1
    assert result["false_positives"] == {"extractor": 0, "loop": 0}


def test_a_given_clip_of_another_length_is_refused(run):
    clip = next(run.data.glob("dfdc_train_part_0/*.mp4"))
    with pytest.raises(InputError, match=rf"has \d+ frames; the comparison is made for {FRAMES}"):
        extraction_speed.measure(run, clip)
    with pytest.raises(InputError, match=r"missing\.mp4"):
        extraction_speed.measure(run, run.data / "missing.mp4")


def test_without_truth_tables_there_is_nothing_to_compare_with(run):
    (run.data / "truth").unlink()
    with pytest.raises(InputError, match="no truth tables"):
        extraction_speed.measure(run)
