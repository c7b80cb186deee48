"""The ledger of claims."""

import pytest

from dfd.errors import InputError
from study import claims
from study.claims import CLAIMS, Finding


def test_the_ledger_has_all_27_claims():
    assert list(CLAIMS) == [f"C{number:02d}" for number in range(1, 28)]
    assert all(claim.section and claim.statement for claim in CLAIMS.values())


def test_findings_come_back_in_the_order_of_the_claims(tiny):
    claims.record(tiny, Finding("C20", "07_sigmoid_vs_softmax", "0.02 at 4", "reproduced", "gradient"))
    claims.record(tiny, Finding("C02", "01_data_analysis", "83.9%", "reproduced"))
    findings = claims.findings(tiny)
    assert findings["claim"].tolist() == ["C02", "C20"]
    assert findings["measured"].tolist() == ["83.9%", "0.02 at 4"]
    assert findings["statement"].tolist() == [CLAIMS["C02"].statement, CLAIMS["C20"].statement]
    assert claims.findings(tiny, "01_data_analysis")["claim"].tolist() == ["C02"]


def test_a_later_finding_takes_the_place_of_the_earlier(tiny):
    for measured in ("first", "second"):
        claims.record(tiny, Finding("C02", "01_data_analysis", measured, "reproduced"))
    claims.record(tiny, Finding("C02", "02_preprocessing", "third", "depends"))
    assert claims.findings(tiny)["measured"].tolist() == ["second", "third"]


def test_an_empty_ledger_has_the_same_columns(tiny):
    none = claims.findings(tiny)
    claims.record(tiny, Finding("C02", "01_data_analysis", "83.9%", "reproduced"))
    assert none.empty
    assert list(none) == list(claims.findings(tiny))


def test_unknown_claims_and_verdicts_are_refused(tiny):
    with pytest.raises(InputError, match="C99"):
        claims.record(tiny, Finding("C99", "01_data_analysis", "x", "reproduced"))
    with pytest.raises(InputError, match=r"perhaps.*must be one of reproduced"):
        claims.record(tiny, Finding("C01", "01_data_analysis", "x", "perhaps"))
    assert claims.findings(tiny).empty
