"""The errors that an entry point raises for bad input, and how a message names many things."""

from collections.abc import Sequence
from pathlib import Path

NAMED = 5
"""Things that a message names at most."""

LONGEST = 100
"""Letters of a name, at most, that a message shows."""


class InputError(ValueError):
    """Something that the user gave cannot be used.

    Parameters
    ----------
    source : str or Path
        The file, folder or setting at fault.
    reason : str
        What is wrong with it and, where there is one, the remedy.
    """

    def __init__(self, source: str | Path, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = str(source)
        self.reason = reason

    def __reduce__(self) -> tuple:
        """Let the error travel from another process."""
        return InputError, (self.source, self.reason)


class MissingExtraError(InputError):
    """Something needs a package that only an extra of this project brings.

    Parameters
    ----------
    source : str or Path
        What is missing.
    extra : str
        The extra that brings it: ``"detectors"``, ``"study"`` or ``"test"``.
    reason : str
        How that shows.
    """

    def __init__(self, source: str | Path, extra: str, reason: str) -> None:
        super().__init__(source, f"{reason}; the extra {extra!r} brings it: pip install '.[{extra}]'")


def first(names: Sequence[str], most: int = NAMED) -> str:
    """Name the first of many things, and count the others.

    Parameters
    ----------
    names : sequence of str
        All of them, in the order in which they are named.
    most : int
        How many are named.

    Returns
    -------
    str
        On one line, whatever the names hold.

    Examples
    --------
    >>> from dfd import errors
    >>> errors.first(["a.mp4", "b.mp4", "c.mp4", "d.mp4", "e.mp4", "f.mp4", "g.mp4"])
    'a.mp4, b.mp4, c.mp4, d.mp4, e.mp4 and 2 more'
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(line(name) for name in names[:most]) + more


def line(text: str) -> str:
    """Fit a text from a file into a line: without control characters, and not too long.

    Parameters
    ----------
    text : str
        A name or a reason.

    Returns
    -------
    str
    """
    plain = text if text.isprintable() else ascii(text)[1:-1]
    return plain if len(plain) <= LONGEST else f"{plain[:LONGEST]}..."
