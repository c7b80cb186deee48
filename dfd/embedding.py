"""Embeddings: vectors that a frozen network makes of face crops, so that like faces lie close together."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import efficientnet_lite_pytorch
import efficientnet_pytorch
import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from torch import nn

from dfd import augment, contents, faces, parallel, recognition, sampling, tables, video, weights
from dfd.errors import InputError
from dfd.run import Run

VERSION = 1
"""Raised when the code of this stage makes other tables than before."""

MODELS = ("backbone", "dlib", "facenet")
FEATURES = {"efficientnet-lite0": 1280, "efficientnet-b7": 2560}
# dlib's network takes 60 ms a face on one core, so no more faces of a video than tell who is in it.
DLIB_FACES = {"REAL": 8, "FAKE": 1}
MOST = 130_000
"""Faces that are embedded at most, as many as the report clustered. All of DFDC would have 1.5 million."""
SHARD = 128
# One picture at a time stays in a processor's cache: batches of 8 take twice as long for each picture.
BATCH = {"cpu": 1, "cuda": 64}

Embedder = Callable[[np.ndarray], np.ndarray]


class Backbone(nn.Module):
    """An EfficientNet without its last layer: pictures in, pooled features out.

    Parameters
    ----------
    network : Module
        An EfficientNet of the package efficientnet_pytorch or efficientnet_lite_pytorch. Called itself, it
        gives the logits of the 1,000 classes of ImageNet.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network: Any = network

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Compute features, shape (n, features), of pictures normalised as `dfd.augment.normalise` does."""
        # The last layer of channels, averaged over the picture.
        return self.network.extract_features(inputs).mean(dim=(2, 3))


def backbone(run: Run) -> Backbone:
    """Load the backbone of a run with its ImageNet weights.

    Parameters
    ----------
    run : Run
        The run; its `backbone` and `weights` count.

    Returns
    -------
    Backbone
        In evaluation mode, on the CPU; gives `FEATURES` numbers a picture.

    Raises
    ------
    InputError
        If the weights are not there and cannot be downloaded, or are not the published ones.

    References
    ----------
    M. Tan and Q. V. Le, EfficientNet, ICML 2019; report, section 3.3.1.2.
    """
    untrained = architecture(run.backbone)
    file = weights.find(run.backbone, run.weights)
    try:
        untrained.network.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    except Exception as error:
        raise InputError(file, f"no weights of {run.backbone} ({error})") from error
    return untrained


def architecture(name: str) -> Backbone:
    """Build a backbone whose weights are still to be loaded.

    Parameters
    ----------
    name : str
        One of `dfd.run.BACKBONES`.

    Returns
    -------
    Backbone
        In evaluation mode, on the CPU.
    """
    package = efficientnet_lite_pytorch if "lite" in name else efficientnet_pytorch
    return Backbone(package.EfficientNet.from_name(name)).eval()


def models(run: Run) -> list[str]:
    """List the models whose weights a run has at hand, without downloading any.

    Returns
    -------
    list of str
        ``"backbone"``; ``"dlib"`` where the extra ``detectors`` is installed; and ``"facenet"`` in the
        dfdc run once its weights are in torch's cache of downloads.
    """
    at_hand = {
        "backbone": True,
        "dlib": find_spec("dlib") is not None,
        "facenet": run.name == "dfdc" and weights.download_path("facenet").is_file(),
    }
    return [model for model in MODELS if at_hand[model]]


def embed(
    model: nn.Module,
    images: np.ndarray,
    prepare: Callable[[np.ndarray], torch.Tensor] = augment.normalise,
    batch: int | None = None,
) -> np.ndarray:
    """Run a network over pictures.

    The network is used in the mode that it is in: for embeddings in evaluation mode, as `backbone` gives
    it. Where it lies on a GPU, convolutions are computed in bfloat16.

    Parameters
    ----------
    model : Module
        Takes a tensor of shape (n, 3, height, width).
    images : ndarray of uint8, shape (n, height, width, 3)
        RGB.
    prepare : callable
        Turns such an array into such a tensor; ImageNet's normalisation by default.
    batch : int, optional
        Pictures at a time; by default `BATCH` of the network's device.

    Returns
    -------
    ndarray of float32, shape (n, features)
    """
    device = next(model.parameters()).device
    batch = batch or BATCH[device.type]
    vectors = []
    with torch.inference_mode(), torch.autocast("cuda", torch.bfloat16, enabled=device.type == "cuda"):
        for start in range(0, len(images), batch):
            inputs = prepare(images[start : start + batch]).to(device, memory_format=torch.channels_last)
            vectors.append(model(inputs).float().cpu().numpy())
    return np.concatenate(vectors)


@lru_cache(maxsize=1)
def embedder(run: Run, model: str) -> Embedder:
    """Load one of the embeddings.

    Parameters
    ----------
    model : str
        - ``"backbone"``: the pooled features of the run's EfficientNet (1,280 of Lite0, 2,560 of B7), made
          to tell the 1,000 classes of ImageNet apart;
        - ``"dlib"``: 128 numbers of dlib's ResNet, made to tell people apart;
        - ``"facenet"``: 512 numbers of facenet-pytorch's InceptionResnetV1, made to tell people apart.

    Returns
    -------
    callable
        Takes face crops, uint8 of shape (n, size, size, 3), RGB; gives float32 of shape (n, features).

    Raises
    ------
    InputError
        If there is no such model, or its weights are missing.

    References
    ----------
    D. King, Dlib-ml, JMLR 2009; F. Schroff et al., FaceNet, CVPR 2015.
    """
    if model not in MODELS:
        raise InputError(f"model {model!r}", f"no such embedding; there are {', '.join(MODELS)}")
    if model == "dlib":
        return recognition.dlib(run)
    network = backbone(run) if model == "backbone" else recognition.facenet()
    network = network.to(run.device).to(memory_format=torch.channels_last)
    if model == "backbone":
        return lambda images: embed(network, images)
    return lambda images: embed(network, images, prepare=lambda crops: recognition.facenet_inputs(run, crops))


def path(run: Run, model: str = "backbone") -> Path:
    """Where a run keeps a table of embeddings.

    Parameters
    ----------
    model : str
        One of `MODELS`.

    Returns
    -------
    Path
    """
    return run.build / "embeddings" / f"{model}.parquet"


def table(run: Run, model: str = "backbone") -> pd.DataFrame:
    """Make or reuse a table of embeddings, in pieces of `SHARD` faces: a killed run goes on where it was.

    Parameters
    ----------
    model : str
        One of `MODELS`. Since dlib's takes long, it has at most `DLIB_FACES` of a video.

    Returns
    -------
    DataFrame
        face_id, model, vector (list of float32), in the order of the faces table. Of more than `MOST` faces
        it has those of videos drawn at random, REAL and FAKE in proportion, and all that there are of each:
        single faces would not show which of them lie together. What joins this table with others must not
        take for granted that every face is in it. A face whose vector is not finite is left out, with a
        warning.

    Raises
    ------
    InputError
        If there is no such model, or its weights are missing.
    """
    if model not in MODELS:
        raise InputError(f"model {model!r}", f"no such embedding; there are {', '.join(MODELS)}")
    wanted, fingerprint = _wanted(run, model)
    if wanted.empty:
        columns = ["face_id", "model", "vector"]
        return tables.reuse_or_make(path(run, model), fingerprint, lambda: pd.DataFrame(columns=columns))
    return tables.reuse_or_join(path(run, model), fingerprint, lambda: _joined(run, model))


@dataclass(frozen=True)
class Piece:
    """Faces that are embedded together: the file of their vectors, and the fingerprint that it carries."""

    model: str
    face_ids: list[str]
    shard: Path
    fingerprint: str


def pieces(run: Run, model: str = "backbone") -> list[Piece]:
    """List the pieces of a table of embeddings, whether they are made or not.

    Parameters
    ----------
    model : str
        One of `MODELS`.

    Returns
    -------
    list of Piece
        Of `SHARD` faces each, in the order of the table.
    """
    wanted, fingerprint = _wanted(run, model)
    face_ids, folder = wanted["face_id"].to_list(), path(run, model).with_suffix("")
    groups = [face_ids[start : start + SHARD] for start in range(0, len(face_ids), SHARD)]
    return [
        Piece(model, group, folder / f"{number:05d}.parquet", tables.fingerprint(fingerprint, group))
        for number, group in enumerate(groups)
    ]


def expected_fingerprint(run: Run, model: str, count: int, version: int = VERSION) -> str:
    """Say what a table of embeddings would be made from now, with the faces table as it is.

    Parameters
    ----------
    model : str
        One of `MODELS`.
    count : int
        Number of faces that it would have if there were no `MOST`.
    version : int
        Version of the stage.

    Returns
    -------
    str
        As `dfd.tables.fingerprint` gives it.

    Raises
    ------
    InputError
        If its weights are missing and cannot be downloaded.
    """
    source, digest = model, ""
    if model == "backbone":
        source, digest = run.backbone, contents.sha256(weights.find(run.backbone, run.weights))
    elif model == "facenet":
        digest = contents.sha256(weights.find("facenet"))
    drawn = [MOST] if count > MOST else []
    return tables.fingerprint(
        version, tables.stored_fingerprint(faces.path(run)), run.seed, source, digest, *drawn
    )


def spread_faces(faces: pd.DataFrame, count: dict[str, int]) -> pd.DataFrame:
    """Take some faces of each video, spread evenly over its frames.

    Parameters
    ----------
    faces : DataFrame
        With the columns video and label, in the order of the frames.
    count : dict of str to int
        Largest number of faces of a ``"REAL"`` and of a ``"FAKE"`` video.

    Returns
    -------
    DataFrame
        Those rows, in the same order.

    Examples
    --------
    >>> import pandas as pd
    >>> from dfd import embedding
    >>> faces = pd.DataFrame({"video": ["a"] * 6 + ["b"] * 2, "label": ["REAL"] * 6 + ["FAKE"] * 2})
    >>> embedding.spread_faces(faces, {"REAL": 3, "FAKE": 1}).index.to_list()
    [1, 3, 5, 7]
    """
    labels, index = faces["label"].to_numpy(), faces.index.to_numpy()
    rows = [
        places[video.spread(len(places), min(len(places), count[labels[places[0]]]))]
        for places in faces.groupby("video").indices.values()
    ]
    return faces.loc[np.sort(index[np.concatenate(rows)])] if rows else faces


def vectors(embeddings: pd.DataFrame) -> np.ndarray:
    """Stack the vectors of a table of embeddings.

    Parameters
    ----------
    embeddings : DataFrame
        As `table` gives it.

    Returns
    -------
    ndarray of float32, shape (n, features)
    """
    return np.stack(embeddings["vector"].to_list()) if len(embeddings) else np.empty((0, 0), np.float32)


def _wanted(run: Run, model: str) -> tuple[pd.DataFrame, str]:
    """Draw the faces that are embedded, and say what their table would be made from."""
    wanted = faces.table(run)
    if model == "dlib":
        wanted = spread_faces(wanted, DLIB_FACES)
    fingerprint = expected_fingerprint(run, model, len(wanted))
    return sampling.some_videos(wanted, MOST, run.seed), fingerprint


def _joined(run: Run, model: str) -> Iterator[pa.Table]:
    """Embed faces in pieces, and then give the table of each."""
    items = pieces(run, model)
    shards = [piece.shard for piece in items]
    for place, lost in parallel.map_unordered(
        *(run, _make_shard, items, str, "shard"),
        on_gpu=model != "dlib",
        stage=f"embedding {model}",
        files=shards,
    ):
        if lost:
            raise InputError(shards[place], f"could not be made: {lost}")
    left_out = 0
    for shard in shards:
        part = tables.read_arrow(shard, ["face_id", "model", "vector"])
        finite = np.array([np.isfinite(vector).all() for vector in part["vector"].to_numpy()])
        left_out += int((~finite).sum())
        yield part.filter(finite)
    if left_out:
        warnings.warn(f"{left_out} faces left out: their {model} vectors are not finite", stacklevel=2)


def _make_shard(run: Run, piece: Piece) -> str:
    def make() -> pd.DataFrame:
        embedded = embedder(run, piece.model)(faces.images(run, piece.face_ids))
        return pd.DataFrame({"face_id": piece.face_ids, "model": piece.model, "vector": list(embedded)})

    tables.make_if_stale(piece.shard, piece.fingerprint, make)
    return ""
