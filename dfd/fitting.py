"""Lightning's part of a training: the step, the optimiser, the schedule, the log and the loop."""

import logging
import sys
import time
import warnings
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from tqdm import tqdm

from dfd import classifier


def _precision(device: torch.device) -> str:
    # bfloat16 where the processor or GPU has instructions for it, float16 on older GPUs, float32 on older
    # processors: what the device multiplies fast.
    if device.type == "cuda":
        return "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "16-mixed"
    has_bfloat16 = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bf16-mixed" if has_bfloat16 else "32-true"


class Classification(lightning.LightningModule):
    """What Lightning needs to know of a training: the step, the optimiser and the schedule.

    Parameters
    ----------
    model : Classifier
        Trained in place.
    learning_rate : float
        Highest rate of the one-cycle schedule.
    weight_decay : float
        AdamW's decoupled weight decay.
    """

    def __init__(self, model: classifier.Classifier, learning_rate: float, weight_decay: float) -> None:
        super().__init__()
        self.model = model
        self.learning_rate, self.weight_decay = learning_rate, weight_decay

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """Compute the loss of a batch."""
        inputs, fake = batch
        value = classifier.loss(self.model(inputs).float(), fake)
        self.log("loss", value, on_step=False, on_epoch=True, batch_size=len(fake))
        return value

    def predict_step(self, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """Compute the log odds of FAKE for a batch."""
        return classifier.fake_logit(self.model(batch[0]).float())

    def configure_optimizers(self) -> dict:
        """Build AdamW and its one-cycle schedule over all steps of the training."""
        optimizer = torch.optim.AdamW(
            self.parameters(), lr=self.learning_rate, weight_decay=self.weight_decay
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, self.learning_rate, total_steps=int(self.trainer.estimated_stepping_batches)
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class Log(Callback):
    """Notes loss and time of each epoch, and says on stderr how far the training is."""

    def __init__(self) -> None:
        self.rows: list[dict] = []

    def on_train_epoch_start(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Start the clock."""
        self.start = time.monotonic()

    def on_train_epoch_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Note the epoch."""
        loss = trainer.callback_metrics["loss"].item()
        epoch, seconds = trainer.current_epoch + 1, round(time.monotonic() - self.start, 1)
        self.rows.append({"epoch": epoch, "loss": loss, "seconds": seconds})
        left = seconds * ((trainer.max_epochs or epoch) - epoch) / 60
        tqdm.write(
            f"training: epoch {epoch} of {trainer.max_epochs}, loss {loss:.3f}, {left:.0f} min left",
            file=sys.stderr,
        )


def trainer(device: torch.device, *callbacks: Callback, **settings: Any) -> lightning.Trainer:
    """Build Lightning's trainer for one device, with a progress bar where a person is looking.

    Parameters
    ----------
    device : device
        Where to train.
    *callbacks : Callback
        Lightning's callbacks.
    **settings : object
        Further arguments of Lightning's trainer, such as ``max_epochs``; ``precision`` is by default the
        format that the device multiplies fast.

    Returns
    -------
    Trainer
    """
    # Lightning reports its set-up and gives advice on loaders; neither belongs on a page of the book.
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")
    settings.setdefault("precision", _precision(device))
    return lightning.Trainer(
        accelerator="gpu" if device.type == "cuda" else "cpu",
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=sys.stdout.isatty(),
        callbacks=list(callbacks),
        **settings,
    )
