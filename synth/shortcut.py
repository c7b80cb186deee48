"""Measure how far FAKE can be told from REAL by what has nothing to do with a swap: light, colour and file.

The measurement is the book's own, `study.experiments.crop_statistics`, so that data sheet and chapters say
the same.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import dfd.run
from study.experiments import crop_statistics

FIGURES = {
    "light_colour_file": "AUC: light, colour and file",
    "light_colour": "AUC: light and colour",
    "all_statistics": "AUC: all crop statistics",
    "sharpness_middle": "AUC: sharpness of the middle",
    "sharpness_difference": "AUC: difference of sharpness",
    "less_sharp_than_original": "fakes less sharp in the middle than their original",
}
"""Names in the data sheet of estimates of the experiment."""


def measure(data: Path) -> dict[str, object]:
    """Try to tell FAKE from REAL without looking at the face.

    Parameters
    ----------
    data : Path
        Folder of the data set.

    Returns
    -------
    dict
        Of each of `FIGURES` the value, and under "NAME_interval" the ends of its 95% interval over actors.
    """
    run = dfd.run.load("sample")
    with tempfile.TemporaryDirectory() as build:
        if data.resolve() != run.data.resolve():
            run = replace(run, data=data.resolve(), build=Path(build))
        estimates = crop_statistics.measure(run, "full").estimates
    figures: dict[str, object] = {}
    for name, estimate in FIGURES.items():
        interval = estimates[estimate]
        figures |= {name: interval.value, f"{name}_interval": [interval.low, interval.high]}
    return figures
