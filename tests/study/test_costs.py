"""Tables of what DFDC costs."""

import json

import pytest

from dfd.errors import InputError
from study import costs, results

COST = {
    "videos": 1,
    "core_seconds_per_video": 36.0,
    "decoding_core_seconds_per_video": 7.2,
    "seconds_per_video": 3.6,
    "faces_per_video": 10,
    "bytes_per_face": 1000,
}
MEASURED = {"costs": {"REAL": COST, "FAKE": COST}, "machine": "a machine", "date": "a day"}


def test_costs_scale_with_the_number_of_videos():
    table = costs.sizes(MEASURED)
    assert "| everything | 119,154 | 470 GB | 1,191,540 | 1.2 GB | 595.8 h | 74.5 h |" in table
    assert "| `VIDEOS=500` | 500 | 2 GB | 5,000 | 0.0 GB | 2.5 h | 19 min |" in table


def test_machines_share_the_work():
    table = costs.machines(MEASURED)
    assert "| 1 core | 1,191.5 |" in table
    assert "| 100 workers of one core | 11.9 |" in table


def test_what_was_not_run_is_called_so(monkeypatch, tmp_path):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    assert costs.checks().count("not run yet") == len(costs.ESTIMATED) + len(costs.STORED)


def test_estimates_fill_the_sentences(monkeypatch, tmp_path):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    (tmp_path / "sample").mkdir()
    for name, (_, names) in costs.ESTIMATED.items():
        estimates = {estimate: [2.0, 1.5, 2.5] for estimate in names}
        about = {"estimates": estimates, "made": {"machine": "a machine", "date": "a day"}}
        (tmp_path / "sample" / f"{name}.json").write_text(json.dumps(about))
    assert "the extractor is 2.0 (1.5 to 2.5) times as fast as the report's loop" in costs.checks()
    assert costs.checks().count("(a machine, a day)") == 2


def test_stored_results_fill_the_tables():
    tables = costs.tables()
    assert "not run yet" not in tables["cluster-checks-table"]
    assert "| everything | 119,154 |" in tables["costs-table"]
    assert "`python -m study study detection_pipelines`: the extractor is" in tables["cluster-checks-table"]
    assert "EfficientNet-B7 embeds" in tables["cluster-checks-table"]


def test_without_a_stored_cost_there_are_no_tables(monkeypatch, tmp_path):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    with pytest.raises(InputError, match="measure extraction_cost"):
        costs.tables()
