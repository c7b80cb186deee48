import pytest
from matplotlib import pyplot as plt

from dfd.run import ROOT
from study import diagrams, plots

CHAPTERS = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_box_of_the_chapter_stands_out(chapter):
    figure = diagrams.pipeline(chapter)
    filled = [text for text in figure.axes[0].texts if text.get_color() == "white"]
    assert [text.get_text()[:2] for text in filled] == [chapter[:2]]
    plt.close(figure)


def test_every_chapter_has_its_box():
    assert list(diagrams.CHAPTERS) == CHAPTERS
    assert {name for arrow in diagrams.FLOW for name in arrow} == set(CHAPTERS)


@pytest.mark.parametrize(
    ("draw", "boxes"), [(diagrams.autoencoder, 7), (diagrams.adversaries, 7), (diagrams.classifier, 5)]
)
def test_networks_are_drawn(draw, boxes):
    plots.use_style()
    figure = draw()
    assert sum(bool(text.get_text()) for text in figure.axes[0].texts) == boxes
    plt.close(figure)
