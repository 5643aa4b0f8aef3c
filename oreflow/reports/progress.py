"""Progress: what a run is doing now, live on a terminal, as plain lines in a log, or not at all."""

import time
from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.status import Status
from rich.text import Text

from oreflow.reports.words import duration, plural, printable


class Progress:
    """A context manager: `stage` begins a part of the run, `turn` says what it is doing, `done` ends the last part.

    On a terminal one line moves while a stage works and stays as its result; elsewhere each stage is one plain line.
    Give it a console on stderr, so that stdout holds the result alone. `quiet` says nothing at all.
    """

    def __init__(
        self, console: Console, *, quiet: bool = False, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._console, self._quiet, self._clock = console, quiet, clock
        self._live = console.is_terminal and not quiet
        self._status: Status | None = None
        self._stage, self._turns, self._began = "", 0, 0.0

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.done()
        else:
            self._end("stopped")

    def stage(self, name: str) -> None:
        """The run has come to this part; the part before it is done."""
        self._end("done")
        self._stage, self._turns, self._began = printable(name, limit=60), 0, self._clock()
        if self._live:
            self._status = self._console.status(Text(self._stage), spinner="dots" if self._utf8 else "line")
            self._status.start()

    def turn(self, text: str) -> None:
        """What the stage is doing now: shown while it lasts on a terminal, counted elsewhere."""
        self._turns += 1
        if self._status is not None:
            # The line must fit: a spinner that wraps leaves its old lines behind.
            room = max(self._console.width - len(self._stage) - 8, 10)
            shown = self._plain(printable(text, limit=300))
            shown = shown if len(shown) <= room else shown[: room - 3] + "..."
            self._status.update(Text.assemble(self._stage, "  ", (shown, "dim")))

    def done(self) -> None:
        """The last part is done."""
        self._end("done")

    @property
    def _utf8(self) -> bool:
        return self._console.encoding.startswith("utf")

    def _plain(self, text: str) -> str:
        encoding = self._console.encoding
        return text if self._utf8 else text.encode(encoding, "backslashreplace").decode(encoding)

    def _end(self, how: str) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
        if not self._stage or self._quiet:
            self._stage = ""
            return
        steps = f", {plural(self._turns, 'step')}" if self._turns else ""
        sign, style = ("✓" if self._utf8 else "+", "green") if how == "done" else ("✕" if self._utf8 else "x", "red")
        line = f"{self._plain(self._stage)} {how} in {duration(self._clock() - self._began)}{steps}"
        self._console.print(Text.assemble((f"{sign} ", style), line) if self._live else Text(line))
        self._stage = ""
