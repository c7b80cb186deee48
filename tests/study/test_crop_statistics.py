"""What crude statistics of face crops tell of the label."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from dfd import dataset
from study.experiments import crop_statistics, file_shortcuts
from study.experiments.crop_statistics import DIFFERENCE, NUMBERS


@pytest.fixture
def table() -> pd.DataFrame:
    """Thirty sources of fifteen actors, an original and three fakes each, whose crops say nothing."""
    random = np.random.default_rng(0)
    source = np.repeat([f"s{number}" for number in range(30)], 4)
    rows = pd.DataFrame({"video": [f"v{number}" for number in range(120)], "source": source})
    rows["label"] = ["REAL", "FAKE", "FAKE", "FAKE"] * 30
    rows["unit"] = np.repeat([f"actor {number}" for number in range(15)], 8)
    rows["split"] = np.repeat(dataset.SPLITS, 40)
    columns = [*NUMBERS, *file_shortcuts.PROPERTIES]
    return rows.assign(**{name: random.normal(size=120) for name in columns})


def test_statistics_that_say_nothing_are_at_chance(table):
    estimates = crop_statistics.estimate(table)
    for name in ("all crop statistics", "light and colour", "light, colour and file"):
        assert estimates[f"AUC: {name}"].low < 0.5 < estimates[f"AUC: {name}"].high
    plain = {name.removeprefix("AUC: ") for name in estimates if name.startswith("AUC: ")}
    assert {"sharpness of the middle", "difference of sharpness"} < plain
    assert len(plain) == 3 + len(NUMBERS)


def test_lost_detail_is_seen_and_light_is_not(table):
    fake = table["label"] == "FAKE"
    blurred = table.assign(**{DIFFERENCE: table[DIFFERENCE] - 2 * fake})
    estimates = crop_statistics.estimate(blurred)
    assert estimates["AUC: difference of sharpness"].low > 0.7
    assert estimates["AUC: all crop statistics"].low > 0.7
    assert estimates["AUC: light and colour"].low < 0.5
    assert estimates["fakes less sharp in the middle than their original"].low > 0.8


def test_brightness_is_seen(table):
    bright = table.assign(**{"mean of red, whole": table["mean of red, whole"] + (table["label"] == "FAKE")})
    estimates = crop_statistics.estimate(bright)
    assert estimates["AUC: light, colour and file"].low > 0.6
    assert estimates["AUC: mean of red, whole"].low > 0.6


def test_crops_are_described_by_light_and_sharpness():
    random = np.random.default_rng(0)
    flat = np.full((32, 32, 3), 100, np.uint8)
    rough = random.integers(0, 256, size=(32, 32, 3), dtype=np.uint8)
    numbers = crop_statistics.describe(np.stack([flat, rough]))
    assert numbers.shape == (2, len(NUMBERS)) == (2, 15)
    assert numbers[0, :7].tolist() == [100, 100, 100, 0, 0, 0, 0]
    assert numbers[1, NUMBERS.index("sharpness, whole")] > numbers[0, NUMBERS.index("sharpness, whole")]


@pytest.mark.slow
def test_every_video_of_a_run_is_described(extracted):
    result = crop_statistics.measure(extracted)
    assert sorted(result.table["video"]) == sorted(dataset.table(extracted)["video"])
    assert result.table[NUMBERS].notna().all(axis=None)
    assert result.unit == "actors"
    figure = crop_statistics.draw(result)
    assert len(figure.axes[0].get_yticklabels()) == 18
    plt.close(figure)
