import numpy as np
import pandas as pd
import pytest

from dfd import embedding, faces
from study import population


@pytest.fixture(scope="module")
def spread(sample):
    return population.spread(sample)


def level(vectors, names):
    """Mean squared distance of the members of groups from their group's mean."""
    table = pd.DataFrame(vectors)
    return float(((table - table.groupby(names).transform("mean")) ** 2).sum(axis=1).mean())


def test_drawn_faces_differ_as_much_as_the_runs(sample, spread):
    vectors, who = population.draw(spread, 6000, seed=0)
    rows = faces.table(sample)[["face_id", "video"]].merge(embedding.table(sample), on="face_id")
    real = embedding.vectors(rows)
    assert vectors.shape == (6000, embedding.FEATURES["efficientnet-lite0"]) and vectors.dtype == np.float32
    assert vectors.var(axis=0).sum() == pytest.approx(real.var(axis=0).sum(), rel=0.25)
    assert level(vectors, who["video"]) == pytest.approx(level(real, rows["video"]), rel=0.15)


def test_people_have_sources_and_sources_an_original_and_its_fakes(spread):
    _, who = population.draw(spread, 320, seed=0)
    assert who.nunique().to_dict() == {"person": 2, "source": 4, "video": 24}
    assert who.groupby("video").size().value_counts().to_dict() == {8: 20, 40: 4}
    assert (who.groupby("video")["source"].nunique() == 1).all()


def test_a_draw_is_the_same_again_and_another_seed_gives_another(spread):
    first, again, other = (population.draw(spread, 100, seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.allclose(first, other)


def test_where_nobody_knows_the_people_each_source_is_one(few, monkeypatch):
    monkeypatch.setattr(population.truth, "videos", lambda run: None)
    vectors, _ = population.draw(population.spread(few), 200, seed=0)
    assert np.isfinite(vectors).all()
