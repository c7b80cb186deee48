"""Scores of videos outside the data set: one row for every person in them, and a verdict."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy.special import expit

from dfd import judging, parallel
from dfd import model as models
from dfd.conformal import UNSURE
from dfd.errors import InputError
from dfd.judging import Judgement, Person
from dfd.model import Model
from dfd.run import BACKBONES, Run, cores

NO_FACE = "no face"
SUFFIXES = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".ts", ".mpg", ".mpeg", ".3gp", ".wmv", ".flv")
"""Ends of names by which the videos of a folder are told from other files."""

FEW = 3
"""Faces with fewer of which a person gets no verdict, unless no more frames were there."""

COLUMNS = {
    "video": "object",
    "person": "Int64",
    "faces": "Int64",
    "frames": "Int64",
    "p_fake": "float64",
    "low": "float64",
    "high": "float64",
    "verdict": "object",
    "unlike": "boolean",
    "lost": "Int64",
    "seconds": "float64",
    "status": "object",
    "reason": "object",
}


def score(
    source: Path,
    files: Sequence[Path],
    prior: float = 0.5,
    coverage: float = 0.8,
    jobs: int | None = None,
    scheduler: str | None = None,
) -> pd.DataFrame:
    """Judge the people of videos; nothing but the model's folder and the videos is read, nothing written.

    Parameters
    ----------
    source : Path
        Folder of the model.
    files : sequence of Path
        Videos.
    prior : float
        Share of fakes among the videos to be judged, above 0 and below 1.
    coverage : float
        Promise of the verdicts; see `dfd.conformal`.
    jobs : int, optional
        Processes; all cores by default.
    scheduler : str, optional
        Address of a Dask scheduler whose workers do it.

    Returns
    -------
    DataFrame
        A row for each person: video (the file), person (from 1), faces and frames (how many were seen and
        looked at), p_fake (at the prior), low and high (95% interval over the frames), verdict (``"fake"``,
        ``"real"`` or ``"cannot tell"``), unlike (whether the video is unlike the training data), lost (frames
        that cannot be decoded), seconds, status (``"ok"``) and reason. A video without a face, or that
        cannot be read, has one row with status ``"no face"`` or ``"unreadable"`` and the reason.

    Raises
    ------
    InputError
        If the model cannot be read, or prior or coverage make no sense.
    """
    model = models.load(source.resolve())
    check_shares(model, prior, coverage)
    judged = look(source, files, jobs, scheduler)
    return table(model, files, judged, prior, coverage)


def look(
    source: Path,
    files: Sequence[Path],
    jobs: int | None = None,
    scheduler: str | None = None,
    recompress: bool = False,
) -> list[Judgement | str]:
    """Judge videos.

    Parameters
    ----------
    source : Path
        Folder of the model.
    files : sequence of Path
        Videos.
    jobs : int, optional
        Processes; all cores by default.
    scheduler : str, optional
        Address of a Dask scheduler whose workers do it.
    recompress : bool
        Whether each is judged again after its frames have been compressed, which takes four times as long.

    Returns
    -------
    list of Judgement or str
        What was seen in each, or why nothing could be.
    """
    run = Run("dfdc", Path(), Path(), BACKBONES[0], jobs=jobs or cores(), scheduler=scheduler)
    given = [(source.resolve(), file.absolute(), recompress) for file in files]
    done = dict(parallel.map_unordered(run, _judge, given, _lost, "video", on_gpu=False))
    return [done[place] for place in range(len(files))]


def table(
    model: Model, files: Sequence[Path], judged: Sequence[Judgement | str], prior: float, coverage: float
) -> pd.DataFrame:
    """Turn what was seen in videos into the rows of `score`.

    Parameters
    ----------
    model : Model
        What judged.
    files : sequence of Path
        The videos.
    judged : sequence of Judgement or str
        As `look` gives it.
    prior, coverage : float
        As for `score`.

    Returns
    -------
    DataFrame
    """
    seen = zip(files, judged, strict=True)
    rows = [row for file, one in seen for row in _rows(model, file, one, prior, coverage)]
    # Column by column, since a name that is no UTF-8 is no text to pandas.
    return pd.DataFrame(
        {name: pd.Series([row.get(name) for row in rows], dtype=kind) for name, kind in COLUMNS.items()}
    )


def check_shares(model: Model, prior: float, coverage: float) -> None:
    """Refuse a prior or a coverage that makes no sense.

    Parameters
    ----------
    model : Model
        The coverage that it can promise depends on how many videos it was calibrated on.
    prior, coverage : float
        As for `score`.

    Raises
    ------
    InputError
        With the reason.
    """
    if not 0 < prior < 1:
        raise InputError(f"prior {prior:g}", "must be a share above 0 and below 1")
    highest = model.conformal.highest_coverage
    if not 0 < coverage <= highest:
        reason = (
            f"must be above 0 and at most {highest:.2f}: this model was calibrated on too few videos for more"
        )
        raise InputError(f"coverage {coverage:g}", reason)


def videos_in(paths: Sequence[Path]) -> list[Path]:
    """List the videos that are meant by files and folders.

    Parameters
    ----------
    paths : sequence of Path
        Files are taken as they are; of folders all videos in them and below, by their names. What is meant
        twice is listed once.

    Returns
    -------
    list of Path

    Raises
    ------
    InputError
        If a path is an address, is not there, is neither file nor folder, or is a folder without a video.
    """
    files: list[Path] = []
    for path in paths:
        if "://" in str(path) or str(path).startswith(("http:/", "https:/")):
            raise InputError(path, "an address; download the video and give its file")
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES)
            if not inside:
                raise InputError(path, "no video in this folder")
            files += inside
        elif path.exists() and not path.is_file():
            raise InputError(path, "neither a file nor a folder")
        else:
            files.append(path)
    return list(dict.fromkeys(files))


def verdicts(scored: pd.DataFrame) -> pd.DataFrame:
    """Give each video the row of its most suspicious person.

    Parameters
    ----------
    scored : DataFrame
        As `score` gives it.

    Returns
    -------
    DataFrame
        One row for each video, in the same order.
    """
    order = scored.assign(rank=scored["p_fake"].fillna(-1)).sort_values(
        "rank", ascending=False, kind="stable"
    )
    first = order.drop_duplicates("video").drop(columns="rank")
    return first.loc[sorted(first.index)].reset_index(drop=True)


def verdict(model: Model, judged: Judgement, logit: float, coverage: float) -> str:
    """Give the verdict that a score gets in a video.

    Parameters
    ----------
    model : Model
        What judged.
    judged : Judgement
        Where the video is unlike the training data there is no verdict, for the promise holds for others.
    logit : float
        Log odds of FAKE.
    coverage : float
        As for `score`.

    Returns
    -------
    str
        As `dfd.conformal.Conformal.verdict` gives it.
    """
    like = judged.distance <= model.reference.threshold
    return model.conformal.verdict(logit, coverage) if like else UNSURE


def _rows(
    model: Model, file: Path, judged: Judgement | str, prior: float, coverage: float
) -> list[dict[str, Any]]:
    if isinstance(judged, str):
        return [{"video": str(file), "status": "unreadable", "reason": judged}]
    of_video = {
        "video": str(file),
        "frames": judged.frames,
        "lost": judged.lost,
        "seconds": round(judged.duration, 2),
    }
    if not judged.people:
        reason = f"no face in the {judged.frames} frames looked at"
        return [of_video | {"verdict": NO_FACE, "faces": 0, "status": NO_FACE, "reason": reason}]
    of_video |= {"unlike": judged.distance > model.reference.threshold, "status": "ok", "reason": ""}
    return [of_video | _person(model, person, judged, prior, coverage) for person in judged.people]


def _person(model: Model, person: Person, judged: Judgement, prior: float, coverage: float) -> dict[str, Any]:
    low, high = person.interval()
    p_fake, low, high = expit(model.calibration(np.array([person.logit, low, high]), prior))
    enough = len(person.logits) >= min(FEW, judged.frames)
    answer = verdict(model, judged, person.logit, coverage) if enough else UNSURE
    about = {"person": person.number, "faces": len(person.logits), "verdict": answer}
    return about | {"p_fake": float(p_fake), "low": float(low), "high": float(high)}


def _judge(run: Run, job: tuple[Path, Path, bool]) -> Judgement | str:
    source, file, recompress = job
    if run.jobs > 1 or run.scheduler:
        torch.set_num_threads(1)
    model = models.load(source)
    try:
        judged = judging.judge(model, file)
        if recompress:
            judged.recompressed = judging.recompressed(model, file)
    except InputError as error:
        return error.reason
    return judged


def _lost(reason: str) -> str:
    return reason
