"""What came of the videos of a folder: in some twenty lines whatever their number, and as a list."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from dfd import tables
from dfd.errors import NAMED, InputError, first, line

COLUMNS = ["video", "part", "status", "reason"]


def lines(videos: pd.DataFrame) -> list[str]:
    """Sum up a table of videos.

    Parameters
    ----------
    videos : DataFrame
        As `dfd.dataset.table` gives it.

    Returns
    -------
    list of str
        How many have which status, bytes and hours, splits, sources, parts, and what is wrong with the first
        of each status.
    """
    hours = videos["duration"].sum() / 3600
    return [
        f"{len(videos):,} videos: {counts(videos['status'])}",
        f"{_size(int(videos['bytes'].sum()))}, {hours:,.2f} hours of video",
        f"splits: {counts(videos['split']) or 'none'}",
        _sources(videos),
        *_parts(videos),
        *_statuses(videos),
    ]


def counts(values: pd.Series) -> str:
    """Count the values of a column.

    Parameters
    ----------
    values : Series of str
        Missing ones are left out.

    Returns
    -------
    str
        The most frequent ones first.

    Examples
    --------
    >>> import pandas as pd
    >>> from dfd import summary
    >>> summary.counts(pd.Series(["ok", "missing", "ok"]))
    '2 ok, 1 missing'
    """
    return first([f"{count:,} {value}" for value, count in values.value_counts().items()], most=2 * NAMED)


def unusable(videos: pd.DataFrame) -> pd.DataFrame:
    """List what cannot be used.

    Parameters
    ----------
    videos : DataFrame
        As `dfd.dataset.table` gives it.

    Returns
    -------
    DataFrame
        video, part, status, reason.
    """
    return videos.loc[videos["status"] != "ok", COLUMNS]


def write(rows: pd.DataFrame, file: Path) -> None:
    """Write a list to a CSV file.

    Parameters
    ----------
    rows : DataFrame
        As `unusable` gives it.
    file : Path
        Where to; its folder is made where it is missing.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    try:
        with tables.replacing(file) as aside:
            rows.to_csv(aside, index=False)
    except OSError as error:
        raise InputError(file, f"the list cannot be written ({error.strerror})") from error


def _sources(videos: pd.DataFrame) -> str:
    usable = videos[(videos["status"] == "ok") & (videos["label"] == "REAL")]
    sources, whole = videos["source"].nunique(), usable["source"].nunique()
    return f"{sources:,} sources: {whole:,} with an original that can be used, {sources - whole:,} without"


def _parts(videos: pd.DataFrame) -> list[str]:
    wrong = (
        (videos["status"] != "ok").groupby(videos["part"]).sum().sort_values(ascending=False, kind="stable")
    )
    worst = wrong.index[wrong > 0]
    about = []
    for part in worst[:NAMED]:
        rows = videos[videos["part"] == part]
        about.append(f"part {part}: {len(rows):,} videos: {counts(rows['status'])}")
    if rest := wrong[worst[NAMED:]].tolist():
        about.append(f"{len(rest)} other parts: {sum(rest):,} videos that cannot be used")
    if whole := sorted(wrong.index[wrong == 0]):
        rows = videos[videos["part"].isin(whole)]
        about.append(f"part{'s' * (len(whole) > 1)} {_ranges(whole)}: {len(rows):,} videos, all ok")
    return about


def _statuses(videos: pd.DataFrame) -> Iterable[str]:
    """Name the first videos of each status, with the reason that the first of them has."""
    bad = unusable(videos)
    for status in bad["status"].value_counts().index:
        rows = bad[bad["status"] == status]
        reason = rows["reason"].iloc[0]
        of_whom = "" if (rows["reason"] == reason).all() else "the first: "
        yield f"{status}: {first(rows['video'].tolist())} ({of_whom}{line(reason)})"


def _ranges(parts: list[int]) -> str:
    """Write whole numbers in ascending order, with those that follow each other as one range."""
    ends = [part for part in parts if part + 1 not in parts]
    starts = [part for part in parts if part - 1 not in parts]
    pairs = zip(starts, ends, strict=True)
    return ", ".join(str(start) if start == end else f"{start} to {end}" for start, end in pairs)


def _size(count: int) -> str:
    """Write a number of bytes."""
    return f"{count / 1e9:,.1f} GB" if count >= 1e8 else f"{count / 1e6:,.1f} MB"
