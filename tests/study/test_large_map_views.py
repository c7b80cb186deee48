import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from dfd import tables
from study import large_map_views, results
from study.experiments import large_maps

SCORED = dict.fromkeys(large_map_views.SCORES, 0.5)


def stored():
    """A result of two numbers of faces, of which openTSNE has placed one."""
    ours = {
        "method": large_maps.OURS,
        "width": 9.0,
        "seed": 0,
        "gigabytes": 1.0,
        **dict.fromkeys(large_maps.STEPS, 1.0),
        **SCORED,
    }
    other = {"method": "openTSNE", "seed": 0, "gigabytes": 1.0, "PCA": 1.0, "t-SNE": 13.0, "HDBSCAN": 1.0}
    made = {"machine": "two cores", "date": "2026-01-01"}
    return made | {
        "rows": [ours | {"n": 100}, ours | {"n": 200}, other | SCORED | {"n": 100, "divergence": 0.4}]
    }


def test_maps_are_compared_where_both_methods_have_one():
    compared = large_map_views.quality(stored())
    assert compared.index.to_list() == [(100, 0)]
    assert compared["times as fast"].item() == pytest.approx(3)
    assert compared["divergence"].item() == pytest.approx(1.25)
    assert compared["ARI people"].item() == 0


def test_divergences_are_missing_where_a_method_has_no_map():
    shown = large_map_views.divergences(stored())
    assert shown[large_maps.OURS].to_list() == [0.5, 0.5] and shown["openTSNE"].isna().to_list() == [
        False,
        True,
    ]


def test_steps_are_those_of_the_stage():
    steps = large_map_views.steps(stored())
    assert steps.index.to_list() == [100, 200] and (steps["seconds"] == 5).all()
    plt.close(large_map_views.draw(stored()))


def test_ways_are_compared_by_the_map_that_is_shown(monkeypatch):
    monkeypatch.setattr(large_map_views, "SHOWN", 100)
    shown = large_map_views.ways(stored())
    assert shown.index.to_list() == [large_maps.OURS, "openTSNE"]
    assert shown["seconds"].to_list() == [5, 15] and shown["divergence"].to_list() == [0.5, 0.4]


def test_the_map_is_drawn_in_the_colours_of_its_people(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    points = pd.DataFrame(np.random.default_rng(0).normal(size=(500, 3)), columns=["x", "y", "z"])
    tables.write(points.assign(person=np.arange(500) % 7), large_maps.map_path(), "made")
    figure = large_map_views.draw_map()
    picture = figure.axes[0].images[0].get_array()
    drawn = (picture < 1).any(axis=2)
    assert 400 < drawn.sum() <= 500
    plt.close(figure)


def test_where_nothing_is_stored_there_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    for figure in (large_map_views.draw(None), large_map_views.draw_map()):
        plt.close(figure)
    views = (
        large_map_views.steps,
        large_map_views.quality,
        large_map_views.divergences,
        large_map_views.ways,
    )
    for view in views:
        assert view(None).empty


def test_stored_maps_are_of_the_plan_and_within_the_memory():
    rows = large_map_views.table(results.read("large_maps"))
    ours = rows[rows["method"] == large_maps.OURS]
    assert ours.groupby("n").size().to_dict() == large_maps.PLAN.sizes[large_maps.OURS]
    assert (rows.loc[rows["n"] <= large_maps.SHOWN, "gigabytes"] < 8).all()
    assert len(tables.read(large_maps.map_path())) == large_maps.SHOWN


def test_what_is_stored_of_a_gpu_is_shown():
    stored = results.read("gpu_maps")
    assert stored is not None and stored["gradient_off"] < 1e-5 and "H100" in stored["machine"]
    steps = large_map_views.steps(stored, on_gpu=True)
    assert 130_000 in steps.index and steps["seconds"].is_monotonic_increasing
