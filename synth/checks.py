"""Measure how good a data set is: ``python -m synth.checks FOLDER``, in the book's environment.

The detectors, embeddings and classifiers that measure it are not needed to make it, so only this module and
those that it imports want them. The figures go to ``quality.json``, from which the data sheet is written.
"""

import json
import sys
from pathlib import Path

from . import classifier, detection, recognition, shortcut
from .datasheet import QUALITY
from .files import replacing


def measure(data: Path, names: list[str]) -> dict[str, object]:
    """Measure a data set and keep the figures beside it.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    names : list of str
        What to measure: "detection", "identity", "nearer_donor", "shortcut", "classifier"; all if empty.

    Returns
    -------
    dict
        The figures; those measured before and not now stay.
    """
    measures = {
        "detection": lambda: detection.measure(data),
        "identity": lambda: recognition.identity(data),
        "nearer_donor": lambda: recognition.nearer_donor(data),
        "shortcut": lambda: shortcut.measure(data),
        "classifier": lambda: classifier.measure(data),
    }
    path = data / QUALITY
    figures = json.loads(path.read_text()) if path.is_file() else {}
    for name in names or measures:
        figures[name] = measures[name]()
        print(name, json.dumps(figures[name], indent=1), flush=True)
        with replacing(path) as aside:
            aside.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return figures


if __name__ == "__main__":
    measure(Path(sys.argv[1]), sys.argv[2:])
