"""What all figures share, and the line that says what made a page."""

import sys
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from study import plots, provenance
from study.statistics import NOT_COMPUTABLE, Interval


@pytest.fixture(autouse=True)
def own_style():
    with plt.rc_context():
        yield
        plt.close("all")


def test_every_kind_of_figure_gets_the_same_style():
    plots.use_style()
    assert plt.rcParams["figure.facecolor"] == plt.rcParams["savefig.facecolor"] == "white"
    cycle = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    assert [to_hex(colour) for colour in cycle] == plots.COLOURS


def test_a_gallery_shows_every_picture_in_rows():
    images = [np.full((4, 4, 3), shade, np.uint8) for shade in range(5)]
    figure = plots.gallery(images, titles=list("abcde"), columns=3, colours=["red"] * 5)
    axes = figure.axes
    assert len(axes) == 6
    assert [len(ax.images) for ax in axes] == [1, 1, 1, 1, 1, 0]
    assert [ax.get_title() for ax in axes] == [*"abcde", ""]
    assert {ax.title.get_color() for ax in axes[:5]} == {"red"}
    assert np.array_equal(axes[4].images[0].get_array(), images[4])


def test_a_gallery_is_not_wider_than_its_pictures():
    figure = plots.gallery([np.zeros((4, 4, 3), np.uint8)] * 2, side=2)
    assert len(figure.axes) == 2
    assert figure.get_size_inches().tolist() == [4, 2]


def test_a_page_says_what_made_it(sample):
    table = plots.provenance(replace(sample, parts=(0, 2), videos=10))
    rows = table.data.set_index("what")["this page"]
    assert rows["profile"] == "sample (parts 0, 2, at most 10 videos)"
    assert rows["backbone"] == sample.backbone
    assert rows["machine"] == provenance.machine()
    assert "synthetic actors" in table.caption
    assert "DFDC videos" in plots.provenance(replace(sample, name="dfdc")).caption
    assert str(sample.data) not in table.to_html()


def test_packages_are_named_with_their_versions():
    python = ".".join(map(str, sys.version_info[:3]))
    names = [package.split()[0] for package in plots.packages().split(", ")]
    assert plots.packages().startswith(f"Python {python}, torch ")
    assert names == ["Python", *plots.PACKAGES]


def test_what_could_not_be_computed_is_called_unknown():
    figure, panel = plt.subplots()
    plots.interval_rows(panel, {"a": Interval(0.5, 0.4, 0.6), "b": NOT_COMPUTABLE}, "share")
    assert [text.get_text() for text in panel.texts] == ["unknown"] and len(panel.lines) == 2
    plt.close(figure)
