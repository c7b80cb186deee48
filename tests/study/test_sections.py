import re

import pytest

from dfd.run import ROOT
from study.claims import CLAIMS
from study.ledger import Finding
from study.rules import Judgement
from study.sections import SECTIONS, table


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.number)
def test_no_row_is_empty(section):
    assert section.about and section.runs
    file = f"notebooks/{section.page}.ipynb" if section.page[:2].isdigit() else f"book/{section.page}.md"
    assert (ROOT / file).is_file()


def test_every_claim_stands_in_a_section():
    assert {name for section in SECTIONS for name in section.claims} == set(CLAIMS)


def test_a_claim_is_where_the_ledger_says_it_is():
    for section in SECTIONS:
        for name in section.claims:
            places = re.findall(r"\d[\d.]*", section.number)
            place = CLAIMS[name].section
            assert not place[0].isdigit() or any(number in place for number in places)


def test_sections_are_in_order():
    numbers = [[int(part) for part in re.split(r"\.", re.split(", ", s.number)[0])] for s in SECTIONS]
    assert numbers == sorted(numbers)


def test_the_table_shows_every_verdict():
    judgement = Judgement("inconclusive", "too few")
    findings = [Finding(name, claim, judgement, None, judgement, True) for name, claim in CLAIMS.items()]
    text = table(findings)
    assert text.count("* - ") == len(SECTIONS) + 1
    assert text.count("inconclusive") == sum(len(section.claims) for section in SECTIONS)
