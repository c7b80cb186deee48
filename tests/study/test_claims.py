"""The claims as data: every one has its place, its kind, and a rule that can give several verdicts."""

from importlib import import_module
from typing import get_args

import made_up
import pytest

from dfd.run import ROOT
from study.claim import Kind
from study.claims import CLAIMS


def test_claims_are_numbered_without_gaps():
    assert list(CLAIMS) == [f"C{number:02d}" for number in range(1, len(CLAIMS) + 1)]
    assert len(CLAIMS) >= 28


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_says_where_it_stands_and_who_checks_it(name):
    claim = CLAIMS[name]
    assert claim.section and claim.statement and not claim.statement.endswith(".")
    assert claim.kind in get_args(Kind)
    assert (ROOT / "notebooks" / f"{claim.chapter}.ipynb").is_file()


@pytest.mark.parametrize("name", [name for name, claim in CLAIMS.items() if claim.rule])
def test_its_rule_can_give_several_verdicts(name):
    claim = CLAIMS[name]
    assert len(claim.rule.verdicts - {"not testable here"}) >= 2
    assert all(
        estimate in claim.rule.words
        for part in made_up.simple_rules(claim.rule)
        for estimate in part.estimates
    )


@pytest.mark.parametrize("name", [name for name, claim in CLAIMS.items() if claim.experiment])
def test_its_experiment_has_the_one_shape(name):
    experiment = import_module(f"study.experiments.{CLAIMS[name].experiment}")
    for part in ("UNIT", "measure", "collect", "estimate", "draw"):
        assert hasattr(experiment, part), part


@pytest.mark.parametrize("name", [name for name, claim in CLAIMS.items() if claim.follows])
def test_what_follows_from_others_comes_after_them(name):
    order = list(CLAIMS)
    assert all(order.index(other) < order.index(name) for other in CLAIMS[name].follows)
    chapters = [CLAIMS[other].chapter for other in (*CLAIMS[name].follows, name)]
    assert max(chapters) == CLAIMS[name].chapter
