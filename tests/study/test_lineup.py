import pandas as pd

from dfd import detectors, single_shot
from study import lineup


def test_every_detector_has_a_title_and_a_colour():
    everybody = {*detectors.NAMES, lineup.EXTRACTOR}
    assert set(lineup.TITLES) == set(lineup.COLOURS) == everybody
    assert len(set(lineup.COLOURS.values())) == len(everybody)
    assert set(lineup.ALL) == set(detectors.NAMES) - {"facenet-pytorch-batched"}
    assert set(lineup.SEARCHING) | set(single_shot.NAMES) == set(lineup.ALL)


def test_rows_come_in_one_order():
    table = pd.DataFrame({"n": [1, 2]}, index=["opencv-haar", "dlib-hog"])
    assert lineup.titled(table).index.to_list() == ["dlib HOG", "OpenCV Haar"]
