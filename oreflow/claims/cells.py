"""Claims about the cells of one column: filled, of a type, in a range, in a set, of a pattern, of a length."""

from typing import Any, ClassVar

import polars as pl
from pydantic import Field, field_validator, model_validator

from oreflow.claims.base import Expectation, Families, RowClaim, literal, moment, need_family, quoted
from oreflow.claims.patterns import portable, whole_cell, whole_cell_python
from oreflow.contract import LogicalType
from oreflow.errors import ContractError
from oreflow.measures.fits import NUMBER, fits, fits_sql


class CellClaim(RowClaim):
    """Base: a claim about one column."""

    column: str

    @property
    def cell(self) -> pl.Expr:
        """The column."""
        return pl.col(self.column)

    @property
    def name(self) -> str:
        """The column as a DuckDB identifier."""
        return quoted(self.column)


class NotNull(CellClaim):
    """No cell is empty."""

    kind: ClassVar[str] = "not_null"

    def checked(self, families: Families) -> pl.Expr:
        return self.cell.is_null().is_not_null()

    def fails(self, families: Families) -> pl.Expr:
        return self.cell.is_null()

    def checked_sql(self, families: Families) -> str:
        return "TRUE"

    def fails_sql(self, families: Families) -> str:
        return f"{self.name} IS NULL"

    def expectation(self, families: Families) -> Expectation | None:
        return "expect_column_values_to_not_be_null", {"column": self.column}


class NullShare(NotNull):
    """At most the share `max` of the cells is empty."""

    kind: ClassVar[str] = "null_share"

    max: float = Field(ge=0.0, le=1.0)

    @model_validator(mode="before")
    @classmethod
    def _tolerance(cls, given: dict[str, Any]) -> dict[str, Any]:
        largest = given.get("max")
        return given | {"mostly": round(1 - largest, 12)} if isinstance(largest, int | float) else given


class OfType(CellClaim):
    """Each cell reads as the type, however it is stored."""

    kind: ClassVar[str] = "of_type"

    type: LogicalType

    def fails(self, families: Families) -> pl.Expr:
        return ~fits(self.column, self.type, families[self.column])

    def fails_sql(self, families: Families) -> str:
        return f"NOT ({fits_sql(self.name, self.type, families[self.column])})"


class Between(CellClaim):
    """Each number or date lies between `min` and `max`, both allowed; text must read as a number to be in a range."""

    kind: ClassVar[str] = "between"

    min: float | str | None = None
    max: float | str | None = None

    @model_validator(mode="after")
    def _ordered(self) -> "Between":
        bounds = [b for b in (self.min, self.max) if b is not None]
        if not bounds:
            raise ValueError("give min, max or both")
        if len({isinstance(b, str) for b in bounds}) == 2 or (len(bounds) == 2 and bounds[0] > bounds[1]):  # type: ignore[operator]
            raise ValueError(f"min {self.min} is above max {self.max}, or one is a date and one a number")
        return self

    @property
    def dates(self) -> bool:
        """Whether the bounds are dates."""
        return isinstance(self.min if self.min is not None else self.max, str)

    def check(self, families: Families) -> None:
        need_family(self.column, families, *(("time",) if self.dates else ("number", "text")))
        self._bounds()

    def fails(self, families: Families) -> pl.Expr:
        cell, low, high = self.cell, *self._bounds()
        if families[self.column] == "text":
            text = cell.str.strip_chars(" \t")
            readable = text.str.contains(rf"\A(?:{NUMBER})\z")
            cell = pl.when(readable).then(text).otherwise(None).cast(pl.Float64, strict=False)
        inside = ([] if low is None else [cell >= low]) + ([] if high is None else [cell <= high])
        return ~pl.all_horizontal(inside).fill_null(False)

    def fails_sql(self, families: Families) -> str:
        cell, (low, high) = self.name, self._bounds()
        if families[self.column] == "text":
            text = f"trim({cell}, ' ' || chr(9))"
            cell = rf"CASE WHEN regexp_matches({text}, '\A(?:{NUMBER})\z') THEN TRY_CAST({text} AS DOUBLE) END"
        bounds = ((">=", low), ("<=", high))
        inside = [f"{cell} {sign} {literal(bound)}" for sign, bound in bounds if bound is not None]
        return f"NOT coalesce({' AND '.join(inside)}, FALSE)"

    def expectation(self, families: Families) -> Expectation | None:
        if families[self.column] != "number":
            return None  # its pandas form fails on dates that are not kept in nanoseconds, and on text
        bounds = {"min_value": self.min, "max_value": self.max}
        return "expect_column_values_to_be_between", {"column": self.column, **bounds}

    def _bounds(self) -> tuple[Any, Any]:
        if not self.dates:
            return self.min, self.max
        low, high = (None if b is None else moment(b, self.column) for b in (self.min, self.max))
        return low, high


class Matches(CellClaim):
    """Each whole cell matches the pattern; see `portable` for the expressions that every engine reads alike."""

    kind: ClassVar[str] = "matches"

    pattern: str

    @field_validator("pattern")
    @classmethod
    def _portable(cls, pattern: str) -> str:
        try:
            portable(pattern)
        except ContractError as error:
            raise ValueError(str(error)) from error
        return pattern

    def check(self, families: Families) -> None:
        need_family(self.column, families, "text")

    def fails(self, families: Families) -> pl.Expr:
        return ~self.cell.cast(pl.String).str.contains(whole_cell(self.pattern))

    def fails_sql(self, families: Families) -> str:
        return f"NOT regexp_matches({self.name}::VARCHAR, {literal(whole_cell(self.pattern))})"

    def expectation(self, families: Families) -> Expectation | None:
        return "expect_column_values_to_match_regex", {"column": self.column, "regex": whole_cell_python(self.pattern)}


class LengthBetween(CellClaim):
    """Each text is `min` to `max` characters long."""

    kind: ClassVar[str] = "length_between"

    min: int | None = Field(default=None, ge=0)
    max: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> "LengthBetween":
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self

    def check(self, families: Families) -> None:
        need_family(self.column, families, "text")

    def fails(self, families: Families) -> pl.Expr:
        length = self.cell.cast(pl.String).str.len_chars()
        return (length < (self.min or 0)) | (length > (self.max if self.max is not None else pl.lit(2**31)))

    def fails_sql(self, families: Families) -> str:
        high = f" OR length({self.name}::VARCHAR) > {self.max}" if self.max is not None else ""
        return f"(length({self.name}::VARCHAR) < {self.min or 0}{high})"

    def expectation(self, families: Families) -> Expectation | None:
        bounds = {"min_value": self.min, "max_value": self.max}
        return "expect_column_value_lengths_to_be_between", {"column": self.column, **bounds}
