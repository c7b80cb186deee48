"""What a claim is: where it stands in the report, of what kind it is, and the rule that decides it."""

from dataclasses import dataclass
from typing import Literal

from study.rules import Rule

Kind = Literal["measured", "arithmetic", "provenance", "literature"]


@dataclass(frozen=True)
class Claim:
    """One statement of the report, and how it is judged.

    Attributes
    ----------
    section : str
        Where it stands in the report.
    statement : str
        What it says, in our words.
    kind : str
        ``"measured"`` (an experiment decides), ``"arithmetic"`` (a calculation does), ``"provenance"`` (where
        something printed comes from) or ``"literature"`` (what the source says that the report cites).
    chapter : str
        The notebook that checks it.
    experiment : str
        The module of `study.experiments` whose estimates the rule reads; empty for a claim that follows from
        others.
    rule : Rule or None
        Fixed before anything is measured; ``None`` for a claim that follows from others.
    shown : str
        Label of the figure or table where the chapter shows it.
    on_dfdc : bool
        Whether the claim is about the DFDC's videos, so that the sample cannot test it.
    follows : tuple of str
        The claims that this one follows from.
    note : str
        What else a reader should know, such as what would test a claim that cannot be tested here.
    """

    section: str
    statement: str
    kind: Kind
    chapter: str
    experiment: str = ""
    rule: Rule | None = None
    shown: str = ""
    on_dfdc: bool = False
    follows: tuple[str, ...] = ()
    note: str = ""


WORTH_AUC = 0.02
"""Smallest difference of areas under the ROC curve that would be worth having."""

WORTH_NATS = 0.01
"""Smallest difference of log losses that would be worth having: 100 ranks of the challenge spanned 0.06."""

WORTH_ARI = 0.05
"""Smallest difference of adjusted Rand indices that would be worth having."""

HEAVY_AUC = 0.05
"""Smallest difference of areas under the ROC curve on which something may be said to depend heavily."""

WORTH_RECALL = 0.05
"""Smallest difference of recalls that would be worth having: one face in twenty."""

WORTH_GROUPS = 0.05
"""Smallest gap between groups of people worth knowing of: one more wrong answer in twenty."""
