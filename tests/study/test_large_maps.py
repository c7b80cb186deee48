import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from dfd import tables
from study import large_map_views, results
from study.experiments import large_maps

OPENTSNE, OURS, SKLEARN = large_maps.OPENTSNE, large_maps.OURS, large_maps.SKLEARN
PLAN = large_maps.Plan(
    {
        OPENTSNE: {200: 1},
        OURS: {200: 1, 400: 1},
        large_maps.MESH: {200: 1},
        large_maps.LONGER: {200: 1},
        SKLEARN: {200: 1},
    },
    1000,
)


@pytest.fixture(autouse=True)
def _apart(tmp_path, monkeypatch):
    """Store nothing in the checkout."""
    monkeypatch.setattr(results, "FOLDER", tmp_path)


@pytest.mark.slow
def test_maps_are_made_once_and_compared(few, capsys, monkeypatch):
    monkeypatch.setattr(large_maps, "SHOWN", 400)
    stored = large_maps.measure(few, PLAN)
    assert stored == results.read("large_maps")
    rows = large_map_views.table(stored)
    sizes = {method: max(sizes) for method, sizes in PLAN.sizes.items()}
    assert rows.groupby("method")["n"].max().to_dict() == sizes
    assert (rows["seconds"] > 0).all() and (rows["gigabytes"] > 0).all()
    assert len(tables.read(large_maps.map_path())) == 400
    assert capsys.readouterr().out.count("divergence") == len(rows)
    assert large_maps.measure(few, PLAN)["rows"] == stored["rows"]
    assert not capsys.readouterr().out, "nothing is placed again"


def test_a_method_that_would_take_too_long_is_left_out(few, monkeypatch):
    def placed(folder, spread, method, size, seed, jobs):
        return {"method": method, "n": size, "seed": seed, "t-SNE": 60.0 if method == "openTSNE" else 1.0}

    monkeypatch.setattr(large_maps, "_kept", placed)
    stored = large_maps.measure(
        few, large_maps.Plan({name: {100: 2, 200: 1} for name in (OPENTSNE, OURS)}, 100)
    )
    assert stored["left_out"] == {"openTSNE": "200 faces were expected to take more than 100 s"}
    assert len(stored["rows"]) == 2 + 3


def test_a_map_whose_process_died_is_left_out_and_tried_again(few, tmp_path, monkeypatch):
    died = [{"detector": OURS, "reason": "its process died"}]
    monkeypatch.setattr(large_maps.isolated, "in_process", lambda *arguments: died)
    stored = large_maps.measure(few, large_maps.Plan({OURS: {100: 1, 200: 1}}, 100))
    assert stored["rows"] == [] and stored["left_out"] == {OURS: "100 faces: its process died"}
    assert not list((few.build / "large_maps").glob("*-100-*.json"))


def test_neighbourhoods_are_scored_as_scikit_learn_does():
    random = np.random.default_rng(0)
    vectors, points = random.normal(size=(300, 10)), random.normal(size=(300, 3))
    trust, preserved = large_maps.neighbourhoods(vectors, points, seed=0)
    assert trust == pytest.approx(trustworthiness(vectors, points, n_neighbors=50))
    assert 0 < preserved < 0.5
    assert large_maps.neighbourhoods(vectors, vectors, seed=0) == (1, 1)
