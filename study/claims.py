"""The ledger: what the report claims, what a chapter measured of it, and the verdict."""

import json
from dataclasses import asdict, dataclass
from typing import Literal, get_args

import pandas as pd

from dfd.errors import InputError
from dfd.run import Run
from dfd.tables import replacing

Verdict = Literal["reproduced", "not reproduced", "depends", "source error", "not testable here"]


@dataclass(frozen=True)
class Claim:
    """One statement of the report.

    Attributes
    ----------
    section : str
        Where it stands in the report.
    statement : str
        What it says, in our words.
    """

    section: str
    statement: str


CLAIMS = {
    "C01": Claim("Table 2.1", "DFDC has tampered and original videos at 1 : 0.28, 119,154 in all"),
    "C02": Claim("2.1", "More than 80% of the training videos are fake"),
    "C03": Claim("2.2.2", "8 faces of each fake and 40 of each real video balance the classes"),
    "C04": Claim("2.2.4", "A margin of 0.5 to 0.7 beats none, and makes a face of 150 px one of 240 px"),
    "C05": Claim("2.2.5", "The transform shown is test-time augmentation and tackles overfitting"),
    "C06": Claim("Table 3.1", "Batched facenet-pytorch MTCNN is the fastest of four detectors"),
    "C07": Claim("3.2.2.1", "PyTorch and TensorFlow MTCNN give identical output"),
    "C08": Claim("3.2.2.2", "On 2,000 images facenet is 90% accurate, dlib 75%"),
    "C09": Claim("3.2.2.3", "grab() and retrieve() cut 162 s to 107 s for 10 videos"),
    "C10": Claim("3.2.3, 4", "The preprocessing cuts the running time by more than 26%"),
    "C11": Claim("3.3.1.2", "The listing gives a 512-dimensional embedding from EfficientNet-B7"),
    "C12": Claim("3.3.1.2", "The table shows the architecture of the network used"),
    "C13": Claim("3.3.2.1", "PCA is by far the fastest reduction, but its 3-D points do not separate"),
    "C14": Claim("3.3.2.2", "PCA before t-SNE costs little more than PCA and separates well"),
    "C15": Claim("3.3.3.1", "HDBSCAN is faster and more stable than DBSCAN; the rest do not scale or need k"),
    "C16": Claim("3.3.3.2", "130,000 points take under 45 minutes and give 520 clusters"),
    "C17": Claim(
        "3.3.3.2, 5.1", "The embedding shows facial features in most cases, but struggles with Black faces"
    ),
    "C18": Claim("Table 3.18", "Sigmoid and softmax of [3.2, -5.7, 0.6]: sums of 1.61 and of 1"),
    "C19": Claim("3.4.1", "Softmax is the better classifier of the two"),
    "C20": Claim("3.4.1", "The sigmoid saturates"),
    "C21": Claim("Table 3.19", "The table of predictions shows a distance"),
    "C22": Claim("3.5", "Log loss 0.48702 is in the top 50 of 2,114 on the private leaderboard"),
    "C23": Claim("Fig. 3.22", "ROC curve and confusion matrix show a well-performing classifier"),
    "C24": Claim("1.5", "XceptionNet does best among the compared methods"),
    "C25": Claim("2.2.1", "A sample of the frames is enough, and face crops beat whole frames"),
    "C26": Claim("2.2.3", "About 150 x 150 px is a good size for a face"),
    "C27": Claim("4", "The solution is both efficient and accurate"),
}


@dataclass(frozen=True)
class Finding:
    """What a chapter found of one claim.

    Attributes
    ----------
    claim : str
        Identifier, a key of `CLAIMS`.
    chapter : str
        Name of the notebook, such as ``"01_data_analysis"``.
    measured : str
        What was measured, with its interval where there is chance in it.
    verdict : str
        One of `Verdict`.
    note : str
        Why this verdict, and what else would test the claim.
    """

    claim: str
    chapter: str
    measured: str
    verdict: Verdict
    note: str = ""


def record(run: Run, finding: Finding) -> None:
    """Keep a finding in the run's ledger; a later one of the same claim and chapter takes its place.

    Parameters
    ----------
    run : Run
        The run.
    finding : Finding
        What was found.

    Raises
    ------
    InputError
        If the claim or the verdict does not exist.
    """
    if finding.claim not in CLAIMS:
        raise InputError(f"claim {finding.claim!r}", "no such claim")
    if finding.verdict not in get_args(Verdict):
        raise InputError(f"verdict {finding.verdict!r}", f"must be one of {', '.join(get_args(Verdict))}")
    with replacing(run.build / "claims" / f"{finding.claim}-{finding.chapter}.json") as aside:
        aside.write_text(json.dumps(asdict(finding), indent=1))


def findings(run: Run, chapter: str | None = None) -> pd.DataFrame:
    """Read what the chapters of a run have found.

    Parameters
    ----------
    run : Run
        The run.
    chapter : str, optional
        Only this chapter's findings.

    Returns
    -------
    DataFrame
        One row for each finding, in the order of the claims: claim, section, statement, measured, verdict,
        note, chapter.
    """
    rows = [json.loads(path.read_text()) for path in sorted((run.build / "claims").glob("C*.json"))]
    columns = ["claim", "section", "statement", "measured", "verdict", "note", "chapter"]
    rows = [asdict(CLAIMS[row["claim"]]) | row for row in rows if chapter in (None, row["chapter"])]
    return pd.DataFrame(rows, columns=columns)
