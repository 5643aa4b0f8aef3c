"""Drafted rules: what a cleaned sample gives evidence for, and no more.

A rule is critical where the column's role makes it a principle (an age is not negative) or where the evidence is strong
and the rule leaves room (`mostly`); what was merely observed is a warning with a generous margin.
"""

import math
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import polars as pl

from oreflow.contract import Column, Rule
from oreflow.drafting_shapes import shape_of

LEAST_ROWS = 100
MOST_VALUES = 25
MOST_CLOSED = 12  # longer lists, of people or projects, grow tomorrow
ROWS_PER_VALUE = 20
TOLERANT = 0.95
PRINCIPLES: Mapping[str, tuple[float | None, float | None]] = {
    "age": (0, 120),
    "latitude": (-90, 90),
    "longitude": (-180, 180),
    "year": (1800, 2200),
    "price": (0, None),
    "quantity": (0, None),
    "duration": (0, None),
    "distance": (0, None),
    "level": (0, None),
}
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2100, 12, 31)
_CLOSED = frozenset({"flag", "status", "priority", "category"})
_CODED = frozenset({"id", "key", "code", "zip", "currency_code"})


def column_rules(column: Column, cells: pl.Series) -> Iterator[Rule]:
    """The rules that the filled cells of one column speak for."""
    filled = cells.drop_nulls()
    if filled.is_empty():
        return
    if column.type in ("integer", "number"):
        yield from _ranges(column, filled)
    elif column.type in ("date", "timestamp"):
        yield from _days(column, filled)
    elif column.type == "string":
        yield from _values(column, filled)
        yield from _shapes(column, filled)


def pair_rules(columns: Mapping[str, Column], table: pl.DataFrame) -> Iterator[Rule]:
    """Every start stays before every end, where that holds in 99 % of the rows that have both."""
    dates = [c for c in columns.values() if c.type in ("date", "timestamp")]
    for start in (c for c in dates if c.role == "start_date"):
        for end in (c for c in dates if c.role == "end_date"):
            both = table.select(pl.col(start.name) <= pl.col(end.name)).to_series().drop_nulls()
            if len(both) >= 20 and float(both.mean() or 0) >= 0.99:  # type: ignore[arg-type]
                yield Rule(
                    id=f"order:{start.name}:{end.name}",
                    kind="pair_order",
                    arguments={"low": start.name, "high": end.name},
                    mostly=0.98,
                    description=f"{start.name} is not after {end.name}.",
                )


def _ranges(column: Column, filled: pl.Series) -> Iterator[Rule]:
    least, most = float(filled.min()), float(filled.max())  # type: ignore[arg-type]
    low, high = _principle(column.role, most)
    if (low, high) != (None, None) and _inside(least, most, low, high):
        said = f"A {column.role} lies in this range."
        yield _between("range", column.name, low, high, severity="critical", description=said)
    if (
        len(filled) >= LEAST_ROWS
        and column.role not in ("id", "key", "code", "zip", "phone")
        and math.isfinite(most - least)
    ):
        margin = max(most - least, abs(most), 1.0)
        wide_low = 0.0 if least >= 0 else least - margin
        said = f"Observed: {least:g} to {most:g}; a warning outside a wide margin."
        yield _between("observed", column.name, wide_low, most + margin, severity="warning", description=said)


def _principle(role: str | None, most: float) -> tuple[float | None, float | None]:
    if role == "percent":
        return 0, 1 if most <= 1 else 100
    return PRINCIPLES.get(role or "", (None, None))


def _inside(least: float, most: float, low: float | None, high: float | None) -> bool:
    return (low is None or least >= low) and (high is None or most <= high)


def _days(column: Column, filled: pl.Series) -> Iterator[Rule]:
    days = filled.cast(pl.Date)
    least, most = days.min(), days.max()
    if isinstance(least, date) and isinstance(most, date) and least >= _FIRST_DAY and most <= _LAST_DAY:
        bounds = _FIRST_DAY.isoformat(), _LAST_DAY.isoformat()
        yield _between("range", column.name, *bounds, severity="critical", description="A date of our time.")


def _values(column: Column, filled: pl.Series) -> Iterator[Rule]:
    counts = filled.value_counts(sort=True)
    values, least = sorted(counts.get_column(filled.name).to_list()), int(counts.get_column("count").min() or 0)  # type: ignore[arg-type]
    if len(filled) < LEAST_ROWS or not 2 <= len(values) <= MOST_VALUES or len(filled) < ROWS_PER_VALUE * len(values):
        return
    if least < 3:  # a value seen once or twice says that others are still unseen
        return
    given: dict[str, Any] = {"kind": "in_set", "column": column.name, "arguments": {"values": values}}
    yield Rule(id=f"values:{column.name}", severity="warning", description="One of the values seen so far.", **given)
    if column.role not in _CLOSED or len(values) > MOST_CLOSED:
        return
    said = f"At least {TOLERANT:.0%} are values seen before."
    yield Rule(id=f"values_mostly:{column.name}", mostly=TOLERANT, description=said, **given)


def _shapes(column: Column, filled: pl.Series) -> Iterator[Rule]:
    if len(filled) < 20 or (column.role not in _CODED and filled.n_unique() <= MOST_VALUES):
        return
    pattern = shape_of(filled)
    if pattern is not None:
        yield Rule(
            id=f"shape:{column.name}",
            kind="matches",
            column=column.name,
            arguments={"pattern": pattern},
            severity="warning",
            mostly=0.99,
            description="Nearly every value so far had this shape.",
        )


def _between(name: str, column: str, low: Any, high: Any, **given: Any) -> Rule:
    bounds = {side: bound for side, bound in (("min", low), ("max", high)) if bound is not None}
    return Rule(id=f"{name}:{column}", kind="between", column=column, arguments=bounds, **given)
