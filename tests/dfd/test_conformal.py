import numpy as np
import pytest

from dfd.conformal import Conformal


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9])
def test_the_promise_is_kept_for_both_classes(coverage):
    random, kept = np.random.default_rng(0), {"real": [], "fake": []}
    for _ in range(300):
        scores = Conformal(real=random.normal(-1, 1, 40), fake=random.normal(1, 1, 60))
        for label, logit in (("real", random.normal(-1, 1)), ("fake", random.normal(1, 1))):
            possible = dict(zip(("real", "fake"), scores.p_values(logit), strict=True))
            kept[label].append(possible[label] > 1 - coverage)
    assert all(np.mean(values) >= coverage - 0.06 for values in kept.values())


def test_what_fits_both_or_neither_gets_no_verdict():
    scores = Conformal(real=np.linspace(-3, 1, 30), fake=np.linspace(-1, 3, 30))
    assert scores.verdict(0.0, 0.9) == "cannot tell"
    apart = Conformal(real=np.linspace(-9, -8, 30), fake=np.linspace(8, 9, 30))
    assert apart.verdict(0.0, 0.9) == "cannot tell"
    assert (apart.verdict(-8.5, 0.9), apart.verdict(8.5, 0.9)) == ("real", "fake")


def test_few_scores_allow_no_strong_promise():
    scores = Conformal(real=[-1.0, -2.0], fake=[1.0] * 50)
    assert scores.highest_coverage == pytest.approx(2 / 3)
    assert scores.verdict(5.0, 0.9) == "cannot tell"
