"""Tests of the data set: the plan, the fakes, the encoding, the making and its resuming."""

import ast
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pandas as pd
import pytest

from synth import (
    autoencoder,
    blend,
    build,
    clips,
    compare,
    composite,
    degrade,
    encode,
    files,
    identity,
    plan,
    swap,
    truth,
)
from synth.errors import SynthError
from synth.film import Take
from synth.footage import Footage, Track
from synth.plan import Plan, Setting

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = ROOT / "data" / "sample"
SMALLEST = Setting(seed=7, actors=6, clips=6, fakes=1, frames=8, scale=0.5)
LEAST_PSNR = 38
FRAMES, HEIGHT, WIDTH = 6, 120, 100


@pytest.fixture(scope="module")
def committed() -> Plan:
    """The plan of the committed sample."""
    setting = Setting(**json.loads((COMMITTED / "recipe.json").read_text())["setting"])
    return plan.make(setting, identity.cast(setting.seed, setting.actors))


def drawn(actor: int, shade: int, shift: float) -> Footage:
    """Footage of a face that is a shaded ellipse wandering to the right while it turns."""
    images = np.full((FRAMES, HEIGHT, WIDTH, 3), 60, np.uint8)
    face = np.zeros((FRAMES, HEIGHT, WIDTH), np.uint8)
    eyes, mouth = face.copy(), face.copy()
    angle = np.linspace(0, 2 * np.pi, 30, endpoint=False)
    points = np.array([(-12, -8), (12, -8), (0, 4), (-8, 18), (8, 18)], np.float32)
    ring = np.stack([26 * np.cos(angle), 36 * np.sin(angle)], 1).astype(np.float32)
    contour = np.concatenate([points, ring])
    centres = np.array([(44 + shift + 2 * k, 60) for k in range(FRAMES)], np.float32)
    for k, (x, y) in enumerate(centres.astype(int).tolist()):
        cv2.ellipse(images[k], (x, y), (27, 37), 0, 0, 360, (shade, shade - 20, shade - 40), -1)
        cv2.ellipse(face[k], (x, y), (26, 36), 0, 0, 360, 255, -1)
        for side in (-12, 12):
            cv2.circle(images[k], (x + side, y - 8), 4, (30, 30, 30), -1)
            cv2.circle(eyes[k], (x + side, y - 8), 4, 255, -1)
        cv2.ellipse(images[k], (x, y + 18), (8, 3), 0, 0, 360, (150, 60, 60), -1)
        cv2.ellipse(mouth[k], (x, y + 18), (8, 3), 0, 0, 360, 255, -1)
    pose = np.stack([5.0 * np.arange(FRAMES) + shift, np.zeros(FRAMES), np.zeros(FRAMES)], 1).astype(
        np.float32
    )
    boxes = np.hstack([centres - np.array((26, 36)), centres + np.array((26, 36))]).astype(np.float32)
    moved = contour[None] + centres[:, None]
    visible = np.ones(FRAMES, bool)
    return Footage(images, (Track(actor, visible, boxes, moved[:, :5], moved, pose, face, mouth, eyes),))


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": -1},
        {"seed": 2**31},
        {"actors": 3},
        {"actors": 10**6},
        {"clips": 5},
        {"clips": 1000},
        {"fakes": 0},
        {"frames": 2},
        {"scale": 0.0},
        {"scale": float("nan")},
    ],
)
def test_setting_without_sense_is_refused(wrong: dict) -> None:
    with pytest.raises(SynthError):
        plan.check(replace(SMALLEST, **wrong))


def test_plan_keeps_actors_in_one_split(committed: Plan) -> None:
    for clip in committed.real:
        assert {committed.splits[actor] for actor in clip.take.actors} == {clip.split}
    for fake in committed.fake:
        assert committed.splits[fake.donor] == fake.original.split
        assert fake.donor not in fake.original.take.actors[fake.person : fake.person + 1]


def test_plan_balances_groups(committed: Plan) -> None:
    groups = truth.actors(committed).groupby(["split", "ancestry", "gender"]).size()
    assert len(groups) == 18
    assert (groups.groupby(level="split").nunique() == 1).all()


def test_plan_is_the_same_for_the_same_seed(committed: Plan) -> None:
    again = plan.make(committed.setting, committed.cast)
    assert again == committed
    other = plan.make(replace(committed.setting, seed=committed.setting.seed + 1), committed.cast)
    assert {clip.video for clip in other.real}.isdisjoint(clip.video for clip in committed.real)


def test_degradation_and_encoding_are_alike_for_both_labels(committed: Plan) -> None:
    table = truth.videos(committed)
    for name in ("crf", "blur", "jpeg", "face_smoothing"):
        means = table.groupby("label")[name].mean()
        spread = table[name].std() * np.sqrt(1 / (table.label == "REAL").sum())
        assert abs(means["REAL"] - means["FAKE"]) < 4 * spread


def test_similarity_undoes_a_turn() -> None:
    points = np.random.default_rng(0).random((9, 2)) * 50
    matrix = composite.similarity(points, points @ np.array([[0, 2], [-2, 0]]) + 3)
    assert np.allclose(matrix, [[0, -2, 3], [2, 0, 3]])


def test_swap_takes_the_frame_nearest_in_pose() -> None:
    target, donor = drawn(0, 200, 0), drawn(1, 120, 10)
    places = swap.nearest_frames(target.people[0], [donor.people[0]], smoothness=0)
    assert [frame for _, frame in places] == [0, 0, 0, 1, 2, 3]


@pytest.mark.parametrize("part", blend.PARTS)
def test_blend_changes_only_the_region_it_reports(part: str) -> None:
    target, donor = drawn(0, 200, 0), drawn(1, 120, 3)
    rng = np.random.default_rng(0)
    traces = replace(composite.draw(0.2, rng), colour_match=0.0, hull=False, dropout=0.0)
    faces = swap.generate(target, 0, [(donor, 0)], traces, rng)
    images, outlines = blend.blend(target, 0, faces, part, traces, rng)
    for before, after, outline in zip(target.images, images, outlines, strict=True):
        changed = np.abs(before.astype(int) - after).max(2) > 12
        allowed = np.zeros(changed.shape, np.uint8)
        cv2.fillPoly(allowed, [outline.astype(np.int32)], 1)
        assert changed.sum() > 100
        assert not (changed & (cv2.dilate(allowed, np.ones((9, 9))) == 0)).any()


def test_better_fakes_match_colour_better() -> None:
    target, donor = drawn(0, 200, 0), drawn(1, 120, 3)

    def difference(colour_match: float) -> float:
        rng = np.random.default_rng(0)
        traces = replace(composite.draw(0.2, rng), colour_match=colour_match, dropout=0.0)
        faces = swap.generate(target, 0, [(donor, 0)], traces, rng)
        images, _ = blend.blend(target, 0, faces, "face", traces, rng)
        return float(np.abs(images[:, 62:70].astype(float) - target.images[:, 62:70]).mean())

    assert difference(1.0) < 0.6 * difference(0.0)


def test_autoencoder_is_deterministic_and_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autoencoder, "STEPS", 12)
    target, donor = drawn(0, 200, 0), drawn(1, 120, 3)
    faces = (autoencoder.crops(target, target.people[0]), autoencoder.crops(donor, donor.people[0]))
    rng = np.random.default_rng(0)
    traces = composite.draw(0.0, rng)
    made = [
        autoencoder.generate(autoencoder.train(faces, seed=1), 1, target, 0, traces, np.random.default_rng(0))
        for _ in range(2)
    ]
    assert all(np.array_equal(one.image, other.image) for one, other in zip(*made, strict=True))
    middle = made[0][0].image[20:-20, 20:-20].mean()
    assert abs(middle - donor.images[0, 40:80, 30:60].mean()) < abs(
        middle - target.images[0, 40:80, 30:60].mean()
    )


def test_degradation_leaves_shape_and_repeats() -> None:
    footage = drawn(0, 200, 0)
    change = degrade.draw(np.random.default_rng(3))
    results = [
        degrade.degrade(footage.images, [footage.people[0].face], change, np.random.default_rng(1))
        for _ in "ab"
    ]
    assert results[0].shape == footage.images.shape
    assert np.array_equal(*results)


@pytest.mark.parametrize("quarter_turn", [False, True])
def test_encoding_is_upright_and_repeats(tmp_path: Path, quarter_turn: bool) -> None:
    images = drawn(0, 200, 0).images
    setting = encode.Encoding(18, "medium", 30, quarter_turn)
    for attempt in range(10):
        encode.write(images, tmp_path / f"{attempt}.mp4", setting)
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1
    decoded = np.stack(encode.read(tmp_path / "0.mp4"))
    assert decoded.shape == images.shape
    assert np.abs(decoded.astype(float) - images).mean() < 4
    assert len(list(tmp_path.iterdir())) == 10


def test_damaged_clip_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_bytes(b"no video")
    with pytest.raises(SynthError, match=r"x\.mp4"):
        encode.read(tmp_path / "x.mp4")


def test_encoding_a_broken_film_leaves_nothing(tmp_path: Path) -> None:
    def film():
        yield np.zeros((32, 32, 3), np.uint8)
        raise RuntimeError("the lamp broke")

    with pytest.raises(RuntimeError):
        encode.write(film(), tmp_path / "a.mp4", encode.Encoding(20, "medium", 30))
    assert not list(tmp_path.iterdir())


def test_folder_with_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(SynthError, match="not empty"):
        build.make(tmp_path, SMALLEST, 1)
    with pytest.raises(SynthError, match="a file"):
        build.make(tmp_path / "letter.txt", SMALLEST, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_too_full_a_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build.shutil, "disk_usage", lambda _: SimpleNamespace(free=9))
    with pytest.raises(SynthError, match="GB"):
        build.make(tmp_path / "new", SMALLEST, 1)


def imported_by(module: str) -> set[str]:
    """The modules of the generator that one of them imports."""
    tree = ast.parse((files.SOURCES / f"{module}.py").read_text())
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            names |= {node.module} if node.module else {alias.name for alias in node.names}
    return names


@pytest.mark.parametrize(
    "steps", [("FILMING",), ("FILMING", "TRAINING"), ("FILMING", "TRAINING", "FAKING")], ids=lambda s: s[-1]
)
def test_fingerprints_cover_every_module_that_has_a_part(steps: tuple[str, ...]) -> None:
    covered = {module for step in steps for module in getattr(files, step)}
    without_a_part = {"errors", "files", "datasheet", "gallery"}
    for module in covered:
        assert imported_by(module) <= covered | without_a_part, module


def run_make(out: Path) -> subprocess.Popen:
    options = [f"--{name}={value}" for name, value in vars(SMALLEST).items()]
    command = [sys.executable, "-m", "synth", "make", str(out), *options, "--processes=2"]
    return subprocess.Popen(command, cwd=ROOT, start_new_session=True, stderr=subprocess.PIPE)


def test_killed_run_resumes_and_same_seed_gives_same_bytes(tmp_path: Path) -> None:
    out = tmp_path / "set"
    process = run_make(out)
    deadline = time.monotonic() + 300
    while len(done := list(out.glob("*/[a-z]*.mp4"))) < 3:
        assert process.poll() is None, process.stderr.read().decode()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    written = {path: path.stat().st_mtime_ns for path in done}

    process = run_make(out)
    assert process.wait(timeout=300) == 0, process.stderr.read().decode()
    noted = sum(path.stat().st_mtime_ns == when for path, when in written.items())
    assert noted >= len(written) - 2  # at most the two that were being noted when it was killed
    assert not build.wrong_checksums(out)
    assert not (out / build.WORK).exists()
    assert not list(out.rglob(".*"))
    videos = pd.read_parquet(out / "truth" / "videos.parquet")
    assert len(videos) == len(list(out.glob("dfdc_train_part_*/*.mp4"))) == 12

    names = [videos[videos.label == label].video.iloc[0] for label in ("REAL", "FAKE")]
    build.regenerate(SMALLEST, names, tmp_path / "anew")
    for name in names:
        first, second = (next(folder.glob(f"*/{name}")) for folder in (out, tmp_path / "anew"))
        assert first.read_bytes() == second.read_bytes()

    process = run_make(out)
    assert process.wait(timeout=300) == 0
    (out / "truth" / "videos.parquet").write_bytes(b"")
    assert build.wrong_checksums(out) == ["truth/videos.parquet"]


def test_regenerated_clips_equal_the_committed_ones(committed: Plan, tmp_path: Path) -> None:
    swaps = [
        fake
        for fake in committed.fake
        if fake.method == clips.SWAP
        and len(committed.footage_of(fake.donor)) == 1
        and not fake.original.encoding.quarter_turn
    ]
    fake = min(swaps, key=lambda fake: np.prod(fake.original.take.size))
    build.regenerate(committed.setting, [fake.original.video, fake.video], tmp_path)
    for video in (fake.original.video, fake.video):
        made, kept = (next(folder.glob(f"*/{video}")) for folder in (tmp_path, COMMITTED))
        assert compare.psnr(made, kept) >= LEAST_PSNR


def test_unknown_clip_is_named(tmp_path: Path) -> None:
    with pytest.raises(SynthError, match="nosuchclip"):
        build.regenerate(SMALLEST, ["nosuchclip.mp4"], tmp_path)


def test_take_is_what_the_plan_says(committed: Plan) -> None:
    takes = [clip.take for clip in committed.real]
    assert all(isinstance(take, Take) and take.size[0] % 2 == take.size[1] % 2 == 0 for take in takes)
    assert len({take.seed for take in takes}) == len(takes)
