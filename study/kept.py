"""Networks that a chapter has trained, kept in the build folder so that no two processes train the same."""

from collections.abc import Callable
from typing import Any

import torch

from dfd import tables
from dfd.errors import InputError
from dfd.run import Run

Trained = dict[str, Any]
"""What is kept of a training: tensors, numbers and dictionaries of them."""


def reuse_or_train(run: Run, name: str, made_from: str, train: Callable[[], Trained]) -> Trained:
    """Load a training, or carry it out and keep it.

    Parameters
    ----------
    run : Run
        The run.
    name : str
        Of the file.
    made_from : str
        Hash of code, inputs and settings, as `dfd.tables.fingerprint` gives it.
    train : callable
        Gives what is kept: only what torch loads with ``weights_only=True``.

    Returns
    -------
    dict
        What `train` gave.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    file = run.build / "results" / "networks" / f"{name}.pt"
    if file.is_file():
        try:
            kept = torch.load(file, weights_only=True)
            if kept["made_from"] == made_from:
                return kept["trained"]
        except Exception as error:
            raise InputError(
                file, f"cannot be read ({error}); it is made again once it is deleted"
            ) from error
    trained = train()
    with tables.replacing(file) as aside:
        torch.save({"made_from": made_from, "trained": trained}, aside)
    return trained
