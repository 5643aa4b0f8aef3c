"""Text columns: what the operations on them share; no operation of its own."""

from collections.abc import Mapping

import narwhals as nw
import polars as pl
from pydantic import Field

from oreflow.errors import NotApplicable
from oreflow.operation import Operation, need_text

# Unicode's white space, one by one: for a regex class and for strip_chars alike.
BLANK = "\t\n\x0b\x0c\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
ZERO_WIDTH = "\u200b\u2060\ufeff"  # the joiners U+200C and U+200D are part of words, so they stay


class TextOperation(Operation):
    """Base of operations on one text column."""

    column: str = Field(description="The text column.")

    def check(self, schema: Mapping[str, pl.DataType]) -> None:
        need_text(schema, self.column)


def trimmed(cell: nw.Expr, *, collapse: bool = True) -> nw.Expr:
    """The cell without space around it or zero-width characters, with single plain spaces inside; empty is null."""
    cell = cell.str.replace_all(f"[{ZERO_WIDTH}]", "")
    cell = cell.str.strip_chars(BLANK)
    if collapse:  # single plain spaces are left alone: each replacement costs
        cell = cell.str.replace_all(f"[{BLANK}]{{2,}}|[{BLANK.replace(' ', '')}]", " ")
    return nw.when(cell != "").then(cell)


def some_fit(column: str, before: pl.Series, after: pl.Series, *, what: str) -> None:
    """Raise `NotApplicable` where cells held text and none of them is `what`: the step would only empty the column."""
    if before.null_count() < len(before) and after.null_count() == len(after):
        example = before.drop_nulls()[0]
        raise NotApplicable(f'no cell of "{column}" is {what} (for example {example!r}); it would only be emptied.')
