"""Claims: what each kind of rule means, as Polars expressions, as DuckDB SQL and as an expectation's name.

One class per kind; its fields are the rule's arguments. A claim looks at the rows that `checked` picks and fails on
those where `fails` is true. An empty cell is never checked by a claim about values: `not_null` is the claim for that.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, NamedTuple, TypeAlias

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from oreflow.errors import NotApplicable
from oreflow.measures.fits import Family
from oreflow.tables import ROW_ID

Families: TypeAlias = Mapping[str, Family]
Found: TypeAlias = Mapping[str, Any]
Expectation: TypeAlias = tuple[str, dict[str, Any]]


class Tally(NamedTuple):
    """What a claim came to: exact counts, what was seen, and whether it holds."""

    checked: int
    failing: int
    passed: bool
    observed: Any = None


class Claim(BaseModel, ABC):
    """Base of all claims. `mostly` is the least share of the checked rows that must hold.

    `measures` are taken in one pass over the table together with those of every other claim; `rows` is only asked for
    where they show a failure.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ClassVar[str]

    column: str | None = None
    mostly: float = Field(default=1.0, ge=0.0, le=1.0)

    def reads(self) -> tuple[str, ...]:
        """The columns that the claim looks at."""
        return (self.column,) if self.column else ()

    def check(self, families: Families) -> None:
        """Raise `NotApplicable` for a table that the claim can't be made about."""
        return

    @abstractmethod
    def measures(self, families: Families) -> dict[str, pl.Expr]:
        """Named aggregates for the single pass."""

    @abstractmethod
    def tally(self, found: Found, frame: pl.LazyFrame, families: Families) -> Tally:
        """The outcome from the values of `measures`; only claims about groups look at the frame again."""

    @abstractmethod
    def rows(self, frame: pl.LazyFrame, families: Families) -> pl.LazyFrame | None:
        """The frame's failing rows; None where a failure is not a matter of rows."""

    @abstractmethod
    def sql(self, families: Families) -> str:
        """A DuckDB query over the table `t` that lists the failing rows."""

    def expectation(self, families: Families) -> Expectation | None:
        """Great Expectations' own name and arguments for this claim; None where it has none that means the same."""
        return None

    def checked_sql(self, families: Families) -> str:
        """The rows that the claim is about, as a DuckDB condition; default: those where no column of it is empty."""
        return filled_sql(self.reads()) or "TRUE"

    def holds(self, checked: int, failing: int) -> bool:
        """Whether enough of the checked rows hold; a claim about no rows holds."""
        return checked == 0 or (checked - failing) / checked >= self.mostly

    def listing(self, condition: str) -> str:
        """The query that lists the rows of `t` where the condition is true."""
        return f"SELECT {ROW_ID}, {self.shown_sql()} AS value FROM t WHERE {condition}"

    def shown_sql(self) -> str:
        """The cell, or the cells as a row, that a failing row is shown by."""
        names = [quoted(c) for c in self.reads()]
        return names[0] if len(names) == 1 else f"row({', '.join(names)})" if names else "NULL"


class RowClaim(Claim):
    """A claim that each row keeps or breaks by itself."""

    def checked(self, families: Families) -> pl.Expr:
        """The rows that the claim is about: by default those where none of its columns is empty."""
        return filled(self.reads())

    @abstractmethod
    def fails(self, families: Families) -> pl.Expr:
        """True on the rows that break the claim."""

    @abstractmethod
    def fails_sql(self, families: Families) -> str:
        """`fails` as a DuckDB condition."""

    def broken(self, families: Families) -> pl.Expr:
        """True on checked rows that fail, false on every other row."""
        return (self.checked(families) & self.fails(families)).fill_null(False)

    def measures(self, families: Families) -> dict[str, pl.Expr]:
        return {"checked": self.checked(families).sum(), "failing": self.broken(families).sum()}

    def tally(self, found: Found, frame: pl.LazyFrame, families: Families) -> Tally:
        checked, failing = int(found["checked"] or 0), int(found["failing"] or 0)
        return Tally(checked, failing, self.holds(checked, failing))

    def rows(self, frame: pl.LazyFrame, families: Families) -> pl.LazyFrame:
        return frame.filter(self.broken(families))

    def sql(self, families: Families) -> str:
        wants_filled = type(self).checked_sql is Claim.checked_sql
        if wants_filled and any(families[c] == "empty" for c in self.reads()):
            return self.listing("FALSE")  # no row is checked, and a column of nothing compares with nothing
        return self.listing(f"({self.checked_sql(families)}) AND ({self.fails_sql(families)})")


def filled(columns: tuple[str, ...]) -> pl.Expr:
    """True where none of the columns is empty."""
    return pl.all_horizontal(pl.col(c).is_not_null() for c in columns)


def filled_sql(columns: tuple[str, ...]) -> str:
    """The same as a DuckDB condition."""
    return " AND ".join(f"{quoted(c)} IS NOT NULL" for c in columns)


def quoted(name: str) -> str:
    """A column name as a DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: Any) -> str:
    """A plain value as a DuckDB literal."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return f"{value!r}::DOUBLE"  # DuckDB would read 0.1 as an exact decimal, which no other engine does
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
    return "'" + str(value).replace("'", "''") + "'"


def moment(value: Any, column: str | None) -> datetime:
    """A bound for dates: an ISO date or time, without a time zone."""
    try:
        return datetime.fromisoformat(str(value)).replace(tzinfo=None)
    except ValueError as error:
        raise NotApplicable(f'"{value}" is no date for column "{column}"; write it as 2026-01-31.') from error


def need_family(column: str, families: Families, *allowed: Family) -> None:
    """Raise unless the column is stored as one of the families, or is all empty."""
    if families[column] not in (*allowed, "empty"):
        raise NotApplicable(
            f'column "{column}" is stored as {families[column]}, but the rule is about {" or ".join(allowed)}; '
            "mend the column's type or take the rule out of this layer."
        )
