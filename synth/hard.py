"""Make the hard faces: stills whose difficulty is known, for measuring face detectors."""

import json
import multiprocessing
import shutil
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from tqdm import tqdm

from . import hard_plan, hard_sheet, identity, still, truth
from .dataset import LANDMARKS
from .errors import SynthError
from .files import ASIDE, FILMING, HARD, fingerprint, replacing, write_checksums
from .hard_plan import Still
from .still import Seen

WORK, IMAGES = ".work", "images"
STILLS_OF_A_JOB = 12
QUALITY = 66
"""Of the JPEG files."""

MOST_COVERED = 0.75
"""Share of a face that may be hidden; a face of which less is seen counts neither as found nor as missed."""


def make(out: Path, processes: int, seed: int = hard_plan.SEED) -> None:
    """Make the hard faces, or finish what was begun.

    Parameters
    ----------
    out : Path
        Folder: new, empty, or begun before.
    processes : int
        Processes to use.
    seed : int
        Of the actors and of the stills; with another one there are other people in other stills.

    Raises
    ------
    SynthError
        If the folder holds something else, or a process is killed.
    """
    recipe = {
        "seed": seed,
        "actors": hard_plan.ACTORS,
        "made_from": fingerprint(code=FILMING + HARD),
    }
    begun = out / WORK / "recipe.json"
    if begun.is_file() and json.loads(begun.read_text()) != recipe:
        raise SynthError(out, "was begun by other code; remove it or give another folder")
    if not begun.is_file() and out.exists() and any(out.iterdir()):
        raise SynthError(out, "is not empty and nothing unfinished; remove it or give another folder")
    truth.write_json(recipe, begun)
    for left_by_a_kill in out.rglob(f"{ASIDE}*"):
        left_by_a_kill.unlink()
    count = len(plan(seed)[1])
    jobs = [range(first, min(first + STILLS_OF_A_JOB, count)) for first in range(0, count, STILLS_OF_A_JOB)]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, spawn, initializer=_start, initargs=(seed,)) as pool:
        futures = [pool.submit(_make, out, job) for job in jobs]
        try:
            for future in tqdm(as_completed(futures), "hard faces", len(futures), unit="job"):
                future.result()
        except BrokenProcessPool as error:
            raise SynthError(out, "a process was killed, perhaps for want of memory; start again") from error
    _finish(out, jobs, recipe)


def plan(seed: int = hard_plan.SEED) -> tuple[list[identity.Identity], list[Still]]:
    """Give the cast and the stills, by whose places the files are named."""
    cast = identity.cast(seed, hard_plan.ACTORS)
    return cast, hard_plan.make(cast, seed)


def name(place: int) -> str:
    """Give the file name of a still by its place in the plan."""
    return f"{place:04d}.jpg"


def encoded(image: np.ndarray) -> bytes:
    """Write a picture (height, width, 3) as a JPEG file."""
    return cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


def _start(seed: int) -> None:
    cv2.setNumThreads(1)
    global _cast, _stills
    _cast, _stills = plan(seed)


def _part(out: Path, table: str, job: range) -> Path:
    return out / WORK / table / f"{job.start:04d}.parquet"


def _make(out: Path, job: range) -> None:
    if _part(out, "stills", job).is_file():
        return
    stills, faces = [], []
    for place in job:
        image, seen = still.draw(_cast, _stills[place])
        with replacing(out / IMAGES / name(place)) as aside:
            aside.write_bytes(encoded(image))
        stills.append(_still_row(place, _stills[place], image))
        faces += [_face_row(place, number, face, image.shape) for number, face in enumerate(seen)]
    truth.write_table(pd.DataFrame(faces), _part(out, "faces", job))
    truth.write_table(pd.DataFrame(stills), _part(out, "stills", job))


def _still_row(place: int, made: Still, image: np.ndarray) -> dict:
    width = np.mean([face.width for face in made.faces]) if made.faces else 0
    return {
        "image": name(place),
        "stratum": made.stratum,
        "thing": made.thing,
        "faces": len(made.faces),
        "width": made.size[0],
        "height": made.size[1],
        "light": made.light,
        "grey": float(image.mean()),
        "blur": float(made.blur * width),
        "quality": made.quality,
        "roll": made.roll,
    }


def _face_row(place: int, number: int, seen: Seen, shape: tuple[int, ...]) -> dict:
    face, person = seen.face, _cast[seen.face.actor]
    x0, y0, x1, y1 = map(float, seen.box)
    inside = max(min(x1, shape[1]) - max(x0, 0), 0) * max(min(y1, shape[0]) - max(y0, 0), 0)
    share = inside / ((x1 - x0) * (y1 - y0))
    points = {
        f"{landmark}_{axis}": float(value)
        for landmark, point in zip(LANDMARKS, seen.landmarks, strict=True)
        for axis, value in zip("xy", point, strict=True)
    }
    return {
        "image": name(place),
        "face": number,
        "actor": person.name,
        **dict(zip(("x0", "y0", "x1", "y1"), (x0, y0, x1, y1), strict=True)),
        **points,
        "yaw": face.yaw,
        "pitch": face.pitch,
        "roll": seen.roll,
        "occlusion": face.occlusion,
        "covered": seen.covered,
        "grey": seen.grey,
        "counts": seen.covered <= MOST_COVERED and share >= 1 - MOST_COVERED,
        "monk": person.monk,
        "ancestry": person.ancestry,
        "gender": person.gender,
    }


def _finish(out: Path, jobs: list[range], recipe: dict) -> None:
    for table in ("stills", "faces"):
        parts = [pd.read_parquet(_part(out, table, job)) for job in jobs]
        rows = pd.concat([part for part in parts if len(part)], ignore_index=True)
        truth.write_table(rows, out / "truth" / f"{table}.parquet")
    truth.write_json(recipe, out / "recipe.json")
    describe(out)
    shutil.rmtree(out / WORK)


def describe(out: Path) -> None:
    """Draw the contact sheet, and write the data sheet and the checksums.

    Parameters
    ----------
    out : Path
        Folder of the hard faces.
    """
    hard_sheet.write(out)
    write_checksums(out, "SHA256SUMS", WORK)
