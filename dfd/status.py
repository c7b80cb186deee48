"""What a run has: which of its tables are up to date, what is under way, and what is left to be done."""

import math
import os
import pickle
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pandas as pd
import torch

from dfd import (
    contents,
    dataset,
    embedding,
    faces,
    identities,
    leakage,
    listing,
    log,
    progress,
    tables,
    training,
    video,
    weights,
)
from dfd import model as models
from dfd import model_making as making
from dfd.log import Entry
from dfd.run import Run

COMPARED = 2000
"""Videos whose size and time are compared at most."""

OPENED = 100
"""Files with the faces of a video that are opened at most to see what made them."""

UNCHECKED = (
    f"what is in the videos (names are compared, and of {COMPARED:,} at most size and time), and whether "
    "shards of embeddings that are not joined yet fit"
)
"""What is not looked at, since it would take too long."""

UNKNOWN = "unknown time"


@dataclass(frozen=True)
class State:
    """How it stands with something that a run makes.

    Attributes
    ----------
    name : str
        What it is.
    holds : str
        What is in it; empty if it is not there.
    stale : str
        Why it would be made again; empty if it is up to date, or not there.
    left : str
        What is to be done to have it, and how long that takes; empty if nothing is.
    """

    name: str
    holds: str = ""
    stale: str = ""
    left: str = ""

    def __str__(self) -> str:
        condition = f"STALE: {self.stale}" if self.stale else "up to date"
        text = f"{self.holds}; {condition}" if self.holds else "not there"
        return f"{self.name:22}{text}" + (f"; left: {self.left}" if self.left else "")


def look(run: Run) -> list[State]:
    """See what a run has, without making or changing anything and without reading a video.

    Whether videos have changed is told by their names, and for `COMPARED` of them by sizes and times.

    Returns
    -------
    list of State
        In the order in which things are made of each other.

    Raises
    ------
    InputError
        If the metadata of the data folder cannot be read.
    """
    entries = log.read(run.build)
    listed = listing.listed(run.data, run.parts, run.videos)
    names = listed["path"].dropna().to_list()
    files = contents.compare(run.data, names, run.build / dataset.HASHES, COMPARED)
    videos = _videos(run, listed, files, entries)
    of = _faces(run, files, entries, videos)
    states = [_people(run, listed, files, entries), videos, of]
    states += [_embeddings(run, name, entries, of) for name in embedding.MODELS]
    states += [_trained(run, kept, entries, of) for kept in ("classifier", "predictions")]
    return [*states, _model(run, states[-1])]


def under_way(run: Run) -> list[str]:
    """List the stages that have begun and not ended, as the log of a run has it.

    Returns
    -------
    list of str
        When each began, how far it is, and when it wrote something last. A stage whose process was killed is
        among them.
    """
    entries = log.read(run.build)
    last = {entry.stage: entry for entry in entries}
    begun = {entry.stage: entry for entry in entries if entry.state == "begun"}
    folders = {"people": identities.shard_folder(run), "faces": faces.shard_folder(run)}
    folders |= {f"embedding {name}": embedding.path(run, name).with_suffix("") for name in embedding.MODELS}
    lines = []
    for stage, entry in last.items():
        if entry.state in ("begun", "under way"):
            line = f"{stage}: begun {begun.get(stage, entry).time}, {entry.done:,} of {entry.total:,} "
            line += f"{entry.unit} at {entry.time}"
            if stage in folders and folders[stage].is_dir():
                written = datetime.fromtimestamp(folders[stage].stat().st_mtime)
                line += f", last file written {written:{log.TIME}}"
            lines.append(line + (", and its process is gone" if _is_gone(entry) else ""))
    return lines


def _people(run: Run, listed: pd.DataFrame, files: contents.Comparison, entries: list[Entry]) -> State:
    path, total = dataset.people_path(run), len(identities.originals(listed))
    state = State("people")
    if path.is_file():
        people = dataset.people(run, listed)
        state = replace(
            state, holds=f"{tables.count(path):,} rows; videos {leakage.division(listed, people)}"
        )
    if reason := identities.obstacle(run):
        return state if state.holds else replace(state, left=f"nothing: {reason}")
    if state.holds:
        stale = _stale(
            tables.stored_fingerprint(path),
            lambda version: identities.expected_fingerprint(run, listed, files.hashes, version),
            identities.VERSION,
            "other videos, another margin or size, or another network",
        )
        if not stale:
            return state
        state = replace(state, stale=stale)
    left = total - len(_stems(identities.shard_folder(run)))
    return replace(state, left=f"{max(left, 0):,} of {total:,} videos, {_time(entries, {'people': left})}")


def _videos(run: Run, listed: pd.DataFrame, files: contents.Comparison, entries: list[Entry]) -> State:
    work = {"hashes": len(files.new) + len(files.changed), "headers": len(listed)}
    left = f"{len(listed):,} videos, {_time(entries, work)}"
    path = dataset.path(run)
    if not path.is_file():
        return State("videos", left=left)
    table = tables.read(path, ["video", "status"])
    if files.new or files.changed:
        stale = f"{len(files.new):,} videos are new and {len(files.changed):,} have changed"
    elif other := set(listed["video"]) ^ set(table["video"]):
        stale = f"the list of videos is another, by {len(other):,} of them (metadata, PARTS or VIDEOS)"
    else:
        stale = _stale(
            tables.stored_fingerprint(path),
            lambda version: dataset.expected_fingerprint(run, listed, files.hashes, version),
            dataset.VERSION,
            "other labels, originals or splits, or another seed, or videos are gone",
        )
    holds = f"{len(table):,} videos ({_counts(table['status'])})"
    return State("videos", holds, stale, left if stale else "")


def _faces(run: Run, files: contents.Comparison, entries: list[Entry], videos: State) -> State:
    if not videos.holds:
        return State("faces", left=f"the videos first, then {UNKNOWN}")
    state, path = State("faces"), faces.status_path(run)
    fitting, there, wanted = _shards(run, files)
    if path.is_file():
        status = tables.read(path, ["faces", "status"])
        # A video's own faces rest on the settings too, but not on the table of all videos.
        otherwise = "the videos table has changed" if fitting else "other faces of a video, margin or size"
        state = State(
            "faces",
            f"{status['faces'].sum():,} faces of {len(status):,} videos ({_counts(status['status'])})",
            _follows(videos)
            or _stale(
                tables.stored_fingerprint(path),
                lambda version: faces.expected_fingerprint(run, version),
                faces.VERSION,
                otherwise,
            ),
        )
        if not state.stale:
            joined = faces.path(run).is_file()
            return state if joined else replace(state, stale="not yet joined in one table", left="seconds")
    misfits = f" (of {there - fitting:,} there is a file that does not fit)" if there > fitting else ""
    time = _time(entries, {"faces": wanted - fitting})
    return replace(state, left=f"{wanted - fitting:,} of {wanted:,} videos{misfits}, {time}")


def _shards(run: Run, files: contents.Comparison) -> tuple[int, int, int]:
    """Count the videos whose faces are there and fit, by a sample; those that have any; and all."""
    table = tables.read(dataset.path(run), ["video", "path", "label", "split", "status"])
    table = table[table["status"] == "ok"]
    stems = table["video"].str.removesuffix(".mp4")
    there = table.assign(stem=stems)[stems.isin(_stems(faces.shard_folder(run)))]
    some = there.iloc[video.spread(len(there), min(len(there), OPENED))] if len(there) else there
    fit = [
        tables.stored_fingerprint(faces.shard_folder(run) / f"{row['stem']}.parquet")
        == faces.shard_fingerprint(run, row["label"], row["split"], files.hashes.get(row["path"], ""))
        for row in some.to_dict("records")
    ]
    return round(len(there) * sum(fit) / max(len(fit), 1)), len(there), len(table)


def _embeddings(run: Run, name: str, entries: list[Entry], of: State) -> State:
    path = embedding.path(run, name)
    state = State(f"embeddings, {name}", f"{tables.count(path):,} vectors" if path.is_file() else "")
    if name not in embedding.models(run) or not _has_backbone(run):
        absent = "its weights are not on this machine"
        return replace(state, stale=absent) if state.holds else replace(state, left=f"nothing: {absent}")
    if not of.holds:
        return replace(state, stale=_follows(of) if state.holds else "", left=f"the faces first, {UNKNOWN}")
    if state.holds:
        count = _count(run, name)
        stale = _follows(of) or _stale(
            tables.stored_fingerprint(path),
            lambda version: embedding.expected_fingerprint(run, name, count, version),
            embedding.VERSION,
            _newer(faces.path(run), path) or "another network, other weights or another seed",
        )
        state = replace(state, stale=stale)
        if not stale:
            return state
    total = math.ceil(min(_count(run, name), embedding.MOST) / embedding.SHARD)
    left = total if state.stale else max(total - len(_stems(path.with_suffix(""))), 0)
    return replace(state, left=f"{left:,} of {total:,} shards, {_time(entries, {f'embedding {name}': left})}")


def _count(run: Run, name: str) -> int:
    """Count the faces that a table of embeddings is made of, or a part of them if there are too many."""
    status = tables.read(faces.status_path(run), ["label", "faces"])
    counts = status["faces"]
    if name == "dlib":
        counts = counts.clip(upper=status["label"].map(embedding.DLIB_FACES).fillna(0))
    return int(counts.sum())


def _has_backbone(run: Run) -> bool:
    return weights.is_here(run.backbone, run.weights)


def _trained(run: Run, kept: training.Kept, entries: list[Entry], of: State) -> State:
    path, recipe = training.path(run, kept=kept), training.own_recipe(run)
    stage = f"training {recipe.name}" if kept == "classifier" else kept
    work = {stage: max([entry.total for entry in entries if entry.stage == stage][-1:], default=1)}
    left = _time(entries, work)
    # Asked of stale faces, it would make them anew.
    if of.holds and not of.stale and (reason := training.obstacle(run)):
        left = _nothing(reason)
    if not path.is_file():
        return State(kept, left=left)

    def expected(version: int) -> str:
        classifier = training.expected_fingerprint(run, recipe, version=version)
        if kept == "classifier":
            return classifier
        return tables.fingerprint(classifier, training.HELD_OUT, training.JUDGED)

    if kept == "classifier":
        holds, stored = recipe.name, _of_classifier(path)
    else:
        holds, stored = f"{tables.count(path):,} faces", tables.stored_fingerprint(path)
    stale = _follows(of)
    if not stale and not _has_backbone(run):
        stale = "the backbone's weights are not on this machine"
    otherwise = _newer(faces.path(run), path) or "another recipe or backbone, or other weights"
    stale = stale or _stale(stored, expected, training.VERSION, otherwise)
    return State(kept, holds, stale, left if stale else "")


def _nothing(reason: str) -> str:
    return f"nothing: {reason[0].lower()}{reason[1:].rstrip('.')}"


def _of_classifier(path: Path) -> str | None:
    """Read what a trained classifier was made from."""
    try:
        # Mapped, since of a large file one line is needed.
        return torch.load(path, weights_only=True, mmap=True)["fingerprint"]
    except (OSError, RuntimeError, KeyError, pickle.UnpicklingError):
        return None


def _model(run: Run, of: State) -> State:
    folder = models.folder(run.build)
    stored = models.made_from(folder)
    if not stored:
        reason = making.obstacle(run) if of.holds and not of.stale else ""
        return State("model", left=_nothing(reason) if reason else UNKNOWN)
    stale = _follows(of) or _stale(
        stored,
        lambda version: making.expected_fingerprint(run, version),
        making.VERSION,
        "other predictions made it",
    )
    return State("model", f"folder {folder.name}", stale, UNKNOWN if stale else "")


def _stale(stored: str | None, expected: Callable[[int], str], version: int, otherwise: str) -> str:
    """Say why something would be made again; empty if it would not.

    A fingerprint tells whether an older version of the stage made it, and no more: what else it can be says
    the caller.
    """
    if stored == expected(version):
        return ""
    for older in range(1, version):
        if stored == expected(older):
            return f"version {older} of its stage made it, and now there is version {version}"
    return otherwise


def _newer(made_of: Path, path: Path) -> str:
    """Say that something was made before what it is made of; empty if it was not."""
    newer = made_of.is_file() and made_of.stat().st_mtime > path.stat().st_mtime
    return f"{made_of.name} was made after it" if newer else ""


def _follows(of: State) -> str:
    """Say that what something is made of is stale or not there; empty if it is up to date."""
    if of.holds and not of.stale:
        return ""
    return f"it is made of the {of.name}, which are {'stale' if of.holds else 'not there'}"


def _is_gone(entry: Entry) -> bool:
    """Tell whether the process of a stage is known to be no longer there."""
    if entry.host != socket.gethostname() or os.name != "posix":
        return False
    try:
        # Signal 0 is not sent: it only asks.
        os.kill(entry.process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False


def _time(entries: list[Entry], work: dict[str, int]) -> str:
    """Say how long so many items of stages take at the rates that the log has last of these stages."""
    rates = {entry.stage: (rate, entry.workers) for entry in entries if (rate := entry.rate)}
    work = {stage: count for stage, count in work.items() if count}
    if not work:
        return "seconds"
    if set(work) - set(rates):
        return UNKNOWN
    measured = [f"{stage}: {progress.rate(rates[stage][0])} with {rates[stage][1]}" for stage in work]
    seconds = sum(count / rates[stage][0] for stage, count in work.items())
    return f"{progress.span(seconds)} ({', '.join(measured)})"


def _counts(column: pd.Series) -> str:
    return ", ".join(f"{count:,} {value}" for value, count in column.value_counts().items())


def _stems(folder: Path) -> set[str]:
    """List the Parquet files in a folder that are complete, without their ending."""
    return {name.removesuffix(".parquet") for name in contents.files_in(folder) if not name.startswith(".")}
