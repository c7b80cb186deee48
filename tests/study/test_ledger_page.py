"""The ledger's page and the front page's findings, on made-up claims."""

from dataclasses import replace

import pytest

from dfd.errors import InputError
from study import ledger_page
from study.claim import Claim
from study.ledger import VERDICTS, Finding
from study.ledger_page import Headline
from study.records import Result
from study.rules import Greater, Judgement, Printed
from study.statistics import Interval, exactly

MADE = {"date": "2026-11-26", "machine": "a_machine", "fingerprint": ""}


def finding(verdict, name="C01", agree=True, **about):
    claim = Claim(
        "3.4.1",
        "It *helps* a_lot",
        "measured",
        "07_x",
        "heads",
        Greater("gain", worth=0.02),
        "fig-gain",
        **about,
    )
    smallest, more = (0.05, 2.5**2) if verdict == "inconclusive" else (None, None)
    judgement = Judgement(verdict, "gain is 0.10 (0.05 to 0.15), above 0", smallest, more)
    result = Result("heads", "full", None, {"gain: all": Interval(0.1, 0.05, 0.15)}, "actors", 30, "", MADE)
    return Finding(
        name, claim, judgement, result, Judgement("inconclusive", "gain is 0.1 (-0.1 to 0.3)"), agree
    )


def calculated():
    claim = Claim(
        "Table 2.1", "1 : 0.28", "arithmetic", "01_x", "counts", Printed("ratio", 0.28, 2), "tab-ratio"
    )
    result = Result("counts", "quick", None, {"ratio": exactly(0.19)}, "figures", 1)
    judgement = Judgement("source error", "ratio is 0.19; the report says 0.28")
    return Finding("C02", claim, judgement, result, judgement, agree=True)


def test_every_verdict_has_a_badge_and_a_shade():
    assert list(ledger_page.BADGES) == list(ledger_page.SHADES) == list(VERDICTS)


def test_the_page_has_every_claim_with_its_numbers_and_the_way_to_its_cell():
    text = ledger_page.page([finding("reproduced", note="A | note"), calculated()])
    assert "Of 2 claims: 1 reproduced, 1 source error." in text
    for anchor, title in (("claim-c01", "C01"), ("claim-c02", "C02")):
        assert f"({anchor})=\n## {title}\n" in text and f"[{title}](#{anchor})" in text
    section = text.split("(claim-c01)=")[1].split("(claim-c02)=")[0]
    for expected in (
        r"It \*helps\* a\_lot (section 3.4.1)",
        "measured: decided by an experiment",
        r"gain \> 0; effects below 0.02 are not worth having",
        "gain is 0.10 (0.05 to 0.15), above 0.",
        r"full depth, 30 actors; stored on 2026-11-26, on a\_machine.",
        "{bdg-success}`reproduced`",
        "{bdg-secondary}`inconclusive`, fewer units decide less",
        r"A \| note",
        "{numref}`fig-gain`, in [](../notebooks/07_x.ipynb)",
    ):
        assert expected in section, expected
    assert "To decide it" not in section
    figures = text.split("(claim-c02)=")[1]
    assert "Measured" not in figures and "This run" not in figures


def test_what_is_inconclusive_says_what_would_decide_it():
    text = ledger_page.page([finding("inconclusive")])
    assert "an effect of 0.05 would have been seen four times in five" in text
    assert "the smallest effect worth having needs about 188 actors" in text


def test_what_contradicts_the_stored_result_is_said_above_all():
    assert "contradict the stored ones for C01." in ledger_page.page([finding("reproduced", agree=False)])
    assert "contradict none of the stored ones." in ledger_page.page([finding("reproduced")])
    assert "Nothing is stored for this run's data" in ledger_page.page([calculated()])


def test_a_reason_that_is_a_sentence_gets_no_second_full_stop():
    lacking = replace(finding("not testable here"), judgement=Judgement("not testable here", "No face."))
    text = ledger_page.page([lacking]) + ledger_page.front([lacking], [Headline("C01")])
    assert "No face." in text and "No face.." not in text


def test_the_front_page_fills_in_what_was_measured():
    headlines = [Headline("C01", {"reproduced": "It helps by {gain: all}."}), Headline("C02")]
    text = ledger_page.front([finding("reproduced"), calculated()], headlines)
    shown = "({numref}`fig-gain`; claim {ref}`C01 <claim-c01>`)"
    assert f"- {{bdg-success}}`reproduced` It helps by 0.10 (0.05 to 0.15). {shown}" in text
    assert "- {bdg-danger}`source error` 1 : 0.28: ratio is 0.19; the report says 0.28. (" in text


def test_a_headline_that_names_nothing_measured_is_refused():
    with pytest.raises(InputError, match="no estimate loss"):
        ledger_page.front([finding("reproduced")], [Headline("C01", {"reproduced": "{loss}"})])


def test_the_bar_shows_every_kind_with_its_counts():
    figure = ledger_page.draw([finding("reproduced"), finding("reproduced", "C03"), calculated()])
    ax = figure.axes[0]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["measured", "arithmetic"]
    assert sum(patch.get_width() for patch in ax.patches) == 3
    assert "2" in [text.get_text() for text in ax.texts]
