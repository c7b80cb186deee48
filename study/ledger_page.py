"""The ledger as a page, and what the front page tells of it: claims, rules, numbers and verdicts."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dfd.errors import InputError
from study import plots
from study.ledger import VERDICTS, Finding
from study.records import FIGURES
from study.rules import Verdict
from study.statistics import Interval

BADGES: dict[Verdict, str] = {
    "reproduced": "success",
    "not reproduced": "danger",
    "depends": "warning",
    "inconclusive": "secondary",
    "source error": "danger",
    "not testable here": "muted",
}
"""Colour of each verdict's badge, as sphinx-design names it."""

SHADES: dict[Verdict, str] = {
    "reproduced": plots.COLOURS[2],
    "not reproduced": plots.COLOURS[1],
    "depends": plots.COLOURS[4],
    "inconclusive": "#b8b8b8",
    "source error": plots.COLOURS[3],
    "not testable here": "#e4e4e4",
}
"""Colour of each verdict in the bar."""

KINDS = {
    "measured": "decided by an experiment",
    "arithmetic": "decided by a calculation",
    "provenance": "decided by where the printed thing comes from",
    "literature": "decided by what the cited source says",
}
"""What each kind of claim means, in the order in which the bar shows them."""

BAR = "verdicts.svg"
"""File of the bar, beside the pages that show it."""

IN_BRACES = re.compile(r"\{(.+?)\}")


@dataclass(frozen=True)
class Headline:
    """A claim that the front page tells of.

    Attributes
    ----------
    claim : str
        Key of `study.claims.CLAIMS`.
    sentences : dict of str to str
        By verdict, what it amounts to. Estimates stand in braces by their names, and are filled in with what
        was measured; a verdict without a sentence is told in the words of the ledger.
    """

    claim: str
    sentences: Mapping[Verdict, str] = field(default_factory=dict)


HEADLINES: tuple[Headline, ...] = (
    Headline(
        "C06",
        {
            "depends": "Whether batched facenet-pytorch is the fastest face detector depends on the "
            "machine: it is {batched, in multiples of the fastest other, P100} times as fast as the fastest "
            "other on a P100, {batched, in multiples of the fastest other, laptop} times on a laptop's "
            "processor, and {batched, in multiples of the fastest other, here} times on the machine of this "
            "measurement.",
        },
    ),
    Headline(
        "C14",
        {
            "not reproduced": "On 500 faces t-SNE after PCA takes {times PCA's: PCA + t-SNE (500 faces)} "
            "times as long as PCA alone, which the report calls only a little more.",
        },
    ),
    Headline(
        "C19",
        {
            "not reproduced": "Softmax is no better than the sigmoid for telling two classes apart: the log "
            "loss of a sigmoid head less that of a softmax head is {log loss: sigmoid less softmax} nats.",
        },
    ),
    Headline(
        "C28",
        {
            "not reproduced": "The report's listing scores answers of 0 and 1. Its log loss of 0.48702 "
            "would then take an accuracy of {accuracy that the score takes with hard answers}; the best that "
            "was published is {best published accuracy: public test set}.",
        },
    ),
)
"""What the front page opens with."""


def page(findings: Sequence[Finding]) -> str:
    """Write the ledger: a summary, a table of all claims, and a section for each.

    Parameters
    ----------
    findings : sequence of Finding
        As `study.ledger.findings` gives them.

    Returns
    -------
    str
        MyST Markdown, for a page in the folder ``book``.
    """
    lines = [
        *_bar(findings, "fig-verdicts"),
        _agreement(findings),
        "",
        "```{list-table} The claims and their verdicts",
        ":header-rows: 1",
        ":widths: 10 46 20 24",
        ":name: tab-ledger",
        "",
        "* - Claim\n  - What the report says\n  - Kind\n  - Verdict",
    ]
    for finding in findings:
        claim = finding.claim
        lines.append(
            f"* - [{finding.name}](#{_anchor(finding.name)})\n  - {escape(claim.statement)}\n"
            f"  - {claim.kind}\n  - {badge(finding.judgement.verdict)}"
        )
    lines.append("```")
    for finding in findings:
        lines += _section(finding)
    return "\n".join(lines) + "\n"


def front(findings: Sequence[Finding], headlines: Sequence[Headline]) -> str:
    """Write what the front page opens with: the bar of verdicts, and a few findings.

    Parameters
    ----------
    findings : sequence of Finding
        Of all claims.
    headlines : sequence of Headline
        Which of them are told.

    Returns
    -------
    str
        MyST Markdown, for a page in the folder ``book``.

    Raises
    ------
    InputError
        If a sentence names an estimate that was not measured.
    """
    by_name = {finding.name: finding for finding in findings}
    lines = [_headline(by_name[headline.claim], headline) for headline in headlines]
    return "\n".join([*_bar(findings, "fig-outcome"), *lines]) + "\n"


def draw(findings: Sequence[Finding]) -> Figure:
    """Draw how many claims of each kind have each verdict.

    Parameters
    ----------
    findings : sequence of Finding
        Of all claims.

    Returns
    -------
    Figure
        One bar for each kind of claim.
    """
    kinds = [kind for kind in KINDS if any(finding.claim.kind == kind for finding in findings)]
    figure = Figure(figsize=(6.4, 0.55 * len(kinds) + 1.2), layout="constrained")
    ax = figure.subplots()
    left = dict.fromkeys(kinds, 0)
    for verdict in VERDICTS:
        counts = [sum(_is(finding, kind, verdict) for finding in findings) for kind in kinds]
        if not any(counts):
            continue
        starts = [left[kind] for kind in kinds]
        bars = ax.barh(kinds, counts, left=starts, color=SHADES[verdict], edgecolor="white", label=verdict)
        ax.bar_label(bars, [str(count or "") for count in counts], label_type="center", color="black")
        left = {kind: left[kind] + count for kind, count in zip(kinds, counts, strict=True)}
    ax.invert_yaxis()
    ax.set_xlabel("claims")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    return figure


def badge(verdict: Verdict) -> str:
    """Write a verdict as a coloured badge.

    Parameters
    ----------
    verdict : str
        One of `study.ledger.VERDICTS`.

    Returns
    -------
    str
        A role of sphinx-design.
    """
    return f"{{bdg-{BADGES[verdict]}}}`{verdict}`"


def escape(text: str) -> str:
    """Take text as text: no mark in it means anything to Markdown.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        On one line.
    """
    return re.sub(r"([\\`*_\[\]<>$~^|#{}])", r"\\\1", " ".join(text.split()))


def _bar(findings: Sequence[Finding], name: str) -> list[str]:
    counts = Counter(finding.judgement.verdict for finding in findings)
    several = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict])
    claims = f"{len(findings)} claims: {several}."
    return [
        f"```{{figure}} {BAR}",
        f":name: {name}",
        f":alt: Bars, one for each kind of claim, divided by verdict. Of {claims}",
        "",
        f"The verdicts on the report's {claims}",
        "```",
        "",
    ]


def _headline(finding: Finding, headline: Headline) -> str:
    verdict = finding.judgement.verdict
    sentence = headline.sentences.get(verdict)
    if sentence is None or finding.result is None:
        says = f"{finding.claim.statement.rstrip('.')}: {_ended(finding.judgement.because)}"
    else:
        estimates = finding.result.estimates
        absent = [name for name in IN_BRACES.findall(sentence) if name not in estimates]
        if absent:
            raise InputError(f"headline of {finding.name}", f"no estimate {', '.join(absent)}")
        says = IN_BRACES.sub(lambda braces: _number(estimates[braces[1]]), sentence)
    shown = f"{{numref}}`{finding.claim.shown}`; " if finding.claim.shown else ""
    link = f"{{ref}}`{finding.name} <{_anchor(finding.name)}>`"
    return f"- {badge(verdict)} {escape(says)} ({shown}claim {link})"


def _agreement(findings: Sequence[Finding]) -> str:
    """Say whether what this run has measured itself contradicts what is stored."""
    stored = [finding for finding in findings if finding.result and finding.result.made.get("date")]
    if not stored:
        return "Nothing is stored for this run's data, so the verdicts are those of its own measurements."
    if contradicting := [finding.name for finding in stored if not finding.agree]:
        return f"This run's own quick measurements contradict the stored ones for {', '.join(contradicting)}."
    return "This run's own quick measurements contradict none of the stored ones."


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith(".") else f"{sentence}."


def _number(interval: Interval) -> str:
    exact = interval.low == interval.value == interval.high
    return f"{interval.value:.3g}" if exact else str(interval)


def _section(finding: Finding) -> list[str]:
    claim, judgement = finding.claim, finding.judgement
    entries = {
        "The report says": f"{escape(claim.statement)} ({_place(claim.section)}).",
        "Kind": f"{claim.kind}: {KINDS[claim.kind]}.",
        "Rule": escape(_ended(claim.rule.words if claim.rule else finding.measured)),
        "Compared": escape(_ended(judgement.because)),
        "Measured": _measured(finding),
        "This run": _here(finding),
        "To decide it": _open(finding),
        "Note": escape(claim.note),
        "Shown in": _shown(finding),
    }
    lines = ["", f"({_anchor(finding.name)})=", f"## {finding.name}", "", badge(judgement.verdict), ""]
    lines += ["::::{div} claim", ""]
    for term, text in entries.items():
        lines += [term, f": {text}", ""] if text else []
    return [*lines, "::::"]


def _place(section: str) -> str:
    return f"section {section}" if section[:1].isdigit() else escape(section)


def _measured(finding: Finding) -> str:
    result = finding.result
    if result is None:
        return f"{finding.measured}."
    if result.unit == FIGURES or result.obstacle:
        return ""
    date, machine = result.made.get("date"), result.made.get("machine")
    where = f"stored on {date}, on {machine}" if date else "in this run; nothing is stored that fits"
    depth, units = finding.measured.split(", ", maxsplit=1)
    return f"{depth} depth, {units}; {escape(where)}."


def _here(finding: Finding) -> str:
    result = finding.result
    if result is None or not result.made.get("date"):
        return ""
    here = finding.here
    agree = (
        "the same verdict"
        if here.verdict == finding.judgement.verdict
        else "fewer units decide less, but nothing contradicts the stored result"
        if finding.agree
        else "**it contradicts the stored result**"
    )
    return f"{badge(here.verdict)}, {agree}: {escape(_ended(here.because))}"


def _open(finding: Finding) -> str:
    judgement, result = finding.judgement, finding.result
    if judgement.verdict != "inconclusive" or judgement.smallest is None or result is None:
        return ""
    text = f"an effect of {judgement.smallest:.2g} would have been seen four times in five"
    if judgement.more is not None:
        counts = result.counts(finding.claim.rule.estimates if finding.claim.rule else ())
        needed = [f"{ceil(count * judgement.more):,} {unit}" for unit, count in counts.items()]
        text += f"; the smallest effect worth having needs about {' and '.join(needed)}"
    return f"{text}."


def _shown(finding: Finding) -> str:
    chapter = f"[](../notebooks/{finding.claim.chapter}.ipynb)"
    return f"{{numref}}`{finding.claim.shown}`, in {chapter}" if finding.claim.shown else chapter


def _anchor(name: str) -> str:
    return f"claim-{name.lower()}"


def _is(finding: Finding, kind: str, verdict: Verdict) -> bool:
    return finding.claim.kind == kind and finding.judgement.verdict == verdict
