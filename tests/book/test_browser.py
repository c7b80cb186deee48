"""The built book in a browser: what pages weigh, what the console says, and whether tables fit."""

import browser
import pytest
from test_html import HEAVIEST, HTML, PAGES, needs_book

pytestmark = [
    needs_book,
    pytest.mark.long,
    pytest.mark.skipif(browser.PROGRAM is None, reason="there is no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def seen():
    return {(page, width): about for page, width, about in browser.visit(HTML, PAGES)}


@pytest.mark.parametrize("width", browser.WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_light_and_quiet_and_no_wider_than_the_window(page, width, seen):
    about = seen[page, width]
    assert about["bytes"] <= HEAVIEST
    assert about["console"] == []
    assert [name for name, _ in about["wide"] if name == "page"] == []


@pytest.mark.parametrize("page", PAGES)
def test_no_table_is_cut_off_on_a_desk(page, seen):
    assert seen[page, max(browser.WIDTHS)]["wide"] == []


@pytest.mark.parametrize("page", PAGES)
def test_no_table_of_a_result_is_cut_off_on_a_phone(page, seen):
    """Tables with a caption are results; others may scroll."""
    wide = seen[page, min(browser.WIDTHS)]["wide"]
    assert [name for name, _ in wide if name.startswith("tab-")] == []
