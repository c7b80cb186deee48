"""How an actor moves: speech, blinks, gaze, brows, turns of the head, and leaving the picture."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from .geometry import smoothstep


@dataclass(frozen=True)
class Moment:
    """An actor's pose in one frame.

    Attributes
    ----------
    yaw, pitch, roll : float
        Turn of the head against the body in degrees: yaw to the actor's left, pitch down, roll to the
        actor's right.
    turn : float
        Turn of the whole body in degrees.
    sway : tuple of (x, y)
        Shift of the whole body in decimetres.
    away : float
        How far the actor has left, and to which side: 0 in place, 1 or -1 out of the picture.
    gaze : tuple of (yaw, pitch)
        Turn of the eyes against the head in degrees.
    units : dict of str to float
        Weights of the face units.
    """

    yaw: float
    pitch: float
    roll: float
    turn: float
    sway: tuple[float, float]
    away: float
    gaze: tuple[float, float]
    units: dict[str, float]


def perform(
    rng: np.random.Generator,
    frames: int,
    fps: float,
    faceless: tuple[int, int] | None = None,
    side: float = 1.0,
) -> list[Moment]:
    """Let an actor perform a take.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    frames : int
        Number of frames.
    fps : float
        Frames a second.
    faceless : (first, last + 1), optional
        Frames in which the actor is turned away or out of the picture.
    side : float
        1 to turn or leave towards the right of the picture, -1 towards the left.

    Returns
    -------
    list of Moment
        One for each frame.
    """
    stage = _Stage(rng, frames, fps)
    yaw, pitch, roll = _head(stage)
    mouth, open_lips = _speech(stage)
    eyes = _gaze(stage, yaw)
    units = mouth | _mood(stage, open_lips) | _lids(stage, _blinks(stage), eyes[1])
    turn, away = _absence(stage, faceless, side)
    sway = stage.wander(0.25, 0.05), stage.wander(0.3, 0.03)
    return [
        Moment(
            float(yaw[k]),
            float(pitch[k]),
            float(roll[k]),
            float(turn[k]),
            (float(sway[0][k]), float(sway[1][k])),
            float(away[k]),
            (float(eyes[0][k]), float(eyes[1][k])),
            {name: float(weight[k]) for name, weight in units.items() if abs(weight[k]) > 1e-3},
        )
        for k in range(frames)
    ]


@dataclass(frozen=True)
class _Stage:
    rng: np.random.Generator
    frames: int
    fps: float

    def wander(self, pace: float, spread: float) -> np.ndarray:
        """Return smooth noise (frames,) with changes at a pace in hertz and a standard deviation."""
        sigma = self.fps / (2 * np.pi * pace)
        pad = int(4 * sigma) + 1
        rough = self.rng.standard_normal(self.frames + 2 * pad)
        smooth = gaussian_filter1d(rough, sigma)[pad:-pad]
        # The standard deviation of white noise after a Gaussian filter.
        return spread * smooth * np.sqrt(2 * np.sqrt(np.pi) * sigma)


def _head(stage: _Stage) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = stage.rng
    facing = rng.normal(0, 6)
    yaw = np.clip(facing + stage.wander(0.35, 6) + stage.wander(1.0, 1.2), -34, 34)
    if rng.random() < 0.22:
        yaw = yaw + rng.choice([-1, 1]) * rng.uniform(20, 34) * _look_aside(stage)
    pitch = rng.normal(1, 3.5) + stage.wander(0.5, 3) + stage.wander(1.8, 0.9)
    roll = rng.normal(0, 2.5) + stage.wander(0.4, 2.2)
    return np.clip(yaw, -46, 46), np.clip(pitch, -14, 14), np.clip(roll, -10, 10)


def _look_aside(stage: _Stage) -> np.ndarray:
    """Return a turn of the head (frames,) that rises to 1 and may come back."""
    time = np.arange(stage.frames) / stage.fps
    start = stage.rng.uniform(0, 0.5 * time[-1] + 1e-6)
    back = start + stage.rng.uniform(0.9, 2.0)
    return smoothstep(time, start, start + 0.55) * (1 - smoothstep(time, back, back + 0.6))


def _speech(stage: _Stage) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Syllables at about four a second, in phrases with pauses; vowels round or widen the lips."""
    rng = stage.rng
    time = np.arange(stage.frames) / stage.fps
    talks = smoothstep(stage.wander(0.7, 1) + rng.uniform(-0.2, 1.4), -0.2, 0.4) * (rng.random() < 0.85)
    phase = 2 * np.pi * np.cumsum(rng.uniform(3.6, 4.8) * (1 + stage.wander(1.2, 0.2))) / stage.fps
    syllable = np.clip(0.5 + 0.5 * np.sin(phase + rng.uniform(0, 6)), 0, 1) ** 1.3
    loud = np.clip(0.55 + stage.wander(1.5, 0.3), 0.15, 1)
    jaw = talks * syllable * loud
    vowel = stage.wander(2.2, 1)
    rounded, wide = np.clip(vowel, 0, 1.6), np.clip(-vowel, 0, 1.6)
    closing = talks * np.clip(stage.wander(3.0, 1) - 0.9, 0, 1) * (1 - syllable)
    rest = 0.02 + 0.02 * np.sin(time)
    units = {
        "jawOpen": 0.42 * jaw + rest * talks,
        "mouthFunnel": 0.28 * talks * rounded * (0.4 + 0.6 * syllable),
        "mouthPucker": 0.26 * talks * rounded * (1 - 0.5 * syllable),
        "mouthRollLower": 0.3 * closing,
        "mouthUpperUpLeft": 0.22 * jaw * loud,
        "mouthUpperUpRight": 0.22 * jaw * loud,
        "mouthLowerDownLeft": 0.25 * jaw,
        "mouthLowerDownRight": 0.25 * jaw,
        "mouthStretchLeft": 0.16 * talks * wide * syllable,
        "mouthStretchRight": 0.16 * talks * wide * syllable,
        "jawLeft": 0.05 * talks * stage.wander(1.5, 1),
    }
    return units, jaw


def _mood(stage: _Stage, open_lips: np.ndarray) -> dict[str, np.ndarray]:
    rng = stage.rng
    smile = np.clip(rng.uniform(0.0, 0.6) + stage.wander(0.4, 0.15), 0, 0.75)
    lopsided = rng.normal(0, 0.05)
    brow = np.clip(stage.wander(0.8, 0.3) + 0.25 * open_lips, 0, 0.8)
    frown = np.clip(rng.normal(-0.15, 0.15) + stage.wander(0.5, 0.15), 0, 0.4) * (smile < 0.35)
    return {
        "mouthSmileLeft": np.clip(smile + lopsided, 0, 1),
        "mouthSmileRight": np.clip(smile - lopsided, 0, 1),
        "cheekSquintLeft": 0.6 * smile,
        "cheekSquintRight": 0.6 * smile,
        "eyeSquintLeft": 0.22 * smile,
        "eyeSquintRight": 0.22 * smile,
        "browInnerUp": 0.5 * brow,
        "browOuterUpLeft": np.clip(0.4 * brow + 0.1 * stage.wander(0.7, 1), 0, 0.6),
        "browOuterUpRight": np.clip(0.4 * brow + 0.1 * stage.wander(0.7, 1), 0, 0.6),
        "browDownLeft": frown,
        "browDownRight": frown,
    }


def _blinks(stage: _Stage) -> np.ndarray:
    """Return how far the lids are closed (frames,): quick down, slower up, every few seconds."""
    rng = stage.rng
    time = np.arange(stage.frames) / stage.fps
    closed = np.zeros(stage.frames)
    start = rng.uniform(0.1, 1.3)
    while start < time[-1]:
        down = smoothstep(time, start, start + 0.085)
        up = smoothstep(time, start + 0.12, start + 0.28)
        closed = np.maximum(closed, down * (1 - up))
        start += rng.uniform(1.2, 4.5)
    return closed


def _gaze(stage: _Stage, yaw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fixations near the camera with quick jumps between them; the eyes hold still while the head turns."""
    rng = stage.rng
    across, up = np.zeros(stage.frames), np.zeros(stage.frames)
    frame = 0
    while frame < stage.frames:
        until = frame + max(int(rng.uniform(0.35, 1.5) * stage.fps), 1)
        spread = 3.5 if rng.random() < 0.75 else 10
        across[frame:until], up[frame:until] = rng.normal(0, spread), rng.normal(0, 0.5 * spread)
        frame = until
    steady = np.clip(across - 0.75 * yaw, -26, 26)
    return gaussian_filter1d(steady, 0.7), gaussian_filter1d(np.clip(up, -9, 9), 0.7)


def _lids(stage: _Stage, blink: np.ndarray, gaze_down: np.ndarray) -> dict[str, np.ndarray]:
    relaxed = stage.rng.uniform(-0.02, 0.06)
    follow = np.clip(gaze_down / 25, -0.3, 0.5)
    closed = np.clip(relaxed + np.maximum(follow, 0) * 0.6 + blink * (1 - relaxed), 0, 1)
    wide = np.clip(-follow, 0, 1) * (1 - blink)
    return {"eyeBlinkLeft": closed, "eyeBlinkRight": closed, "eyeWideLeft": wide, "eyeWideRight": wide}


def _absence(stage: _Stage, faceless: tuple[int, int] | None, side: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the turn of the body (degrees) and how far the actor has left the picture, for each frame."""
    still = np.zeros(stage.frames)
    if faceless is None:
        return still, still
    first, last = faceless
    ramp = max(int(0.35 * stage.fps), 3)
    frames = np.arange(stage.frames)
    gone = smoothstep(frames, first - ramp, first) * (1 - smoothstep(frames, last - 1, last - 1 + ramp))
    if stage.rng.random() < 0.5:
        return side * 165 * gone, still
    return still, side * gone
