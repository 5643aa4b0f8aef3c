"""Layout: where the records of a delimited text file begin, how many fields they have and whether its quotes close.

Counted on the bytes, block by block, without the parser that later reads the table: two counts that must agree.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Positions: TypeAlias = npt.NDArray[np.int64]
LF, CR = 10, 13
_BLOCK = 1 << 23
_KEPT = 200
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Layout:
    """What the bytes say. Lines count from 1 as an editor shows them; records leave blank lines out."""

    newline: int
    records: int
    blanks: Positions  # places of the blank lines, counted among records and blank lines together
    lines: tuple[int, ...]  # line of each of the first records
    ends: tuple[int, ...]  # line after each of the first records
    widths: dict[int, tuple[int, int]]  # number of fields -> (records that have it, line of the first one)
    quoted: bool  # some field begins with a quote
    stray_line: int | None  # first line with a quote in the middle of a field
    open_line: int | None  # line of the quote that nothing closes

    @property
    def widest(self) -> int:
        """The largest number of fields."""
        return max(self.widths, default=0)

    @property
    def slots(self) -> int:
        """Records and blank lines together."""
        return self.records + len(self.blanks)


def layout(path: Path, *, delimiter: str, quote: str | None, skip: int) -> Layout:
    """The layout of an ASCII-compatible file after its first `skip` lines; `delimiter` and `quote` are ASCII."""
    facts = path.stat()
    return _layout(path, facts.st_size, facts.st_mtime_ns, ord(delimiter), ord(quote) if quote else None, skip)


@lru_cache(maxsize=32)
def _layout(path: Path, size: int, mtime: int, delimiter: int, quote: int | None, skip: int) -> Layout:
    if size == 0:
        return Layout(LF, 0, np.empty(0, np.int64), (), (), {}, False, None, None)
    data = np.memmap(path, dtype=np.uint8, mode="r")
    walk = _Walk(data, _newline(data), delimiter, quote, skip)
    for start, block in _blocks(data, walk.start):
        walk.block(start, block)
    return walk.result()


def _newline(data: Any) -> int:
    feeds = sum(int(np.count_nonzero(block == LF)) for _, block in _blocks(data, 0))
    returns = sum(int(np.count_nonzero(block == CR)) for _, block in _blocks(data, 0))
    return CR if returns > 2 * feeds else LF


def _blocks(data: Any, start: int) -> Iterator[tuple[int, Any]]:
    for at in range(start, len(data), _BLOCK):
        yield at, data[at : at + _BLOCK]


def _after_lines(data: Any, newline: int, lines: int) -> int:
    for start, block in _blocks(data, 0):
        ends = np.flatnonzero(block == newline)
        if len(ends) >= lines:
            return start + int(ends[lines - 1]) + 1
        lines -= len(ends)
    return len(data)


@dataclass
class _Walk:
    """The state carried from block to block."""

    data: Any
    newline: int
    delimiter: int
    quote: int | None
    skip: int
    start: int = 0
    line: int = 0  # line ends passed
    inside: int = 0  # 1 within quotes
    fields: int = 1  # of the record being read
    record_start: int = 0
    record_line: int = 1
    slots: int = 0
    blanks: list[Positions] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    widths: dict[int, tuple[int, int]] = field(default_factory=dict)
    quoted: bool = False
    stray_line: int | None = None
    open_line: int | None = None

    def __post_init__(self) -> None:
        self.start = _after_lines(self.data, self.newline, self.skip) if self.skip else 0
        self.line, self.record_line = self.skip, self.skip + 1
        if self.start == 0 and bytes(self.data[:3]) == _BOM:
            self.start = 3
        self.record_start = self.start

    def block(self, start: int, block: Any) -> None:
        """Count one block that begins at byte `start`."""
        breaks = np.flatnonzero(block == self.newline) + start
        marks = np.flatnonzero(block == self.delimiter) + start
        quotes = np.flatnonzero(block == self.quote) + start if self.quote is not None else breaks[:0]
        ends, outer = breaks, marks
        if len(quotes) or self.inside:
            ends = breaks[((np.searchsorted(quotes, breaks) + self.inside) & 1) == 0]
            outer = marks[((np.searchsorted(quotes, marks) + self.inside) & 1) == 0]
            self._quotes(quotes, breaks)
        self._records(ends, outer, breaks)
        self.line += len(breaks)

    def _records(self, ends: Positions, marks: Positions, breaks: Positions) -> None:
        if not len(ends):
            self.fields += len(marks)
            return
        counts = np.diff(np.searchsorted(marks, ends), prepend=0) + 1
        counts[0] += self.fields - 1
        starts = np.concatenate(([self.record_start], ends[:-1] + 1))
        lines = np.searchsorted(breaks, starts) + self.line + 1
        lines[0] = self.record_line
        after = np.searchsorted(breaks, ends) + self.line + 2
        self._keep(counts, _blank(self.data, starts, ends), lines, after)
        self.fields = 1 + len(marks) - int(np.searchsorted(marks, ends[-1]))
        self.record_start, self.record_line = int(ends[-1]) + 1, int(after[-1])

    def _keep(self, counts: Positions, blank: npt.NDArray[np.bool_], lines: Positions, after: Positions) -> None:
        self.blanks.append(np.flatnonzero(blank) + self.slots)
        self.slots += len(counts)
        counts, lines, after = counts[~blank], lines[~blank], after[~blank]
        for width, first, times in zip(*np.unique(counts, return_index=True, return_counts=True), strict=True):
            seen, line = self.widths.get(int(width), (0, int(lines[first])))
            self.widths[int(width)] = (seen + int(times), line)
        room = _KEPT - len(self.lines)
        self.lines += lines[:room].tolist()
        self.ends += after[:room].tolist()

    def _quotes(self, quotes: Positions, breaks: Positions) -> None:
        if not len(quotes):
            return
        turn = (np.arange(len(quotes)) + self.inside) & 1
        opening, closing = quotes[turn == 0], quotes[turn == 1]
        before = np.where(opening > self.start, self.data[np.maximum(opening - 1, 0)], self.newline)
        behind = np.where(
            closing + 1 < len(self.data), self.data[np.minimum(closing + 1, len(self.data) - 1)], self.newline
        )
        edges = np.array([self.delimiter, LF, CR], dtype=np.uint8)
        starts_field = np.isin(before, edges)
        # By any quote behind an edge: one stray quote turns what counts as opening and closing around.
        self.quoted = self.quoted or bool(starts_field.any()) or bool(np.isin(self.data[closing - 1], edges).any())
        wrong = np.concatenate(
            (opening[~starts_field & (before != self.quote)], closing[~np.isin(behind, edges) & (behind != self.quote)])
        )
        if len(wrong) and self.stray_line is None:
            self.stray_line = self.line + 1 + int(np.searchsorted(breaks, wrong.min()))
        self.inside = (self.inside + len(quotes)) & 1
        if self.inside:
            self.open_line = self.line + 1 + int(np.searchsorted(breaks, opening[-1]))

    def result(self) -> Layout:
        """Close the last record, which may lack its line end."""
        if self.record_start < len(self.data):
            end = np.array([len(self.data)])
            blank = _blank(self.data, np.array([self.record_start]), end)
            self._keep(np.array([self.fields]), blank, np.array([self.record_line]), np.array([self.line + 2]))
        blanks = np.concatenate(self.blanks) if self.blanks else np.empty(0, np.int64)
        return Layout(
            newline=self.newline,
            records=self.slots - len(blanks),
            blanks=blanks,
            lines=tuple(self.lines),
            ends=tuple(self.ends),
            widths=self.widths,
            quoted=self.quoted,
            stray_line=self.stray_line,
            open_line=self.open_line if self.inside else None,
        )


def _blank(data: Any, starts: Positions, ends: Positions) -> npt.NDArray[np.bool_]:
    lengths = ends - starts
    only_return = (lengths == 1) & (data[np.minimum(starts, len(data) - 1)] == CR)
    return np.asarray((lengths == 0) | only_return, dtype=np.bool_)
