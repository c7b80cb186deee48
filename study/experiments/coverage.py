"""Whether verdicts keep what they promise for people whom nobody has seen, and how often there is one."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd import conformal, dataset
from dfd.conformal import Conformal
from dfd.run import Run
from study import crossfit, measuring, plots, rotations, truth
from study.experiments import fine_tuning
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS

PROMISED = (0.7, 0.8, 0.9)
"""Coverages that are promised; fifteen originals to compare with allow no more than 0.94."""

LABELS = {"REAL": "originals", "FAKE": "fakes"}


measure = measuring.of(__name__)
inputs = fine_tuning.inputs
obstacle = fine_tuning.obstacle


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Take the logits of `fine_tuning`: one row for each training and video."""
    return fine_tuning.collect(run, depth)[[*crossfit.FACTS, crossfit.POLICY]]


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compute how many keep their class as a possible one, and how many get no verdict or a wrong one."""
    judged, wanted = verdicts(table), {}
    for promised in PROMISED:
        words = f"promised {promised:.0%}"
        for label, name in LABELS.items():
            of_label = (judged["label"] == label).to_numpy()
            kept = rotations.mean(judged, f"kept {promised}", rotations.plain_mean, of_label)
            wanted[f"{name} that keep their class, {words}"] = kept
        for what in ("cannot tell", "wrong"):
            wanted[f"{what}, {words}"] = rotations.mean(judged, f"{what} {promised}", rotations.plain_mean)
    return rotations.intervals(judged, wanted)


def draw(result: Result) -> Figure:
    """Draw the share that keeps its class against the one that was promised."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    figure, panel = plt.subplots(figsize=(5.2, 4))
    panel.plot(PROMISED, PROMISED, color="0.6", ls="--")
    for place, name in enumerate(LABELS.values()):
        kept = [result.estimates[f"{name} that keep their class, promised {p:.0%}"] for p in PROMISED]
        middles = np.array([interval.value for interval in kept])
        ends = np.array([[interval.low, interval.high] for interval in kept])
        where = np.array(PROMISED) + 0.006 * (2 * place - 1)
        reach = np.abs(ends.T - middles)
        panel.errorbar(where, middles, reach, fmt="o", color=plots.COLOURS[place], label=name)
    panel.set(xlabel="promised coverage", ylabel="share that keeps its class")
    panel.legend()
    return figure


def verdicts(table: pd.DataFrame) -> pd.DataFrame:
    """Judge the held-out videos of each training by the scores of those of all other people.

    Parameters
    ----------
    table : DataFrame
        As `collect` gives it.

    Returns
    -------
    DataFrame
        The judged rows with the columns ``"kept P"``, ``"cannot tell P"`` and ``"wrong P"`` (0 or 1) for each
        promise P.
    """
    judged = table[table["part"] == "judged"].dropna(subset=crossfit.POLICY)
    parts = [_of_training(own) for _, own in judged.groupby("training")]
    return pd.concat(parts, ignore_index=True)


def _of_training(judged: pd.DataFrame) -> pd.DataFrame:
    fake, logits = dataset.is_fake(judged), judged[crossfit.POLICY].to_numpy(float)
    units, p_values = judged["unit"].to_numpy(), np.empty((len(judged), 2))
    for unit in np.unique(units):
        others = units != unit
        scores = Conformal(real=logits[others & ~fake], fake=logits[others & fake])
        for place in np.flatnonzero(~others):
            p_values[place] = scores.p_values(logits[place])
    own, other = np.where(fake, p_values.T[::-1], p_values.T)
    columns = {}
    for promised in PROMISED:
        kept, possible = own > 1 - promised, other > 1 - promised
        columns |= {f"kept {promised}": kept, f"{conformal.UNSURE} {promised}": kept == possible}
        columns |= {f"wrong {promised}": ~kept & possible}
    return judged.assign(**{name: values.astype(float) for name, values in columns.items()})
