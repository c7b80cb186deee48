"""Where do the report's detector speeds come from: its own figures beside those that others published."""

from importlib.metadata import metadata
from typing import Any

import pandas as pd

from dfd.errors import InputError

REPORT_FPS = pd.DataFrame(
    {
        "540x960": [25.5, 19.68, 14.53, 8.23],
        "720x1280": [20.32, 14.81, 8.39, 5.7],
        "1080x1920": [12.97, 9.75, 3.8, 3.04],
    },
    index=pd.Index(
        ["facenet-pytorch-batched", "facenet-pytorch", "dlib", "tensorflow-mtcnn"], name="detector"
    ),
)
"""Frames per second in the report's Table 3.1."""

ISSUE_77_SECONDS = pd.DataFrame(
    {
        "540x960": [109.412, 79.293, 10.327, 43.172],
        "720x1280": [180.797, 127.121, 18.395, 71.451],
        "1080x1920": [298.694, 239.866, 38.444, 146.714],
    },
    index=REPORT_FPS.index,
)
"""Seconds for 300 frames on a laptop's CPU, as reported in issue 77 of facenet-pytorch."""

README_NAMES = {
    "facenet-pytorch": "facenet-pytorch-batched",
    "facenet-pytorch (non-batched)": "facenet-pytorch",
    "dlib": "dlib",
    "mtcnn": "tensorflow-mtcnn",
}
"""What the README of facenet-pytorch calls each detector, and what it is called here."""

READ_SECONDS, GRAB_SECONDS = 162, 107
"""The report's times for the faces of ten videos: with ``read()``, and with ``grab()`` and ``retrieve()``."""


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
        change, saved (share of the detection time, or for the change of reading of the whole time).

    References
    ----------
    Report, Table 3.1 and section 3.2.2.3.
    """
    seconds: Any = (1 / REPORT_FPS).to_dict("index")
    fast = "facenet-pytorch-batched"
    rows = [
        (f"{name} to {fast}, {size}", 1 - seconds[fast][size] / seconds[name][size])
        for name in ("facenet-pytorch", "dlib", "tensorflow-mtcnn")
        for size in REPORT_FPS.columns
    ]
    rows.append(("read() to grab() and retrieve()", 1 - GRAB_SECONDS / READ_SECONDS))
    return pd.DataFrame(rows, columns=["change", "saved"])
