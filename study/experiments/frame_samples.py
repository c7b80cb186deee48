"""Are a few frames of each video enough to fit a classifier to, or would more of them help? (C25)."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dfd import dataset, embedding, faces, parallel, search, tables, video
from dfd.errors import InputError
from dfd.run import Run
from study import linear_probe, measuring, plots, scores, truth
from study.records import Depth, Result
from study.statistics import Interval

UNIT = truth.ACTORS
COUNTS = (1, 2, 4, 8)
"""Faces of each video that are fitted to, besides those of as many frames as are read of a REAL video."""

JUDGED = 8
"""Faces of each video that are judged, whatever was fitted to."""

VIDEOS = 4
"""Videos that a process is given at a time."""

FACTS = ["video", "source", "label", "split"]


@dataclass(frozen=True)
class Plan:
    """How much is compared.

    Attributes
    ----------
    sources : int
        Source videos at most, drawn at random.
    fakes : int
        Fakes of each of them at most.
    """

    sources: int
    fakes: int


PLANS: dict[Depth, Plan] = {"quick": Plan(4, 1), "full": Plan(200, 100)}


measure = measuring.of(__name__)


def inputs(run: Run) -> list:
    """List what the table depends on besides code."""
    embedding.table(run, "backbone")
    return [
        tables.stored_fingerprint(faces.path(run)),
        tables.stored_fingerprint(embedding.path(run, "backbone")),
        run.seed,
    ]


def obstacle(run: Run) -> str:
    """Say why this run cannot compare numbers of frames; empty if it can."""
    return linear_probe.obstacle(run)


def collect(run: Run, depth: Depth) -> pd.DataFrame:
    """Fit to 1, 2, 4, 8 and to many faces of each video: one row for each number and video."""
    plan, most = PLANS[depth], run.faces_per_real
    stage = faces.table(run).merge(embedding.table(run, "backbone")[["face_id", "vector"]], on="face_id")
    stage = linear_probe.some_sources(run, stage, plan.sources, plan.fakes)
    few = embedding.spread_faces(stage, dict.fromkeys(dataset.LABELS, JUDGED))
    many = [stage[stage["label"] == "REAL"], _more(run, stage[stage["label"] == "FAKE"], most)]
    rows = pd.concat([few.assign(few=True), *(part.assign(few=False) for part in many)], ignore_index=True)
    rows = truth.with_unit(run, rows[[*FACTS, "few", "vector"]])
    vectors, judged = embedding.vectors(rows), rows["few"].to_numpy()
    parts = []
    for count in (*COUNTS, most):
        if count == most:
            fitted = ~judged
        else:
            spread = embedding.spread_faces(rows[judged], dict.fromkeys(dataset.LABELS, count))
            fitted = rows.index.isin(spread.index)
        videos = linear_probe.judge(rows, vectors, fitted, judged)
        parts.append(videos.assign(faces=count, most=count == most, fitted=int(fitted.sum())))
    return pd.concat(parts, ignore_index=True)


def estimate(table: pd.DataFrame) -> dict[str, Interval]:
    """Score each number of faces, and compare a few with many, and with fewer."""
    names = {count: _name(count) for count in table["faces"].unique()}
    table = table.assign(condition=table["faces"].map(names).where(~table["most"], "many"))
    estimates = {f"AUC: {name}": scores.of(table[table["faces"] == count]) for count, name in names.items()}
    few = names[JUDGED]
    estimates |= scores.differences(table, "condition", {"gain: 8 faces a video over many": (few, "many")})
    fewer = {f"gain: 8 faces a video over {count}": (few, names[count]) for count in COUNTS[:-1]}
    return estimates | scores.differences(table, "condition", fewer)


def draw(result: Result) -> Figure:
    """Draw the area under the ROC curve against the number of faces fitted to."""
    if result.obstacle:
        return plots.obstacle_figure(result.obstacle)
    counts = sorted(result.table["faces"].unique())
    intervals = [result.estimates[f"AUC: {_name(count)}"] for count in counts]
    values = np.array([interval.value for interval in intervals])
    reach = [values - [i.low for i in intervals], [i.high for i in intervals] - values]
    figure, panel = plt.subplots(figsize=(7, 3.4))
    panel.errorbar(counts, values, reach, fmt="o:", capsize=3, color=plots.COLOURS[0])
    panel.axhline(0.5, ls="--", color="0.5")
    panel.set(xlabel="faces of each video (log scale)", ylabel="AUC (video level)", xscale="log")
    panel.set_xticks(counts, [str(count) for count in counts])
    panel.minorticks_off()
    return figure


def _name(count: int) -> str:
    return "1 face a video" if count == 1 else f"{count} faces a video"


def _more(run: Run, stage: pd.DataFrame, most: int) -> pd.DataFrame:
    """Find and embed the faces of some videos anew, in more frames than the faces stage looks at."""
    videos = stage.drop_duplicates("video").merge(dataset.table(run)[["video", "path"]], on="video")
    pieces = [(videos.iloc[start : start + VIDEOS], most) for start in range(0, len(videos), VIDEOS)]
    done = dict(parallel.map_unordered(run, _embed_piece, pieces, _lost, "piece"))
    return pd.concat([stage.head(0), *(done[place] for place in range(len(pieces)))], ignore_index=True)


def _embed_piece(run: Run, item: tuple[pd.DataFrame, int]) -> pd.DataFrame:
    videos, most = item
    embed, parts = embedding.embedder(run, "backbone"), [pd.DataFrame(columns=[*FACTS, "vector"])]
    for row in videos.to_dict("records"):
        # Compressed once, as the faces stage does it.
        crops = [
            faces.decode(faces.encode(faces.crop(frame.image, box, run.margin, run.face_size)))
            for frame, detections in search.find(video.sample_frames(run.data / row["path"], most))
            for box in detections.boxes
        ]
        if crops:
            about = pd.DataFrame([{name: row[name] for name in FACTS}] * len(crops))
            parts.append(about.assign(vector=list(embed(np.stack(crops)))))
    return pd.concat(parts, ignore_index=True)


def _lost(reason: str) -> pd.DataFrame:
    raise InputError("frame_samples", reason)
