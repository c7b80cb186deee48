import pytest

from study.experiments import printed_predictions

FOLLOWS = "rows in which predict is 1 exactly where distance is above 0.5"


def test_every_printed_verdict_follows_from_its_distance(sample):
    table = printed_predictions.collect(sample, "quick")
    estimates = printed_predictions.estimate(table)
    assert estimates[FOLLOWS].value == 1
    assert estimates["log loss of the five distances"].value == pytest.approx(0.311, abs=0.001)


def test_a_verdict_that_does_not_follow_is_counted(sample):
    table = printed_predictions.collect(sample, "quick")
    table.loc[0, "follows"] = False
    assert printed_predictions.estimate(table)[FOLLOWS].value == 0.8
