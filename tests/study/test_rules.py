from typing import get_args

import made_up
import numpy as np
import pytest

from study import rules, statistics
from study.claims import CLAIMS
from study.rules import Conditions, Every, Greater, Less, Near, Printed, Share
from study.statistics import Interval, exactly, smallest_effect

MISSING = Interval(np.nan, np.nan, np.nan)


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [
        (Interval(0.10, 0.05, 0.15), "reproduced"),
        (Interval(-0.10, -0.15, -0.05), "not reproduced"),
        (Interval(0.00, -0.01, 0.01), "not reproduced"),
        (Interval(0.01, 0.005, 0.015), "not reproduced"),
        (Interval(0.03, -0.01, 0.07), "inconclusive"),
        (Interval(0.00, -0.10, 0.10), "inconclusive"),
        (MISSING, "not testable here"),
    ],
)
def test_a_gain_is_judged_by_zero_and_by_what_is_worth_having(interval, verdict):
    assert Greater("gain", worth=0.02).judge({"gain": interval}).verdict == verdict


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [
        (Interval(30, 25, 35), "reproduced"),
        (Interval(60, 50, 70), "not reproduced"),
        (Interval(44, 40, 48), "inconclusive"),
        (Interval(2, 2, np.inf), "inconclusive"),
        (Interval(50, 50, np.inf), "not reproduced"),
        (MISSING, "not testable here"),
    ],
)
def test_an_upper_limit_is_judged_from_below(interval, verdict):
    assert Less("minutes", than=45).judge({"minutes": interval}).verdict == verdict


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [
        (Interval(1.0, 0.95, 1.05), "reproduced"),
        (Interval(1.5, 1.4, 1.6), "not reproduced"),
        (Interval(1.1, 0.9, 1.3), "inconclusive"),
        (MISSING, "not testable here"),
    ],
)
def test_equality_needs_an_interval_that_is_narrow_enough(interval, verdict):
    assert Near("ratio", to=1.0, within=0.1).judge({"ratio": interval}).verdict == verdict


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [
        (Interval(0.00, -0.01, 0.01), "reproduced"),
        (Interval(-0.01, -0.015, -0.005), "reproduced"),
        (Interval(-0.05, -0.07, -0.03), "not reproduced"),
        (Interval(0.00, -0.03, 0.03), "inconclusive"),
        (MISSING, "not testable here"),
    ],
)
def test_what_is_enough_loses_nothing_worth_having(interval, verdict):
    judgement = Greater("gain", than=-0.02).judge({"gain": interval})
    assert judgement.verdict == verdict
    assert (judgement.more is not None) == (verdict == "inconclusive")


def test_printed_figures_and_shares_are_right_or_wrong():
    assert Printed("ratio", 0.28, digits=2).judge({"ratio": exactly(0.2797)}).verdict == "reproduced"
    assert Printed("ratio", 0.28, digits=2).judge({"ratio": exactly(0.19)}).verdict == "source error"
    assert Share("right", of="values").judge({"right": exactly(1)}).verdict == "reproduced"
    assert Share("right", of="values").judge({"right": exactly(5 / 6)}).verdict == "source error"


def test_a_claim_of_two_parts_falls_with_either():
    both = Every((Greater("a"), Greater("b", worth=0.1)))
    good, bad, wide = Interval(1, 0.5, 1.5), Interval(-1, -1.5, -0.5), Interval(0, -1, 1)
    assert both.judge({"a": good, "b": good}).verdict == "reproduced"
    assert both.judge({"a": wide, "b": bad}).verdict == "not reproduced"
    opened = both.judge({"a": good, "b": wide})
    assert opened.verdict == "inconclusive" and opened.smallest == smallest_effect(wide)


def test_depends_is_for_conditions_that_are_decided_and_differ():
    rule = Conditions({"here": Greater("a"), "there": Greater("b", worth=0.1)})
    good, bad, wide = Interval(1, 0.5, 1.5), Interval(-1, -1.5, -0.5), Interval(0, -1, 1)
    assert rule.judge({"a": good, "b": bad}).verdict == "depends"
    assert rule.judge({"a": good, "b": good}).verdict == "reproduced"
    assert rule.judge({"a": bad, "b": bad}).verdict == "not reproduced"
    assert rule.judge({"a": good, "b": wide}).verdict == "inconclusive"
    assert rule.judge({"a": good, "b": MISSING}).verdict == "reproduced"
    assert rule.judge({"a": MISSING, "b": MISSING}).verdict == "not testable here"


def test_an_open_verdict_says_what_would_decide_it():
    judgement = Greater("gain", worth=0.02).judge({"gain": Interval(0.01, -0.03, 0.05)})
    assert judgement.smallest == pytest.approx(2.8 * 0.04 / 1.96, rel=0.01)
    assert judgement.more == pytest.approx((judgement.smallest / 0.02) ** 2)


def examples(rule):
    """Intervals that should give each verdict that a simple rule can give."""
    if isinstance(rule, Greater):
        place, span = rule.than, max(rule.worth, abs(rule.than), 1.0)
        return {
            "reproduced": Interval(place + 9 * span, place + 8 * span, place + 10 * span),
            "not reproduced": Interval(place - 9 * span, place - 10 * span, place - 8 * span),
            "inconclusive": Interval(place, place - 10 * span, place + 10 * span),
            "not testable here": MISSING,
        }
    if isinstance(rule, Less):
        place, span = rule.than, max(rule.worth, abs(rule.than), 1.0)
        return {
            "reproduced": Interval(place - 9 * span, place - 10 * span, place - 8 * span),
            "not reproduced": Interval(place + 9 * span, place + 8 * span, place + 10 * span),
            "inconclusive": Interval(place, place - 10 * span, place + 10 * span),
            "not testable here": MISSING,
        }
    if isinstance(rule, Near):
        return {
            "reproduced": exactly(rule.to),
            "not reproduced": exactly(rule.to + 2 * rule.within),
            "inconclusive": Interval(rule.to, rule.to - 2 * rule.within, rule.to + 2 * rule.within),
            "not testable here": MISSING,
        }
    if isinstance(rule, Printed):
        return {"reproduced": exactly(rule.printed), "source error": exactly(2 * rule.printed + 1)}
    return {"reproduced": exactly(1), "source error": exactly(0)}


@pytest.mark.parametrize("name", [name for name, claim in CLAIMS.items() if claim.rule])
def test_every_rule_gives_every_verdict_that_it_can(name):
    rule = CLAIMS[name].rule
    parts = made_up.simple_rules(rule)
    given = set()
    for verdict in get_args(rules.Verdict):
        measured = {}
        for part in parts:
            measured |= dict.fromkeys(part.estimates, examples(part).get(verdict, MISSING))
        if all(verdict in part.verdicts for part in parts):
            given.add(rule.judge(measured).verdict)
    for place, part in enumerate(parts):
        measured = {}
        for other, rest in enumerate(parts):
            kind = "reproduced" if other != place else sorted(part.verdicts - {"reproduced"})[0]
            measured |= dict.fromkeys(rest.estimates, examples(rest)[kind])
        given.add(rule.judge(measured).verdict)
        for verdict in part.verdicts:
            measured |= dict.fromkeys(part.estimates, examples(part)[verdict])
            given.add(rule.judge(measured).verdict)
    assert given == rule.verdicts
    assert len(given) > 1


@pytest.mark.parametrize("rule", [Greater("x", worth=0.1), Less("x", than=0), Near("x", to=0, within=0.1)])
def test_a_number_of_a_single_unit_decides_nothing(rule):
    judgement = rule.judge({"x": Interval(5.0, *statistics.UNBOUNDED)})
    assert judgement.verdict == "inconclusive" and judgement.smallest is None
    assert "too little was measured" in judgement.because
