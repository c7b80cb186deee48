"""Fixtures of the tests of detectors: a made-up scene, and one face of the sample."""

import numpy as np
import pandas as pd
import pytest

from dfd.boxes import BOX, LANDMARK_COLUMNS
from dfd.run import Run
from dfd.video import read_frame
from study import truth as truth_tables
from study.experiments import detector_accuracy as accuracy


@pytest.fixture
def scene() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Two videos: in a.mp4 one face is found twice and one missed, b.mp4 has a frame with a false face."""
    frames = pd.DataFrame(
        {"video": ["a.mp4", "b.mp4"], "path": ["a", "b"], "frame": [0, 5], "face": [True, False]}
    )
    points = {
        "left_eye": (3, 4), "right_eye": (7, 4), "nose": (5, 6), "mouth_left": (3, 8), "mouth_right": (7, 8)
    }  # fmt: skip
    landmarks = {
        f"{name}_{axis}": value for name, xy in points.items() for axis, value in zip("xy", xy, strict=True)
    }
    face = dict(zip(BOX, (0.0, 0.0, 10.0, 10.0), strict=True)) | landmarks
    other = face | {column: face[column] + 100 for column in face if column.startswith("x")}
    truth = pd.DataFrame(
        [{"video": "a.mp4", "frame": 0, "person": p} | f for p, f in enumerate((face, other))]
    )
    moved = {column: value + 1 if column.endswith("_x") else value for column, value in face.items()}
    detections = pd.DataFrame(
        [
            {"video": "a.mp4", "frame": 0, "score": 0.9} | moved,
            {"video": "a.mp4", "frame": 0, "score": 0.5} | face,
            {"video": "b.mp4", "frame": 5, "score": 0.7} | face,
        ]
    ).assign(detector="d", reason=None)
    return frames, detections, truth


@pytest.fixture(scope="module")
def face(sample: Run) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A picture of one sample's face, its box and its landmarks."""
    frames = accuracy.frames(sample)
    row = frames[frames["face"]].merge(truth_tables.faces(sample), on=["video", "frame"]).iloc[0]
    points = row[LANDMARK_COLUMNS].to_numpy(float).reshape(5, 2)
    image = read_frame(sample.data / row["path"], row["frame"]).image
    return image, row[BOX].to_numpy(float), points
