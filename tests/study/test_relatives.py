"""Originals beside their fakes."""

import matplotlib.pyplot as plt

from dfd import dataset
from study import relatives


def test_an_original_stands_before_its_fakes(tiny):
    videos = dataset.table(tiny)
    figure = relatives.gallery(tiny, videos, rows=1)
    titles = [axes.get_title().split() for axes in figure.axes]
    assert [label for label, _ in titles] == ["REAL", "FAKE"]
    sources = videos.set_index("video")["source"]
    assert sources[titles[0][1]] == sources[titles[1][1]] == titles[0][1]
    plt.close(figure)
