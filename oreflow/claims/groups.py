"""Claims about rows that share a key: unique cells, unique keys, one column that another determines."""

from typing import ClassVar

import polars as pl
from pydantic import Field, field_validator

from oreflow.claims.base import Claim, Expectation, Families, Found, Tally, filled, filled_sql, need_family, quoted


class GroupClaim(Claim):
    """Base: the single pass only counts distinct keys; the failing rows are looked up where that shows a repeat."""

    def check(self, families: Families) -> None:
        for column in self.reads():
            need_family(column, families, "text", "number", "boolean", "time")

    def tally(self, found: Found, frame: pl.LazyFrame, families: Families) -> Tally:
        checked = int(found["checked"] or 0)
        if not self.suspect(found):
            return Tally(checked, 0, True)
        failing = int(self.rows(frame, families).select(pl.len()).collect(engine="streaming").item())
        return Tally(checked, failing, self.holds(checked, failing))

    def suspect(self, found: Found) -> bool:
        """Whether some row may fail."""
        return bool(found["checked"] != found["distinct"])

    def rows(self, frame: pl.LazyFrame, families: Families) -> pl.LazyFrame:
        keys = list(self.reads())
        repeated = frame.filter(filled(self.reads())).group_by(keys).len("_rows").filter(pl.col("_rows") > 1)
        return frame.join(repeated.select(keys), on=keys, how="semi")


class Unique(GroupClaim):
    """No two rows have the same value."""

    kind: ClassVar[str] = "unique"

    column: str

    def measures(self, families: Families) -> dict[str, pl.Expr]:
        cells = pl.col(self.column).drop_nulls()
        return {"checked": cells.len(), "distinct": cells.n_unique()}

    def sql(self, families: Families) -> str:
        return _repeats_sql(self, (self.column,))

    def expectation(self, families: Families) -> Expectation | None:
        return "expect_column_values_to_be_unique", {"column": self.column}


class CompoundUnique(GroupClaim):
    """No two rows have the same values in all of `columns`; a row with an empty one is not checked."""

    kind: ClassVar[str] = "compound_unique"

    columns: tuple[str, ...] = Field(min_length=2)

    @field_validator("columns")
    @classmethod
    def _once(cls, columns: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(columns)) < len(columns):
            raise ValueError("the same column is named twice")
        return columns

    def reads(self) -> tuple[str, ...]:
        return self.columns

    def measures(self, families: Families) -> dict[str, pl.Expr]:
        keys = pl.struct(self.columns).filter(filled(self.columns))
        return {"checked": keys.len(), "distinct": keys.n_unique()}

    def sql(self, families: Families) -> str:
        return _repeats_sql(self, self.columns)

    def expectation(self, families: Families) -> Expectation | None:
        names = {"column_list": list(self.columns), "ignore_row_if": "any_value_is_missing"}
        return "expect_compound_columns_to_be_unique", names


class FunctionalDependency(GroupClaim):
    """Rows with the same `determinants` have the same value; those that differ from most of their group fail.

    Where no value is the most frequent in its group nobody knows which is right, so all its rows fail.
    """

    kind: ClassVar[str] = "functional_dependency"

    column: str
    determinants: tuple[str, ...] = Field(min_length=1)

    def reads(self) -> tuple[str, ...]:
        return (*self.determinants, self.column)

    def measures(self, families: Families) -> dict[str, pl.Expr]:
        known = filled(self.reads())
        groups, pairs = pl.struct(self.determinants).filter(known), pl.struct(self.reads()).filter(known)
        return {"checked": pairs.len(), "groups": groups.n_unique(), "pairs": pairs.n_unique()}

    def suspect(self, found: Found) -> bool:
        return bool(found["groups"] != found["pairs"])

    def rows(self, frame: pl.LazyFrame, families: Families) -> pl.LazyFrame:
        keys, both = list(self.determinants), list(self.reads())
        pairs = frame.filter(filled(self.reads())).group_by(both).len("_rows")
        most = pl.col("_rows").max()
        groups = pairs.group_by(keys).agg(most.alias("_most"), (pl.col("_rows") == most).sum().alias("_ties"))
        wrong = pairs.join(groups, on=keys).filter((pl.col("_rows") < pl.col("_most")) | (pl.col("_ties") > 1))
        return frame.join(wrong.select(both), on=both, how="semi")

    def sql(self, families: Families) -> str:
        keys, both, known = _names(self.determinants), _names(self.reads()), filled_sql(self.reads())
        return (
            f"WITH pairs AS (SELECT {both}, count(*) AS _rows FROM t WHERE {known} GROUP BY {both}), "
            f"ranked AS (SELECT {both}, _rows, max(_rows) OVER (PARTITION BY {keys}) AS _most FROM pairs), "
            f"tied AS (SELECT *, count(*) FILTER (_rows = _most) OVER (PARTITION BY {keys}) AS _ties FROM ranked), "
            f"wrong AS (SELECT {both} FROM tied WHERE _rows < _most OR _ties > 1) "
            + self.listing(f"({both}) IN (SELECT ({both}) FROM wrong)")
        )


def _repeats_sql(claim: Claim, columns: tuple[str, ...]) -> str:
    keys, known = _names(columns), filled_sql(columns)
    repeated = f"SELECT {keys} FROM t WHERE {known} GROUP BY {keys} HAVING count(*) > 1"
    if len(columns) == 1:
        return claim.listing(f"{keys} IN ({repeated})")
    return claim.listing(f"({keys}) IN (SELECT ({keys}) FROM ({repeated}))")


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(quoted(c) for c in columns)
