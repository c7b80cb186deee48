"""What the faces of a video cost, on two videos of the sample."""

import json
from dataclasses import replace

import pytest
import torch

from dfd.errors import InputError
from study import results
from study.experiments import extraction_cost

NAME = "extraction_cost"


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setattr(results, "FOLDER", tmp_path / "results")


@pytest.mark.slow
def test_costs_are_measured_for_each_label(tiny, capsys):
    threads = torch.get_num_threads()
    run = replace(tiny, name="dfdc", faces_per_fake=2, faces_per_real=4)
    result = extraction_cost.measure(run, videos=1)
    assert result == results.read(NAME)
    assert result["costs"] == json.loads(capsys.readouterr().out)
    assert set(result["costs"]) == {"REAL", "FAKE"}
    for label, cost in result["costs"].items():
        assert cost["videos"] == 1
        assert cost["faces_per_video"] == {"FAKE": 2, "REAL": 4}[label]
        assert 0 < cost["decoding_core_seconds_per_video"] < cost["core_seconds_per_video"]
        assert cost["seconds_per_video"] > 0
        assert 1000 < cost["bytes_per_face"] < 100_000
    assert torch.get_num_threads() == threads
    assert not run.build.exists()


def test_only_videos_of_dfdc_count(sample):
    with pytest.raises(InputError, match="sample"):
        extraction_cost.measure(sample)
    assert results.read(NAME) is None
