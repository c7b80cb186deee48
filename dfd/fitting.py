"""Lightning's part of a training: the step, the optimiser, the schedule, the log and the loop."""

import logging
import sys
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, EMAWeightAveraging, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only
from torch.utils.data import DataLoader
from torchmetrics import MeanMetric
from tqdm import tqdm

from dfd import classifier, progress
from dfd.progress import Stage
from dfd.recipe import Recipe
from dfd.resuming import Unfinished, checkpoint

VALIDATION = "validation_loss"
"""Name of the mean log loss on validation faces, both classes counting one half."""

LOG_EVERY = 10
"""Steps from one line of the log to the next."""


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
    recipe : Recipe
        Its rates, smoothing and warm-up count.
    """

    def __init__(self, model: classifier.Classifier, recipe: Recipe) -> None:
        super().__init__()
        self.model, self.recipe = model, recipe
        self.validation_losses: Any = torch.nn.ModuleList([MeanMetric(), MeanMetric()])

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """Compute the loss of a batch."""
        inputs, fake = batch
        value = classifier.loss(self.model(inputs).float(), fake, self.recipe.smoothing)
        self.log("loss", value, batch_size=len(fake), sync_dist=True)
        return value

    def validation_step(self, batch: tuple[torch.Tensor, torch.Tensor]) -> None:
        """Note the log loss of a batch, class by class."""
        inputs, fake = batch
        logits = self.model(inputs).float()
        for label, losses in enumerate(self.validation_losses):
            if (fake == label).any():
                value = classifier.loss(logits[fake == label], fake[fake == label])
                losses.update(value, weight=(fake == label).sum())

    def on_validation_epoch_end(self) -> None:
        """Log the mean of both classes."""
        means = [losses.compute() for losses in self.validation_losses if losses.update_called]
        self.log(VALIDATION, torch.stack(means).mean())
        for losses in self.validation_losses:
            losses.reset()

    def predict_step(self, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """Compute the log odds of FAKE for a batch."""
        return classifier.fake_logit(self.model(batch[0]).float())

    def configure_optimizers(self) -> dict:
        """Build AdamW and its schedule, which rises and then falls along a cosine over all steps."""
        recipe = self.recipe
        groups = [
            {"params": parameters, "lr": recipe.learning_rate * recipe.layer_decay**height}
            for height, parameters in classifier.by_height(self.model, recipe.layer_decay < 1).items()
        ]
        optimizer = torch.optim.AdamW(groups, lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            [group["lr"] for group in groups],
            total_steps=int(self.trainer.estimated_stepping_batches),
            pct_start=recipe.warm_up,
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class Log(Callback):
    """Notes of each epoch the losses, the time and how much of it was spent waiting for faces.

    Parameters
    ----------
    stage : Stage, optional
        Says how far the training is, step by step.
    """

    def __init__(self, stage: Stage | None = None) -> None:
        self.stage = stage
        self.rows: list[dict] = []
        self._begin()

    def _begin(self) -> None:
        self.started = self.free = time.monotonic()
        self.seconds = self.waited = 0.0
        self.loss: float | torch.Tensor = 0.0
        self.count = 0

    def state_dict(self) -> dict[str, Any]:
        """Give what a checkpoint keeps of it."""
        seconds = self.seconds + time.monotonic() - self.started
        return {"rows": self.rows, "sums": [seconds, self.waited, float(self.loss), self.count]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self._begin()
        self.rows = state_dict["rows"]
        self.seconds, self.waited, self.loss, self.count = state_dict["sums"]

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Start the clock."""
        self.started = self.free = time.monotonic()
        if self.stage:
            self.stage.advance(trainer.global_step, made=False)

    def on_train_batch_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Note how long the step waited for its faces."""
        self.waited += time.monotonic() - self.free

    def on_train_batch_end(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        outputs: torch.Tensor | Mapping[str, Any] | None,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Note the loss of the step."""
        # Asked for its value, a GPU would have to finish the step first.
        self.loss = self.loss + trainer.callback_metrics["loss"] * len(batch[1])
        self.count += len(batch[1])
        self.free = time.monotonic()
        if self.stage:
            self.stage.advance()

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Note the epoch, and say its losses on stderr."""
        seconds = self.seconds + time.monotonic() - self.started
        row = {"epoch": trainer.current_epoch + 1, "loss": float(self.loss) / self.count}
        if VALIDATION in trainer.callback_metrics:
            row["validation loss"] = trainer.callback_metrics[VALIDATION].item()
        self.rows.append(row | {"seconds": round(seconds, 1), "waited": round(self.waited / seconds, 3)})
        if trainer.is_global_zero:
            self._tell(trainer.max_epochs, self.rows[-1])
        self._begin()

    def _tell(self, epochs: int | None, row: dict) -> None:
        told = ", ".join(f"{name} {row[name]:.3f}" for name in ("loss", "validation loss") if name in row)
        tqdm.write(
            f"training: epoch {row['epoch']} of {epochs}, {told}, "
            f"{row['waited']:.0%} of the time waited for faces",
            file=sys.stderr,
        )


class Judging(Callback):
    """Says how far a judging of faces is.

    Parameters
    ----------
    stage : Stage
        What is told; its items are faces.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def on_predict_batch_end(self, trainer: Any, module: Any, outputs: Any, *others: Any) -> None:
        """Count the faces of a batch."""
        self.stage.advance(len(outputs))


def trainer(device: torch.device, *callbacks: Callback, **settings: Any) -> lightning.Trainer:
    """Build Lightning's trainer, silent: `dfd.progress` says how far a stage is.

    Parameters
    ----------
    device : device
        Where to train.
    *callbacks : Callback
        Lightning's callbacks.
    **settings : object
        Further arguments of Lightning's trainer, such as ``max_epochs``; ``precision`` is by default the
        format that the device multiplies fast, and one device is used.

    Returns
    -------
    Trainer
    """
    # Lightning reports its set-up and gives advice on loaders; neither belongs on a page of the book.
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")
    defaults: dict[str, Any] = {
        "precision": _precision(device),
        "devices": 1,
        "logger": False,
        "enable_checkpointing": False,
    }
    settings = defaults | settings
    several = settings["devices"] * settings.get("num_nodes", 1) > 1
    return lightning.Trainer(
        accelerator="gpu" if device.type == "cuda" else "cpu",
        enable_model_summary=False,
        enable_progress_bar=False,
        num_sanity_val_steps=0,
        # The pairs are shared out among the devices by their own sampler, which keeps them together.
        use_distributed_sampler=False,
        # ImageNet's layer of 1,000 classes is still part of the backbone and gets no gradient.
        strategy="ddp_find_unused_parameters_true" if several else "auto",
        callbacks=list(callbacks),
        **settings,
    )


def fit(
    model: classifier.Classifier,
    recipe: Recipe,
    batches: DataLoader,
    validation: DataLoader | None,
    unfinished: Unfinished,
    build: Path,
    **settings: Any,
) -> list[dict]:
    """Train a classifier by a recipe, from the beginning or from a checkpoint of the same training.

    Parameters
    ----------
    model : Classifier
        Trained in place; afterwards on the CPU, in evaluation mode.
    recipe : Recipe
        How to train.
    batches : DataLoader
        Of the pairs to train on.
    validation : DataLoader or None
        Of the faces to judge after each epoch; without them all epochs are trained.
    unfinished : Unfinished
        Keeps the checkpoints; the log of the steps is written beside them.
    build : Path
        Build folder of the run, in whose log the training is noted.
    **settings : object
        As `trainer` takes them.

    Returns
    -------
    list of dict
        As `Log` notes them: of each epoch its number, loss, validation loss, seconds, and the share of time
        that steps waited for faces.
    """
    device, folder = settings.pop("device"), unfinished.path.parent
    processes = settings.get("devices", 1) * settings.get("num_nodes", 1)
    stage = _stage(recipe, len(batches), build, device, processes)
    module, log = Classification(model, recipe), Log(stage)
    callbacks: list[Callback] = [log, unfinished]
    if recipe.averaging:
        callbacks.insert(0, EMAWeightAveraging(decay=recipe.averaging))
    best = None
    if recipe.patience and validation is not None:
        best = ModelCheckpoint(
            folder, "best", VALIDATION, save_weights_only=True, enable_version_counter=False
        )
        callbacks += [EarlyStopping(VALIDATION, patience=recipe.patience), best]
    elif recipe.patience:
        tqdm.write("training: without validation faces, all epochs are trained", file=sys.stderr)
    loop = trainer(
        device,
        *callbacks,
        max_epochs=recipe.epochs,
        gradient_clip_val=recipe.clip or None,
        enable_checkpointing=best is not None,
        logger=[CSVLogger(folder, "", ""), TensorBoardLogger(folder, "", "")],
        log_every_n_steps=LOG_EVERY,
        **settings,
    )
    begun = checkpoint(unfinished.path, unfinished.made_from)
    with stage:
        loop.fit(module, batches, validation, ckpt_path=begun, weights_only=True)
    if loop.global_rank:
        # The first process goes on alone with what all have trained.
        sys.exit()
    if best:
        kept = torch.load(best.best_model_path, map_location="cpu", weights_only=True)["state_dict"]
        module.load_state_dict(kept)
    model.cpu().eval()
    return log.rows


def _stage(recipe: Recipe, steps: int, build: Path, device: torch.device, processes: int) -> Stage:
    # Of the processes that train together only the first has something to say.
    first = rank_zero_only.rank == 0
    return Stage(
        *(f"training {recipe.name}", recipe.epochs * steps, "step"),
        folder=build if first else None,
        workers=f"{progress.counted(processes, 'process')} on {device.type}",
        shown=first,
    )
