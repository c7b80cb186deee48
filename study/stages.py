"""The long stages of a run, made before the chapters that read them."""

from dfd import model_making, training
from dfd.run import Run
from study import full


def make(run: Run) -> None:
    """Make what is missing or stale of the faces, their embeddings, the classifier and its model.

    They are made here and not by the first chapter that needs them, so that the terminal shows what takes
    long, and no chapter seems to hang.

    Parameters
    ----------
    run : Run
        The run. One that cannot train goes without a classifier; its chapters say why.
    """
    full.make_tables(run, "tables")
    if not training.obstacle(run):
        model_making.make_folder(run)
