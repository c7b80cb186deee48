"""Made-up predictions of videos, and rules taken apart, for tests."""

from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd

from dfd import dataset
from study.rules import Conditions, Every, Rule

ACTORS = 30


def judged(
    condition: str, names: Iterable[object], better: Collection[object], seed: int = 0
) -> pd.DataFrame:
    """Predict one REAL and three FAKE videos of each actor under several conditions.

    Parameters
    ----------
    condition : str
        Column that tells the conditions apart.
    names : iterable
        The conditions.
    better : collection
        Those under which fakes are told from originals; under the others the prediction is chance.
    seed : int
        Seed of the chance, which is the same under all conditions.
    """
    actors = np.repeat(np.arange(ACTORS), 4)
    rows = pd.DataFrame({"unit": actors, "source": actors, "label": ["REAL", *["FAKE"] * 3] * ACTORS})
    rows = rows.assign(video=np.arange(len(rows)), split=np.array(dataset.SPLITS)[actors % 3])
    chance = np.random.default_rng(seed).uniform(0, 0.5, len(rows))
    right = chance + 0.45 * dataset.is_fake(rows)
    return pd.concat(
        [rows.assign(**{condition: name}, p_fake=right if name in better else chance) for name in names],
        ignore_index=True,
    )


def simple_rules(rule: Rule) -> list[Rule]:
    """List the rules of one comparison each that a rule is made of."""
    if isinstance(rule, Every):
        return [part for whole in rule.parts for part in simple_rules(whole)]
    if isinstance(rule, Conditions):
        return [part for whole in rule.under.values() for part in simple_rules(whole)]
    return [rule]
