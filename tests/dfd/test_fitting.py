"""EfficientNet-B7, with random weights: trained by DFDC's recipe, killed and resumed, judged and exported."""

import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from dfd import augment, embedding, faces, loading, model, recipe, training

pytestmark = pytest.mark.long

STEPS, BATCH = 20, 2

SCRIPT = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
import dfd.run
from dfd import contents, fitting, model_making, recipe, resuming, training, weights

build, what = Path(sys.argv[1]), sys.argv[2]
file = build / "random.pth"
published = weights.WEIGHTS["efficientnet-b7"]
weights.WEIGHTS["efficientnet-b7"] = replace(published, sha256=contents.sha256(file))
own = replace(recipe.load("dfdc"), epochs=1, faces={faces}, batch={batch})
training.own_recipe = lambda run, **changes: replace(own, **changes)
run = replace(dfd.run.load("sample"), data=Path({data!r}), build=build, jobs=1, backbone="efficientnet-b7",
              weights=file, faces_per_fake=8, faces_per_real=16)
resuming.SECONDS = 0.0

class Killer(fitting.Log):
    def on_train_batch_start(self, trainer, *rest):
        super().on_train_batch_start(trainer, *rest)
        if trainer.global_step == {steps} // 2:
            os.kill(os.getpid(), signal.SIGKILL)

if what == "killed":
    fitting.Log = Killer
training.train(run)
if what == "resumed":
    training.predictions(run)
    print(model_making.make_folder(run))
"""


@pytest.fixture
def run(tiny):
    torch.manual_seed(0)
    tiny.build.mkdir(parents=True)
    weights = tiny.build / "random.pth"
    torch.save(embedding.architecture("efficientnet-b7").network.state_dict(), weights)
    run = replace(tiny, faces_per_fake=8, faces_per_real=16, backbone="efficientnet-b7", weights=weights)
    faces.table(run)
    return run


def in_process(run, what):
    """Train in a process of its own, since it may be killed."""
    script = SCRIPT.format(data=str(run.data), faces=STEPS * BATCH, batch=BATCH, steps=STEPS)
    return subprocess.run(
        [sys.executable, "-c", script, str(run.build), what], capture_output=True, text=True
    )


def test_it_is_trained_resumed_judged_and_exported(run):
    own = replace(recipe.load("dfdc"), epochs=1, faces=STEPS * BATCH, batch=BATCH)
    assert own.size == 240
    kept = training.path(run, own, "classifier")
    done = in_process(run, "undisturbed")
    assert not done.returncode, done.stderr
    assert f"{STEPS} of {STEPS} steps" in done.stderr
    undisturbed = torch.load(kept, weights_only=True)
    kept.unlink()
    assert in_process(run, "killed").returncode == -signal.SIGKILL
    assert training.unfinished_path(run, own).is_file()
    done = in_process(run, "resumed")
    assert not done.returncode, done.stderr
    resumed = torch.load(kept, weights_only=True)
    assert all((resumed["weights"][name] == value).all() for name, value in undisturbed["weights"].items())
    judged = pd.read_parquet(training.path(run, own))
    assert judged["p_fake"].between(0, 1).all() and set(judged["label"]) == {"REAL", "FAKE"}
    made = model.load(model.folder(run.build))
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(str(model.folder(run.build) / model.ONNX))
    crops = np.random.default_rng(1).integers(256, size=(2, 240, 240, 3), dtype=np.uint8)
    inputs = augment.normalise(loading.resized(crops, made.size)).numpy()
    assert np.allclose(session.run(None, {"faces": inputs})[0], made.logits(crops), atol=1e-3)
