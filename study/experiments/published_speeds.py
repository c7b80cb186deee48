"""Is Table 3.1 a measurement of the report (C35)? Its figures beside those that others published."""

from importlib.metadata import metadata
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd.errors import InputError
from dfd.run import Run
from study import lineup, measuring, plots, records, statistics
from study.records import Depth, Result
from study.statistics import Interval

UNIT = records.FIGURES

REPORT_FPS = pd.DataFrame(
    {
        "540x960": [25.5, 19.68, 14.53, 8.23],
        "720x1280": [20.32, 14.81, 8.39, 5.7],
        "1080x1920": [12.97, 9.75, 3.8, 3.04],
    },
    index=pd.Index(
        ["facenet-pytorch-batched", "facenet-pytorch", "dlib-hog", "tensorflow-mtcnn"], name="detector"
    ),
)
"""Frames per second in the report's Table 3.1; its "dlib" is dlib's HOG detector."""

ISSUE_77_SECONDS = pd.DataFrame(
    {
        "540x960": [109.412, 79.293, 10.327, 43.172],
        "720x1280": [180.797, 127.121, 18.395, 71.451],
        "1080x1920": [298.694, 239.866, 38.444, 146.714],
    },
    index=REPORT_FPS.index,
)
"""Seconds for 300 frames on a laptop's CPU, as reported in issue 77 of facenet-pytorch."""

FRAMES = 300
"""Frames that both sources timed."""

PUBLISHED = {"P100": REPORT_FPS, "laptop": FRAMES / ISSUE_77_SECONDS}
"""Frames per second that others have published, by the machine."""

README_NAMES = {
    "facenet-pytorch": "facenet-pytorch-batched",
    "facenet-pytorch (non-batched)": "facenet-pytorch",
    "dlib": "dlib-hog",
    "mtcnn": "tensorflow-mtcnn",
}
"""What the README of facenet-pytorch calls each detector, and what it is called here."""

READ_SECONDS, GRAB_SECONDS = 162, 107
"""The report's times for the faces of ten videos: with ``read()``, and with ``grab()`` and ``retrieve()``."""


measure = measuring.of(__name__)


def obstacle(run: Run) -> str:
    """Say why this installation has no table to compare with; empty if it has."""
    try:
        readme_fps()
    except InputError as error:
        return f"The source of Table 3.1 cannot be looked at: {error}."
    return ""


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Compare the report's figures with those of the README, one by one."""
    readme = readme_fps()
    rows = [
        (name, size, figure, readme[size][str(name)])
        for size, column in REPORT_FPS.items()
        for name, figure in column.items()
    ]
    table = pd.DataFrame(rows, columns=["detector", "size", "report", "readme"])
    return table.assign(own=table["report"] != table["readme"], unit=np.arange(len(table)))


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Count the figures that are not the README's."""
    return {"figures that are not those of facenet-pytorch's README": statistics.exactly(table["own"].mean())}


def draw(result: Result) -> Figure:
    """Show the report's figures against the README's."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    figure, panel = plt.subplots(figsize=(4.5, 4))
    panel.axline((0, 0), slope=1, color="grey", lw=1)
    for name, rows in result.table.groupby("detector", sort=False):
        name = str(name)
        panel.plot(rows["readme"], rows["report"], "o", color=lineup.COLOURS[name], label=lineup.TITLES[name])
    panel.set(xlabel="README of facenet-pytorch (frames/s)", ylabel="report's Table 3.1 (frames/s)")
    panel.legend(fontsize="small")
    return figure


def side_by_side(result: Result) -> pd.DataFrame | Result:
    """Write the report's table and the README's into one, with one row for each detector.

    Parameters
    ----------
    result : Result
        As `measure` gives it.

    Returns
    -------
    DataFrame or Result
        A cell for each detector and size, the report's figure before the README's; or the result itself if
        there is an obstacle, which it says.
    """
    if result.obstacle:
        return result
    table = result.table.assign(
        text=[f"{row.report:.2f} | {row.readme:.2f}" for row in result.table.itertuples()]
    )
    return lineup.titled(table.pivot(index="detector", columns="size", values="text")[list(REPORT_FPS)])


def laptop() -> pd.DataFrame:
    """Give the laptop's speeds as a table with one row for each detector.

    Returns
    -------
    DataFrame
        Frames per second, as text.
    """
    return lineup.titled(PUBLISHED["laptop"].map("{:.2f}".format))


def readme_fps() -> pd.DataFrame:
    """Read the table of detector speeds in the README that facenet-pytorch was installed with.

    Returns
    -------
    DataFrame
        Frames per second, in the shape of `REPORT_FPS`.

    Raises
    ------
    InputError
        If its README has no such table.
    """
    lines = [line.strip("|").split("|") for line in readme().splitlines() if line.startswith("|")]
    heads = [cells for cells in lines if cells[0] == "Package" and cells[1].startswith("FPS")]
    if not heads:
        raise InputError("facenet-pytorch", "its README has no table of speeds")
    sizes = [cell.removeprefix("FPS (").removesuffix(")") for cell in heads[0][1:]]
    rows = {README_NAMES[cells[0]]: map(float, cells[1:]) for cells in lines if cells[0] in README_NAMES}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=sizes)
    return table.loc[REPORT_FPS.index, list(REPORT_FPS.columns)]


def readme() -> str:
    """Give the README that facenet-pytorch was installed with, which is part of its package metadata.

    Returns
    -------
    str
    """
    package: Any = metadata("facenet-pytorch")
    return package.get("Description") or package.get_payload()


def saved_by_report() -> pd.DataFrame:
    """Work out from the report's own figures how much time each of its improvements saves.

    Returns
    -------
    DataFrame
        change, size (missing for the change of reading), saved (share of the detection time, or for the
        change of reading of the whole time).

    References
    ----------
    Report, Table 3.1 and section 3.2.2.3.
    """
    seconds: Any = (1 / REPORT_FPS).to_dict("index")
    fast = "facenet-pytorch-batched"
    rows = [
        (f"from {lineup.TITLES[name]} to batches", size, 1 - seconds[fast][size] / seconds[name][size])
        for name in ("facenet-pytorch", "dlib-hog", "tensorflow-mtcnn")
        for size in REPORT_FPS.columns
    ]
    rows.append(("from read() to grab() and retrieve()", "", 1 - GRAB_SECONDS / READ_SECONDS))
    return pd.DataFrame(rows, columns=["change", "size", "saved"])
