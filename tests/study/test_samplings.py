import numpy as np
import pandas as pd

from dfd import faces
from study.experiments import samplings


def test_samplings_judge_the_same_videos_after_fits_to_other_faces(few):
    table = samplings.table(few)
    by_sampling = table.groupby("sampling")
    assert set(by_sampling.groups) == set(samplings.SAMPLINGS)
    assert by_sampling["video"].agg(frozenset).nunique() == 1
    fitted = by_sampling[["real", "fake"]].first()
    few_faces = faces.table(few)
    assert fitted.loc["1 face a video"].tolist() == [
        few_faces.loc[few_faces["label"] == label, "video"].nunique() for label in ("REAL", "FAKE")
    ]
    assert fitted.loc["8 and 40 faces, no weights", "real"] == (few_faces["label"] == "REAL").sum()


def test_recall_gap_counts_videos_judged_rightly():
    judged = pd.DataFrame(
        {
            "video": list("abcdefgh"),
            "source": list("aabbccdd"),
            "label": ["REAL", "FAKE"] * 4,
            "p_fake": [0.7, 0.9, 0.2, 0.8, 0.9, 0.6, 0.6, 0.3],
        }
    )
    real, fake, gap = samplings.recall_gap(judged)
    assert (real.value, fake.value, gap.value) == (0.25, 0.75, 0.5)
    assert gap.low <= 0.5 <= gap.high
    nothing = samplings.recall_gap(judged.assign(p_fake=np.nan))
    assert all(np.isnan(interval.value) for interval in nothing)
