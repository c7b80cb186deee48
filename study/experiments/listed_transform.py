"""Is the transform that the report lists in section 2.2.5 test-time augmentation, as it says? (C05)."""

import ast

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from dfd.run import Run
from study import measuring, plots, records, statistics
from study.records import Depth, Result
from study.statistics import Interval

UNIT = records.FIGURES
NAME = "create_train_transforms"
"""What the listing calls its function."""

LISTED = (
    "ImageCompression(quality_lower=60, quality_upper=100, p=0.5)",
    "GaussNoise(p=0.1)",
    "PadIfNeeded(min_height=size, min_width=size, border_mode=cv2.BORDER_CONSTANT)",
    "OneOf([RandomBrightnessContrast(), FancyPCA(), HueSaturationValue()], p=0.7)",
    "ToGray(p=0.2)",
    "ShiftScaleRotate(shift_limit=0.1, scale_limit=0.2, rotate_limit=10, p=0.5)",
)
"""The steps of the listing, a stray bracket and one argument of the last left out."""

WINNER = {
    "ImageCompression": 0.5,
    "GaussNoise": 0.1,
    "GaussianBlur": 0.05,
    "HorizontalFlip": 0.5,
    "IsotropicResize": 1.0,
    "PadIfNeeded": 1.0,
    "OneOf": 0.7,
    "ToGray": 0.2,
    "ShiftScaleRotate": 0.5,
}
"""Steps and probabilities of the function of the same name in the solution that won the challenge.

That solution gives it to its training set; its validation set has a function of its own, without a random
step. Its file training/pipelines/train_classifier.py, 2020.
"""

WINNER_USES_IT_FOR = "training"


measure = measuring.of(__name__)


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """List the steps of both transforms, and look for what would make the listing test-time augmentation."""
    listed = dict(_step(call) for call in LISTED)
    names = dict.fromkeys([*WINNER, *listed])
    rows = [("step", name, listed.get(name), WINNER.get(name), pd.NA) for name in names]
    calls = [node for call in LISTED for node in ast.walk(ast.parse(call)) if isinstance(node, ast.Call)]
    called = {call.func.id for call in calls if isinstance(call.func, ast.Name)}
    marks = {
        "its name speaks of testing": "test" in NAME,
        "it averages what a network says of several versions": bool(called & {"mean", "predict", "model"}),
        "the solution that it is from uses it in testing": WINNER_USES_IT_FOR == "testing",
    }
    rows += [("mark", mark, None, None, there) for mark, there in marks.items()]
    table = pd.DataFrame(rows, columns=["what", "name", "listed", "winner", "there"])
    return table.assign(unit=table["name"]).astype({"listed": float, "winner": float, "there": "boolean"})


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Count steps, random steps, steps that the winner has too, and marks of test-time augmentation."""
    steps, marks = table[table["what"] == "step"], table[table["what"] == "mark"]
    listed = steps.dropna(subset="listed")
    counts = {
        "steps in the listing": len(listed),
        "steps that are drawn at random": (listed["listed"] < 1).sum(),
        "steps that the winner trains with, at the same probability": (
            listed["listed"] == listed["winner"]
        ).sum(),
        "marks of test-time augmentation": marks["there"].mean(),
    }
    return {name: statistics.exactly(float(value)) for name, value in counts.items()}


def draw(result: Result) -> Figure:
    """Draw the probability of each step, in the listing and in the winner's training."""
    steps = result.table[result.table["what"] == "step"]
    figure, panel = plt.subplots(figsize=(7, 3.2))
    panel.barh(
        steps["name"], steps["winner"], color=plots.COLOURS[5], label="the winner's training", height=0.7
    )
    panel.plot(steps["listed"], steps["name"], "D", color="black", label="the report's listing")
    panel.set(xlabel="probability of the step", xlim=(0, 1.05))
    panel.invert_yaxis()
    panel.legend(fontsize=8, loc="lower right")
    return figure


def _step(call: str) -> tuple[str, float]:
    """Read name and probability of a step; a step without a probability is always applied."""
    node = ast.parse(call, mode="eval").body
    assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    return node.func.id, float(ast.literal_eval(given["p"])) if "p" in given else 1.0
