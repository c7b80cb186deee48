"""Are the numbers of Table 3.19's embedding those of the report's EfficientNet? (C29)."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy import stats

from dfd import embedding, faces, tables
from dfd.run import Run
from study import measuring, plots, records, statistics
from study.experiments import network_modes
from study.records import Depth, Result
from study.statistics import Interval

UNIT = records.FIGURES
TABLE = "Table 3.19"
PRINTED = (
    (-0.01554779801517725, -0.05940323695540428),
    (0.012129027396440506, -0.05558238551020622),
    (-0.04476125165820122, 0.01827099174261093),
    (-0.027975086122751236, 0.022589877247810364),
    (0.0032095250207930803, -0.042558614164590836),
)
"""The first two numbers of each of the five vectors; the report leaves out the rest."""

KEPT = {"as listed": "the listing", "logits": "logits", network_modes.STANDARD: "pooled features"}
"""Outputs of the run's EfficientNet that are looked at, by their name in `network_modes.MODES`."""

LENGTHS = {128: "dlib", 512: "FaceNet"}
"""Lengths of embeddings that are scaled to length 1, and who gives them."""

FACES = 24
CLASSES = 1000


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    faces.table(run)
    return [tables.stored_fingerprint(faces.path(run)), run.backbone, run.seed]


def obstacle(run: Run) -> str:
    """Say why this run has nothing to compare the numbers with; empty if it has."""
    return "" if len(faces.table(run)) else "No face was found in this run's videos."


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Note size and signs of each vector: one row for each printed one and for each output of some faces."""
    of_videos = faces.table(run).drop_duplicates("video")
    drawn = of_videos.sample(min(FACES, len(of_videos)), random_state=run.seed)
    pictures = faces.images(run, drawn["face_id"].to_list())
    network = embedding.backbone(run)
    outputs = {
        name: network_modes.embed(network, pictures, network_modes.MODES[mode], run.seed)
        for mode, name in KEPT.items()
    }
    parts = [
        pd.DataFrame(
            {
                "origin": origin,
                "mean square": (np.asarray(vectors, dtype=float) ** 2).mean(axis=1),
                "negative": (np.asarray(vectors) < 0).mean(axis=1),
                "numbers": np.shape(vectors)[1],
            }
        )
        for origin, vectors in ({TABLE: PRINTED} | outputs).items()
    ]
    table = pd.concat(parts, ignore_index=True)
    return table.assign(unit=np.arange(len(table)))


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Compare the root mean square of the ten printed numbers with that of each output.

    The interval of the printed numbers supposes that they were drawn from a normal distribution about 0; that
    of an output is the middle 95% of the faces.
    """
    sizes = {origin: _size(rows) for origin, rows in table.groupby("origin", sort=False)}
    printed, listed = sizes[TABLE], sizes[KEPT["as listed"]].value
    estimates = {f"root mean square, {origin}": size for origin, size in sizes.items()}
    for length, package in LENGTHS.items():
        value = statistics.exactly(1 / np.sqrt(length))
        estimates[f"root mean square, {length} numbers of length 1 ({package})"] = value
    unit = 1 / np.sqrt(512)
    return (
        estimates
        | {
            "printed numbers, as a multiple of the listing's": _times(printed, 1 / listed),
            "printed numbers, as a multiple of FaceNet's": _times(printed, 1 / unit),
            "surest of 1,000 classes, if the printed numbers were logits": Interval(
                _surest(printed.value), _surest(printed.low), _surest(printed.high)
            ),
        }
        | {f"negative, {origin}": _negative(rows) for origin, rows in table.groupby("origin", sort=False)}
    )


def draw(result: Result) -> Figure:
    """Draw the root mean squares on an axis in powers of ten."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    figure = plots.intervals(result.estimates, "root mean square, ", "root mean square of the numbers")
    figure.axes[0].set_xscale("log")
    return figure


def _size(rows: pd.DataFrame) -> Interval:
    squares = rows["mean square"].to_numpy()
    if rows["origin"].iloc[0] != TABLE:
        return Interval(float(np.sqrt(squares.mean())), *np.sqrt(statistics.bounds(squares)).tolist())
    count = int(rows["numbers"].sum())
    total = float(squares @ rows["numbers"])
    low, high = np.sqrt(total / stats.chi2.ppf([0.975, 0.025], count))
    return Interval(float(np.sqrt(total / count)), float(low), float(high))


def _negative(rows: pd.DataFrame) -> Interval:
    if rows["origin"].iloc[0] == TABLE:
        numbers = int(rows["numbers"].sum())
        negative = rows["negative"].to_numpy() @ rows["numbers"].to_numpy()
        return statistics.proportion(round(float(negative)), numbers)
    low, high = statistics.bounds(rows["negative"].to_numpy())
    return Interval(float(rows["negative"].mean()), float(low), float(high))


def _times(interval: Interval, factor: float) -> Interval:
    return Interval(interval.value * factor, interval.low * factor, interval.high * factor)


def _surest(size: float) -> float:
    """Tell the probability of the likeliest class if 1,000 logits were normal with this deviation."""
    largest = stats.norm.ppf(0.5 ** (1 / CLASSES))
    return float(np.exp(largest * size - size**2 / 2) / CLASSES)
