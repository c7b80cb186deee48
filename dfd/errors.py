"""The errors that an entry point raises for bad input."""

from pathlib import Path


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
