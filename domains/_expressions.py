"""Row expressions that enrichment sources share; each is null where an input is, and alike on every engine."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import narwhals as nw

from oreflow.arithmetic import rounded

MINUTES_PER_HOUR, MINUTES_PER_DAY = 60, 1440


def number(column: str) -> nw.Expr:
    """The column as a float; NaN is no number and becomes null."""
    value = nw.col(column).cast(nw.Float64)
    return nw.when(~value.is_nan()).then(value)


def text(column: str) -> nw.Expr:
    """The column as text without spaces around it."""
    return nw.col(column).cast(nw.String).str.strip_chars()


def is_yes(column: str) -> nw.Expr:
    """True for yes, false for no, null for anything else; takes Boolean columns and text."""
    value = text(column).str.to_lowercase()
    yes, no = value.is_in(["yes", "true", "y", "1"]), value.is_in(["no", "false", "n", "0"])
    return nw.when(~value.is_null() & (yes | no)).then(yes)


def known(column: str) -> nw.Expr:
    """True where the cell is not null."""
    return ~nw.col(column).is_null()


def minutes_between(start: str, end: str) -> nw.Expr:
    """Minutes from one date or moment to the other."""
    return (_moment(end) - _moment(start)).dt.total_minutes().cast(nw.Float64)


def minutes_since(start: datetime, end: str) -> nw.Expr:
    """Minutes from a fixed moment to the column's."""
    return (_moment(end) - nw.lit(start)).dt.total_minutes().cast(nw.Float64)


def _moment(column: str) -> nw.Expr:
    return nw.col(column).cast(nw.Datetime("us"))


def bands(value: nw.Expr, edges: Sequence[tuple[float, str]], last: str) -> nw.Expr:
    """The label of the first edge above the value, else `last`; null stays null instead of falling into `last`."""
    labelled: nw.Expr = nw.when(~value.is_null()).then(nw.lit(last))
    for edge, label in reversed(edges):
        labelled = nw.when(value < edge).then(nw.lit(label)).otherwise(labelled)
    return labelled


def steps(value: nw.Expr, edges: Sequence[tuple[float, float]], last: float) -> nw.Expr:
    """Like `bands`, with numbers for labels."""
    stepped: nw.Expr = nw.when(~value.is_null()).then(nw.lit(last))
    for edge, height in reversed(edges):
        stepped = nw.when(value < edge).then(nw.lit(height)).otherwise(stepped)
    return stepped


def mapped(column: str, mapping: Mapping[str, str] | Mapping[str, float]) -> nw.Expr:
    """What the mapping gives for the cell, read without regard to case; null for a value it doesn't know."""
    value = text(column).str.to_lowercase()
    cases = [nw.when(value == known_value.lower()).then(nw.lit(target)) for known_value, target in mapping.items()]
    result: nw.Expr = cases[-1]
    for case in reversed(cases[:-1]):
        result = case.otherwise(result)
    return result


def share(value: nw.Expr) -> nw.Expr:
    """Held within 0–1 and rounded to four places."""
    return rounded(value.clip(0.0, 1.0))
