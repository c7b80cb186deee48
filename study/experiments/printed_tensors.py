"""Do the tensors printed in section 3.2.2.1 compare two detectors? Where they come from (C36)."""

import importlib.util
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd.run import Run
from study import measuring, plots, records, statistics
from study.experiments import published_speeds
from study.records import Depth, Result
from study.statistics import Interval

UNIT = records.FIGURES

CALL = "compare_model_outputs(mdl, sess, torch.randn(5, 160, 160, 3).detach())"
"""The call that the report prints."""

ROWS = (
    "-0.0142,  0.0615,  0.0057,  ...,  0.0497,  0.0375, -0.0838",
    "-0.0139,  0.0611,  0.0054,  ...,  0.0472,  0.0343, -0.0850",
    "-0.0238,  0.0619,  0.0124,  ...,  0.0598,  0.0334, -0.0852",
    "-0.0089,  0.0548,  0.0032,  ...,  0.0506,  0.0337, -0.0881",
    "-0.0173,  0.0630, -0.0042,  ...,  0.0487,  0.0295, -0.0791",
)
"""The rows of numbers below it, which the report prints twice."""

DETECTOR_TEST = "compare_mtcnn"
"""What the package calls its own test of the three networks of MTCNN."""


measure = measuring.of(__name__)


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Look for each piece of the listing in the README that facenet-pytorch was installed with."""
    text = " ".join(published_speeds.readme().split())
    pieces = {CALL: "the call"} | {row: f"row {number} of the numbers" for number, row in enumerate(ROWS, 1)}
    rows = [(name, piece, " ".join(piece.split()) in text) for piece, name in pieces.items()]
    table = pd.DataFrame(rows, columns=["piece", "text", "in_readme"])
    return table.assign(unit=np.arange(len(table)))


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Count the pieces that are not the README's."""
    return {
        "pieces that are not the README's test of an embedding": statistics.exactly(
            1 - table["in_readme"].mean()
        )
    }


def draw(result: Result) -> Figure:
    """Show how many pieces are the README's."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    figure, panel = plt.subplots(figsize=(6, 2.2))
    panel.barh(result.table["piece"], result.table["in_readme"], color=plots.COLOURS[0])
    panel.set(xticks=[0, 1], xticklabels=["elsewhere", "in the README"])
    panel.invert_yaxis()
    return figure


def tests_in_package() -> pd.DataFrame:
    """List where the package's own code compares its networks with TensorFlow's.

    Returns
    -------
    DataFrame
        line (its number in the file), above (the line before), code (the call). No rows if the package has no
        such file.
    """
    lines = [line.strip() for line in _source().splitlines()]
    rows = [
        (number, lines[number - 2], line)
        for number, line in enumerate(lines, start=1)
        if line.startswith(("compare_model_outputs(", f"{DETECTOR_TEST}("))
    ]
    return pd.DataFrame(rows, columns=["line", "above", "code"])


def _source() -> str:
    spec = importlib.util.find_spec("facenet_pytorch")
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    file = folder / "models" / "utils" / "tensorflow2pytorch.py"
    return file.read_text() if file.is_file() else ""
