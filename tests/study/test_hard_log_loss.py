import pytest

from study.experiments import hard_log_loss


def test_an_error_costs_what_scikit_learn_clips_at(sample):
    table = hard_log_loss.collect(sample, "quick")
    assert table.set_index("accuracy")["log loss"][1.0] < 1e-6
    estimates = hard_log_loss.estimate(table)
    assert 34 < estimates["nats that an error costs, scikit-learn here"].value < 37
    assert estimates["nats that an error costs, scikit-learn of 2020"].value == pytest.approx(34.54, abs=0.01)
    assert estimates["accuracy that the score takes with hard answers"].value == pytest.approx(
        0.986, abs=0.001
    )
