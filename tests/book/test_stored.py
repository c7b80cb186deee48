"""What the repository stores: whole, fresh, complete, and the same number wherever it is shown."""

import json
import re
from importlib import import_module

import pytest

from study import evidence, full, results
from study.claims import CLAIMS
from study.rules import MEASURED
from study.statistics import Interval

STORED = sorted((results.FOLDER / "sample").glob("*.json"))
LARGEST_TABLE = 400_000
MOST_INCONCLUSIVE = 5
PROPOSALS = "5.2"
"""Section of what the report would have tried, which it does not claim to have found."""


def module(name):
    return import_module(f"study.experiments.{name}")


def estimates(path):
    return {name: Interval(*bounds) for name, bounds in json.loads(path.read_text())["estimates"].items()}


@pytest.mark.parametrize("name", full.experiments())
def test_what_is_stored_is_there_and_fits_code_and_data(sample, name):
    stored, missing = evidence.read_stored(sample, module(name))
    assert stored is not None, f"{missing} Measure it: python -m study study {name}"
    assert {"date", "machine", "versions"} <= set(stored.made)


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_what_is_stored_is_needed_small_and_says_what_its_table_gives(sample, path):
    assert path.stem in full.experiments()
    table = path.with_suffix(".parquet")
    assert table.stat().st_size <= LARGEST_TABLE
    stored, _ = evidence.read_stored(sample, module(path.stem))
    assert stored is not None
    noted, anew = estimates(path), module(path.stem).estimate(stored.table)
    assert set(noted) == set(anew)
    assert [name for name in noted if str(noted[name]) != str(anew[name])] == []


def test_a_name_means_one_number_everywhere():
    """Chapters show estimates by name: two experiments share a name only if they share the number."""
    numbers = {}
    for path in STORED:
        for name, interval in estimates(path).items():
            numbers.setdefault(name, {})[path.stem] = str(interval)
    assert {name: by for name, by in numbers.items() if len(set(by.values())) > 1} == {}


@pytest.mark.parametrize("name", [name for name, claim in CLAIMS.items() if claim.kind == "measured"])
def test_stored_estimates_are_those_that_the_rule_reads(name):
    claim = CLAIMS[name]
    path = results.FOLDER / "sample" / f"{claim.experiment}.json"
    if claim.rule is None or not path.is_file():
        pytest.skip("follows from other claims, or is computed")
    assert set(claim.rule.estimates) <= set(estimates(path))


def test_few_measured_claims_stay_open():
    """An experiment is to decide, where the sample can: those that could not are few."""
    opened = []
    for name, claim in CLAIMS.items():
        path = results.FOLDER / "sample" / f"{claim.experiment}.json"
        if claim.kind == "measured" and claim.rule and not claim.on_dfdc and path.is_file():
            judgement = claim.rule.judge(estimates(path))
            assert judgement.verdict in {*MEASURED, "depends", "source error"}
            opened += [name] * (judgement.verdict == "inconclusive")
    proposed = {name for name in opened if CLAIMS[name].section.startswith(PROPOSALS)}
    assert len(set(opened) - proposed) <= MOST_INCONCLUSIVE, opened


def test_the_readme_of_the_results_lists_what_is_there():
    text = (results.FOLDER / "README.md").read_text()
    named = set(re.findall(r"`(\w+\.json)`", text))
    assert named == {path.name for path in results.FOLDER.glob("*.json")}
    folders = set(re.findall(r"`(\w+)/`", text))
    assert {path.name for path in results.FOLDER.iterdir() if path.is_dir()} <= folders
