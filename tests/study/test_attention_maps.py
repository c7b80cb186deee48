import pytest
import torch
from matplotlib import pyplot as plt

from study import attention_maps, comparing, crossfit
from study.methods import networks


def test_a_run_without_both_classes_says_why_there_is_no_map(extracted, monkeypatch):
    monkeypatch.setattr(crossfit, "obstacle", lambda run: "It has no fakes.")
    figure = attention_maps.draw(extracted)
    assert "It has no fakes." in [text.get_text() for text in figure.texts]
    plt.close(figure)


@pytest.mark.slow
def test_maps_are_drawn_over_faces_and_the_network_is_kept(extracted, monkeypatch):
    monkeypatch.setattr(networks, "PASS", 32)
    figure = attention_maps.draw(extracted)
    # Two rows of crops and a mean map each, and the scale.
    assert len(figure.axes) == 2 * (attention_maps.EXAMPLES + 1) + 1
    plt.close(figure)
    fold = comparing.folds(extracted, "quick", 1)[0]
    monkeypatch.setattr(networks, "train", lambda *arguments: pytest.fail("it is trained once more"))
    one, again = (attention_maps.network(extracted, fold).state_dict() for _ in range(2))
    assert all(torch.equal(one[name], again[name]) for name in one)
