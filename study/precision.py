"""Precision against recall of detectors, as the lowest accepted score falls."""

import numpy as np
import pandas as pd


def curve(rows: pd.DataFrame) -> pd.DataFrame:
    """Follow precision and recall as the lowest accepted score falls.

    Parameters
    ----------
    rows : DataFrame
        One detector's rows: kind (``"face"`` for a true face, ``"false"`` for a box on none) and score (NaN
        for a face that no box hit).

    Returns
    -------
    DataFrame
        score, precision, recall; from the highest score down, one row for each score.
    """
    boxes = rows[rows["kind"].isin(["face", "false"])].dropna(subset="score")
    boxes = boxes.sort_values("score", ascending=False, kind="stable")
    correct = (boxes["kind"] == "face").cumsum().to_numpy()
    table = {
        "score": boxes["score"].to_numpy(),
        "precision": correct / np.arange(1, len(boxes) + 1),
        "recall": correct / max((rows["kind"] == "face").sum(), 1),
    }
    # Boxes of one score are accepted together.
    return pd.DataFrame(table).drop_duplicates("score", keep="last").reset_index(drop=True)


def area(face: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> float:
    """Add up precision times the growth of recall: the average precision.

    Parameters
    ----------
    face : ndarray of bool, shape (n,)
        Whether a row is a true face, or a box on none.
    scores : ndarray of float, shape (n,)
        Falling; NaN, and last, for faces that no box hit.
    weights : ndarray of float, shape (n,)
        How often each row counts.

    Returns
    -------
    float
        A face that no box hit lowers it, since recall then ends below one; NaN where no face counts.

    References
    ----------
    M. Everingham et al., The PASCAL Visual Object Classes challenge, IJCV 2010.
    """
    count, boxes = weights[face].sum(), int(np.isfinite(scores).sum())
    if count == 0:
        return np.nan
    # Boxes of one score are accepted together.
    ends = np.flatnonzero(np.diff(scores[:boxes], append=-np.inf))
    hits, accepted = np.cumsum(weights * face)[ends], np.cumsum(weights)[ends]
    precision = np.divide(hits, accepted, out=np.zeros(len(ends)), where=accepted > 0)
    return float(np.diff(hits, prepend=0) @ precision / count)
