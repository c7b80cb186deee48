"""How fast is each face detector: frames per second and memory at the report's three sizes of frame."""

import json
import math
import sys
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd
import torch

from dfd import detectors
from dfd.errors import InputError
from dfd.run import Run
from study import results, timing
from study.experiments.detector_batches import batch_trials
from study.timing import Trial, frames_per_second

SECONDS = 5.0
CALLS = 5
PACKAGES = ("torch", "facenet-pytorch", "tensorflow-cpu", "mtcnn", "dlib-bin", "opencv-python-headless")


@dataclass(frozen=True)
class Stored:
    """The full benchmark that `measure` has stored.

    Attributes
    ----------
    machine, date : str
        Where and when it was measured.
    versions : dict of str to str
        Versions of Python and the packages.
    seconds_per_trial : float
        Time for the calls of one setting.
    speeds, batches : DataFrame
        As `study.timing.frames_per_second` gives them, by detector, size and device; and by min_face_size,
        batch_size and device.
    reasons : dict of str to str
        Why a detector could not be timed.
    """

    machine: str
    date: str
    versions: dict[str, str]
    seconds_per_trial: float
    speeds: pd.DataFrame
    batches: pd.DataFrame
    reasons: dict[str, str]


def speed(run: Run) -> pd.DataFrame:
    """Time every detector at every size, each in a process of its own, with the package's defaults.

    Parameters
    ----------
    run : Run
        The run.

    Returns
    -------
    DataFrame
        As `study.timing.timed` gives it.

    References
    ----------
    Report, Table 3.1 and Figure 3.1.
    """
    return timing.kept(run, "detector_speed", __name__, speed_trials(timing.clips(run)))


def speed_trials(clips: pd.DataFrame) -> list[Trial]:
    """List every detector at every size, with the package's defaults.

    Parameters
    ----------
    clips : DataFrame
        As `study.timing.clips` gives them.

    Returns
    -------
    list of Trial
    """
    settings = list(zip(clips["size"], clips["path"], strict=True))
    return [Trial(name, size, path) for name in detectors.NAMES for size, path in settings]


def measure(run: Run) -> dict:
    """Time every detector at every size and the batch curves at length, on a GPU too where there is one.

    Parameters
    ----------
    run : Run
        The run whose clips are used.

    Returns
    -------
    dict
        As stored under ``"detector_speed"``: profile, frames (where they come from), frames_in_a_batch,
        seconds_per_trial, speeds, batches and reasons, of which `Stored` tells more.
    """
    clips = timing.clips(run)
    devices = ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)
    times = pd.concat([_timed_at_length(speed_trials(clips), device) for device in devices])
    curves = [_timed_at_length(trials, device) for device in devices for trials in batch_trials(clips)]
    missing = times.dropna(subset="reason").drop_duplicates("detector")
    result = results.store(
        "detector_speed",
        "frames per second of face detection: median and quartiles of warm calls, no decoding; "
        "memory in MiB on top of what Python and its packages take",
        PACKAGES,
        profile=run.name,
        frames=clips["origin"].iloc[0],
        frames_in_a_batch=timing.FRAMES,
        seconds_per_trial=SECONDS,
        speeds=_rates(times, ["detector", "size", "device"]),
        batches=_rates(pd.concat(curves), ["size", "min_face_size", "batch_size", "device"]),
        reasons=dict(zip(missing["detector"], missing["reason"], strict=True)),
    )
    for row in result["speeds"]:
        print(f"{row['detector']:24s} {row['size']:>10s} {row['device']:5s} {row['fps']:8.2f} frames/s")
    for detector, reason in result["reasons"].items():
        print(f"{detector}: {reason}", file=sys.stderr)
    return result


def stored() -> Stored | None:
    """Read the full benchmark that `measure` has stored.

    Returns
    -------
    Stored or None
        ``None`` if it has not been run.

    Raises
    ------
    InputError
        If the file holds something else.
    """
    try:
        result = results.read("detector_speed")
        if result is None:
            return None
        facts: dict[str, Any] = {field.name: result[field.name] for field in fields(Stored)}
        facts |= {name: pd.DataFrame(facts[name]) for name in ("speeds", "batches")}
    except (ValueError, KeyError, TypeError) as error:
        file = results.FOLDER / "detector_speed.json"
        raise InputError(file, f"not a result of study.experiments.detector_speed ({error})") from error
    return Stored(**facts)


def _timed_at_length(trials: list[Trial], device: str) -> pd.DataFrame:
    # Only facenet-pytorch can use a GPU; the first call of a setting never counts.
    on_device = [trial for trial in trials if device == "cpu" or trial.detector.startswith("facenet-pytorch")]
    return timing.timed(on_device, device, SECONDS, patience=math.inf, calls=CALLS)


def _rates(times: pd.DataFrame, by: list[str]) -> list[dict]:
    return json.loads(frames_per_second(times, by).round(3).to_json(orient="records"))
