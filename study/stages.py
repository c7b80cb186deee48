"""The long stages of a run, made before the chapters that read them."""

import sys

from dfd import dataset, faces, identities, listing, model_making, training
from dfd.run import Run
from study import full


def make(run: Run) -> None:
    """Make what is missing or stale of the people, the faces, their embeddings, the classifier and its model.

    They are made here and not by the first chapter that needs them, so that the terminal shows what takes
    long, and no chapter seems to hang.

    Parameters
    ----------
    run : Run
        The run. One that cannot train goes without a classifier, and one that cannot calibrate without a
        model; its chapters say why.
    """
    _make_people(run)
    full.make_tables(run, "tables")
    if not training.obstacle(run):
        training.predictions(run)
    if reason := model_making.obstacle(run):
        print(f"no model is made: {reason}", file=sys.stderr)
    else:
        model_making.make_folder(run)


def _make_people(run: Run) -> None:
    """Find out who is in which source where that divides the videos; say so where it cannot be."""
    reason = identities.obstacle(run)
    if not reason and faces.status_path(run).is_file() and not dataset.people_path(run).is_file():
        reason = "there are faces already, which another division would make anew; dfd people does it"
    if not reason:
        identities.table(run)
    elif not listing.is_divided(listing.listed(run.data, run.parts, run.videos)):
        print(f"videos are divided by source alone: {reason}", file=sys.stderr)
