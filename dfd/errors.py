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
