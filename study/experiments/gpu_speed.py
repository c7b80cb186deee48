"""What a GPU does for MTCNN, for the embedding and for the training."""

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import efficientnet_lite_pytorch
import efficientnet_pytorch
import pandas as pd
import torch
from lightning.pytorch.callbacks import Callback
from torch import nn
from torch.utils import benchmark
from torch.utils.data import DataLoader

from dfd import classifier, embedding, faces, fitting, loading, training
from dfd.errors import InputError
from dfd.recipe import Recipe
from dfd.run import Run
from study import results, statistics, timing
from study.experiments import detector_speed
from study.statistics import Interval
from study.timing import Trial

PACKAGES = ("torch", "facenet-pytorch", "lightning", "albumentations")

NETWORKS = {
    "efficientnet-lite0": efficientnet_lite_pytorch.EfficientNet,
    "efficientnet-b7": efficientnet_pytorch.EfficientNet,
}
"""Backbones, with random weights: the time depends on a network's shape alone."""

PRECISIONS = {"float32": ("32-true", False), "TF32": ("32-true", True), "bfloat16": ("bf16-mixed", True)}
"""Lightning's name of each precision, and whether convolutions may round their inputs to TF32."""

PACE = timing.Pace(repeats=5, seconds=0.5)

IN_MEMORY = 8
"""Batches that take turns where a training is fed from memory."""


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes
    ----------
    pace : Pace
        How long each setting of the detector is timed.
    frames : tuple of int
        Frames in one call of the batched detector.
    batches : tuple of int
        Pictures in a batch of the embedding.
    seconds : float
        Time that each setting of the embedding is timed.
    batch : int
        Faces in a step of the training.
    steps : int
        Steps of the training that are timed.
    warm_up : int
        Steps before them.
    """

    pace: timing.Pace = PACE
    frames: tuple[int, ...] = (1, 4, 16, 64)
    batches: tuple[int, ...] = (1, 64)
    seconds: float = 0.6
    batch: int = 32
    steps: int = 40
    warm_up: int = 10


class _Clock(Callback):
    """Measures how long the steps of a training take after the first ones."""

    def __init__(self, warm_up: int) -> None:
        self.warm_up, self.seconds = warm_up, 0.0

    def on_train_batch_start(self, trainer: Any, module: Any, batch: Any, number: int) -> None:
        """Start when enough steps are done."""
        if number == self.warm_up:
            _wait(module.device)
            self.seconds = -time.perf_counter()

    def on_train_end(self, trainer: Any, module: Any) -> None:
        """Stop when the last step is done."""
        _wait(module.device)
        self.seconds += time.perf_counter()


def measure(run: Run) -> dict:
    """Measure on this machine's GPU what the book says of GPUs; store and print it.

    Parameters
    ----------
    run : Run
        The run whose clips and faces are used.

    Returns
    -------
    dict
        As stored under ``"gpu_speed"``: profile, jobs (loader processes), and what `detector`, `embeddings`
        and `trainings` give.

    Raises
    ------
    InputError
        If torch finds no GPU on this machine.
    """
    if run.device.type != "cuda":
        raise InputError("gpu_speed", "torch finds no GPU on this machine")
    plan = Plan()
    result = results.store(
        "gpu_speed",
        "frames that MTCNN searches, and faces that networks embed and are trained on, in a second on a GPU",
        PACKAGES,
        profile=run.name,
        jobs=run.jobs,
        detector=detector(run, plan),
        embeddings=embeddings(run, plan),
        trainings=trainings(run, plan),
    )
    print(json.dumps(result, indent=1))
    return result


def detector(run: Run, plan: Plan) -> dict[str, list[float]]:
    """Time facenet-pytorch's MTCNN, with its own settings, one frame at a time and in batches.

    Parameters
    ----------
    run : Run
        The run.
    plan : Plan
        How long, and how many frames.

    Returns
    -------
    dict
        Frames per second, each as value, low and high end, by size and frames in a batch.
    """
    clips = timing.clips(run)
    speeds = {}
    for size, path in zip(clips["size"], clips["path"], strict=True):
        trials = [Trial(detector_speed.BATCHED, size, path, batch_size=frames) for frames in plan.frames]
        measured = timing.timed(trials, str(run.device), plan.pace).dropna(subset="seconds")
        for frames, rows in measured.groupby("batch_size"):
            speeds[f"{size}, batches of {frames}"] = _listed(timing.rate(rows["seconds"]))
    return speeds


def embeddings(run: Run, plan: Plan) -> dict[str, dict]:
    """Time the backbones on pictures that are on the device already.

    Parameters
    ----------
    run : Run
        The run; its size of a face counts.
    plan : Plan
        Sizes of batches, and how long.

    Returns
    -------
    dict
        By network, precision and batch: faces_per_second (value, low and high end) and megabytes (the most
        memory that torch had taken of the GPU).
    """
    speeds = {}
    for name in NETWORKS:
        network = _backbone(name).eval().to(run.device).to(memory_format=torch.channels_last)
        for precision in PRECISIONS:
            for batch in plan.batches:
                inputs = torch.randn(batch, 3, run.face_size, run.face_size, device=run.device)
                inputs = inputs.contiguous(memory_format=torch.channels_last)
                with torch.inference_mode(), _precision(precision, run.device), _memory(run.device) as memory:
                    network(inputs)
                    timer = benchmark.Timer("network(inputs)", globals={"network": network, "inputs": inputs})
                    times = timer.blocked_autorange(min_run_time=plan.seconds).times
                rate = _listed(statistics.median(batch / pd.Series(times)))
                speeds[f"{name}, {precision}, batches of {batch}"] = {"faces_per_second": rate} | memory
    return speeds


def trainings(run: Run, plan: Plan) -> dict[str, Any]:
    """Time the training of both networks once, fed from memory and by loader processes.

    Fed with the same few batches from memory, the device does not wait for faces. How much slower it is when
    loader processes decode and augment them is the share of time that it waits, as far as one run of each
    can tell: of a small network both rates vary more than they differ.

    Parameters
    ----------
    run : Run
        The run whose faces are loaded.
    plan : Plan
        Size of a batch and number of steps.

    Returns
    -------
    dict
        loaded_per_second (faces that the loader processes decode and augment when nothing else happens) and
        steps, by network and precision: faces_per_second_from_memory, faces_per_second_loaded, megabytes (as
        `embeddings`).
    """
    table = training.labelled_faces(run)
    shown = loading.Faces(table, faces.Crops(run), run.face_size)
    count = plan.batch * (plan.warm_up + plan.steps)
    recipe = Recipe(size=run.face_size, batch=plan.batch, seed=run.seed)

    def loader() -> DataLoader:
        pairs = loading.Pairs(table, count, run.seed, augmented=True)
        return loading.batches(shown, pairs, plan.batch, run.jobs, drop_last=True)

    from_memory = _repeated(loader(), plan)
    steps = {}
    for name in NETWORKS:
        for precision in PRECISIONS:
            with _memory(run.device) as memory:
                fed = _rate(run, recipe, name, precision, from_memory, plan)
                loaded = _rate(run, recipe, name, precision, loader(), plan)
            steps[f"{name}, {precision}"] = {
                "faces_per_second_from_memory": round(fed, 1),
                "faces_per_second_loaded": round(loaded, 1),
            } | memory
    return {"loaded_per_second": round(_loader_rate(loader(), plan), 1), "batch": plan.batch, "steps": steps}


def _rate(run: Run, recipe: Recipe, name: str, precision: str, batches: DataLoader, plan: Plan) -> float:
    model = classifier.Classifier(_backbone(name), embedding.FEATURES[name], recipe.head, recipe.dropout)
    module = fitting.Classification(model.to(memory_format=torch.channels_last), recipe)
    clock = _Clock(plan.warm_up)
    lightning_name, tf32 = PRECISIONS[precision]
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=tf32):
        fitting.trainer(run.device, clock, max_epochs=1, precision=lightning_name).fit(module, batches)
    return plan.steps * plan.batch / clock.seconds


def _repeated(batches: Iterable, plan: Plan) -> DataLoader:
    some = [batch for batch, _ in zip(batches, range(IN_MEMORY), strict=False)]
    repeated: Any = [some[step % len(some)] for step in range(plan.warm_up + plan.steps)]
    return DataLoader(repeated, batch_size=None)


def _loader_rate(batches: Iterable, plan: Plan) -> float:
    start = 0.0
    for number, _ in enumerate(batches, 1):
        if number == plan.warm_up:
            start = time.perf_counter()
    return plan.steps * plan.batch / (time.perf_counter() - start)


def _backbone(name: str) -> nn.Module:
    return embedding.Backbone(NETWORKS[name].from_name(name))


@contextmanager
def _precision(name: str, device: torch.device) -> Iterator[None]:
    _, tf32 = PRECISIONS[name]
    with (
        torch.backends.cudnn.flags(enabled=True, allow_tf32=tf32),
        torch.autocast(device.type, torch.bfloat16, enabled=name == "bfloat16"),
    ):
        yield


@contextmanager
def _memory(device: torch.device) -> Iterator[dict]:
    taken: dict[str, int] = {}
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    yield taken
    if device.type == "cuda":
        taken["megabytes"] = round(torch.cuda.max_memory_reserved() / 2**20)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def _listed(interval: Interval) -> list[float]:
    return [round(number, 1) for number in (interval.value, interval.low, interval.high)]
