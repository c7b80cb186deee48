"""The error that the generator raises for bad input."""

from pathlib import Path


class SynthError(ValueError):
    """Something that the user gave, or an asset that the generator needs, cannot be used.

    Parameters
    ----------
    source : str or Path
        The setting, file or folder at fault.
    reason : str
        What is wrong with it and, where there is one, the remedy.
    """

    def __init__(self, source: str | Path, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = str(source)
        self.reason = reason
