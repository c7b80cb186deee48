import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from study.experiments import gan_detector
from study.experiments.gan_detector import OWN
from study.records import Result


def made_up(seen: float) -> pd.DataFrame:
    """Two rotations of thirty actors: a video, a fake and a drawing each; labels separate by 2."""
    random = np.random.default_rng(0)
    parts = []
    for rotation in range(2):
        for label, drawn in (("REAL", False), ("FAKE", False), ("FAKE", True)):
            away = 1.0 if label == "FAKE" else 0.0
            numbers = np.arange(30)
            rows = pd.DataFrame({"unit": [f"{drawn} {n}" for n in numbers], "label": label})
            rows["video"] = [f"{label} {drawn} {n}" for n in numbers]
            rows["training"], rows["rotation"] = f"test {rotation}", rotation
            noise = random.normal(size=(30, 4))
            scores = noise + away * np.array([seen, 0, 2.0, 2.0])
            for place, name in enumerate((*gan_detector.DETECTORS, OWN)):
                shown = (name == OWN) == drawn or (name == OWN and label == "REAL")
                rows[name] = scores[:, place] if shown else np.nan
            parts.append(rows)
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("seen", [0.0, 2.5])
def test_a_discriminator_that_sees_fakes_is_told_from_one_that_does_not(seen):
    estimates = gan_detector.estimate(made_up(seen))
    area = estimates["AUC: discriminator, on the fakes"]
    assert (area.low > 0.8) if seen else (area.low < 0.5 < area.high)
    assert estimates[f"AUC: discriminator, on {OWN}"].low > 0.7
    assert (estimates["AUC: labels less discriminator"].low > 0) == (not seen)


def test_it_is_drawn():
    table = made_up(0.0)
    result = Result("gan_detector", "quick", table, gan_detector.estimate(table), "actors", 30)
    figure = gan_detector.draw(result)
    assert len(figure.axes[0].get_yticklabels()) == 4
    plt.close(figure)


@pytest.mark.slow
def test_drawings_stand_beside_originals_and_fakes(extracted, monkeypatch):
    monkeypatch.setattr(gan_detector, "STEPS", 2)
    gan_detector.train.cache_clear()
    table = gan_detector.collect(extracted, "quick")
    gan_detector.train.cache_clear()
    originals = (table["label"] == "REAL") & table["unit"].notna()
    assert table[OWN].notna().sum() == 2 * originals.sum() > 0
    assert table.loc[table[OWN].isna(), "label"].eq("FAKE").all()
