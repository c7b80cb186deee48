from dataclasses import replace

import pandas as pd
import pytest
from made_up import judged

from study.experiments import frame_samples


def test_a_few_faces_are_compared_with_many_and_with_fewer():
    counts = {1: [], 2: [], 4: [1], 8: [1], 40: [1]}
    parts = [
        judged("unused", [1], better=better).assign(faces=count, most=count == 40)
        for count, better in counts.items()
    ]
    estimates = frame_samples.estimate(pd.concat(parts, ignore_index=True))
    assert estimates["AUC: 1 face a video"].value < 0.7 < estimates["AUC: 40 faces a video"].value
    assert estimates["gain: 8 faces a video over many"].value == 0
    assert estimates["gain: 8 faces a video over 4"].value == 0
    assert estimates["gain: 8 faces a video over 1"].low > 0


@pytest.mark.slow
def test_all_numbers_of_faces_judge_the_same_videos(extracted):
    run = replace(extracted, faces_per_fake=2, faces_per_real=10)
    table = frame_samples.collect(run, "quick")
    assert sorted(table["faces"].unique()) == [1, 2, 4, 8, 10]
    assert table.groupby("faces")["video"].agg(frozenset).nunique() == 1
    fitted = table.groupby("faces")["fitted"].first()
    assert fitted[1] == table["video"].nunique() < fitted[10]
