"""Differences of shares, by the intervals that the shares have themselves."""

import numpy as np

from study.statistics import Interval


def difference(one: Interval, other: Interval) -> Interval:
    """Compare two shares where nothing varies, so that a bootstrap of their difference would have no width.

    Parameters
    ----------
    one, other : Interval
        As `study.statistics.rate` gives them.

    Returns
    -------
    Interval
        One less the other. For shares of the same things the interval is wider than need be.

    References
    ----------
    R. G. Newcombe, Interval estimation for the difference between independent proportions: comparison of
    eleven methods, Statistics in Medicine 1998 (method 10).
    """
    value = one.value - other.value
    below = float(np.hypot(one.value - one.low, other.high - other.value))
    above = float(np.hypot(one.high - one.value, other.value - other.low))
    return Interval(value, value - below, value + above)
