"""The extractor on hard faces that nobody had looked at when its thresholds were chosen."""

import json

from dfd import search
from dfd.errors import InputError
from dfd.run import ROOT, Run
from study import hard_faces, lineup, results
from study.experiments import hard_detection

PACKAGES = ("torch", "facenet-pytorch", "opencv-python-headless")

SEED = 2028
"""Of the stills; those of the repository have another one, and other people."""

FOLDER = ROOT / "build" / f"hard-faces-{SEED}"

COMPARED = (*lineup.RIVALS, lineup.EXTRACTOR)
"""The report's detector, the one that searches for the extractor, and the extractor."""


def measure(run: Run) -> dict:
    """Let the extractor search stills of other people, made by the plan of the hard faces; store the result.

    Parameters
    ----------
    run : Run
        Its number of processes counts.

    Returns
    -------
    dict
        As stored under ``"unseen_stills"``: seed, search (the extractor's version), stills, faces, and
        estimates: value, low and high by the names that `hard_detection.estimate` gives them.

    Raises
    ------
    InputError
        If the stills have not been made, or are those of another seed.
    """
    recipe = FOLDER / "recipe.json"
    if not recipe.is_file():
        raise InputError(FOLDER, f"no such stills; make hard-faces HARD_SEED={SEED} makes them")
    if (seed := json.loads(recipe.read_text()).get("seed")) != SEED:
        raise InputError(recipe, f"these are the stills of seed {seed}, not of {SEED}")
    table = hard_detection.searched(run.jobs, COMPARED, FOLDER)
    estimates = hard_detection.estimate(table)
    result = results.store(
        "unseen_stills",
        "detectors on hard faces of other people than the repository's, with 95% intervals over them",
        PACKAGES,
        seed=SEED,
        search=search.VERSION,
        stills=len(hard_faces.stills(FOLDER)),
        faces=len(hard_faces.faces(FOLDER)),
        estimates={name: [i.value, i.low, i.high] for name, i in estimates.items()},
    )
    print(json.dumps(result, indent=1))
    return result
