"""The folder of a model: whole, the same anywhere, and refused if anything is wrong with it."""

import json
import shutil

import numpy as np
import pytest
import torch

from dfd import augment, loading, model
from dfd.errors import InputError

pytestmark = pytest.mark.slow


@pytest.fixture
def copy(model_folder, tmp_path):
    return shutil.copytree(model_folder, tmp_path / "carried away")


def faces(count=3):
    return np.random.default_rng(1).integers(256, size=(count, 240, 240, 3), dtype=np.uint8)


def test_a_carried_model_judges_the_same(model_folder, copy, trained):
    here, there = model.load(model_folder), model.load(copy)
    assert np.allclose(here.logits(faces()), there.logits(faces()), atol=1e-5)
    assert here.about == there.about and here.conformal == there.conformal
    assert there.about["prior"] == 0.5 and "Drawn people" in there.about["data"]
    assert {path.name for path in copy.iterdir()} == {model.WEIGHTS, model.ABOUT, model.ONNX, model.CARD}
    assert not list(model_folder.parent.glob(".model*"))


def test_the_card_says_what_it_learned_from_and_what_was_measured(copy):
    card = (copy / model.CARD).read_text()
    assert "never seen a real face" in card and "area under the ROC curve" in card


def test_onnx_agrees(copy):
    runtime = pytest.importorskip("onnxruntime")
    made = model.load(copy)
    session = runtime.InferenceSession(str(copy / model.ONNX))
    inputs = augment.normalise(loading.resized(faces(), made.size)).numpy()
    (logits,) = session.run(None, {"faces": inputs})
    assert np.allclose(logits, made.logits(faces()), atol=1e-3)


def test_an_altered_or_truncated_file_is_named(copy):
    content = (copy / model.WEIGHTS).read_bytes()
    for wrong in (content[:-1], content[:-1] + bytes([content[-1] ^ 1])):
        (copy / model.WEIGHTS).write_bytes(wrong)
        model.load.cache_clear()
        with pytest.raises(InputError, match=r"weights\.safetensors: truncated or altered"):
            model.load(copy)
    (copy / model.WEIGHTS).unlink()
    with pytest.raises(InputError, match=r"weights\.safetensors: no such file"):
        model.load(copy)


def test_a_newer_format_and_other_nonsense_are_refused(copy, tmp_path):
    facts = json.loads((copy / model.ABOUT).read_text())
    for content, reason in [
        (json.dumps(facts | {"format": 99}), "install a newer dfd"),
        (json.dumps([1]), "not the description of a model"),
        ("{", "not the description of a model"),
        (json.dumps(facts | {"backbone": "resnet"}), "no weights of this model"),
    ]:
        (copy / model.ABOUT).write_text(content)
        model.load.cache_clear()
        with pytest.raises(InputError, match=reason):
            model.load(copy)
    with pytest.raises(InputError, match="no model in it"):
        model.load(tmp_path / "absent")


def test_weights_that_run_code_are_no_weights(copy, tmp_path):
    import hashlib

    torch.save({"a": torch.zeros(1)}, copy / model.WEIGHTS)
    facts = json.loads((copy / model.ABOUT).read_text())
    facts["sha256"] = hashlib.sha256((copy / model.WEIGHTS).read_bytes()).hexdigest()
    (copy / model.ABOUT).write_text(json.dumps(facts))
    with pytest.raises(InputError, match="no weights of this model"):
        model.load(copy)
