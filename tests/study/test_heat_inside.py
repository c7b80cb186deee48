import cv2
import numpy as np
import pandas as pd
import pytest

from dfd import faces, training
from dfd.recipe import Recipe
from study.experiments import heat_inside
from study.records import Result


def test_sharing_out_heat():
    heat = np.zeros((3, 64, 64))
    heat[0, 30:34, 30:34] = 1
    heat[1, :4] = 1
    box = heat_inside.box_mask(64, 0.6)
    inside = heat_inside.share_inside(heat, box)
    assert inside[:2].tolist() == [1, 0] and np.isnan(inside[2])
    flat = heat_inside.share_inside(np.ones((1, 64, 64)), box)[0]
    assert flat == pytest.approx(box.mean())
    assert box.mean() == pytest.approx(1 / 1.6**2, abs=0.03)


@pytest.mark.parametrize(
    ("box", "shift"),
    [([100, 60, 160, 150], [0, 0]), ([-20, 10, 50, 90], [-100, -60]), ([250, 150, 330, 260], [140, 90])],
)
def test_a_polygon_is_carried_over_as_the_crop_is_cut(box, shift):
    # What lies in the frame where the polygon is must lie in the crop where the polygon comes to be.
    frame = np.zeros((240, 320, 3), np.uint8)
    polygon = np.array([110, 80, 150, 85, 140, 120, 108, 110]) + np.tile(shift, 4)
    cv2.fillPoly(frame, [polygon.reshape(-1, 2)], (255, 255, 255))
    crop = faces.crop(frame, box, margin=0.6, size=200)[..., 0] > 127
    carried = cv2.fillPoly(
        np.zeros((200, 200), np.uint8), [heat_inside.polygon_in_crop(polygon, box, 0.6, 200)], 1
    ).astype(bool)
    overlap = (crop & carried).sum() / (crop | carried).sum()
    assert carried.any() and overlap > 0.93


def made_up(in_changed: float) -> pd.DataFrame:
    random = np.random.default_rng(0)
    rows = [
        (network, str(actor), "FAKE" if copy else "REAL")
        for network in (heat_inside.TRAINED, heat_inside.RANDOM)
        for actor in range(20)
        for copy in range(3)
    ]
    table = pd.DataFrame(rows, columns=["network", "unit", "label"])
    own = (table["network"] == heat_inside.TRAINED) & (table["label"] == "FAKE")
    noise = random.normal(0, 0.02, len(table))
    table["in_box"] = np.where(own, 0.6, 0.4) + noise
    table["in_changed"] = (np.where(own, in_changed, 0.2) + noise).astype(float)
    table.loc[table["label"] == "REAL", "in_changed"] = np.nan
    return table.assign(
        box_area=0.39, changed_area=table["in_changed"].where(table["in_changed"].isna(), 0.2)
    )


def test_heat_that_prefers_the_changed_region_is_seen():
    estimates = heat_inside.estimate(made_up(0.5))
    assert estimates["heat in the changed region: heat less area"].low > 0.2
    assert estimates["heat in the changed region: trained less random weights"].low > 0.2
    assert estimates["heat in the box: fakes less originals"].low > 0.1
    assert estimates["area of the box"].value == pytest.approx(0.39)


def test_heat_without_preference_is_seen_too():
    estimates = heat_inside.estimate(made_up(0.2))
    share = estimates["heat in the changed region: heat less area"]
    assert share.low < 0 < share.high
    result = Result("heat_inside", "quick", made_up(0.2), estimates, "actors", 20)
    assert [len(panel.get_yticklabels()) for panel in heat_inside.draw(result).axes] == [3, 2]


def test_data_without_truth_have_no_changed_region():
    table = made_up(0.2).assign(in_changed=np.nan, changed_area=np.nan)
    estimates = heat_inside.estimate(table)
    assert str(estimates["area of the changed region"]) == "not computable"
    assert estimates["heat in the box: fakes less originals"].low > 0.1
    assert heat_inside.draw(Result("heat_inside", "quick", table, estimates, "actors", 20))


@pytest.mark.slow
@pytest.mark.parametrize(("depth", "videos"), [("quick", 4), ("full", 12)])
def test_heat_of_judged_faces_is_shared_out(extracted, monkeypatch, depth, videos):
    small = Recipe(name="small", size=64, epochs=1, faces=16, batch=8)
    monkeypatch.setattr(training, "own_recipe", lambda run, **changes: training.replace(small, **changes))
    table = heat_inside.collect(extracted, depth)
    assert set(table["network"]) == {heat_inside.TRAINED, heat_inside.RANDOM}
    assert table["video"].nunique() == videos
    assert table["in_box"].dropna().between(0, 1).all() and table["in_box"].notna().mean() > 0.5
    fakes = table[table["label"] == "FAKE"]
    assert fakes["changed_area"].between(0.01, 0.8).all()
    assert table.loc[table["label"] == "REAL", "in_changed"].isna().all()
    if depth == "quick":
        assert heat_inside.examples(extracted, count=2)
