"""The ledger: every claim with the verdict that its rule gives on what was measured."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from importlib import import_module
from operator import itemgetter
from typing import cast

import pandas as pd

from dfd.errors import InputError
from dfd.run import Run
from study import evidence, records
from study.claims import CLAIMS, Claim
from study.measuring import Experiment
from study.records import FIGURES, Result
from study.rules import Judgement, Verdict

VERDICTS: tuple[Verdict, ...] = (
    "reproduced",
    "not reproduced",
    "depends",
    "inconclusive",
    "source error",
    "not testable here",
)
"""In the order in which tables and figures show them."""

CONTRARY = {"reproduced", "not reproduced"}
DECIDED = CONTRARY | {"depends"}

FEWEST = 5
"""Units that decide a claim at least: where there is no difference, four lie on one side of zero by chance in
one case of eight, and five in one of sixteen."""


@dataclass(frozen=True)
class Finding:
    """A claim and what became of it.

    Attributes
    ----------
    name : str
        Key of `study.claims.CLAIMS`.
    claim : Claim
        The claim.
    judgement : Judgement
        On the stored full result, or on this run's where nothing is stored.
    result : Result or None
        What was judged; ``None`` for a claim that follows from others.
    here : Judgement
        On what this run measured itself.
    agree : bool
        Whether the two judgements do not contradict each other.
    """

    name: str
    claim: Claim
    judgement: Judgement
    result: Result | None
    here: Judgement
    agree: bool

    @property
    def measured(self) -> str:
        """Depth and units of what was judged, as one phrase."""
        if self.result and self.claim.rule:
            return self.result.origin_of(self.claim.rule.estimates)
        return f"follows from {' and '.join(self.claim.follows)}" if self.claim.follows else "not measured"


def find(run: Run, name: str) -> Finding:
    """Judge a claim by its rule.

    Parameters
    ----------
    run : Run
        The run, whose chapter has measured the experiment.
    name : str
        Key of `study.claims.CLAIMS`.

    Returns
    -------
    Finding

    Raises
    ------
    InputError
        If there is no such claim, or its experiment has not been measured in this run.
    """
    if name not in CLAIMS:
        raise InputError(f"claim {name}", "no such claim")
    claim = CLAIMS[name]
    if claim.follows:
        judgement = _follows([find(run, other) for other in claim.follows])
        return Finding(name, claim, judgement, None, judgement, agree=True)
    own = records.read(run, claim.experiment, records.depth_of_run())
    if own is None:
        raise InputError(
            f"claim {name}", f"{claim.experiment} has not been measured in this run; {claim.chapter} does"
        )
    experiment = cast(Experiment, import_module(f"study.experiments.{claim.experiment}"))
    stored, _ = evidence.read_stored(run, experiment) if own.depth == "quick" else (None, "")
    here = _judge(run, claim, own)
    if stored is None:
        return Finding(name, claim, here, own, here, agree=True)
    judgement = _judge(run, claim, stored)
    agree = {here.verdict, judgement.verdict} != CONTRARY
    return Finding(name, claim, judgement, stored, here, agree)


def findings(run: Run, names: Iterable[str] = tuple(CLAIMS)) -> list[Finding]:
    """Judge several claims.

    Parameters
    ----------
    run : Run
        The run.
    names : iterable of str
        Keys of `study.claims.CLAIMS`; all by default.

    Returns
    -------
    list of Finding
    """
    return [find(run, name) for name in names]


def table(judged: Iterable[Finding]) -> pd.DataFrame:
    """Put findings into a table.

    Parameters
    ----------
    judged : iterable of Finding
        As `findings` gives them.

    Returns
    -------
    DataFrame
        claim, section, statement, kind, rule, measured (the comparison that decided), units, verdict,
        smallest (effect that would have been seen; missing unless inconclusive), more (how many times as many
        units would decide it), here (the verdict on this run's own measurement), agree.
    """
    rows = [
        {
            "claim": finding.name,
            "section": finding.claim.section,
            "statement": finding.claim.statement,
            "kind": finding.claim.kind,
            "rule": finding.claim.rule.words if finding.claim.rule else finding.measured,
            "measured": finding.judgement.because,
            "units": finding.measured,
            "verdict": finding.judgement.verdict,
            "smallest": finding.judgement.smallest,
            "more": finding.judgement.more,
            "here": finding.here.verdict,
            "agree": finding.agree,
        }
        for finding in judged
    ]
    return pd.DataFrame(rows)


class OfChapter:
    """The claims that a chapter checks, as its last table shows them.

    Parameters
    ----------
    run : Run
        The run.
    chapter : str
        Name of the notebook.
    """

    def __init__(self, run: Run, chapter: str) -> None:
        names = [name for name, claim in CLAIMS.items() if claim.chapter == chapter]
        self.findings = findings(run, names)

    def __repr__(self) -> str:
        return "\n".join(f"{finding.name}: {finding.judgement.verdict}" for finding in self.findings)

    def _repr_html_(self) -> str:
        rows = "".join(self._row(finding) for finding in self.findings)
        titles = ("claim", "what the report says", "what was compared", "verdict")
        head = "<tr>" + "".join(f"<th>{title}</th>" for title in titles) + "</tr>"
        return f'<table class="dataframe ledger"><thead>{head}</thead><tbody>{rows}</tbody></table>'

    def _row(self, finding: Finding) -> str:
        link = f'<a href="../book/ledger.html#claim-{finding.name.lower()}">{finding.name}</a>'
        says = f"{escape(finding.claim.statement)} ({escape(finding.claim.section)})"
        compared = f"{escape(finding.judgement.because)} <em>({escape(finding.measured)})</em>"
        if not finding.agree:
            compared += f"; this run alone says <em>{finding.here.verdict}</em>"
        verdict = f"<strong>{finding.judgement.verdict}</strong>"
        return f"<tr><td>{link}</td><td>{says}</td><td>{compared}</td><td>{verdict}</td></tr>"


def of_chapter(run: Run, chapter: str) -> OfChapter:
    """Judge the claims that a chapter checks.

    Parameters
    ----------
    run : Run
        The run.
    chapter : str
        Name of the notebook, such as ``"07_sigmoid_vs_softmax"``.

    Returns
    -------
    OfChapter
        Shown by a notebook as a table with links to the ledger; as text, one line for each claim.
    """
    return OfChapter(run, chapter)


def _judge(run: Run, claim: Claim, result: Result) -> Judgement:
    if result.obstacle:
        return Judgement("not testable here", result.obstacle)
    if claim.rule is None:
        raise InputError(f"claim of {claim.section}", "it has neither a rule nor claims that it follows from")
    absent = [name for name in claim.rule.estimates if name not in result.estimates]
    if absent:
        raise InputError(result.experiment, f"it has no estimate {', '.join(absent)}")
    judgement = _with_enough(claim.rule.judge(result.estimates), result, claim.rule.estimates)
    if claim.on_dfdc and run.name == "sample":
        because = f"it is about the DFDC's videos; of the synthetic actors it is {judgement.verdict}"
        return Judgement("not testable here", f"{because}: {judgement.because}")
    return judgement


def _with_enough(judgement: Judgement, result: Result, names: Iterable[str]) -> Judgement:
    """Leave open what so few units cannot decide, however narrow their interval."""
    unit, count = min(result.counts(names).items(), key=itemgetter(1))
    if unit == FIGURES or count >= FEWEST or judgement.verdict not in DECIDED:
        return judgement
    return Judgement("inconclusive", f"{judgement.because}; {count} {unit} are too few to decide it")


def _follows(others: list[Finding]) -> Judgement:
    because = "; ".join(f"{finding.name} is {finding.judgement.verdict}" for finding in others)
    verdicts = {finding.judgement.verdict for finding in others}
    if verdicts & {"not reproduced", "source error"}:
        return Judgement("not reproduced", because)
    for verdict in ("not testable here", "inconclusive", "depends"):
        if verdict in verdicts:
            return Judgement(cast(Verdict, verdict), because)
    return Judgement("reproduced", because)
