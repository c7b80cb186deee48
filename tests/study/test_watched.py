"""Time and memory of a command and its processes."""

import sys

import pytest

from study import watched

PAIR = """
import subprocess, sys, time
if len(sys.argv) > 1:
    kept = bytearray(b"x" * 150_000_000)
    time.sleep(2)
else:
    sys.exit(subprocess.call([sys.executable, __file__, "child"]) + 3)
"""


@pytest.fixture
def command(tmp_path):
    """A program that starts another one, which takes 150 MB for two seconds, and exits with 3."""
    program = tmp_path / "pair.py"
    program.write_text(PAIR)
    return [sys.executable, str(program)]


def test_processes_that_it_starts_count_too(command, tmp_path):
    usage = watched.run(command, tmp_path / "log", limit=2**40)
    assert usage.status == 3
    assert usage.peak > 150_000_000
    assert usage.seconds >= 2
    assert (tmp_path / "log").read_text().startswith("$ ")


def test_it_is_stopped_with_all_its_processes_at_the_limit(command, tmp_path):
    usage = watched.run([*command, "child"], tmp_path / "log", limit=100_000_000)
    assert usage.status is None
    assert usage.peak > 100_000_000


def test_variables_reach_it_and_its_words_the_log(tmp_path):
    command = [sys.executable, "-c", "import os; print(os.environ['WORD'])"]
    assert watched.run(command, tmp_path / "log", limit=2**40, WORD="heard").status == 0
    assert "heard" in (tmp_path / "log").read_text()
