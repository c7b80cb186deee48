import numpy as np
import pandas as pd
import pytest

from study import scores
from study.experiments import ladder


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Three methods on videos of thirty actors: each knows more than the one before."""
    random = np.random.default_rng(0)
    videos = pd.DataFrame(
        [
            (f"{actor}-{copy}", str(actor), "FAKE" if copy else "REAL")
            for actor in range(30)
            for copy in range(3)
        ],
        columns=["video", "unit", "label"],
    )
    fake = videos["label"] == "FAKE"

    def judged(method: str, signal: float, rotation: int, training: str) -> pd.DataFrame:
        logit = random.normal(np.where(fake, signal, -signal), 1.5)
        facts = {"method": method, "rotation": rotation, "training": training}
        return videos.assign(p_fake=1 / (1 + np.exp(-logit)), **facts)

    tuned = [judged(ladder.TUNED, 3.0, rotation, f"training {rotation}") for rotation in range(2)]
    simple = [judged(ladder.SIMPLE, 0.3, 0, ""), judged(ladder.FROZEN, 1.0, 0, "")]
    return pd.concat([*simple, *tuned], ignore_index=True)[ladder.COLUMNS]


def test_methods_are_compared_on_the_same_videos(table):
    estimates = ladder.estimate(table)
    areas = [estimates[f"AUC: {name}"].value for name in (ladder.SIMPLE, ladder.FROZEN, ladder.TUNED)]
    assert areas == sorted(areas)
    gain = estimates[f"AUC: {ladder.TUNED} less {ladder.SIMPLE}"]
    assert gain.value == pytest.approx(areas[2] - areas[0])
    assert gain.low > 0


def test_the_scores_of_other_experiments_come_out_the_same(table):
    frozen = table[table["method"] == ladder.FROZEN]
    assert ladder.estimate(table)[f"AUC: {ladder.FROZEN}"] == scores.of(frozen)


def test_videos_that_one_method_lacks_do_not_count_in_its_comparisons_only(table):
    few = table[(table["method"] != ladder.FROZEN) | (table["unit"].astype(int) < 5)]
    whole, narrowed = ladder.estimate(table), ladder.estimate(few)
    decides = f"AUC: {ladder.TUNED} less {ladder.SIMPLE}"
    assert narrowed[decides] == whole[decides]
    assert (
        narrowed[f"AUC: {ladder.TUNED} less {ladder.FROZEN}"]
        != whole[f"AUC: {ladder.TUNED} less {ladder.FROZEN}"]
    )
