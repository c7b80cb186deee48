"""The command: warning and table on one stream, files, the report, and the exit status."""

import json
import os
import re
import resource
import shutil

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from typer.testing import CliRunner

from dfd import unlike
from dfd.cli import app

pytestmark = pytest.mark.slow


@pytest.fixture
def command(model_folder, coverage):
    def run(*arguments):
        options = ["--model", model_folder, "--coverage", coverage, "--jobs", 1]
        return CliRunner().invoke(app, ["predict", *map(str, [*options, *arguments])])

    return run


def test_the_answer_says_what_it_rests_on(command, clip):
    done = command(clip)
    assert done.exit_code == 0
    assert re.search(r"\d+ of 32 frames", done.stdout) and "Drawn people only" in done.stdout
    assert "if 50% of such videos are fakes" in done.stdout


def test_what_is_unlike_is_said_first(command, clip, monkeypatch):
    monkeypatch.setattr(unlike.Reference, "distance", lambda self, response: self.threshold + 1)
    lines = command(clip).stdout.splitlines()
    assert lines[1].startswith("WARNING: 1 of 1 videos") and "UNLIKE" in "".join(lines)


def test_files_for_programs(command, clip, tmp_path):
    as_json, as_csv = tmp_path / "rows.json", tmp_path / "rows.csv"
    assert command("--json", as_json, "--csv", as_csv, clip).exit_code == 0
    (row,) = json.loads(as_json.read_text())
    assert row["p_fake"] == pytest.approx(pd.read_csv(as_csv)["p_fake"].iloc[0], abs=1e-6)
    assert json.loads(command("--json", "-", clip).stdout)[0]["verdict"] == row["verdict"]


def test_a_name_that_is_no_utf_8_is_judged_beside_another(command, clip, tmp_path):
    odd = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    shutil.copyfile(clip, odd)
    as_json, as_csv, page = tmp_path / "rows.json", tmp_path / "rows.csv", tmp_path / "report.html"
    done = command("--json", as_json, "--csv", as_csv, "--report", page, odd, clip)
    assert done.exit_code == 0, done.output
    assert [row["video"] for row in json.loads(as_json.read_text())] == [str(odd), str(clip)]
    for text in (done.stdout, as_csv.read_text(), page.read_text()):
        assert "caf\ufffd.mp4" in text


def test_exit_status(command, clip, tmp_path):
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    done = command(clip, text)
    assert done.exit_code == 3 and "unreadable" in done.stdout
    for wrong in ([], [tmp_path / "folder"], ["--prior", 2, clip], ["https://example.org/a.mp4"]):
        refused = command(*wrong)
        assert refused.exit_code == (3 if wrong == [tmp_path / "folder"] else 2), wrong


def test_the_report_is_one_page_that_asks_nobody(command, clip, tmp_path):
    page = tmp_path / "report.html"
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    assert command("--report", page, clip, text).exit_code == 3
    soup = BeautifulSoup(page.read_text(), "html.parser")
    sources = [tag.get("src") or tag.get("href") for tag in soup.find_all(["img", "link", "script", "a"])]
    assert sources and all(source.startswith(("data:", "#")) for source in sources)
    words = soup.get_text()
    for part in ("Person 1 over time", "Most suspicious faces", "After recompression", "Promised coverage"):
        assert part in words
    assert "unreadable" in words and all(image.get("alt") for image in soup.find_all("img"))
    assert len(soup.find_all("circle")) > 5


def test_a_full_disk_leaves_no_half_report(command, clip, tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        done = command("--report", tmp_path / "report.html", clip)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert done.exit_code == 2 and "report.html: cannot be written" in done.stderr
    assert not list(tmp_path.iterdir())


def test_what_is_unlike_gets_no_verdict_anywhere(command, clip, tmp_path, monkeypatch):
    monkeypatch.setattr(unlike.Reference, "distance", lambda self, response: self.threshold + 1)
    page = tmp_path / "report.html"
    assert command("--report", page, clip).exit_code == 0
    soup = BeautifulSoup(page.read_text(), "html.parser")
    assert "UNLIKE" in soup.get_text().upper() and not soup.select("td.fake, td.real, p.fake, p.real")


def test_a_report_that_cannot_be_written_leaves_nothing(command, clip, tmp_path):
    done = command("--report", tmp_path / "absent" / "report.html", clip)
    assert done.exit_code == 2 and "no such folder" in done.stderr
    assert not list(tmp_path.iterdir())
