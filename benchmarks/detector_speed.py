"""Time the face detectors at length: ``python benchmarks/detector_speed.py [PROFILE]``."""

import json
import math
import sys

import pandas as pd
import torch

from dfd import detector_benchmark as benchmark
from dfd import profile, results

SECONDS = 5.0
CALLS = 5
PACKAGES = (
    "torch",
    "facenet-pytorch",
    "tensorflow-cpu",
    "mtcnn",
    "dlib-bin",
    "opencv-python-headless",
)


def main(name: str = "sample") -> None:
    """Time every detector at every size and the batch curves, on a GPU too where there is one.

    Parameters
    ----------
    name : str
        Profile whose clips are used.
    """
    clips = benchmark.clips(profile.load(name))
    devices = ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)
    speed = pd.concat([_timed(benchmark.speed_trials(clips), device) for device in devices])
    curves = [_timed(trials, device) for device in devices for trials in benchmark.batch_trials(clips)]
    missing = speed.dropna(subset="reason").drop_duplicates("detector")
    result = results.store(
        "detector_speed",
        "frames per second of face detection: median and quartiles of warm calls, no decoding; "
        "memory in MiB on top of what Python and its packages take",
        PACKAGES,
        profile=name,
        frames=clips["origin"].iloc[0],
        frames_in_a_batch=benchmark.FRAMES,
        seconds_per_trial=SECONDS,
        speeds=_rates(speed, ["detector", "size", "device"]),
        batches=_rates(pd.concat(curves), ["size", "min_face_size", "batch_size", "device"]),
        reasons=dict(zip(missing["detector"], missing["reason"], strict=True)),
    )
    for row in result["speeds"]:
        print(f"{row['detector']:24s} {row['size']:>10s} {row['device']:5s} {row['fps']:8.2f} frames/s")
    for detector, reason in result["reasons"].items():
        print(f"{detector}: {reason}", file=sys.stderr)
    print(f"written to {benchmark.RESULT.relative_to(profile.ROOT)}")


def _timed(trials: list[benchmark.Trial], device: str) -> pd.DataFrame:
    # Only facenet-pytorch can use a GPU; the first call of a setting never counts.
    on_device = [t for t in trials if device == "cpu" or t.detector.startswith("facenet-pytorch")]
    return benchmark.timed(on_device, device, SECONDS, patience=math.inf, calls=CALLS)


def _rates(times: pd.DataFrame, by: list[str]) -> list[dict]:
    return json.loads(benchmark.frames_per_second(times, by).round(3).to_json(orient="records"))


if __name__ == "__main__":
    main(*sys.argv[1:])
