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


GPU = {
    "embeddings": {"efficientnet-b7, bfloat16, batches of 64": {"faces_per_second": [1300.0, 1.0, 2.0]}},
    "trainings": {"steps": {"efficientnet-b7, bfloat16": {"faces_per_second_loaded": 100.0}}},
    "machine": "a GPU",
    "date": "a day",
}
STAGE = {"seconds": 360.0, "core_seconds": 400.0, "peak": 2_500_000_000}
DRILL = {
    **dict(
        videos=119_154, faces=300_000, judged=60_000, steps=200, side=64, embedded=512, limit=8_000_000_000
    ),
    "backbone": "efficientnet-lite0",
    "vectors": {"backbone": 130_000},
    "stages": dict.fromkeys(["check", "videos", "faces", "embed", "train", "06_clustering"], STAGE),
    "made": {"sample, embedding backbone": {"made": 512, "unit": "faces", "seconds": 51.2}},
    **dict(machine="a machine", date="a day"),
}


def test_every_stage_has_its_cost_and_where_it_is_known_from():
    table = costs.stages(MEASURED, GPU, DRILL)
    assert "| chapter 06 | 6 min | 7 min | 2.5 GB | measured in the drill |" in table
    assert "| EfficientNet-Lite0, one process | 3.6 h |  |  | measured on 512 faces in the drill" in table
    assert "| EfficientNet-B7, GPU | 100 s |" in table
    assert "| training EfficientNet-B7, GPU | 1.3 h |" in table
    assert (
        "| finding the faces, 2 cores | 595.8 h | 1,191.5 h |  | measured on 2 DFDC videos, scaled |" in table
    )
    assert "119,154 videos (100% of DFDC's) and 300,000 faces" in table
    assert "dlib" not in table


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
