"""Dialects: how well each delimiter and quote splits a piece of text into records of one width."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice

from pydantic import BaseModel, ConfigDict

DELIMITERS = (",", ";", "\t", "|", "^", "~", "\x01", "\x1f", ":", " ")
ONE_COLUMN = "\x1f"
_STRONG = frozenset(";|\t^~\x01\x1f")
_RECORDS = 400
_CHARS = 1 << 17


class Dialect(BaseModel):
    """One way to split. `consistency`: share of records with `fields` fields, from the first such record on.

    `clean` is the share of cells that hold no other delimiter and no loose quote; `fields` the width that most cells
    stand in; `before` the records that come before the first of that width.
    """

    model_config = ConfigDict(frozen=True)

    delimiter: str
    quote: str
    fields: int
    consistency: float
    clean: float
    before: int
    records: int
    space_after_delimiter: bool = False
    escape: str | None = None


def dialects(text: str) -> tuple[Dialect, ...]:
    """Every dialect that splits some record of `text` into two or more fields."""
    piece = text[:_CHARS]
    whole = len(piece) == len(text)
    found = [_dialect(piece, delimiter, quote, whole=whole) for quote in _quotes(piece) for delimiter in DELIMITERS]
    return tuple(d for d in found if d is not None)


def _quotes(piece: str) -> Sequence[str]:
    if '"' not in piece and re.search(r"(^|[,;\t|])\s*'[^'\n]*'\s*([,;\t|]|$)", piece, re.MULTILINE):
        return ('"', "'")
    return ('"',)


def _dialect(piece: str, delimiter: str, quote: str, *, whole: bool) -> Dialect | None:
    if delimiter not in piece:
        return None
    mark = re.escape(delimiter)
    spaced = delimiter != " " and bool(re.search(f"{mark} +{quote}", piece)) and not re.search(f"{mark}{quote}", piece)
    escape = "\\" if re.search(rf"\\{quote}(?!{mark}|\r|\n|$)", piece) else None
    rows = _split(piece, delimiter, quote, spaced=spaced, escape=escape)
    rows = [row for row in (rows if whole else rows[:-1]) if row]
    cells = Counter[int]()
    for row in rows:
        cells[len(row)] += len(row)
    if max(cells, default=1) < 2:
        return None
    fields = max(cells, key=lambda width: (width > 1, cells[width]))
    first = next(place for place, row in enumerate(rows) if len(row) == fields)
    after = rows[first:]
    return Dialect(
        delimiter=delimiter,
        quote=quote,
        fields=fields,
        consistency=round(sum(len(row) == fields for row in after) / len(after), 4),
        clean=round(_clean(after, delimiter, quote), 4),
        before=first,
        records=len(rows),
        space_after_delimiter=spaced,
        escape=escape,
    )


def _split(piece: str, delimiter: str, quote: str, *, spaced: bool, escape: str | None) -> list[list[str]]:
    csv.field_size_limit(_CHARS * 2)
    lines = piece.splitlines(keepends=True) if "\n" not in piece else piece.split("\n")
    reader = csv.reader(
        (line.rstrip("\r\n") + "\n" for line in lines),
        delimiter=delimiter,
        quotechar=quote,
        skipinitialspace=spaced,
        escapechar=escape,
    )
    try:
        return list(islice(reader, _RECORDS))
    except csv.Error:
        return []


def _clean(rows: list[list[str]], delimiter: str, quote: str) -> float:
    others = (_STRONG if delimiter in ",;\t|" else _STRONG | {","}) - {delimiter}
    cells = [cell for row in rows for cell in row]
    return sum(not (others & set(cell)) and quote not in cell for cell in cells) / max(len(cells), 1)
