"""The built book, as a reader gets it."""

import re
from copy import copy
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup

from dfd.run import ROOT

HTML = ROOT / "_build" / "html"
HEAVIEST = 2_500_000
"""Bytes that opening a page may transfer."""

FONTS = 300_000
"""Bytes of the fonts that style sheets and MathJax load, as measured in a browser (`browser`)."""

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text())
PAGES = [TOC["root"], *(chapter["file"] for part in TOC["parts"] for chapter in part["chapters"])]

needs_book = pytest.mark.skipif(
    not (HTML / "index.html").is_file(), reason="the book is not built; run make book"
)
pytestmark = [needs_book, pytest.mark.parametrize("page", PAGES)]


@cache
def parsed(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(), "html.parser")


@cache
def anchors(path: Path) -> set[str]:
    return {tag["id"] for tag in parsed(path).find_all(id=True)} | {"", "top"}


def article(page):
    return parsed(HTML / f"{page}.html").find("article")


def test_the_page_is_there_and_says_what_made_it(page):
    text = parsed(HTML / f"{page}.html").get_text(" ", strip=True)
    assert len(article(page).get_text(strip=True)) > 500
    assert re.search(r"Made on .+ with profile (sample|dfdc) .+Python 3", text)


def test_no_cell_failed(page):
    assert "Traceback (most recent call last)" not in article(page).get_text()
    assert not article(page).select(".output.traceback, .output.error")


def test_no_markup_is_left_unrendered(page):
    prose = copy(article(page))
    for code in prose.find_all(["pre", "code", "script"]):
        code.extract()
    text = prose.get_text()
    assert not [left for left in ("{cite}", "{numref}", "{glue:", "{term}", "](", "```") if left in text]


def test_internal_links_lead_somewhere(page):
    here = HTML / f"{page}.html"
    broken = []
    for link in parsed(here).find_all("a", href=True):
        parts = urlsplit(link["href"])
        if parts.scheme or parts.netloc:
            continue
        target = (here.parent / unquote(parts.path)).resolve() if parts.path else here
        if not target.is_file() or (
            target.suffix == ".html" and unquote(parts.fragment) not in anchors(target)
        ):
            broken.append(link["href"])
    assert broken == []


def test_images_are_there_and_described(page):
    here = HTML / f"{page}.html"
    for image in parsed(here).find_all("img"):
        if not image["src"].startswith("data:"):
            assert (here.parent / unquote(urlsplit(image["src"]).path)).is_file(), image["src"]
        assert image.get("alt", "").strip(), image["src"][:80]
        assert "_images/" not in image["alt"], image["src"]


def loaded(page):
    """Addresses of the scripts, styles and pictures of a page."""
    tags = parsed(HTML / f"{page}.html").find_all
    scripts = [tag["src"] for tag in tags("script", src=True)]
    styles = [tag["href"] for tag in tags("link", rel="stylesheet")]
    return scripts + styles + [tag["src"] for tag in tags("img") if not tag["src"].startswith("data:")]


def files(page):
    here = HTML / f"{page}.html"
    return [(here.parent / unquote(urlsplit(address).path)).resolve() for address in loaded(page)]


def test_scripts_and_styles_come_with_the_book(page):
    assert [address for address in loaded(page) if urlsplit(address).netloc] == []
    assert [path for path in files(page) if not path.is_file()] == []


def test_every_script_is_loaded_once_and_where_it_is_used(page):
    scripts = [path for path in files(page) if path.suffix == ".js"]
    assert len(scripts) == len(set(scripts))
    names = {path.name for path in scripts}
    assert not names & {"plotly.min.js", "fontawesome.js", "sphinx-thebe.js"}
    formulas = parsed(HTML / f"{page}.html").select(".math")
    assert bool(formulas) == any("mathjax" in path.parts for path in scripts)


def test_the_page_is_light(page):
    weight = (HTML / f"{page}.html").stat().st_size + FONTS
    weight += sum(path.stat().st_size for path in set(files(page)))
    if any("mathjax" in path.parts for path in files(page)):
        config = yaml.safe_load((ROOT / "_config.yml").read_text())["sphinx"]["config"]
        parts = config["mathjax3_config"]["loader"]["load"]
        weight += sum((HTML / "_static" / "mathjax" / f"{part}.js").stat().st_size for part in parts)
    assert weight <= HEAVIEST


def test_tables_are_numbered_as_tables_and_figures_as_figures(page):
    for figure in article(page).find_all("figure"):
        number = figure.select_one("figcaption .caption-number")
        assert number, figure.get("id")
        table = bool(figure.find("table"))
        assert number.get_text().startswith("Table " if table else "Fig. "), figure.get("id")
        assert ("captioned-table" in figure.get("class", [])) == table


def test_nothing_is_shown_that_only_tests_need(page):
    assert "NBVAL" not in article(page).get_text()
    assert not [bar for bar in article(page).select("details.hide") if not bar.get_text(strip=True)]
