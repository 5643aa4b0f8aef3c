"""Claims about several cells of one row: an order of two, a sum or product, any condition."""

from typing import ClassVar

import polars as pl
from pydantic import Field, field_validator, model_validator

from oreflow.claims.base import Expectation, Families, RowClaim, need_family, quoted
from oreflow.errors import NotApplicable


class PairOrder(RowClaim):
    """`low` is never above `high` where both are there; `strict` forbids that they are equal."""

    kind: ClassVar[str] = "pair_order"

    low: str
    high: str
    strict: bool = False

    @model_validator(mode="after")
    def _two(self) -> "PairOrder":
        if self.low == self.high:
            raise ValueError("low and high name the same column")
        return self

    def reads(self) -> tuple[str, ...]:
        return self.low, self.high

    def check(self, families: Families) -> None:
        for column in self.reads():
            need_family(column, families, "number", "time")
        if len({families[c] for c in self.reads()} - {"empty"}) == 2:
            raise NotApplicable(f'"{self.low}" and "{self.high}" are not of one type, so they have no order.')

    def fails(self, families: Families) -> pl.Expr:
        if "empty" in (families[self.low], families[self.high]):
            return pl.lit(False)
        low, high = pl.col(self.low), pl.col(self.high)
        return low >= high if self.strict else low > high

    def fails_sql(self, families: Families) -> str:
        return f"{quoted(self.low)} {'>=' if self.strict else '>'} {quoted(self.high)}"

    def expectation(self, families: Families) -> Expectation | None:
        if "empty" in (families[self.low], families[self.high]):
            return None
        pair = {"column_A": self.high, "column_B": self.low, "or_equal": not self.strict}
        name = "expect_column_pair_values_a_to_be_greater_than_b"
        return name, pair | {"ignore_row_if": "either_value_is_missing"}


class EqualsExpression(RowClaim):
    """The column equals an SQL expression over others, such as `price * quantity`, to within `tolerance`."""

    kind: ClassVar[str] = "equals_expression"

    column: str
    expression: str
    tolerance: float = Field(default=0.01, ge=0)

    @field_validator("expression")
    @classmethod
    def _readable(cls, expression: str) -> str:
        sql_expression(expression)
        return expression

    def reads(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.column, *sql_expression(self.expression).meta.root_names())))

    def check(self, families: Families) -> None:
        for column in self.reads():
            need_family(column, families, "number")

    def fails(self, families: Families) -> pl.Expr:
        other = sql_expression(self.expression)
        return (pl.col(self.column).cast(pl.Float64) - other.cast(pl.Float64)).abs() > self.tolerance

    def fails_sql(self, families: Families) -> str:
        return f"abs({quoted(self.column)}::DOUBLE - ({self.expression})::DOUBLE) > {self.tolerance!r}::DOUBLE"


class Sql(RowClaim):
    """Any SQL condition on one row; like a CHECK constraint it holds where it comes to null."""

    kind: ClassVar[str] = "sql"

    condition: str

    @field_validator("condition")
    @classmethod
    def _readable(cls, condition: str) -> str:
        sql_expression(condition)
        return condition

    def reads(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(sql_expression(self.condition).meta.root_names()))

    def checked(self, families: Families) -> pl.Expr:
        return sql_expression(self.condition).is_not_null()

    def fails(self, families: Families) -> pl.Expr:
        return ~sql_expression(self.condition)

    def checked_sql(self, families: Families) -> str:
        return f"({self.condition}) IS NOT NULL"

    def fails_sql(self, families: Families) -> str:
        return f"NOT ({self.condition})"


def sql_expression(text: str) -> pl.Expr:
    """An SQL expression as Polars reads it; `ValueError` for one that it can't."""
    try:
        return pl.sql_expr(text)
    except pl.exceptions.PolarsError as error:
        raise ValueError(f'"{text}" is no SQL expression over columns: {error}') from error
