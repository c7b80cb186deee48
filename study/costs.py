"""What all of DFDC costs, and how well the work spreads: tables of pages, made of stored results."""

import json

from dfd import embedding, recipe
from dfd.errors import InputError
from study import results
from study.drill_tree import EMBEDDED
from study.experiments import detection_pipelines, extraction_accuracy
from study.statistics import Interval

VIDEOS = {"REAL": 19_154, "FAKE": 100_000}
"""The training set (Dolhansky et al., 2020)."""

BYTES = 470e9
"""Size of all its videos."""

PARTS = 50
"""Parts that it is published in."""


EMBEDDINGS = {"backbone": "EfficientNet-Lite0", "dlib": "dlib's network", "facenet": "FaceNet"}
"""What the embeddings of the drill are called; the last one only where its weights were downloaded."""

LOOP, OURS = extraction_accuracy.LOOP, extraction_accuracy.EXTRACTOR
HALF = extraction_accuracy.HALF

ESTIMATED: dict[str, tuple[str, tuple[str, ...]]] = {
    "detection_pipelines": (
        "the extractor is {} times as fast as the report's loop on a clip of 300 frames at 1080 x 1920, and "
        "{} times at 540 x 960",
        tuple(f"times as fast: {detection_pipelines.OURS}, {size}" for size in ("1080x1920", "540x960")),
    ),
    "extraction_accuracy": (
        "on the sample's REAL clips, against the truth, the extractor has a recall of {} (the report's "
        "detector {}) and a mean IoU of {} ({}), and {} of its boxes hit no face ({}); in half precision the "
        "report's detector has a recall of {}, and a share of {} of its boxes moves (IoU below 0.99)",
        (
            *(
                f"{what}, {way}"
                for what in ("recall", "mean IoU", "boxes on no face")
                for way in (OURS, LOOP)
            ),
            *(f"recall, {HALF}", "boxes that half precision moves"),
        ),
    ),
}
"""What is said of results at full depth, and the names of the estimates to fill in."""

STORED = {
    "gpu_speed": (
        "on a GPU, MTCNN searches {detector[1080x1920, batches of 1][0]:.0f} frames of 1080 x 1920 a second "
        "one by one and {detector[1080x1920, batches of 64][0]:.0f} in batches of 64; EfficientNet-B7 embeds "
        "{embeddings[efficientnet-b7, float32, batches of 64][faces_per_second][0]:,.0f} faces a second in "
        "float32 and {embeddings[efficientnet-b7, bfloat16, batches of 64][faces_per_second][0]:,.0f} in "
        "bfloat16, and is trained on "
        "{trainings[steps][efficientnet-b7, float32][faces_per_second_loaded]:.0f} and "
        "{trainings[steps][efficientnet-b7, bfloat16][faces_per_second_loaded]:.0f} in one run of each; "
        "{jobs} loader processes alone decode and augment {trainings[loaded_per_second]:,.0f}"
    ),
    "two_workers": "two local workers are {speedup:.2f} times as fast as one, on {videos} videos",
    "damaged_clips": (
        "{clips_with_one_status:,} of {clips:,} clips, {damaged} of them damaged on purpose, have "
        "exactly one status; memory was {megabytes[at_half]:,} MB at half time and "
        "{megabytes[at_the_end]:,} MB at the end"
    ),
}
"""What is said of the other stored results."""


def tables() -> dict[str, str]:
    """Write all tables that pages include.

    Returns
    -------
    dict of str to str
        Name of the page that is included, and its MyST Markdown.

    Raises
    ------
    InputError
        If nothing is stored of what a video costs, of a GPU's speed or of the drill.
    """
    cost, gpu, drill = (_stored(name) for name in ("extraction_cost", "gpu_speed", "drill"))
    return {
        "costs-table": sizes(cost),
        "stage-costs-table": stages(cost, gpu, drill),
        "cluster-costs-table": machines(cost),
        "cluster-checks-table": checks(),
    }


def sizes(measured: dict) -> str:
    """Say what each share of DFDC costs, scaled up from a measurement.

    Parameters
    ----------
    measured : dict
        As `study.experiments.extraction_cost` stores it.

    Returns
    -------
    str
        MyST Markdown.
    """
    total = sum(VIDEOS.values())
    hours = _hours(measured, "core_seconds_per_video")
    faces_of = {label: VIDEOS[label] * cost["faces_per_video"] for label, cost in measured["costs"].items()}
    stored = sum(faces_of[label] * cost["bytes_per_face"] for label, cost in measured["costs"].items())
    faces = sum(faces_of.values())
    lines = [
        "| What | Videos | Size | Faces | Stored faces | Extraction on 2 cores | on 16 cores |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    shares = {
        "`VIDEOS=500`": 500 / total,
        "`PARTS=0`": 1 / PARTS,
        "`PARTS=0,1,2`": 3 / PARTS,
        "everything": 1,
    }
    for what, share in shares.items():
        lines.append(
            f"| {what} | {total * share:,.0f} | {BYTES * share / 1e9:,.0f} GB | {faces * share:,.0f} "
            f"| {stored * share / 1e9:,.1f} GB | {_time(hours * share / 2)} | {_time(hours * share / 16)} |"
        )
    return "\n".join([*lines, "", _source(measured)])


def stages(measured: dict, gpu: dict, drill: dict) -> str:
    """Say what every stage of the profile ``dfdc`` costs on all of DFDC, and how that is known.

    Parameters
    ----------
    measured : dict
        As `study.experiments.extraction_cost` stores it.
    gpu : dict
        As `study.experiments.gpu_speed` stores it.
    drill : dict
        As `study.drill` stores it.

    Returns
    -------
    str
        MyST Markdown.
    """
    here = "measured in the drill"
    timed = {model for model in EMBEDDINGS if f"{EMBEDDED} {model}" in drill["made"]}
    joined = f"of {drill['faces']:,} faces, made before"
    vectors = " and ".join(f"{count:,} of {EMBEDDINGS[model]}" for model, count in drill["vectors"].items())
    steps = f"{drill['steps']:,} steps at {drill['side']} pixels, judging {drill['judged']:,} faces"
    chapters = [name for name in drill["stages"] if name[:2].isdigit()]
    rows = [
        *_row("`dfd check`", drill, "check", here),
        *_row("table of videos", drill, "videos", here),
        _extraction(measured),
        *_row("table of faces", drill, "faces", f"{here}: {joined}"),
        *(_embedding(drill, model) for model in EMBEDDINGS if model in timed),
        *_row("tables of embeddings", drill, "embed", f"{here}: {vectors}, all but a few made before"),
        *_on_gpu(gpu),
        *_row("training", drill, "train", f"{here}: {steps}"),
        *(row for name in chapters for row in _row(f"chapter {name[:2]}", drill, name, here)),
    ]
    lines = ["| Stage | Time | Processor time | Peak memory | How it is known |", "|---|--:|--:|--:|---|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([*lines, "", _about(drill)])


def machines(measured: dict) -> str:
    """Say what finding the faces of all of DFDC takes on machines of several sizes.

    Parameters
    ----------
    measured : dict
        As `study.experiments.extraction_cost` stores it.

    Returns
    -------
    str
        MyST Markdown.
    """
    hours = _hours(measured, "core_seconds_per_video")
    lines = ["| On | Hours | How it is known |", "|---|--:|---|"]
    for what, count in {"1 core": 1, "2 cores": 2, "16 cores": 16, "100 workers of one core": 100}.items():
        lines.append(f"| {what} | {hours / count:,.1f} | measured core-seconds / {count} |")
    return "\n".join(
        [*lines, "", _source(measured), "Division by the number of workers assumes a disk that keeps up."]
    )


def checks() -> str:
    """Say how fast and how exact the extractor is, how well the work spreads, and what damaged clips do.

    Returns
    -------
    str
        MyST Markdown: an item for each stored result, which says so where there is none.
    """
    lines = []
    for name, (sentence, names) in ESTIMATED.items():
        result = _full(name)
        said = sentence.format(*(result["estimates"][estimate] for estimate in names)) if result else ""
        lines.append(_item(f"study {name}", said, result))
    for name, sentence in STORED.items():
        result = results.read(name)
        lines.append(_item(f"measure {name}", sentence.format_map(result) if result else "", result))
    return "\n".join(lines)


def _stored(name: str) -> dict:
    result = results.read(name)
    if result is None:
        raise InputError(results.FOLDER / f"{name}.json", f"no such result; measure {name}")
    return result


def _full(name: str) -> dict | None:
    """Read the estimates of a result that is stored at full depth, with machine and date."""
    file = results.FOLDER / "sample" / f"{name}.json"
    if not file.is_file():
        return None
    result = json.loads(file.read_text())
    estimates = {key: Interval(*bounds) for key, bounds in result["estimates"].items()}
    return {"estimates": estimates} | {key: result["made"][key] for key in ("machine", "date")}


def _item(command: str, said: str, result: dict | None) -> str:
    said = f"{said} ({result['machine']}, {result['date']})" if result else "not run yet"
    return f"- `python -m study {command}`: {said}."


def _hours(measured: dict, what: str) -> float:
    return sum(VIDEOS[label] * cost[what] for label, cost in measured["costs"].items()) / 3600


def _source(measured: dict) -> str:
    costs = measured["costs"]
    return (
        f"Measured on {sum(cost['videos'] for cost in costs.values())} DFDC videos ({measured['machine']}, "
        f"{measured['date']}): {costs['FAKE']['core_seconds_per_video']:.1f} core-seconds for a fake and "
        f"{costs['REAL']['core_seconds_per_video']:.1f} for a real video, of which more faces are taken."
    )


def _row(what: str, drill: dict, stage: str, how: str) -> list[tuple[str, ...]]:
    """Say what a stage of the drill took; nothing where it was broken off before."""
    took = drill["stages"].get(stage)
    if took is None:
        return []
    times = (_time(took[name] / 3600) for name in ("seconds", "core_seconds"))
    return [(what, *times, f"{took['peak'] / 1e9:.1f} GB", how)]


def _extraction(measured: dict) -> tuple[str, ...]:
    hours = _hours(measured, "core_seconds_per_video") / 2
    videos = sum(cost["videos"] for cost in measured["costs"].values())
    return (
        "finding the faces, 2 cores",
        _time(hours),
        _time(2 * hours),
        "",
        f"measured on {videos} DFDC videos, scaled",
    )


def _embedding(drill: dict, model: str) -> tuple[str, ...]:
    made, most = drill["made"][f"{EMBEDDED} {model}"], embedding.MOST
    hours = most / made["made"] * made["seconds"] / 3600
    how = f"measured on {made['made']:,} faces in the drill, scaled to {most:,}"
    return f"{EMBEDDINGS[model]}, one process", _time(hours), "", "", how


def _on_gpu(gpu: dict) -> list[tuple[str, ...]]:
    """Say what the embedding and the training of EfficientNet-B7 take, at the rates of a GPU."""
    most, trained = embedding.MOST, recipe.load("dfdc")
    embedded = gpu["embeddings"]["efficientnet-b7, bfloat16, batches of 64"]["faces_per_second"][0]
    stepped = gpu["trainings"]["steps"]["efficientnet-b7, bfloat16"]["faces_per_second_loaded"]
    rate = f"rate measured on {gpu['machine']} ({gpu['date']}), scaled to"
    drawn = f"{trained.epochs} epochs of {trained.faces:,} faces"
    return [
        ("EfficientNet-B7, GPU", _time(most / embedded / 3600), "", "", f"{rate} {most:,} faces"),
        (
            "training EfficientNet-B7, GPU",
            _time(trained.epochs * trained.faces / stepped / 3600),
            *("", "", f"{rate} {drawn}"),
        ),
    ]


def _about(drill: dict) -> str:
    total, limit = sum(VIDEOS.values()), drill["limit"] / 1e9
    peak = max(stage["peak"] for stage in drill["stages"].values()) / 1e9
    return (
        f"The drill ({drill['machine']}, {drill['date']}) ran its stages under a limit of {limit:.0f} GB; "
        f"none of those above had more than {peak:.1f} GB: "
        "all processes of a stage together, with what they share counted once. "
        f"It has {drill['videos']:,} videos ({drill['videos'] / total:.0%} of DFDC's) and {drill['faces']:,} "
        "faces: short clips of the sample, listed again and again under new names, so that hashing them "
        f"reads far less than DFDC's {BYTES / 1e9:.0f} GB. "
        f"Its backbone is {drill['backbone']}. "
        f"Each embedding computed {drill['embedded']:,} faces; its other vectors are those of the same "
        f"pictures, slightly changed. {drill.get('note', '')}"
    )


def _time(hours: float) -> str:
    if hours < 1 / 30:
        return f"{hours * 3600:.0f} s"
    return f"{hours:,.1f} h" if hours >= 1 else f"{hours * 60:.0f} min"
