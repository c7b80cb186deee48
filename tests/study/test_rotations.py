import numpy as np
import pandas as pd
import pytest

from study import rotations, scores, statistics


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Ten actors with an original and two fakes each, judged in two rotations by two trainings each."""
    random = np.random.default_rng(0)
    table = pd.DataFrame(
        [
            (
                f"actor {actor}",
                f"{actor} {copy}",
                "FAKE" if copy else "REAL",
                rotation,
                f"{actor % 2} {rotation}",
            )
            for rotation in range(2)
            for actor in range(10)
            for copy in range(3)
        ],
        columns=["unit", "video", "label", "rotation", "training"],
    )
    signal = np.where(table["label"] == "FAKE", 1.0, -1.0)
    return table.assign(p_fake=1 / (1 + np.exp(-signal - random.normal(0, 2, len(table)))))


def weights(rows: pd.DataFrame) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 3, (5, len(rows))).astype(float)


@pytest.mark.parametrize(
    ("prepared", "usual"), [(rotations.auc, statistics.auc), (rotations.log_loss, scores.log_loss)]
)
def test_prepared_measures_are_the_usual_ones(rows, prepared, usual):
    fake, values = (rows["label"] == "FAKE").to_numpy(), rows["p_fake"].round(1).to_numpy()
    drawn = weights(rows)
    expected = [usual(fake, values, weight) for weight in drawn]
    np.testing.assert_allclose(prepared(fake, values)(drawn), expected)
    only_fakes = drawn * fake
    assert np.isnan(prepared(fake, values)(only_fakes)).all()


def test_the_score_is_the_mean_over_rotations(rows):
    both = rotations.mean(rows, "p_fake", rotations.auc)(np.ones((1, len(rows))))[0]
    alone = [
        rotations.mean(own.reset_index(drop=True), "p_fake", rotations.auc)(np.ones((1, len(own))))[0]
        for _, own in rows.groupby("rotation")
    ]
    assert both == pytest.approx(np.mean(alone))


def test_rows_that_a_mask_leaves_out_do_not_count(rows):
    mask = (rows["unit"] != "0").to_numpy()
    masked = rotations.mean(rows, "p_fake", rotations.auc, mask)
    spoilt = rows.assign(p_fake=rows["p_fake"].where(mask))
    expected = rotations.mean(rows[mask].reset_index(drop=True), "p_fake", rotations.auc)
    assert masked(np.ones((1, len(rows))))[0] == expected(np.ones((1, mask.sum())))[0]
    same = rotations.mean(spoilt, "p_fake", rotations.auc, mask)
    assert same(np.ones((1, len(rows))))[0] == expected(np.ones((1, mask.sum())))[0]


def test_drawing_trainings_too_makes_intervals_wider(rows):
    # One training is much better than the others, so much depends on which is drawn.
    lucky = rows["p_fake"].where(rows["training"] != "0 0", (rows["label"] == "FAKE").astype(float))
    table = rows.assign(p_fake=lucky)
    area = rotations.mean(table, "p_fake", rotations.auc)
    both = rotations.intervals(table, {"area": area})["area"]
    actors = rotations.intervals(table.drop(columns="training"), {"area": area})["area"]
    assert both.value == actors.value
    assert both.high - both.low > actors.high - actors.low


def test_a_difference_of_a_score_from_itself_is_nothing(rows):
    area = rotations.mean(rows, "p_fake", rotations.auc)
    (gain,) = rotations.family(rows, {"gain": rotations.difference(area, area)}).values()
    assert (gain.value, gain.low, gain.high) == (0, 0, 0)


def test_one_class_alone_gives_no_number(rows):
    fakes = rows[rows["label"] == "FAKE"].reset_index(drop=True)
    area = {"area": rotations.mean(fakes, "p_fake", rotations.auc)}
    assert rotations.intervals(fakes, area)["area"] is statistics.NOT_COMPUTABLE
    assert rotations.family(fakes, area)["area"] is statistics.NOT_COMPUTABLE
    assert str(rotations.intervals(rows.head(0), area)["area"]) == "not computable"


def test_the_equal_error_rate_is_where_both_errors_meet():
    fake = np.array([False, False, False, False, True, True, True, True])
    values = np.array([0.1, 0.2, 0.3, 0.8, 0.4, 0.7, 0.9, 0.95])
    error = rotations.equal_error_rate(fake, values)
    assert error(np.ones((1, 8)))[0] == pytest.approx(0.25)
    assert rotations.equal_error_rate(fake, fake.astype(float))(np.ones((1, 8)))[0] == 0
    assert np.isnan(error(fake.astype(float)[None])[0])
    # A weight of 2 is a video that was drawn twice.
    twice = np.r_[np.arange(8), 3]
    weights = np.ones((1, 8))
    weights[0, 3] = 2
    again = rotations.equal_error_rate(fake[twice], values[twice])(np.ones((1, 9)))
    assert error(weights)[0] == pytest.approx(again[0])


def test_one_actor_gives_no_interval(rows):
    alone = rows[rows["unit"] == rows["unit"].iloc[0]].reset_index(drop=True)
    area = rotations.mean(alone, "p_fake", rotations.auc)
    for results in (rotations.intervals(alone, {"AUC": area}), rotations.family(alone, {"AUC": area})):
        assert (results["AUC"].low, results["AUC"].high) == statistics.UNBOUNDED


def test_one_actor_among_others_gives_no_interval(rows):
    """The table has many actors, and what is asked is of one of them."""
    mask = (rows["unit"] == rows["unit"].iloc[0]).to_numpy()
    area, all_areas = (
        rotations.mean(rows, "p_fake", rotations.auc, which) for which in (mask, np.ones(len(rows), bool))
    )
    wanted = {"one": area, "all": all_areas, "apart": rotations.difference(all_areas, area)}
    for results in (rotations.intervals(rows, wanted), rotations.family(rows, wanted)):
        for name in ("one", "apart"):
            assert (results[name].low, results[name].high) == statistics.UNBOUNDED
        assert np.isfinite([results["all"].low, results["all"].high]).all()
    # A family of one that can be decided is not corrected for those that cannot.
    assert results["all"] == rotations.family(rows, {"all": all_areas})["all"]


def test_trainings_are_drawn_within_the_split_that_they_hold_out():
    actors = np.repeat(np.arange(20), 2)
    split = np.where(actors < 10, "train", "test")
    rows = pd.DataFrame({"unit": actors, "label": ["REAL", "FAKE"] * 20, "rotation": 0})
    rows["training"], rows["p_fake"] = pd.Series(split) + " 0", np.random.default_rng(0).random(40)
    area = {"AUC": rotations.mean(rows, "p_fake", rotations.auc)}
    once = rotations.intervals(rows, area)["AUC"]
    alone = rotations.intervals(rows.drop(columns="training"), area)["AUC"]
    # With one training of each split nothing is left to draw: the interval is over actors.
    assert once.high - once.low == pytest.approx(alone.high - alone.low, rel=0.15)
    assert set(rotations.held_out(rows)) == {"train", "test"}
