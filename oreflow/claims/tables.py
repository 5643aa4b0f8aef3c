"""Claims about the table as a whole: how many rows, how fresh, how high its DQ score."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar

import polars as pl
from pydantic import Field, model_validator

from oreflow.claims.base import Claim, Expectation, Families, Found, Tally, literal, moment, need_family, quoted
from oreflow.contract import Column
from oreflow.errors import NotApplicable
from oreflow.measures import dq
from oreflow.measures.fits import fits_sql


class RowCount(Claim):
    """The table has `min` to `max` rows."""

    kind: ClassVar[str] = "row_count"

    min: int = Field(default=1, ge=0)
    max: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> "RowCount":
        if self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self

    def measures(self, families: Families) -> dict[str, pl.Expr]:
        return {"rows": pl.len()}

    def tally(self, found: Found, frame: pl.LazyFrame, families: Families) -> Tally:
        rows = int(found["rows"])
        return Tally(rows, 0, self.min <= rows and (self.max is None or rows <= self.max), rows)

    def rows(self, frame: pl.LazyFrame, families: Families) -> None:
        return None

    def sql(self, families: Families) -> str:
        high = f" AND count(*) <= {self.max}" if self.max is not None else ""
        return f"SELECT NULL AS _row_id, count(*) AS value FROM t HAVING NOT (count(*) >= {self.min}{high})"

    def expectation(self, families: Families) -> Expectation | None:
        return "expect_table_row_count_to_be_between", {"min_value": self.min, "max_value": self.max}


class Freshness(Claim):
    """The newest date is at most `max_age_days` before `now`, and none is after it.

    Rows dated after `now` fail; where the newest is too old, every dated row does.
    """

    kind: ClassVar[str] = "freshness"

    column: str
    max_age_days: float | None = Field(default=None, ge=0)
    now: str | None = None

    def check(self, families: Families) -> None:
        need_family(self.column, families, "time")
        if self.now is None:
            raise NotApplicable("freshness needs to know what time it is: pass now= or write `now` into the rule.")
        moment(self.now, self.column)

    def measures(self, families: Families) -> dict[str, pl.Expr]:
        cells = pl.col(self.column).cast(pl.Datetime("us"))
        return {"checked": cells.count(), "newest": cells.max(), "future": (cells > self._now).sum()}

    def tally(self, found: Found, frame: pl.LazyFrame, families: Families) -> Tally:
        newest, checked = found["newest"], int(found["checked"])
        stale = newest is not None and self._oldest is not None and newest < self._oldest
        failing = checked if stale else int(found["future"] or 0)
        return Tally(checked, failing, self.holds(checked, failing), None if newest is None else newest.isoformat())

    def rows(self, frame: pl.LazyFrame, families: Families) -> pl.LazyFrame:
        cells = pl.col(self.column).cast(pl.Datetime("us"))
        late = cells > self._now
        return frame.filter(late if self._oldest is None else late | (cells.max() < self._oldest) & cells.is_not_null())

    def sql(self, families: Families) -> str:
        cell = f"{quoted(self.column)}::TIMESTAMP"
        late = f"{cell} > {literal(self._now)}"
        if self._oldest is None:
            return self.listing(late)
        stale = f"(SELECT max({cell}) FROM t) < {literal(self._oldest)}"
        return self.listing(f"{late} OR ({cell} IS NOT NULL AND {stale})")

    @property
    def _now(self) -> datetime:
        return moment(self.now, self.column)

    @property
    def _oldest(self) -> datetime | None:
        return None if self.max_age_days is None else self._now - timedelta(days=self.max_age_days)


class DqScore(Claim):
    """The DQ score (completeness, consistency, uniqueness against the contract) is at least `min`.

    `columns`, `key` and `accepted` come from the contract and are not written into the rule.
    """

    kind: ClassVar[str] = "dq_score"

    min: float = Field(default=0.95, ge=0.0, le=1.0)
    columns: tuple[Column, ...] = ()
    key: tuple[str, ...] = ()
    accepted: Mapping[str, tuple[str, ...]] = Field(default={})

    def measures(self, families: Families) -> dict[str, pl.Expr]:
        return dq.dq_parts(self.columns, families, key=self.key, accepted=self.accepted)

    def tally(self, found: Found, frame: pl.LazyFrame, families: Families) -> Tally:
        score = dq.dq_from(found, self.columns)
        return Tally(int(found["dq_rows"]), 0, score["score"] >= self.min, score)

    def rows(self, frame: pl.LazyFrame, families: Families) -> None:
        return None

    def sql(self, families: Families) -> str:
        faults = [fault for c in self.columns if c.name in families for fault in self._faults(c, families)]
        keys = [quoted(k) for k in self.key if k in families]
        if keys:
            faults.append(f"row_number() OVER (PARTITION BY {', '.join(keys)} ORDER BY _row_id) > 1")
        flagged = f"SELECT _row_id, ({' OR '.join(faults) or 'FALSE'}) AS lowers FROM t"
        return f"SELECT _row_id, NULL AS value FROM ({flagged}) WHERE lowers"

    def _faults(self, column: Column, families: Families) -> list[str]:
        name, stored = quoted(column.name), families[column.name]
        blank = f"{name} IS NULL" + (f" OR trim({name}, ' ' || chr(9)) = ''" if stored == "text" else "")
        unfit = f"({name} IS NOT NULL AND NOT ({fits_sql(name, column.type, stored)}))"
        return ([] if column.optional else [f"({blank})"]) + ([] if column.type == "string" else [unfit])
