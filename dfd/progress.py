"""How far a stage is: a bar on a terminal, elsewhere a line now and then, and lines in the run's log."""

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import Any, Self, TypeVar

from tqdm import tqdm

from dfd import log
from dfd.log import Entry, State

DELAY = 5.0
"""Seconds for which nothing is said: a stage that ends within them is not worth a line."""

INTERVAL = 10.0
"""Seconds between two lines where there is no terminal."""

FIRST_NOTE = 60.0
"""Seconds after which the log says how far a stage is; after twice as long it does so again, and so on."""

Item = TypeVar("Item")


class Stage:
    """Says on stderr how far a stage is, and notes its beginning and its end in the log of a run.

    Used as a context, in which `advance` is called for each item that is done.

    Parameters
    ----------
    name : str
        What is made, such as ``"faces"``.
    total : int
        Number of items.
    unit : str
        What an item is, in the singular.
    folder : Path, optional
        Build folder of the run in whose log the stage is noted; in none by default.
    workers : str
        How many processes or threads do it, and on what device.
    shown : bool
        False for a stage that says itself how far it is; it is then only noted in the log.

    Examples
    --------
    >>> from dfd import progress
    >>> with progress.Stage("faces", total=2, unit="video") as stage:
    ...     stage.advance()
    ...     stage.advance()
    """

    def __init__(
        self,
        name: str,
        total: int,
        unit: str,
        folder: Path | None = None,
        workers: str = "1 process",
        shown: bool = True,
    ) -> None:
        self.name, self.total, self.unit, self.folder, self.workers = name, total, unit, folder, workers
        self.shown = shown
        self.done = self.made = 0

    def __enter__(self) -> Self:
        """Start the clock."""
        self._started, self._next_note = time.monotonic(), FIRST_NOTE
        self._bar = _bar(self.name, self.total, self.unit, self.shown)
        # The first item may take long, and until it is done the bar would say nothing by itself.
        self._first = Timer(DELAY, self._bar.refresh)
        self._first.daemon = True
        self._first.start()
        self._note("begun")
        return self

    def advance(self, count: int = 1, made: bool = True) -> None:
        """Count items that are done.

        Parameters
        ----------
        count : int
            How many.
        made : bool
            Whether they had to be made; False if they were there from before.
        """
        self.done += count
        self.made += count if made else 0
        self._bar.update(count)
        if time.monotonic() - self._started >= self._next_note:
            self._next_note *= 2
            self._note("under way")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say the last."""
        self._first.cancel()
        self._bar.close()
        self._note("stopped" if kind else "ended")

    def _note(self, state: State) -> None:
        if self.folder and self.total:
            seconds = round(time.monotonic() - self._started, 2)
            counts = (self.done, self.total, _plural(self.unit), self.made)
            log.append(self.folder, Entry(self.name, state, *counts, seconds, self.workers))


def track(
    items: Iterable[Item],
    name: str,
    total: int,
    unit: str,
    folder: Path | None = None,
    workers: str = "1 process",
) -> Iterator[Item]:
    """Go through the items of a stage, saying how far it is.

    Parameters
    ----------
    items : iterable
        An item is done when the next one is asked for.
    name, unit, workers : str
        As for `Stage`.
    total : int
        Number of items.
    folder : Path, optional
        As for `Stage`.

    Yields
    ------
    Item
        Each of them.
    """
    with Stage(name, total, unit, folder, workers) as stage:
        for item in items:
            yield item
            stage.advance()


def counted(count: int, noun: str) -> str:
    """Say how many there are of something.

    Parameters
    ----------
    count : int
        How many.
    noun : str
        Of what, in the singular.

    Returns
    -------
    str

    Examples
    --------
    >>> from dfd import progress
    >>> progress.counted(1, "process"), progress.counted(1200, "process"), progress.counted(0, "video")
    ('1 process', '1,200 processes', '0 videos')
    """
    return f"{count:,} {noun if count == 1 else _plural(noun)}"


def span(seconds: float) -> str:
    """Say how long something takes.

    Parameters
    ----------
    seconds : float
        The time.

    Returns
    -------
    str

    Examples
    --------
    >>> from dfd import progress
    >>> [progress.span(seconds) for seconds in (42, 750, 12_000, 200_000)]
    ['42 s', '12 min', '3 h 20 min', '2 d 7 h']
    """
    minutes, hours, days = (int(seconds // size) for size in (60, 3600, 86400))
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{seconds:.0f} s"


def rate(per_second: float) -> str:
    """Say how fast something goes.

    Parameters
    ----------
    per_second : float
        Items in a second.

    Returns
    -------
    str

    Examples
    --------
    >>> from dfd import progress
    >>> [progress.rate(per_second) for per_second in (1234, 9.8, 0.05, 0.001)]
    ['1,234 a second', '9.8 a second', '3.0 a minute', '3.6 an hour']
    """
    for count, period in ((per_second, "a second"), (per_second * 60, "a minute")):
        if count >= 1:
            return f"{count:,.0f} {period}" if count >= 100 else f"{count:.1f} {period}"
    return f"{per_second * 3600:.1f} an hour"


def _plural(noun: str) -> str:
    return f"{noun}es" if noun.endswith("s") else f"{noun}s"


def _bar(name: str, total: int, unit: str, shown: bool) -> tqdm:
    kind = tqdm if sys.stderr.isatty() else _Lines
    return kind(total=total, desc=name, unit=unit, delay=DELAY, file=sys.stderr, disable=not shown)


class _Lines(tqdm):
    """What is left of a bar where no cursor can move: complete lines."""

    def __init__(self, **settings: Any) -> None:
        self.shown, self.said = False, time.monotonic()
        # To tqdm this is a display of another kind than the terminal's, of which it draws nothing itself.
        super().__init__(**settings, gui=True, miniters=1, mininterval=DELAY)

    def clear(self, nolock: bool = False) -> None:
        """Leave what is written: where other lines are written too, nothing has to make room."""

    def display(self, msg: str | None = None, pos: int | None = None) -> None:
        """Write a line, unless one was written just now: tqdm asks for one after whatever else is written."""
        if time.monotonic() - self.said < 0.9 * self.mininterval:
            return
        self.shown, self.said, self.mininterval = True, time.monotonic(), INTERVAL
        facts = self.format_dict
        done, total, elapsed = facts["n"], facts["total"], facts["elapsed"]
        line = f"{self.desc}: {done:,} of {counted(total, self.unit)}"
        if done:
            speed = facts["rate"] or done / elapsed
            line += f", {rate(speed)}, {span((total - done) / speed)} left"
        self._write(line)

    def close(self) -> None:
        """Write how long it took, if anything was written before."""
        if self.shown and not self.disable:
            short = f"{self.n:,} of " if self.n < self.total else ""
            took = span(self.format_dict["elapsed"])
            self._write(f"{self.desc}: {short}{counted(self.total, self.unit)} in {took}")
        super().close()

    def _write(self, line: str) -> None:
        self.fp.write(f"{line}\n")
        self.fp.flush()
