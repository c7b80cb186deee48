import pytest

from study import rates, statistics


def test_two_shares_of_all_may_differ_a_little():
    everybody = statistics.proportion(30, 30)
    same = rates.difference(everybody, everybody)
    assert same.value == 0 and same.high == -same.low == pytest.approx(1 - everybody.low)


def test_the_difference_has_newcombes_interval():
    # The example of the paper: 56 of 70 and 48 of 80.
    interval = rates.difference(statistics.proportion(56, 70), statistics.proportion(48, 80))
    assert interval.value == pytest.approx(0.2)
    assert (interval.low, interval.high) == pytest.approx((0.0524, 0.3339), abs=1e-4)
