"""Make a data set: film, train, fake and encode in several processes; what is done survives a kill."""

import json
import multiprocessing
import shutil
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from . import (
    autoencoder,
    blend,
    composite,
    datasheet,
    degrade,
    encode,
    film,
    footage,
    gallery,
    identity,
    swap,
    truth,
)
from .clips import SWAP, Fake, Real
from .errors import SynthError
from .files import ASIDE, FAKING, FILMING, TRAINING, fingerprint, replacing, sha256, write_checksums
from .footage import Footage
from .plan import Plan, Setting, check
from .plan import make as make_plan

WORK = ".work"
RECIPE = "recipe.json"
CHECKSUMS = "SHA256SUMS"
LARGEST_PROCESSES = 256


def make(out: Path, setting: Setting, processes: int) -> None:
    """Make a data set, or finish one that was begun.

    Parameters
    ----------
    out : Path
        Folder of the data set: new, empty, or begun with the same setting.
    setting : Setting
        Seed, actors and clips.
    processes : int
        Processes to use.

    Raises
    ------
    SynthError
        If a number or the folder makes no sense, the disk is full, or an asset is missing.
    """
    check(setting)
    if not 1 <= processes <= LARGEST_PROCESSES:
        raise SynthError(f"processes {processes}", f"must lie between 1 and {LARGEST_PROCESSES}")
    plan = make_plan(setting, identity.cast(setting.seed, setting.actors))
    recipe = {"setting": asdict(setting), "made_from": fingerprint(setting, code=FILMING + TRAINING + FAKING)}
    if _finished(out, recipe):
        print(f"{out} is complete: the same setting and code made it, and its checksums are right")
        return
    _claim_folder(out, recipe)
    _check_space(out, plan)
    stages: list[tuple[str, Callable, list]] = [
        ("filming", _make_real, [*reversed(plan.benchmark), *plan.real]),
        ("training autoencoders", _make_network, plan.pairs),
        ("faking", _make_fake, plan.fake),
    ]
    with _pool(processes, out, setting) as pool:
        for name, job, items in stages:
            _run(pool, name, job, items)
    finish(out, plan, recipe)


def _finished(out: Path, recipe: dict[str, object]) -> bool:
    try:
        same = json.loads((out / RECIPE).read_text()) == recipe
    except (OSError, ValueError):
        return False
    return same and not wrong_checksums(out)


def wrong_checksums(out: Path) -> list[str]:
    """Compare a data set's files with its list of checksums.

    Parameters
    ----------
    out : Path
        Folder of the data set.

    Returns
    -------
    list of str
        Files that are missing or differ.

    Raises
    ------
    SynthError
        If there is no list.
    """
    try:
        lines = (out / CHECKSUMS).read_text().splitlines()
    except OSError as error:
        raise SynthError(out / CHECKSUMS, "no list of checksums; the data set is not complete") from error
    listed = [line.split("  ", 1) for line in lines]
    return [name for digest, name in listed if not (out / name).is_file() or sha256(out / name) != digest]


def _claim_folder(out: Path, recipe: dict[str, object]) -> None:
    """Refuse a folder that holds something else; note in it what is being made."""
    if out.exists() and not out.is_dir():
        raise SynthError(out, "this is a file; it must be a folder")
    begun = out / WORK / RECIPE
    if begun.is_file():
        earlier = json.loads(begun.read_text())
        if earlier["setting"] != recipe["setting"]:
            raise SynthError(
                out, "a data set with another setting was begun here; remove it or give another folder"
            )
    elif out.is_dir() and any(out.iterdir()):
        raise SynthError(
            out, "is not empty and holds no unfinished data set; remove it or give another folder"
        )
    for left_by_a_kill in out.rglob(f"{ASIDE}*"):
        left_by_a_kill.unlink()
    truth.write_json(recipe, begun)


def _check_space(out: Path, plan: Plan) -> None:
    frames = sum(np.prod(clip.take.size) * clip.take.frames for clip in plan.real)
    needed = int(7 * frames + 120_000 * (len(plan.real) + len(plan.fake)))
    free = shutil.disk_usage(out).free
    done = sum(path.stat().st_size for path in (out / WORK).rglob("*.npz"))
    if free + done < needed:
        raise SynthError(
            out, f"the disk has {free / 1e9:.1f} GB free and the work needs {needed / 1e9:.1f} GB"
        )


def _pool(processes: int, out: Path, setting: Setting) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        processes, multiprocessing.get_context("spawn"), initializer=_start, initargs=(out, setting)
    )


def _start(out: Path, setting: Setting) -> None:
    """Set up a process: one thread each, and the plan, which is the same in all."""
    global _out, _plan
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    _out, _plan = out, make_plan(setting, identity.cast(setting.seed, setting.actors))


def _run(pool: ProcessPoolExecutor, name: str, job: Callable, items: list) -> None:
    futures = [pool.submit(job, item) for item in items]
    try:
        for future in tqdm(as_completed(futures), name, len(futures), unit="job", smoothing=0.05):
            future.result()
    except BrokenProcessPool as error:
        raise SynthError(
            name, "a process was killed, perhaps for want of memory; start again with fewer"
        ) from error
    finally:
        for future in futures:
            future.cancel()


def _work(*parts: object) -> Path:
    return _out.joinpath(WORK, *map(str, parts))


def _place(clip: Real | Fake) -> Path:
    """Find where a clip goes."""
    filmed = clip.original if isinstance(clip, Fake) else clip
    folder = "benchmark" if filmed.split == "benchmark" else f"dfdc_train_part_{filmed.part}"
    return _out / folder / clip.video


def _already(clip: Real | Fake, made_of: str) -> bool:
    """Tell whether a clip was made of the same things and is whole."""
    try:
        note = json.loads(_work("done", f"{clip.video}.json").read_text())
        return note == {"made_of": made_of, "sha256": sha256(_place(clip))}
    except (OSError, ValueError):
        return False


def _note(clip: Real | Fake, made_of: str) -> None:
    truth.write_json(
        {"made_of": made_of, "sha256": sha256(_place(clip))}, _work("done", f"{clip.video}.json")
    )


def _cast_of() -> tuple[int, int]:
    return _plan.setting.seed, _plan.setting.actors


def _footage(clip: Real) -> Footage:
    """Film a take, or load it if it was filmed before."""
    path = _work("takes", f"{clip.video}-{fingerprint(clip.take, _cast_of(), code=FILMING)}.npz")
    if not path.is_file():
        footage.save(footage.collect(film.film(_plan.cast, clip.take)), path)
    return footage.load(path)


def _publish(clip: Real | Fake, images: np.ndarray, filmed: Footage) -> None:
    """Degrade and encode a clip: the last steps, the same for REAL and FAKE."""
    rng = np.random.default_rng([clip.seed, 2])
    faces = [track.face for track in filmed.people]
    encode.write(degrade.degrade(images, faces, clip.degradation, rng), _place(clip), clip.encoding)


def _make_real(clip: Real) -> None:
    made_of = fingerprint("real", clip, _cast_of(), code=FILMING + FAKING)
    if _already(clip, made_of):
        return
    filmed = _footage(clip)
    _publish(clip, filmed.images, filmed)
    truth.write_table(truth.frame_rows(_plan, clip, filmed), _work("frames", f"{clip.video}.parquet"))
    _note(clip, made_of)


def _network(pair: tuple[int, int]) -> autoencoder.Autoencoder:
    """Train the autoencoder of two actors, or load it if it was trained before."""
    takes = [_plan.footage_of(actor) for actor in pair]
    made_of = fingerprint(
        [clip.take for own in takes for clip, _ in own], _cast_of(), code=FILMING + TRAINING
    )
    path = _work("networks", f"{pair[0]}-{pair[1]}-{made_of}.pt")
    if not path.is_file():
        faces = []
        for own in takes:
            loaded = [(_footage(clip), person) for clip, person in own]
            faces.append(np.concatenate([autoencoder.crops(f, f.people[person]) for f, person in loaded]))
        network = autoencoder.train((faces[0], faces[1]), seed=_plan.setting.seed)
        with replacing(path) as aside:
            torch.save(network.state_dict(), aside)
    network = autoencoder.Autoencoder(torch.zeros(2, 4, autoencoder.SIDE, autoencoder.SIDE))
    network.load_state_dict(torch.load(path, weights_only=True))
    return network.eval()


def _make_network(pair: tuple[int, int]) -> None:
    _network(pair)


def _make_fake(fake: Fake) -> None:
    donor_takes = _plan.footage_of(fake.donor)
    made_of = fingerprint(
        "fake", fake, [clip.take for clip, _ in donor_takes], _cast_of(), code=FILMING + TRAINING + FAKING
    )
    if _already(fake, made_of):
        return
    original = _footage(fake.original)
    rng = np.random.default_rng([fake.seed, 1])
    traces = composite.draw(fake.strength, rng)
    if fake.generator == SWAP:
        donors = [(_footage(clip), person) for clip, person in donor_takes]
        faces = swap.generate(original, fake.person, donors, traces, rng)
    else:
        decoder = fake.pair.index(fake.donor)
        faces = autoencoder.generate(_network(fake.pair), decoder, original, fake.person, traces, rng)
    images, outlines = blend.blend(original, fake.person, faces, fake.region, traces, rng)
    _publish(fake, images, original)
    truth.write_table(truth.change_rows(fake, outlines), _work("changes", f"{fake.video}.parquet"))
    _note(fake, made_of)


def finish(out: Path, plan: Plan, recipe: dict[str, object]) -> None:
    """Write what describes the clips, once they are all there, and clear the work away.

    Parameters
    ----------
    out : Path
        Folder of the data set.
    plan : Plan
        Its plan.
    recipe : dict
        What made it.
    """
    for part in sorted({clip.part for clip in plan.real}):
        truth.write_json(truth.metadata(plan, part), out / f"dfdc_train_part_{part}" / "metadata.json")
    filmed = {
        clip.video: pd.read_parquet(out / WORK / "frames" / f"{clip.video}.parquet") for clip in plan.real
    }
    frames = [filmed[clip.video] for clip in plan.real]
    # A fake moves as its original does, so the faces are in the same places.
    frames += [filmed[fake.original.video].assign(video=fake.video) for fake in plan.fake]
    frames += [pd.read_parquet(out / WORK / "frames" / f"{clip.video}.parquet") for clip in plan.benchmark]
    changes = [pd.read_parquet(out / WORK / "changes" / f"{fake.video}.parquet") for fake in plan.fake]
    truth.write_table(truth.videos(plan), out / "truth" / "videos.parquet")
    truth.write_table(pd.concat(frames, ignore_index=True), out / "truth" / "frames.parquet")
    truth.write_table(pd.concat(changes, ignore_index=True), out / "truth" / "changes.parquet")
    truth.write_table(truth.actors(plan), out / "truth" / "actors.parquet")
    truth.write_json(recipe, out / RECIPE)
    describe(out)
    shutil.rmtree(out / WORK)


def describe(out: Path) -> None:
    """Draw the contact sheets of a data set, and write its data sheet and checksums.

    Parameters
    ----------
    out : Path
        Folder of the data set.
    """
    gallery.make(out)
    datasheet.write(out)
    write_checksums(out, CHECKSUMS, WORK)


def regenerate(setting: Setting, videos: list[str], out: Path) -> None:
    """Make single clips of a data set anew, with what they need, in this process.

    Parameters
    ----------
    setting : Setting
        The data set's setting.
    videos : list of str
        File names of clips in it.
    out : Path
        Folder to write to.

    Raises
    ------
    SynthError
        If the data set has no such clip.
    """
    _start(out, setting)
    clips = {clip.video: clip for clip in [*_plan.real, *_plan.fake, *_plan.benchmark]}
    for video in videos:
        if video not in clips:
            raise SynthError(video, "the data set of this setting has no such clip")
        clip = clips[video]
        (_make_fake if isinstance(clip, Fake) else _make_real)(clip)
