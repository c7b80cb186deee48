"""What reductions keep of the groups in an embedding, and what they cost."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.manifold import trustworthiness

from dfd import reduction
from study.claims import CLAIMS
from study.experiments import reduction_quality
from study.experiments.reduction_quality import MAPS, SCORES


def blobs() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Four people, each filmed in two videos of 15 faces, well apart in 20 dimensions."""
    random = np.random.default_rng(0)
    people = np.repeat(np.arange(4), 30)
    centres = random.normal(size=(4, 20)) * 10
    return centres[people] + random.normal(size=(120, 20)), np.repeat(np.arange(8), 15), people


def scored(silhouettes: dict[str, float], pca: float, tsne: float) -> pd.DataFrame:
    """A made-up table: ten actors with two videos each, whose maps all have the same silhouettes."""
    random = np.random.default_rng(0)
    rows = [
        {
            "groups": groups,
            "method": method,
            "video": f"v{number}",
            "unit": f"actor {number // 2}",
            "weight": 8,
        }
        | {score: silhouettes[method] + 0.01 * random.normal() for score in SCORES}
        for groups, methods in MAPS.items()
        for method in methods
        for number in range(20)
    ]
    rows += [
        {
            "groups": "time",
            "method": method,
            "n": count,
            "repeat": repeat,
            "seconds": value * (1 + 0.01 * repeat),
        }
        for count, methods in reduction_quality.TIMED.items()
        for method, value in (dict.fromkeys(methods, 1.0) | {"PCA": pca, "PCA + t-SNE": tsne}).items()
        if method in methods
        for repeat in range(7)
    ]
    return pd.DataFrame(rows)


REPORT = {"the embedding": 0.4, "PCA": 0.0, "t-SNE": 0.4, "PCA + t-SNE": 0.4}
OTHER = {"the embedding": 0.4, "PCA": 0.4, "t-SNE": 0.4, "PCA + t-SNE": 0.4}


def test_a_map_that_keeps_neighbours_scores_higher_than_noise():
    vectors, videos, people = blobs()
    points, noise = reduction.reduce(vectors, "pca+tsne", 1), np.random.default_rng(2).normal(size=(120, 3))
    kept, lost = (reduction_quality.neighbour_votes(some, people, apart=videos) for some in (points, noise))
    assert kept.mean() > 0.9 > lost.mean()
    assert reduction_quality.trustworthiness(vectors, points).mean() > 0.9


def test_trustworthiness_is_that_of_scikit_learn():
    vectors, _, _ = blobs()
    noise = np.random.default_rng(2).normal(size=(120, 3))
    ours = reduction_quality.trustworthiness(vectors, noise, 7).mean()
    assert ours == pytest.approx(trustworthiness(vectors, noise, n_neighbors=7))


def test_neighbour_votes_leave_out_the_own_group():
    points, videos, people = blobs()
    assert (reduction_quality.neighbour_votes(points, people, apart=videos) == 1).all()
    assert np.isnan(reduction_quality.neighbour_votes(points, videos, apart=videos)).all()


@pytest.mark.parametrize(
    ("silhouettes", "pca", "tsne", "verdicts"),
    [
        (REPORT, 0.1, 0.15, ("reproduced", "reproduced")),
        (REPORT, 0.1, 1.0, ("reproduced", "not reproduced")),
        (OTHER, 0.1, 0.15, ("not reproduced", "not reproduced")),
        (REPORT, 0.9, 1.0, ("not reproduced", "reproduced")),
    ],
)
def test_both_halves_of_the_claims_count(silhouettes, pca, tsne, verdicts):
    estimates = reduction_quality.estimate(scored(silhouettes, pca, tsne))
    rules = [CLAIMS[name].rule for name in ("C13", "C14")]
    assert tuple(rule.judge(estimates).verdict for rule in rules) == verdicts


def test_only_videos_are_mapped_by_tsne_alone():
    estimates = reduction_quality.estimate(scored(REPORT, 0.1, 1.0))
    value = estimates["silhouette: videos, ImageNet features, t-SNE"].value
    assert value == pytest.approx(REPORT["t-SNE"], abs=0.05)
    assert [name for name in estimates if name.startswith("gain") and name.endswith("over t-SNE")] == [
        "gain in silhouette: videos, ImageNet features, over t-SNE"
    ]
    assert not any(np.isnan(interval.value) for interval in estimates.values())


def test_people_that_nobody_knows_leave_the_videos_to_decide():
    table = scored(REPORT, 0.1, 1.0)
    estimates = reduction_quality.estimate(table[~table["groups"].str.startswith("people")])
    assert np.isnan(estimates["silhouette: people, face features, PCA"].value)
    assert CLAIMS["C13"].rule.judge(estimates).verdict == "reproduced"


@pytest.mark.slow
def test_maps_of_a_run_are_scored(extracted, monkeypatch):
    few = dict(zip((90, 60), reduction_quality.TIMED.values(), strict=True))
    monkeypatch.setattr(reduction_quality, "TIMED", few)
    monkeypatch.setattr(reduction_quality, "REPEATS", {"quick": 2})
    result = reduction_quality.measure(extracted)
    times = result.table[result.table["groups"] == "time"]
    assert len(times) == 2 * (5 + 2)
    videos = result.table[result.table["groups"] == reduction_quality.VIDEOS]
    assert videos.groupby("method")["weight"].sum().nunique() == 1
    assert result.unit == "actors"
    plt.close(reduction_quality.draw(result))


def test_a_reduction_that_fails_leaves_the_others_their_times(monkeypatch):
    def fails(vectors):
        raise ValueError("Factor is exactly singular")

    methods = {name for names in reduction_quality.TIMED.values() for name in names}
    monkeypatch.setattr(
        reduction_quality.reduction_times,
        "candidates",
        lambda seed: dict.fromkeys(methods, len) | {"locally linear embedding": fails},
    )
    monkeypatch.setattr(reduction_quality.growth, "around_embeddings", lambda run: lambda n: np.zeros((n, 2)))
    times = reduction_quality._timed(SimpleNamespace(seed=0), repeats=3)
    assert set(times.loc[times["seconds"].isna(), "method"]) == {"locally linear embedding"}
    assert np.isfinite(reduction_quality._ratios(times)[reduction_quality.NEXT].value)
