"""Time the face detectors at length: ``python benchmarks/detector_speed.py [PROFILE]``."""

import json
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch

from dfd import detector_benchmark, detectors, plots, profile
from dfd.tables import replacing

SECONDS = 20.0
PACKAGES = (
    "torch",
    "facenet-pytorch",
    "tensorflow-cpu",
    "mtcnn",
    "dlib-bin",
    "opencv-python-headless",
    "dfd",
)
RESULTS = Path(__file__).parent / "results"


def main(name: str = "sample") -> None:
    """Time every detector at every size, and facenet-pytorch on a GPU too where there is one.

    Parameters
    ----------
    name : str
        Profile whose clips are used.
    """
    clips = detector_benchmark.clips(profile.load(name))
    trials = [
        detector_benchmark.Trial(detector, clip.size, clip.path)
        for detector in detectors.NAMES
        for clip in clips.itertuples()
    ]
    speeds = []
    for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
        on_device = [t for t in trials if device == "cpu" or t.detector.startswith("facenet-pytorch")]
        times = detector_benchmark.timed(on_device, device, SECONDS)
        rates = detector_benchmark.frames_per_second(times, ["detector", "size", "device"])
        speeds += json.loads(rates.round(3).to_json(orient="records"))
        for row in times.dropna(subset="reason").itertuples():
            print(f"{row.detector}: {row.reason}", file=sys.stderr)
    result = {
        "what": "frames per second of face detection: median and quartiles of calls, no decoding",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": plots.machine(),
        "versions": {"Python": platform.python_version()} | {each: version(each) for each in PACKAGES},
        "profile": name,
        "frames": clips["origin"].iloc[0],
        "seconds_per_trial": SECONDS,
        "speeds": speeds,
    }
    gpu = "gpu" if torch.cuda.is_available() else "cpu"
    path = RESULTS / f"detector_speed_{gpu}.json"
    with replacing(path) as aside:
        aside.write_text(json.dumps(result, indent=1) + "\n")
    for row in speeds:
        print(f"{row['detector']:24s} {row['size']:>10s} {row['device']:5s} {row['fps']:8.2f} frames/s")
    print(f"written to {path.relative_to(RESULTS.parent.parent)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
