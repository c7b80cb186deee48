import numpy as np
import pytest
from matplotlib import pyplot as plt

from study import contact_sheets


@pytest.fixture
def faces():
    """Some grey pictures."""
    return np.full((3, 8, 8, 3), 100, np.uint8)


def test_rows_have_titles_and_no_axes(faces):
    figure = contact_sheets.rows({"cluster 1": faces, "cluster 2": faces[:1]})
    assert [part.get_suptitle() for part in figure.subfigs] == ["cluster 1", "cluster 2"]
    assert [len(part.axes) for part in figure.subfigs] == [3, 3]
    plt.close(figure)


def test_blocks_stand_side_by_side(faces):
    frames = {"objects": [["red", "", ""]] * 2, "faces": [["red", "", "green"], ["red", ""]]}
    figure = contact_sheets.side_by_side({"objects": [faces, faces], "faces": [faces, faces[:2]]}, frames)
    assert [part.get_suptitle() for part in figure.subfigs] == ["objects", "faces"]
    assert [len(part.axes) for part in figure.subfigs] == [6, 6]
    framed = [axes.spines["left"].get_visible() for axes in figure.subfigs[1].axes]
    assert framed == [True, False, True, True, False, False]
    plt.close(figure)
