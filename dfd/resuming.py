"""Unfinished trainings: what is kept of one every few minutes, and going on from it within an epoch."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback

from dfd.errors import InputError
from dfd.loading import Pairs

SECONDS = 300.0
"""Time from one checkpoint to the next."""


class Unfinished(Callback):
    """Keeps a checkpoint of a training while it goes on, and begins where the last one ended.

    Lightning keeps weights, optimiser, schedule and callbacks. What it does not keep is here: which pairs of
    the epoch have been drawn, and the state of the random generator that dropout draws from.

    Parameters
    ----------
    path : Path
        File of the checkpoint.
    made_from : str
        Fingerprint of recipe and tables: a checkpoint of others is not gone on from.
    pairs : Pairs
        What the training draws.
    """

    def __init__(self, path: Path, made_from: str, pairs: Pairs) -> None:
        self.path, self.made_from, self.pairs = path, made_from, pairs
        self.drawn, self.random, self.saved = 0, None, time.monotonic()

    def state_dict(self) -> dict[str, Any]:
        """Give what a checkpoint keeps of it."""
        random = [torch.get_rng_state()]
        if torch.cuda.is_available():
            random += torch.cuda.get_rng_state_all()
        return {
            "made_from": self.made_from,
            "epoch": self.pairs.epoch,
            "drawn": self.drawn,
            "random": random,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.drawn, self.random = state_dict["drawn"], state_dict["random"]
        self.pairs.begin_at(state_dict["epoch"], self.drawn)

    def on_train_epoch_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Begin to count what the epoch draws."""
        self.drawn = 0

    def on_train_batch_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Set the random generators to where they were, after Lightning's set-up has drawn from them."""
        if self.random:
            torch.set_rng_state(self.random[0])
            if len(self.random) == 1 + torch.cuda.device_count():
                torch.cuda.set_rng_state_all(self.random[1:])
            self.random = None

    def on_train_batch_end(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        outputs: torch.Tensor | Mapping[str, Any] | None,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Keep a checkpoint if the last one is old; not after an epoch's last step, which is judged first."""
        self.drawn += len(batch[1])
        due = time.monotonic() - self.saved >= SECONDS
        if trainer.strategy.broadcast(due) and batch_idx + 1 < trainer.num_training_batches:
            # Lightning writes beside the file and then replaces it.
            trainer.save_checkpoint(self.path)
            self.saved = time.monotonic()


def checkpoint(path: Path, made_from: str) -> Path | None:
    """Look for the checkpoint of an unfinished training.

    Parameters
    ----------
    path : Path
        Its file.
    made_from : str
        Fingerprint of the recipe and tables at hand.

    Returns
    -------
    Path or None
        ``None`` if there is none.

    Raises
    ------
    InputError
        If it is damaged, or one of another recipe or other tables.
    """
    if not path.is_file():
        return None
    try:
        callbacks = torch.load(path, map_location="cpu", weights_only=True)["callbacks"]
        theirs = callbacks[Unfinished.__name__]["made_from"]
    except Exception as error:
        reason = f"no checkpoint of a training ({error}); delete it, and the training begins anew"
        raise InputError(path, reason) from error
    if theirs != made_from:
        raise InputError(
            path,
            "the unfinished training is one of another recipe or of other faces; "
            "delete it, and a new training begins",
        )
    return path
