"""Leaks of a division, the metadata's own or somebody else's: what is in more than one split."""

from pathlib import Path

import pandas as pd

from dfd import dataset, listing, summary, tables
from dfd.errors import InputError, first, line

SPLIT = ("video", "split")
PEOPLE = ("source", "person")


def read_split(file: Path, videos: pd.DataFrame) -> pd.DataFrame:
    """Read a division of the videos that somebody made.

    Parameters
    ----------
    file : Path
        A CSV file with the columns video and split, or a Parquet file.
    videos : DataFrame
        As `dfd.listing.listed` gives it.

    Returns
    -------
    DataFrame
        video, split; rows that lack one of them are left out.

    Raises
    ------
    InputError
        If it cannot be read, lacks a column, or has no video of the folder.
    """
    return _read(file, SPLIT, videos)


def read_people(file: Path, videos: pd.DataFrame) -> pd.DataFrame:
    """Read who is to be seen in the sources.

    Parameters
    ----------
    file : Path
        A CSV or Parquet file with the columns source and person; several rows for a source with several
        people.
    videos : DataFrame
        As `dfd.listing.listed` gives it.

    Returns
    -------
    DataFrame
        source, person; rows that lack one of them are left out.

    Raises
    ------
    InputError
        If it cannot be read, lacks a column, or has no source of the folder.
    """
    return _read(file, PEOPLE, videos)


def about(
    videos: pd.DataFrame, split: pd.DataFrame | None = None, people: pd.DataFrame | None = None
) -> list[str]:
    """Say how a folder, and what is given of its division and its people, go together.

    Parameters
    ----------
    videos : DataFrame
        As `dfd.dataset.examine` gives it.
    split : DataFrame, optional
        As `read_split` gives it.
    people : DataFrame, optional
        As `read_people` gives it.

    Returns
    -------
    list of str
        Lines: the splits of the division, the videos that only it or only the folder has, and for how many
        sources it is known who is to be seen.
    """
    lines = [] if split is None else _about_split(videos, split)
    return lines if people is None else [*lines, _about_people(videos, people)]


def division(videos: pd.DataFrame, people: pd.DataFrame | None) -> str:
    """Say by what the videos of a folder are divided.

    Parameters
    ----------
    videos : DataFrame
        As `dfd.listing.listed` gives it.
    people : DataFrame or None
        As `dfd.dataset.people` gives it.

    Returns
    -------
    str
        A few words, such as ``"divided by source alone"``.
    """
    if listing.is_divided(videos):
        return "divided by the metadata"
    if people is None:
        return "divided by source alone, so one person may be in two splits (dfd people)"
    here = people[people["source"].isin(videos["source"])]
    sources = videos["source"].dropna().nunique()
    groups = dataset.source_groups(videos["source"], people).value_counts()
    return (
        f"divided by person: {here['person'].nunique():,} people in {here['source'].nunique():,} of "
        f"{sources:,} sources, {len(groups):,} groups, the largest of {groups.iloc[0]:,} sources"
    )


def divided(videos: pd.DataFrame, split: pd.DataFrame) -> pd.DataFrame:
    """Put a division in the place of a folder's own.

    Parameters
    ----------
    videos : DataFrame
        As `dfd.dataset.examine` gives it.
    split : DataFrame
        As `read_split` gives it.

    Returns
    -------
    DataFrame
        The videos that are in both; a video that is in two splits twice.
    """
    return videos.dropna(subset="source").drop(columns="split").merge(split.drop_duplicates(), on="video")


def leaks(videos: pd.DataFrame, people: pd.DataFrame | None = None) -> list[str]:
    """Say which sources, and which people, are in more than one split.

    Parameters
    ----------
    videos : DataFrame
        With the columns source and split.
    people : DataFrame, optional
        As `read_people` gives it.

    Returns
    -------
    list of str
        Lines; empty if nothing leaks.
    """
    lines = _shared(videos, "source", "sources")
    if people is not None:
        lines += _shared(videos.merge(people, on="source"), "person", "people")
    return lines


def _about_split(videos: pd.DataFrame, split: pd.DataFrame) -> list[str]:
    others = sorted(set(split["split"]) - set(dataset.SPLITS))
    unusual = f"; other than {', '.join(dataset.SPLITS)}: {first(others)}" if others else ""
    lines = [f"the given split: {summary.counts(split['split'])}{unusual}"]
    usable = videos.dropna(subset="source")["video"]
    if unlisted := split.loc[~split["video"].isin(usable), "video"].unique().tolist():
        lines.append(f"{len(unlisted):,} videos of it are not listed in this folder: {first(unlisted)}")
    if left_out := usable[~usable.isin(split["video"])].tolist():
        lines.append(f"{len(left_out):,} videos of this folder are not in it: {first(left_out)}")
    return lines


def _about_people(videos: pd.DataFrame, people: pd.DataFrame) -> str:
    sources = videos["source"].dropna().drop_duplicates()
    named = people[people["source"].isin(sources)]
    people_of = f"{named['person'].nunique():,} in {named['source'].nunique():,} of {len(sources):,} sources"
    return f"the given people: {people_of}; who is in the others is not said"


def _shared(rows: pd.DataFrame, by: str, what: str) -> list[str]:
    splits = rows.groupby(by)["split"].unique()
    shared = splits[splits.str.len() > 1]
    if shared.empty:
        return []
    names = [f"{name} ({', '.join(sorted(group))})" for name, group in shared.items()]
    return [f"LEAK: {len(names):,} of {len(splits):,} {what} are in more than one split: {first(names)}"]


def _read(file: Path, columns: tuple[str, str], videos: pd.DataFrame) -> pd.DataFrame:
    if not file.is_file():
        raise InputError(file, "this is a folder, not a file" if file.is_dir() else "no such file")
    rows = tables.read(file) if file.suffix == ".parquet" else _csv(file)
    if missing := [column for column in columns if column not in rows]:
        there = first([str(column) for column in rows])
        raise InputError(file, f"no column {' and no column '.join(missing)}; its columns are {there}")
    rows = rows[list(columns)].dropna().astype(str)
    rows = rows[(rows != "").all(axis=1)]
    if not rows[columns[0]].isin(videos[columns[0]]).any():
        names = first(rows[columns[0]].tolist())
        raise InputError(file, f"no {columns[0]} of this folder is in it; it has {names or 'none'}")
    return rows


def _csv(file: Path) -> pd.DataFrame:
    try:
        rows = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except OSError as error:
        raise InputError(file, f"cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise InputError(file, f"not a readable CSV file ({line(str(error))})") from error
    return rows.rename(columns=str.strip).apply(lambda column: column.str.strip())
