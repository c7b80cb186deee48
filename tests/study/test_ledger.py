from dataclasses import replace

import pytest

from dfd.errors import InputError
from study import evidence, ledger, measuring, records
from study.claims import CLAIMS, Claim
from study.experiments import printed_functions
from study.rules import Greater
from study.statistics import Interval


@pytest.fixture
def run(sample, tmp_path):
    return replace(sample, build=tmp_path / "build")


def keep(run, name, estimates, obstacle="", depth="quick", units=30, **about):
    made = {"fingerprint": ""}
    result = records.Result(name, depth, None, estimates, "actors", units, obstacle, made, **about)
    records.write(result, run.build / "results" / depth)


@pytest.fixture
def claim(monkeypatch):
    """One made-up claim instead of the report's, judged by the gain of an experiment that nothing stores."""
    rule = Greater("gain", worth=0.02)
    made_up = Claim("1", "It helps", "measured", "07_x", experiment="heads", rule=rule, shown="fig-x")
    claims = {"C90": made_up}
    monkeypatch.setattr(ledger, "CLAIMS", claims)
    monkeypatch.setattr(evidence, "read_stored", lambda run, experiment: (None, "nothing stored"))
    return claims


def test_the_verdict_comes_from_the_estimate(run, claim):
    keep(run, "heads", {"gain": Interval(0.1, 0.05, 0.15)})
    assert ledger.find(run, "C90").judgement.verdict == "reproduced"
    keep(run, "heads", {"gain": Interval(0.0, -0.1, 0.1)})
    finding = ledger.find(run, "C90")
    assert finding.judgement.verdict == "inconclusive"
    row = ledger.table([finding]).iloc[0]
    assert row["smallest"] > 0.02 and row["more"] > 1 and row["units"] == "quick, 30 actors"


@pytest.mark.parametrize("gain", [Interval(0.1, 0.05, 0.15), Interval(-0.1, -0.2, -0.05)])
def test_a_handful_of_units_decides_nothing(run, claim, gain):
    keep(run, "heads", {"gain": gain}, units=ledger.FEWEST)
    assert ledger.find(run, "C90").judgement.verdict in ledger.CONTRARY
    keep(run, "heads", {"gain": gain}, units=ledger.FEWEST - 1)
    judgement = ledger.find(run, "C90").judgement
    assert judgement.verdict == "inconclusive" and "4 actors are too few" in judgement.because


def test_repeats_are_counted_where_a_number_rests_on_them(run, claim):
    keep(run, "heads", {"gain": Interval(0.1, 0.05, 0.15)}, repeated="gain", repeats=2)
    finding = ledger.find(run, "C90")
    assert finding.measured == "quick, 2 repeats" and finding.judgement.verdict == "inconclusive"
    assert finding.result.origin_of(["gain", "loss"]) == "quick, 30 actors and 2 repeats"
    assert finding.result.origin_of(["loss"]) == "quick, 30 actors"


def test_a_claim_that_was_not_measured_is_an_error(run, claim):
    with pytest.raises(InputError, match="heads has not been measured in this run; 07_x does"):
        ledger.find(run, "C90")
    with pytest.raises(InputError, match="no such claim"):
        ledger.find(run, "C99")
    keep(run, "heads", {"loss": Interval(0, 0, 0)})
    with pytest.raises(InputError, match="no estimate gain"):
        ledger.find(run, "C90")


def test_an_obstacle_leaves_the_claim_untested(run, claim):
    keep(run, "heads", {}, obstacle="There is nobody in these videos.")
    judgement = ledger.find(run, "C90").judgement
    assert judgement.verdict == "not testable here" and "nobody" in judgement.because


def test_a_claim_about_dfdc_is_not_testable_on_the_sample(run, claim):
    claim["C90"] = replace(claim["C90"], on_dfdc=True)
    keep(run, "heads", {"gain": Interval(0.1, 0.05, 0.15)})
    judgement = ledger.find(run, "C90").judgement
    assert judgement.verdict == "not testable here"
    assert "of the synthetic actors it is reproduced" in judgement.because
    on_dfdc = replace(run, name="dfdc")
    assert ledger.find(on_dfdc, "C90").judgement.verdict == "reproduced"


def test_the_stored_result_decides_and_the_readers_own_is_compared(run, claim, monkeypatch):
    keep(run, "heads", {"gain": Interval(-0.1, -0.15, -0.05)})
    estimates = {"gain": Interval(0.1, 0.05, 0.15)}
    stored = records.Result("heads", "full", None, estimates, "actors", 30)
    monkeypatch.setattr(evidence, "read_stored", lambda run, experiment: (stored, ""))
    finding = ledger.find(run, "C90")
    assert finding.judgement.verdict == "reproduced" and finding.here.verdict == "not reproduced"
    assert not finding.agree
    keep(run, "heads", {"gain": Interval(0.0, -0.1, 0.1)})
    assert ledger.find(run, "C90").agree


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.05, 0.15, "reproduced"), (-0.15, -0.05, "not reproduced"), (-0.1, 0.1, "inconclusive")],
)
def test_what_follows_from_other_claims_takes_their_verdicts(run, claim, low, high, verdict):
    claim["C91"] = Claim("4", "It is good", "measured", "08_x", follows=("C90",))
    keep(run, "heads", {"gain": Interval((low + high) / 2, low, high)})
    assert ledger.find(run, "C91").judgement.verdict == verdict


def test_a_chapter_shows_its_claims_with_links(run):
    measuring.measure(run, printed_functions)
    of_chapter = ledger.OfChapter.__new__(ledger.OfChapter)
    of_chapter.findings = [ledger.find(run, "C18")]
    assert repr(of_chapter) == "C18: reproduced"
    assert "../book/ledger.html#claim-c18" in of_chapter._repr_html_()


def test_every_claim_has_a_rule_or_follows_from_others():
    for name, claim in CLAIMS.items():
        assert bool(claim.rule) != bool(claim.follows), name
        assert set(claim.follows) <= set(CLAIMS), name
        assert bool(claim.experiment) == bool(claim.rule), name
