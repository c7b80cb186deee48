"""What the column "distance" of the report's Table 3.19 is (C21), and the same table for this run."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd import dataset, embedding, faces, training
from dfd.run import Run
from study import measuring, plots, records, statistics
from study.records import Depth, Result
from study.statistics import Interval

UNIT = records.FIGURES
PRINTED = {
    "label": ("FAKE", "FAKE", "REAL", "FAKE", "FAKE"),
    "distance": (0.720846626, 0.781097192, 0.047551088, 0.623628607, 0.631369798),
    "predict": (1, 1, 0, 1, 1),
}
"""Three columns of Table 3.19."""


measure = measuring.of(__name__)


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Ask of each row whether its verdict follows from its distance, and whether it is right."""
    table = pd.DataFrame(PRINTED)
    table["follows"] = (table["distance"] > 0.5) == (table["predict"] == 1)
    table["right"] = dataset.is_fake(table) == (table["predict"] == 1)
    return table.assign(unit=np.arange(len(table)))


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Count the rows, and compute the log loss of the distances, taken for probabilities."""
    likely = np.where(dataset.is_fake(table), table["distance"], 1 - table["distance"])
    return {
        "rows in which predict is 1 exactly where distance is above 0.5": statistics.exactly(
            table["follows"].mean()
        ),
        "rows in which predict is right": statistics.exactly(table["right"].mean()),
        "log loss of the five distances": statistics.exactly(-np.log(likely).mean()),
    }


def draw(result: Result) -> Figure:
    """Draw the five distances with their verdicts."""
    figure, panel = plt.subplots(figsize=(6, 1.6))
    for label, rows in result.table.groupby("label"):
        panel.plot(rows["distance"], rows["predict"], "o", color=plots.LABELS[str(label)], label=label)
    panel.axvline(0.5, color="0.5", lw=1, ls="--")
    panel.set(xlabel="distance", ylabel="predict", xlim=(0, 1), yticks=[0, 1])
    panel.legend()
    return figure


def here(run: Run, count: int = 5) -> pd.DataFrame:
    """Make the table for faces of this run's test videos.

    Parameters
    ----------
    run : Run
        The run.
    count : int
        Videos to show.

    Returns
    -------
    DataFrame
        video, label, embedding (its first three numbers that are not 0, as text), p_fake, predict: one face
        of each video. Where the run has no predictions, one cell that says so.
    """
    predictions = training.predictions(run)
    rows = predictions[predictions["split"] == "test"].drop_duplicates("video").head(count)
    columns = ["video", "label", "embedding", "p_fake", "predict"]
    if rows.empty:
        return pd.DataFrame({"": ["no test video has a prediction"]})
    vectors = embedding.embedder(run, "backbone")(faces.images(run, rows["face_id"].to_list()))
    texts = [", ".join(f"{number:.2g}" for number in vector[vector != 0][:3]) + ", …" for vector in vectors]
    return rows.assign(embedding=texts, predict=(rows["p_fake"] > 0.5).astype(int))[columns]
