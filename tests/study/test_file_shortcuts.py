"""Properties of files as shortcuts to the label."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from dfd import dataset
from study.experiments import file_shortcuts

PROPERTIES = file_shortcuts.PROPERTIES


@pytest.fixture
def table() -> pd.DataFrame:
    """Twenty sources of ten actors, an original and two fakes each, whose files say nothing."""
    random = np.random.default_rng(0)
    source = np.repeat([f"s{number}" for number in range(20)], 3)
    rows = pd.DataFrame({"video": [f"v{number}" for number in range(60)], "source": source})
    rows["label"] = ["REAL", "FAKE", "FAKE"] * 20
    rows["unit"] = np.repeat([f"actor {number}" for number in range(10)], 6)
    return rows.assign(**{name: random.normal(size=60) for name in PROPERTIES})


def test_a_property_that_gives_the_label_away_is_seen(table):
    fake = table["label"] == "FAKE"
    estimates = file_shortcuts.estimate(table.assign(bytes=table["bytes"] + 10 * fake))
    assert estimates["AUC: bytes"].value == 1
    assert estimates["AUC: bytes"].low > 0.5
    assert estimates["fakes with more bytes than their original"].value == 1
    expected = roc_auc_score(fake, table["seconds"])
    assert estimates["AUC: seconds"].value == pytest.approx(expected)


def test_fakes_without_their_original_do_not_count(table):
    alone = table[table["label"] == "FAKE"]
    estimates = file_shortcuts.estimate(pd.concat([alone, table[table["label"] == "REAL"].head(1)]))
    assert estimates["fakes with more bytes than their original"].value in (0, 0.5, 1)
    with_none = file_shortcuts.estimate(alone)
    assert np.isnan(with_none["fakes with more bytes than their original"].value)
    assert np.isnan(with_none["AUC: bytes"].value)


def test_properties_are_those_of_the_files(tiny):
    table = file_shortcuts.collect(tiny, "quick").set_index("video")
    videos = dataset.table(tiny).set_index("video")
    assert (table["pixels in a frame"] == videos["width"] * videos["height"]).all()
    assert (table["bytes"] == videos["bytes"]).all()
    assert table["unit"].str.startswith("actor").all() or table["unit"].nunique() < len(table)


def test_a_run_with_few_sources_says_so(tiny):
    result = file_shortcuts.measure(tiny)
    assert not result and "10 source videos" in result.obstacle
    assert "10 source videos" in file_shortcuts.draw(result).texts[0].get_text()
