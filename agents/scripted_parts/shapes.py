"""Shapes of first rows: which line names the columns, judged by how its cells differ from those below."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

Row = Sequence[str | None]
Shape = Literal["empty", "number", "date", "text"]

_NUMBER = re.compile(r"[-+(]?\s*[$€£¥]?\s*[-+]?(\d{1,3}([., ' ]\d{3})+|\d+)?([.,]\d*)?([eE][-+]?\d+)?\s*[%€$£)]?")
_DATE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T]\d.*)?|\d{1,2}[- ][A-Za-z]{3,9}[- ,]+\d{2,4}( \d.*)?"
    r"|\d{1,2}:\d{2}(:\d{2})?( ?[AaPp][Mm])?"
    r"|[A-Za-z]{3,9}[ .]+\d{1,2},? +\d{4}( \d.*)?|\d{4}-\d{2}"
)
_MISSING = frozenset({"", "na", "n/a", "null", "none", "nan", "?", "-", "--", "error", "unknown", "missing", "#n/a"})
_LONG = 60


def shape(cell: str | None) -> Shape:
    """What the cell looks like; a token that stands for nothing is empty."""
    text = (cell or "").strip()
    if text.lower() in _MISSING:
        return "empty"
    if any(char.isdigit() for char in text):
        if _NUMBER.fullmatch(text):
            return "number"
        if _DATE.fullmatch(text):
            return "date"
    return "text"


def filled(row: Row) -> int:
    """How many cells hold something."""
    return sum(bool(cell and cell.strip()) for cell in row)


def extent(row: Row) -> int:
    """The place of the last cell that holds something, counted from 1."""
    return max((place for place, cell in enumerate(row, start=1) if cell and cell.strip()), default=0)


def first_table_row(rows: Sequence[Row]) -> int:
    """The place of the first row that belongs to the table: titles, comments and key-value notes stand before it."""
    if not rows:
        return 0
    body = sorted(extent(row) for row in rows[len(rows) // 2 :])
    usual = body[len(body) // 2]
    for place, row in enumerate(rows):
        if _is_note(row, usual) or (_is_comment(row) and place + 1 < len(rows) and not _is_comment(rows[place + 1])):
            if _is_comment(row) and extent(row) >= usual > 1:
                return place  # a header such as "#id,name"
            continue
        if _is_comment(row) and extent(row) < max(usual, 2):
            continue
        return place
    return 0


def names_columns(first: Row, below: Sequence[Row]) -> bool:
    """Whether `first` is a header over the rows `below`."""
    cells = [(cell or "").strip() for cell in first]
    if not any(shape(cell) in ("number", "date") for cell in cells) and not below:
        return True
    if _counts_up(cells):
        return any(shape(cell) == "text" for cell in cells)
    votes = sum(_vote(cell, [row[place] for row in below if place < len(row)]) for place, cell in enumerate(cells))
    if votes:
        return votes > 0
    return bool(below) and not any(shape(cell) in ("number", "date") or len(cell) > _LONG for cell in cells)


def _is_note(row: Row, usual: int) -> bool:
    """Fewer cells than the table has: in a wide table half of them, in a narrow one all but one cell missing."""
    if filled(row) and all(shape(cell) != "text" for cell in row):
        return False  # numbers alone are data, however few
    return extent(row) < usual and (extent(row) <= 1 if usual <= 3 else extent(row) <= usual // 2)


def _is_comment(row: Row) -> bool:
    return bool(row) and (row[0] or "").lstrip().startswith(("#", "//", "--", "%"))


def _counts_up(cells: Sequence[str]) -> bool:
    """Years or other whole numbers in a row, one more each: headings, though they are numbers."""
    numbers = [int(cell) for cell in cells if cell.isdecimal() and len(cell) <= 6]
    return len(numbers) >= 3 and all(b - a == 1 for a, b in pairwise(numbers))


def _vote(cell: str, below: Sequence[str | None]) -> float:
    shapes = [shape(value) for value in below]
    known = [s for s in shapes if s != "empty"]
    if shape(cell) == "empty" or not known:
        return 0.0
    usual = max(known, key=known.count)
    if usual in ("number", "date"):
        if known.count(usual) < 0.6 * len(known):
            return 0.0
        return 1.0 if shape(cell) == "text" else -1.0
    if shape(cell) != "text":
        return -0.5
    texts = [value.strip() for value in below if value and value.strip()]
    if cell.casefold() in {text.casefold() for text in texts}:
        return -1.0
    return _vote_by_pattern(cell, texts)


def _vote_by_pattern(cell: str, texts: Sequence[str]) -> float:
    patterns = {_pattern(text) for text in texts}
    if len(patterns) == 1 and re.search(r"[9@.:/_-]", next(iter(patterns))) and len(texts) > 1:
        return -0.5 if _pattern(cell) in patterns else 0.5
    return 0.0


def _pattern(text: str) -> str:
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", text))
