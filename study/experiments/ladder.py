"""What fine-tuning is worth over crop statistics, which need no face, and over a frozen network (C23)."""

from typing import cast

import pandas as pd
from matplotlib.figure import Figure
from scipy.special import expit

from dfd.run import Run
from study import crossfit, measuring, plots, rotations, scores, truth
from study.experiments import crop_statistics, fine_tuning, network_modes
from study.measuring import Experiment
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
SIMPLE, FROZEN, TUNED = "crop statistics", "frozen network", "fine-tuned"
COLUMNS = ["method", "training", "rotation", "video", "unit", "label", "p_fake"]


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code: the results of the experiments that it joins."""
    simpler = [cast(Experiment, other) for other in (crop_statistics, network_modes)]
    return [measuring.fingerprint(run, other, "full") for other in simpler] + fine_tuning.inputs(run)


def obstacle(run: Run) -> str:
    """Say why this run cannot compare the methods; empty if it can."""
    return fine_tuning.obstacle(run) or crop_statistics.obstacle(run) or network_modes.obstacle(run)


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Take the scores that other experiments give: a row for each method, video and, if trained, rotation."""
    simple = crop_statistics.measure(run, depth).table
    simple = simple.assign(p_fake=expit(crop_statistics.cross_fitted(simple, crop_statistics.NUMBERS)))
    frozen = network_modes.measure(run, depth).table
    frozen = frozen[frozen["mode"] == network_modes.STANDARD]
    tuned = crossfit.calibrated(fine_tuning.collect(run, depth))
    once = {"training": "", "rotation": 0}
    methods = {SIMPLE: simple.assign(**once), FROZEN: frozen.assign(**once), TUNED: tuned}
    rows = [rows.assign(method=method)[COLUMNS] for method, rows in methods.items()]
    return pd.concat(rows, ignore_index=True).dropna(subset=["p_fake"])


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Score each method on all videos that it judges, and compare them on those that they share."""
    areas = {f"AUC: {name}": _area(rows) for name, rows in table.groupby("method", sort=False)}
    decides = scores.differences(table, "method", {f"AUC: {TUNED} less {SIMPLE}": (TUNED, SIMPLE)})
    others = {
        f"AUC: {TUNED} less {FROZEN}": (TUNED, FROZEN),
        f"AUC: {FROZEN} less {SIMPLE}": (FROZEN, SIMPLE),
    }
    return areas | decides | scores.differences(table, "method", others)


def draw(result: Result) -> Figure:
    """Draw the area under the ROC curve of each method."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    areas = {name: i for name, i in result.estimates.items() if " less " not in name}
    return plots.intervals(areas, "AUC: ", "AUC (0.5: a constant)", line=0.5)


def _area(rows: pd.DataFrame) -> Interval:
    """Score a method as the experiment does that its scores come from."""
    if (rows["training"] == "").all():
        return scores.of(rows)
    return rotations.intervals(rows, {"AUC": rotations.mean(rows, "p_fake", rotations.auc)})["AUC"]
