"""Rates taken apart by properties of the faces."""

import matplotlib.pyplot as plt
import pandas as pd

from study.experiments import detector_accuracy as accuracy
from study.experiments import detector_slices as slices


def test_slices() -> None:
    faces = pd.DataFrame(
        {
            "detector": "d",
            "video": ["a", "b", "c", "d"],
            "width": [20.0, 30.0, 50.0, 200.0],
            "yaw": [-5.0, 15.0, -15.0, 30.0],
            "found": [False, True, True, True],
        }
    )
    result = slices.slices(faces, "found").set_index(["property", "value"])
    widths = result.loc["width of the face in pixels"]
    assert widths["count"].to_dict() == {"under 30": 2, "45 to 60": 1, "over 120": 1}
    assert widths.loc["under 30", "mean"] == 0.5
    assert result.loc["head turned by"]["count"].to_dict() == {"under 10°": 1, "10 to 25°": 2, "over 25°": 1}


def test_boxes_take_the_properties_of_the_largest_face(
    scene: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    frames, found, truth = scene
    _, boxes = accuracy.compare(frames, found, truth)
    truth = truth.assign(x1=truth["x1"] + [0, 5], monk=[2, 9])
    beside = slices.beside_faces(boxes, truth)
    assert beside["video"].tolist() == ["a.mp4", "a.mp4"]
    assert set(beside["monk"]) == {9}
    assert set(beside["width"]) == {15}


def test_draw_slices() -> None:
    rows = [
        {"detector": d, "property": p, "value": v, "mean": 0.5, "low": 0.4, "high": 0.6, "count": 3}
        for d in "ab"
        for p, values in {"light": ["dark", "bright"], "blur": ["some"]}.items()
        for v in values
    ]
    titles = {"a": "A", "b": "B", "c": "C"}
    figure = slices.draw_slices(pd.DataFrame(rows), dict.fromkeys("abc", "red"), titles, "recall")
    assert [ax.get_title() for ax in figure.axes] == ["light", "blur"]
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["dark (3)", "bright (3)"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["A", "B"]
    plt.close(figure)
