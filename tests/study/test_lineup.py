import pandas as pd

from dfd import detectors
from study import lineup


def test_every_detector_has_a_title_and_a_colour():
    assert set(lineup.TITLES) == set(lineup.COLOURS) == set(detectors.NAMES)
    assert len(set(lineup.COLOURS.values())) == len(detectors.NAMES)
    assert set(lineup.SEARCHING) == set(detectors.NAMES) - {"facenet-pytorch-batched"}


def test_rows_come_in_one_order():
    table = pd.DataFrame({"n": [1, 2]}, index=["opencv-haar", "dlib-hog"])
    assert lineup.titled(table).index.to_list() == ["dlib HOG", "OpenCV Haar"]
