"""The rules by which a claim is judged: each turns estimates with intervals into a verdict."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

import numpy as np

from study.statistics import Interval, smallest_effect

Verdict = Literal[
    "reproduced", "not reproduced", "depends", "inconclusive", "source error", "not testable here"
]


@dataclass(frozen=True)
class Judgement:
    """What a rule says of some estimates.

    Attributes
    ----------
    verdict : str
        One of `Verdict`.
    because : str
        The comparison that gave the verdict, as one clause.
    smallest : float or None
        Of an inconclusive estimate, the smallest effect that so many units would have shown four times in
        five, in the unit of the estimate.
    more : float or None
        Of an inconclusive estimate, how many times as many units would show the smallest effect worth having.
    """

    verdict: Verdict
    because: str
    smallest: float | None = None
    more: float | None = None


class Rule(Protocol):
    """What is compared with what, fixed before anything is measured."""

    @property
    def estimates(self) -> tuple[str, ...]:
        """Names of the estimates that the rule reads."""
        ...

    @property
    def verdicts(self) -> frozenset[Verdict]:
        """The verdicts that the rule can give."""
        ...

    @property
    def words(self) -> str:
        """The rule as a table shows it."""
        ...

    def judge(self, measured: Mapping[str, Interval]) -> Judgement:
        """Give the verdict on estimates, by their names."""
        ...


MEASURED: frozenset[Verdict] = frozenset(
    {"reproduced", "not reproduced", "inconclusive", "not testable here"}
)
CHECKED: frozenset[Verdict] = frozenset({"reproduced", "source error"})


@dataclass(frozen=True)
class Single:
    """A rule that reads one number.

    Attributes
    ----------
    estimate : str
        Name of the number.
    """

    given: ClassVar[frozenset[Verdict]] = MEASURED
    estimate: str

    @property
    def estimates(self) -> tuple[str, ...]:
        """The one estimate."""
        return (self.estimate,)

    @property
    def verdicts(self) -> frozenset[Verdict]:
        """Those of a measurement, or of a check that is right or wrong."""
        return self.given


@dataclass(frozen=True)
class Greater(Single):
    """The claim says that a number is greater than another; a difference below `worth` is not worth having.

    A gain that is greater than a small loss, ``than=-0.02``, says that something is enough: what it loses
    does not matter.

    Attributes
    ----------
    worth : float
        Smallest effect worth having, above `than`.
    than : float
        What the claim says the number exceeds.
    unit : str
        Unit of the number, such as ``"AUC"``.
    """

    worth: float = 0.0
    than: float = 0.0
    unit: str = ""

    @property
    def words(self) -> str:
        """The comparison."""
        worth = f"; effects below {self.worth:g} are not worth having" if self.worth else ""
        return f"{self.estimate} > {_number(self.than, self.unit)}{worth}"

    def judge(self, measured: Mapping[str, Interval]) -> Judgement:
        """Compare the interval with `than` and with the smallest effect worth having.

        An effect that is surely there and surely too small to be worth having is *not reproduced*: the claim
        was made because it would matter.
        """
        interval = measured[self.estimate]
        enough = self.than + self.worth
        if np.isnan(interval.value):
            return _not_computable(self.estimate)
        shown = f"{self.estimate} is {_shown(interval, self.unit)}"
        if interval.high < enough or interval.high <= self.than:
            side = "below" if interval.high < enough else "not above"
            return Judgement("not reproduced", f"{shown}, {side} {_number(enough, self.unit)}")
        if interval.low > self.than:
            return Judgement("reproduced", f"{shown}, above {_number(self.than, self.unit)}")
        return _inconclusive(
            interval,
            f"{shown}, on both sides of {_number(self.than, self.unit)}",
            self.worth or -min(self.than, 0),
        )


@dataclass(frozen=True)
class Less(Single):
    """The claim says that a number is less than another: `Greater` the other way round.

    Attributes
    ----------
    than : float
        What the claim says the number stays below.
    worth : float
        Smallest difference worth having, below `than`.
    unit : str
        Unit of the number.
    """

    than: float
    worth: float = 0.0
    unit: str = ""

    @property
    def words(self) -> str:
        """The comparison."""
        worth = f"; differences below {self.worth:g} do not matter" if self.worth else ""
        return f"{self.estimate} < {_number(self.than, self.unit)}{worth}"

    def judge(self, measured: Mapping[str, Interval]) -> Judgement:
        """Compare the interval with `than`."""
        interval = measured[self.estimate]
        if np.isnan(interval.value):
            return _not_computable(self.estimate)
        shown = f"{self.estimate} is {_shown(interval, self.unit)}"
        limit = _number(self.than, self.unit)
        if interval.low > self.than - self.worth or interval.low >= self.than:
            side = "above" if interval.low > self.than - self.worth else "not below"
            return Judgement(
                "not reproduced", f"{shown}, {side} {_number(self.than - self.worth, self.unit)}"
            )
        if interval.high < self.than:
            return Judgement("reproduced", f"{shown}, below {limit}")
        if np.isinf(interval.high):
            return Judgement("inconclusive", f"{shown}; too little was measured to say whether below {limit}")
        return _inconclusive(interval, f"{shown}, on both sides of {limit}", self.worth)


@dataclass(frozen=True)
class Near(Single):
    """The claim says that two things are the same, which here means: not further apart than `within`.

    Attributes
    ----------
    to : float
        What it should equal.
    within : float
        Largest distance that does not matter.
    unit : str
        Unit of the number.
    """

    to: float
    within: float
    unit: str = ""

    @property
    def words(self) -> str:
        """The comparison."""
        return f"{self.estimate} is {_number(self.to, self.unit)} to within {self.within:g}"

    def judge(self, measured: Mapping[str, Interval]) -> Judgement:
        """Ask whether the whole interval lies within the distance, or wholly outside."""
        interval = measured[self.estimate]
        if np.isnan(interval.value):
            return _not_computable(self.estimate)
        low, high = self.to - self.within, self.to + self.within
        shown = f"{self.estimate} is {_shown(interval, self.unit)}"
        span = f"{low:g} to {_number(high, self.unit)}"
        if low <= interval.low and interval.high <= high:
            return Judgement("reproduced", f"{shown}, within {span}")
        if interval.high < low or interval.low > high:
            return Judgement("not reproduced", f"{shown}, outside {span}")
        return _inconclusive(interval, f"{shown}, partly within {span}", self.within)


@dataclass(frozen=True)
class Printed(Single):
    """The report prints a number, and arithmetic or a source should give the same digits.

    Attributes
    ----------
    estimate : str
        Name of the number that was computed.
    printed : float
        The number in the report.
    digits : int
        Decimal places that the report prints.
    unit : str
        Unit of the number.
    """

    given: ClassVar[frozenset[Verdict]] = CHECKED
    printed: float
    digits: int = 0
    unit: str = ""

    @property
    def words(self) -> str:
        """The comparison."""
        return f"{self.estimate}, rounded, is {self.printed:.{self.digits}f}{_space(self.unit)}"

    def judge(self, measured: Mapping[str, Interval]) -> Judgement:
        """Round the computed number as the report does and compare."""
        computed = measured[self.estimate].value
        same = round(computed, self.digits) == round(self.printed, self.digits)
        shown = f"{self.estimate} is {computed:.{self.digits}f}{_space(self.unit)}"
        says = f"the report says {self.printed:.{self.digits}f}"
        return Judgement("reproduced" if same else "source error", f"{shown}; {says}")


@dataclass(frozen=True)
class Share(Single):
    """The claim holds for all of some countable things, or for none: a check of a source, not of nature.

    Attributes
    ----------
    estimate : str
        Name of the share of the things that are as the report says, 0 to 1.
    of : str
        What is counted.
    """

    given: ClassVar[frozenset[Verdict]] = CHECKED
    of: str

    @property
    def words(self) -> str:
        """What must hold."""
        return f"{self.estimate}: all {self.of}"

    def judge(self, measured: Mapping[str, Interval]) -> Judgement:
        """Ask whether all are as the report says."""
        share = measured[self.estimate].value
        return Judgement(
            "reproduced" if share == 1 else "source error",
            f"{self.estimate}: {share:.0%} of {self.of}",
        )


@dataclass(frozen=True)
class Every:
    """The claim says several things at once, and is right only if each of them is.

    Attributes
    ----------
    parts : tuple of Rule
        What it says.
    """

    parts: tuple[Rule, ...]

    @property
    def estimates(self) -> tuple[str, ...]:
        """Those of all parts."""
        return tuple(name for part in self.parts for name in part.estimates)

    @property
    def verdicts(self) -> frozenset[Verdict]:
        """Those of the parts."""
        return frozenset[Verdict]().union(*(part.verdicts for part in self.parts))

    @property
    def words(self) -> str:
        """All parts."""
        return "; and ".join(part.words for part in self.parts)

    def judge(self, measured: Mapping[str, Interval]) -> Judgement:
        """Take the worst verdict: one part that fails is enough, one that is open leaves the whole open."""
        judged = [part.judge(measured) for part in self.parts]
        order = (
            "source error",
            "not reproduced",
            "not testable here",
            "inconclusive",
            "depends",
            "reproduced",
        )
        worst = min(judged, key=lambda judgement: order.index(judgement.verdict))
        because = "; ".join(judgement.because for judgement in judged)
        return Judgement(worst.verdict, because, worst.smallest, worst.more)


@dataclass(frozen=True)
class Conditions:
    """The claim is judged under several conditions, and *depends* where those that are decided differ.

    Attributes
    ----------
    under : dict of str to Rule
        The rule under each condition.
    """

    under: Mapping[str, Rule] = field(default_factory=dict)

    @property
    def estimates(self) -> tuple[str, ...]:
        """Those of all conditions."""
        return tuple(name for rule in self.under.values() for name in rule.estimates)

    @property
    def verdicts(self) -> frozenset[Verdict]:
        """Those of the rules, and *depends*."""
        return frozenset[Verdict]({"depends"}).union(*(rule.verdicts for rule in self.under.values()))

    @property
    def words(self) -> str:
        """Every condition with its rule."""
        return "; ".join(f"{condition}: {rule.words}" for condition, rule in self.under.items())

    def judge(self, measured: Mapping[str, Interval]) -> Judgement:
        """Judge under each condition; those that say nothing do not count unless all say nothing."""
        judged = {condition: rule.judge(measured) for condition, rule in self.under.items()}
        because = "; ".join(f"{condition}: {judgement.because}" for condition, judgement in judged.items())
        decided: set[Verdict] = {
            j.verdict for j in judged.values() if j.verdict not in ("inconclusive", "not testable here")
        }
        if len(decided) > 1:
            return Judgement("depends", because)
        opened = [j for j in judged.values() if j.verdict == "inconclusive"]
        if opened:
            hardest = max(opened, key=lambda judgement: judgement.smallest or 0.0)
            return Judgement("inconclusive", because, hardest.smallest, hardest.more)
        if decided:
            return Judgement(decided.pop(), because)
        return Judgement("not testable here", because)


def _inconclusive(interval: Interval, because: str, worth: float) -> Judgement:
    smallest = smallest_effect(interval)
    if np.isinf(smallest):
        return Judgement("inconclusive", f"{because}; too little was measured to say")
    more = (smallest / worth) ** 2 if worth and smallest > worth else None
    return Judgement("inconclusive", because, smallest, more)


def _not_computable(name: str) -> Judgement:
    return Judgement("not testable here", f"{name} is not known")


def _shown(interval: Interval, unit: str) -> str:
    return f"{interval}{_space(unit)}"


def _number(value: float, unit: str) -> str:
    return f"{value:g}{_space(unit)}"


def _space(unit: str) -> str:
    return f" {unit}" if unit else ""
