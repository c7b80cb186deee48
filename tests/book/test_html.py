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


def test_scripts_and_styles_come_with_the_book(page):
    here = HTML / f"{page}.html"
    used = [tag["src"] for tag in parsed(here).find_all("script", src=True)]
    used += [tag["href"] for tag in parsed(here).find_all("link", rel="stylesheet")]
    assert [address for address in used if urlsplit(address).netloc] == []
    assert [a for a in used if not (here.parent / unquote(urlsplit(a).path)).is_file()] == []
