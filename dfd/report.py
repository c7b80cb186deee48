"""The report on judged videos: one HTML page that needs no other file and asks nobody for anything."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import cv2
import jinja2
import numpy as np
import pandas as pd
from scipy.special import expit

from dfd import explain, faces, loading, predict
from dfd.errors import InputError
from dfd.judging import Judgement, Person
from dfd.model import Model

SHOWN = 3
"""Most and least suspicious faces of each person that are shown."""

WIDTH, HEIGHT, LEFT, TOP = 720, 180, 44, 10
"""Of the drawing of a person's scores over time, and where its axes begin, in its own units."""

HEAT = 0.4
"""Share of the heat map in the picture that it is laid over."""


@dataclass(frozen=True)
class Asked:
    """What was asked for.

    Attributes
    ----------
    source : Path
        Folder of the model.
    prior, coverage : float
        As for `dfd.predict.score`.
    """

    source: Path
    prior: float
    coverage: float


def text(
    model: Model,
    asked: Asked,
    files: Sequence[Path],
    judged: Sequence[Judgement | str],
    scored: pd.DataFrame,
) -> str:
    """Compose the report.

    Parameters
    ----------
    model : Model
        What judged.
    asked : Asked
        How.
    files : sequence of Path
        The videos.
    judged : sequence of Judgement or str
        As `dfd.predict.look` gives it, with recompression.
    scored : DataFrame
        As `dfd.predict.table` gives it.

    Returns
    -------
    str
        HTML.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("dfd"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    first = predict.verdicts(scored).set_index("video")
    videos = []
    for file, one in zip(files, judged, strict=True):
        rows = scored[scored["video"] == str(file)].to_dict("records")
        video = {"name": shown(file), "row": first.loc[str(file)].to_dict(), "rows": rows, "people": []}
        if not isinstance(one, str):
            video["people"] = [_person(model, asked, person, one) for person in one.people]
            video["recompressed"] = _recompressed(model, asked, one, video["row"]["verdict"])
            video["distance"] = one.distance / model.reference.threshold
        videos.append(video)
    return environment.get_template("report.html").render(
        videos=videos,
        unlike=int(scored.drop_duplicates("video")["unlike"].fillna(False).sum()),
        about=model.about,
        asked=asked,
        model=asked.source.name,
        thresholds=_thresholds(model, asked),
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        version=metadata.version("dfd"),
        drawing={"width": WIDTH, "height": HEIGHT, "left": LEFT, "top": TOP},
    )


def shown(file: str | Path) -> str:
    """Give the name of a file in letters that can be printed.

    Parameters
    ----------
    file : str or Path
        It may have bytes in its name that are no UTF-8.

    Returns
    -------
    str
    """
    return str(file).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _person(model: Model, asked: Asked, person: Person, judged: Judgement) -> dict:
    p_fake = expit(model.calibration(person.logits, asked.prior))
    order = np.argsort(person.logits)
    few = order[: SHOWN if len(order) >= 2 * SHOWN else len(order) // 2]
    most = order[::-1][: max(SHOWN if len(order) >= 2 * SHOWN else len(order) - len(few), 1)]
    return {
        "number": person.number,
        "points": _points(person.times, p_fake, judged.duration),
        "most": [_face(model, person, int(face), p_fake) for face in most],
        "least": [_face(model, person, int(face), p_fake) for face in few],
    }


def _points(times: np.ndarray, p_fake: np.ndarray, duration: float) -> list[dict[str, float]]:
    width, height = WIDTH - LEFT - 10, HEIGHT - TOP - 30
    across = LEFT + width * times / max(duration, float(times.max()), 1e-6)
    down = TOP + height * (1 - p_fake)
    rows = zip(across, down, times, p_fake, strict=True)
    return [{"x": float(x), "y": float(y), "time": float(t), "p": float(p)} for x, y, t, p in rows]


def _face(model: Model, person: Person, place: int, p_fake: np.ndarray) -> dict[str, object]:
    crop = loading.resized(faces.decode(person.crops[place])[None], model.size, model.part)
    heated = None
    try:
        heat = explain.heatmaps(model.network, crop)[0]
        colours = cv2.applyColorMap((255 * heat).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
        heated = _embedded(((1 - HEAT) * crop[0] + HEAT * colours).astype(np.uint8))
    except InputError:
        # The page says that there is no heat map without the package that draws it.
        pass
    return {
        "image": _embedded(crop[0]),
        "heat": heated,
        "time": float(person.times[place]),
        "p": float(p_fake[place]),
    }


def _embedded(image: np.ndarray) -> str:
    stored = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
    return "data:image/jpeg;base64," + base64.b64encode(stored.tobytes()).decode()


def _recompressed(model: Model, asked: Asked, judged: Judgement, verdict: str) -> list[dict[str, object]]:
    rows = []
    for quality, logit in {100: judged.logit, **judged.recompressed}.items():
        seen = np.isfinite(logit)
        p_fake = float(expit(model.calibration(np.array([logit]), asked.prior))[0]) if seen else None
        again = predict.verdict(model, judged, logit, asked.coverage) if seen else predict.NO_FACE
        rows.append({"quality": quality, "p": p_fake, "verdict": verdict if quality == 100 else again})
    return rows


def _thresholds(model: Model, asked: Asked) -> dict[str, float]:
    """Probabilities, at the prior, from which a video is called fake and up to which it is called real."""
    levels = np.sort(np.r_[model.conformal.real, model.conformal.fake])
    between = np.r_[levels[0] - 1, (levels[1:] + levels[:-1]) / 2, levels[-1] + 1]
    called = [model.conformal.verdict(level, asked.coverage) for level in between]
    p_fake = expit(model.calibration(between, asked.prior))
    fake = [p for p, verdict in zip(p_fake, called, strict=True) if verdict == "fake"]
    real = [p for p, verdict in zip(p_fake, called, strict=True) if verdict == "real"]
    return {"fake": min(fake, default=1.0), "real": max(real, default=0.0)}
