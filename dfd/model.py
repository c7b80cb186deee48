"""A model that one can carry: a folder with weights, calibration and limits, which needs nothing else."""

import json
import tempfile
import warnings
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError

from dfd import augment, classifier, contents, embedding, loading, model_card, unlike
from dfd.classifier import Classifier, Head
from dfd.conformal import Conformal
from dfd.errors import InputError
from dfd.evaluation import Calibration
from dfd.run import BACKBONES
from dfd.unlike import Reference

FORMAT = 1
"""Raised when older code could not read what is written."""

WEIGHTS, ABOUT, ONNX, CARD = "weights.safetensors", "model.json", "model.onnx", "README.md"
REFERENCE = "reference."
"""Beginning of the names under which the reference's arrays lie beside the weights."""

SETTINGS = ("backbone", "head", "size", "face_size", "margin", "part")
"""What `model.json` holds under the names of the attributes."""

BATCH = 32


@dataclass(frozen=True)
class Model:
    """A trained classifier, with all that its scores need to be read.

    Attributes
    ----------
    network : Classifier
        In evaluation mode.
    backbone : str
        One of `dfd.run.BACKBONES`.
    head : str
        ``"softmax"`` or ``"sigmoid"``.
    size, face_size : int
        Side in pixels of the pictures that the network takes, and of the crops that they are made of.
    margin : float
        Share of the face added around it.
    part : float
        Share of a crop's side that the network is shown, from its middle.
    calibration : Calibration
        From a video's logit to a calibrated one.
    conformal : Conformal
        Logits of videos that the network was not trained on.
    reference : Reference
        What is usual among the videos that it was trained on.
    about : dict
        For people: data, prior (share of fakes among the videos that it learned from), recipe, limits
        (what was measured on the test split), made_from (fingerprint of the data and the recipe), versions.
    """

    network: Classifier
    backbone: str
    head: Head
    size: int
    face_size: int
    margin: float
    part: float
    calibration: Calibration
    conformal: Conformal
    reference: Reference
    about: dict[str, Any] = field(default_factory=dict)

    def logits(self, crops: np.ndarray) -> np.ndarray:
        """Judge face crops, uint8 of shape (n, face_size, face_size, 3): log odds of FAKE, shape (n,)."""
        images = loading.resized(crops, self.size, self.part)
        parts = []
        with torch.inference_mode():
            for start in range(0, len(images), BATCH):
                inputs = augment.normalise(images[start : start + BATCH])
                parts.append(classifier.fake_logit(self.network(inputs)))
        return torch.cat(parts).double().numpy()

    def responses(self, crops: np.ndarray) -> np.ndarray:
        """Compute `unlike.responses` of face crops, shape (n, features)."""
        return unlike.responses(self.network, loading.resized(crops, self.size, self.part))


def folder(build: Path) -> Path:
    """Where a run keeps its model.

    Parameters
    ----------
    build : Path
        The run's build folder.

    Returns
    -------
    Path
    """
    return build / "model"


def made_from(source: Path) -> str | None:
    """Say what a folder's model was made from, to tell whether another would be the same.

    Parameters
    ----------
    source : Path
        The folder.

    Returns
    -------
    str or None
        The fingerprint in its description; None if there is no model of this format.
    """
    try:
        facts = json.loads((source / ABOUT).read_text(encoding="utf-8"))
        return facts["about"]["made_from"] if facts["format"] == FORMAT else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def left_out(source: Path) -> str:
    """Say what is not in a model's folder.

    Parameters
    ----------
    source : Path
        The folder.

    Returns
    -------
    str
        A sentence with the reason; empty if all is there.
    """
    if (source / ONNX).is_file():
        return ""
    return f"{ONNX} is left out: the package onnx was not installed (the extra 'onnx' brings it)"


def save(model: Model, target: Path) -> None:
    """Write a model to a folder, which is replaced as a whole.

    Parameters
    ----------
    model : Model
        What to write.
    target : Path
        The folder. Without the package ``onnx`` there is no ONNX file in it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as scratch:
        aside = Path(scratch) / target.name
        aside.mkdir()
        arrays = {name: torch.from_numpy(getattr(model.reference, name)) for name in ("mean", "precision")}
        state = {name: value.contiguous() for name, value in model.network.state_dict().items()}
        state |= {f"{REFERENCE}{name}": value for name, value in arrays.items()}
        safetensors.torch.save_file(state, aside / WEIGHTS)
        (aside / WEIGHTS).chmod(0o644)
        if find_spec("onnx") is not None:
            _export(model, aside / ONNX)
        (aside / ABOUT).write_text(json.dumps(_facts(model, aside), indent=1) + "\n", encoding="utf-8")
        (aside / CARD).write_text(model_card.text(model.about), encoding="utf-8")
        if target.exists():
            target.rename(Path(scratch) / "old")
        aside.rename(target)


@lru_cache(maxsize=2)
def load(source: Path) -> Model:
    """Read a model from a folder.

    Parameters
    ----------
    source : Path
        As `save` writes it, anywhere.

    Returns
    -------
    Model

    Raises
    ------
    InputError
        If the folder or a file of it is missing, of a newer format, truncated or altered.
    """
    about = source / ABOUT
    if not about.is_file():
        raise InputError(source, f"no model in it ({ABOUT} is missing); dfd train makes one")
    try:
        facts = json.loads(about.read_text(encoding="utf-8"))
        version = facts["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(about, f"not the description of a model ({error})") from error
    if not isinstance(version, int) or version > FORMAT:
        raise InputError(about, f"of format {version}; this code reads up to {FORMAT}: install a newer dfd")
    file = source / WEIGHTS
    if not file.is_file():
        raise InputError(file, "no such file")
    if contents.sha256(file) != facts["sha256"]:
        raise InputError(file, "truncated or altered: its SHA-256 is not the one that model.json says")
    try:
        return _with_weights(facts, safetensors.torch.load_file(file))
    except (SafetensorError, KeyError, TypeError, RuntimeError) as error:
        raise InputError(file, f"no weights of this model ({error})") from error


def _facts(model: Model, aside: Path) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "sha256": contents.sha256(aside / WEIGHTS),
        **{name: getattr(model, name) for name in SETTINGS},
        "calibration": asdict(model.calibration),
        "conformal": {"real": list(model.conformal.real), "fake": list(model.conformal.fake)},
        "threshold": model.reference.threshold,
        "about": model.about,
    }


def _with_weights(facts: dict[str, Any], state: dict[str, torch.Tensor]) -> Model:
    if facts["backbone"] not in BACKBONES:
        raise KeyError(f"backbone {facts['backbone']}")
    features = embedding.FEATURES[facts["backbone"]]
    network = Classifier(embedding.architecture(facts["backbone"]), features, facts["head"])
    mean, precision = (state.pop(f"{REFERENCE}{name}").numpy() for name in ("mean", "precision"))
    network.load_state_dict(state)
    settings = {name: facts[name] for name in (*SETTINGS, "about")}
    return Model(
        network=network.eval().to(memory_format=torch.channels_last),  # pyright: ignore[reportCallIssue]
        calibration=Calibration(**facts["calibration"]),
        conformal=Conformal(**facts["conformal"]),
        reference=Reference(mean, precision, facts["threshold"]),
        **settings,
    )


class _FakeLogit(torch.nn.Module):
    """What the ONNX file computes: from normalised faces to the log odds of FAKE."""

    def __init__(self, network: Classifier) -> None:
        super().__init__()
        self.network = network

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        return classifier.fake_logit(self.network(faces))


def _export(model: Model, file: Path) -> None:
    example = torch.zeros(1, 3, model.size, model.size)
    with warnings.catch_warnings():
        # The exporter warns of its own successor, which needs more packages.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _FakeLogit(model.network).eval(),
            (example,),
            str(file),
            input_names=["faces"],
            output_names=["logit"],
            dynamic_axes={"faces": {0: "n"}, "logit": {0: "n"}},
            dynamo=False,
        )
