"""Fixtures of the tests of detectors: one face of the sample, and a made-up table of what was found."""

import numpy as np
import pandas as pd
import pytest

from dfd.boxes import BOX, LANDMARK_COLUMNS
from dfd.run import Run
from dfd.video import read_frame
from study import damage, lineup, searched
from study import truth as truth_tables
from study.experiments import detector_accuracy as accuracy

PLAN = searched.Plan(videos=3, frames=2, faceless=2, damaged=1, steps=slice(1, 2))
"""Few frames of few videos."""

ACTORS = 30


@pytest.fixture(scope="module")
def face(sample: Run) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A picture of one sample's face, its box and its landmarks."""
    frames = searched.frames(sample, PLAN)
    row = frames[frames["face"]].merge(truth_tables.faces(sample), on=["video", "frame"]).iloc[0]
    points = row[LANDMARK_COLUMNS].to_numpy(float).reshape(5, 2)
    image = read_frame(sample.data / row["path"], row["frame"]).image
    return image, row[BOX].to_numpy(float), points


def _rows(detector: str, found: np.ndarray, width: float, **facts: object) -> pd.DataFrame:
    """Make up the rows of one face of each actor under one condition."""
    plain = {"scale": 1.0, "setting": accuracy.OWN, "stress": damage.NONE, "amount": np.nan, "yaw": 3.0}
    plain |= {"kind": "face", "person": 0, "frame": 0, "width": width, "detector": detector, "reason": None}
    who = {
        "exposure": 50.0,
        "sharpness": 5.0,
        "covered": 0.1,
        "monk": 5,
        "ancestry": "asian",
        "gender": "man",
    }
    numbers = range(ACTORS)
    table = pd.DataFrame({"unit": [f"actor {n}" for n in numbers], "video": [f"{n}.mp4" for n in numbers]})
    values = {"score": 0.9, "iou": 0.7, "eyes": 0.05}
    measured = {name: np.where(found, value, np.nan) for name, value in values.items()}
    return table.assign(**plain | who | facts, **measured, **dict.fromkeys(BOX, 1.0))


@pytest.fixture(scope="module")
def searched_faces() -> pd.DataFrame:
    """All find large faces, MTCNN alone small ones; all others lose a third of the damaged ones."""
    everybody, nobody = np.ones(ACTORS, bool), np.zeros(ACTORS, bool)
    some = np.arange(ACTORS) % 3 > 0
    parts = []
    for name in lineup.SEARCHING:
        mtcnn = name == accuracy.MTCNN
        parts += [
            _rows(name, everybody, 100.0),
            _rows(name, everybody, 100.0, frame=1, yaw=-30.0),
            _rows(name, everybody if mtcnn else nobody, 25.0, scale=0.25),
            _rows(name, everybody, 25.0, scale=0.25, setting=accuracy.SAME),
            _rows(name, everybody if mtcnn else some, 100.0, stress="darker", amount=0.1),
            _rows(name, nobody, 100.0, stress=damage.ROLLED, amount=90.0),
        ]
    false = parts[0].head(3).assign(kind="false", person=-1, score=0.5, iou=0.1)
    empty = parts[0].head(4).assign(kind="frame", person=-1, frame=9, score=[0.8, np.nan, np.nan, np.nan])
    return pd.concat([*parts, false, empty], ignore_index=True)
