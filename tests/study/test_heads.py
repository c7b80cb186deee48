import json
from dataclasses import replace

import numpy as np
import pytest

from dfd import faces, training
from study import results
from study.experiments import heads, video_scores


def few_faces(tiny):
    return replace(tiny, faces_per_fake=2, faces_per_real=3)


@pytest.mark.slow
def test_both_heads_predict_the_held_out_faces_for_each_seed(tiny):
    run = few_faces(tiny)
    predictions = heads.table(run, range(2), epochs=1)
    held_out = faces.table(run).query("split != 'train'")
    for _, part in predictions.groupby(["head", "seed"]):
        assert sorted(part["face_id"]) == sorted(held_out["face_id"])
    assert predictions.groupby(["head", "seed"]).ngroups == 4
    assert predictions["p_fake"].between(0, 1).all()

    before = results.path(run, "heads").stat().st_mtime_ns
    heads.table(run, range(2), epochs=1)
    assert results.path(run, "heads").stat().st_mtime_ns == before
    results.path(run, "heads").unlink()
    again = heads.table(run, range(2), epochs=1)
    np.testing.assert_allclose(again["logit"], predictions["logit"], atol=1e-6)

    trained = video_scores.runs(run, predictions, ["seed", "head"])
    assert trained.columns.to_list() == ["seed", "head", "AUC", "log loss"] and len(trained) == 4


@pytest.mark.slow
def test_nothing_is_trained_where_nothing_can_be(tiny):
    run = few_faces(tiny)
    listed = next(run.data.glob("*/metadata.json"))
    entries = json.loads(listed.read_text())
    listed.write_text(json.dumps({name: e for name, e in entries.items() if e["label"] == "FAKE"}))
    assert training.obstacle(run)
    predictions = heads.table(run, range(2), epochs=1)
    assert predictions.empty
    assert video_scores.runs(run, predictions, ["seed", "head"]).empty
