import pytest
from matplotlib import pyplot as plt
from test_methods import made_up

from study.experiments import attention_layer, compound_scaling, discriminator_start, tuned_layers
from study.methods import adversarial, augmented, partly, scaled
from study.records import Result

WORST, BEST = "wider", "deeper and sharper"


@pytest.fixture(scope="module")
def table():
    """A grid in which one network is far better than the others."""
    strengths = dict.fromkeys([scaled.NOT_SCALED.name, *scaled.GRID], 0.5) | {BEST: 3.0, WORST: 0.0}
    return made_up(strengths).assign(cost=80.0)


def test_the_search_picks_what_is_best_on_the_calibration_videos(table):
    assert set(compound_scaling.picked(table).values()) == {BEST}
    judged = table["part"] == "judged"
    assert compound_scaling.picked(table[~judged]) == compound_scaling.picked(table)


def test_what_was_picked_is_compared(table):
    estimates = compound_scaling.estimate(table)
    assert estimates["AUC: picked by the search less scaled evenly"].low > 0
    assert str(estimates["AUC: picked by the search"]) == str(estimates[f"AUC: {BEST}"])
    result = Result("compound_scaling", "quick", table, estimates, "actors", 30)
    shown = compound_scaling.overview(result)
    assert shown.loc[BEST, "picked"] == "3 of 3" and shown.loc[WORST, "picked"] == "0 of 3"
    plt.close(compound_scaling.draw(result))


@pytest.mark.parametrize(
    ("experiment", "better", "worse", "difference"),
    [
        (tuned_layers, tuned_layers.ALL, partly.HEAD.name, "AUC: all layers less the head alone"),
        (
            attention_layer,
            augmented.AUGMENTED.name,
            augmented.CONVOLUTION.name,
            "AUC: attention less convolution",
        ),
        (
            discriminator_start,
            adversarial.DISCRIMINATOR.name,
            adversarial.IMAGENET.name,
            "AUC: GAN start less ImageNet start",
        ),
    ],
)
def test_a_better_network_is_told_from_a_worse_one(experiment, better, worse, difference):
    estimates = experiment.estimate(made_up({better: 3.0, worse: 0.3}))
    assert estimates[difference].low > 0
    plt.close(experiment.draw(Result("a", "quick", made_up({better: 1, worse: 1}), estimates, "actors", 30)))
