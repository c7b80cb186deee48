import numpy as np
import pandas as pd

from study.experiments import verification


def test_verification_pairs_only_different_videos():
    random = np.random.default_rng(0)
    people = pd.DataFrame(
        {
            "video": [f"video {n // 3}" for n in range(24)],
            "actor": [f"actor {n // 6}" for n in range(24)],
            "gender": "woman",
            "ancestry": ["asian"] * 12 + ["african"] * 12,
        }
    )
    centres = random.normal(size=(4, 8))[np.arange(24) // 6]
    pairs = verification.verification(centres + 0.1 * random.normal(size=(24, 8)), people)
    assert (pairs["first"] != pairs["second"]).all()
    assert pairs["same"].sum() == 4 * 3 * 3 and pairs["group"].sum() == 2 * (12 * 11 / 2 - 4 * 3)
    assert verification.verification_auc(pairs, repeats=20).value > 0.95


def test_gap_is_above_zero_for_people_whose_distances_say_nothing():
    random = np.random.default_rng(0)
    pairs = pd.DataFrame(
        {
            "first": [f"video {n}" for n in np.tile(np.arange(10), 10)],
            "second": [f"video {n}" for n in np.repeat(np.arange(10), 10)],
            "same": np.arange(100) % 2 == 0,
            "ancestry": ["asian"] * 50 + ["african"] * 50,
        }
    )
    pairs["distance"] = np.where(pairs["ancestry"] == "asian", ~pairs["same"], random.random(100))
    gap = verification.verification_gap(pairs, "african", repeats=20)
    assert gap.low > 0 and gap.value > 0.3
    assert verification.verification_gap(pairs, "asian", repeats=20).value == -gap.value
