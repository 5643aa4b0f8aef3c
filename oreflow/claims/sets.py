"""Claims that a cell is, or is not, one of a list of values."""

from collections.abc import Sequence
from typing import Any, ClassVar

import polars as pl
from pydantic import Field, field_validator

from oreflow.claims.base import Expectation, Families, literal, moment, need_family
from oreflow.claims.cells import CellClaim
from oreflow.errors import NotApplicable

Scalar = bool | int | float | str


class InSet(CellClaim):
    """Each cell is one of `values`."""

    kind: ClassVar[str] = "in_set"

    values: tuple[Scalar, ...] = Field(min_length=1)

    @field_validator("values")
    @classmethod
    def _once(cls, values: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
        return tuple(dict.fromkeys(values))

    def check(self, families: Families) -> None:
        need_family(self.column, families, "text", "number", "boolean", "time")
        self._allowed(families)

    def fails(self, families: Families) -> pl.Expr:
        return ~self._member(families)

    def fails_sql(self, families: Families) -> str:
        return f"NOT {self._member_sql(families)}"

    def expectation(self, families: Families) -> Expectation | None:
        return self._core("expect_column_values_to_be_in_set", families)

    def _core(self, name: str, families: Families) -> Expectation | None:
        if families[self.column] == "time":
            return None  # a suite's JSON holds no dates
        return name, {"column": self.column, "value_set": list(self._allowed(families))}

    def _member(self, families: Families) -> pl.Expr:
        if families[self.column] == "empty":
            return pl.lit(True)
        allowed = self._allowed(families)
        if families[self.column] != "number":
            return self.cell.is_in(pl.Series(allowed, dtype=_DTYPES.get(families[self.column])).implode())
        if all(isinstance(v, int) for v in allowed):  # as whole numbers, so that long ids are not rounded
            whole = self.cell.cast(pl.Int64, strict=False)
            return (self.cell == self.cell.floor()) & whole.is_in(pl.Series(allowed, dtype=pl.Int64).implode())
        return self.cell.cast(pl.Float64).is_in(pl.Series(allowed, dtype=pl.Float64).implode())

    def _member_sql(self, families: Families) -> str:
        if families[self.column] == "empty":
            return "TRUE"
        return f"{self.name} IN ({', '.join(map(literal, self._allowed(families)))})"

    def _allowed(self, families: Families) -> Sequence[Any]:
        stored = families[self.column]
        if stored == "time":
            return [moment(v, self.column) for v in self.values]
        if stored == "text":
            return [str(v) for v in self.values]
        wanted = {"number": (int, float), "boolean": (bool,)}.get(stored, (object,))
        strange = [v for v in self.values if not isinstance(v, wanted) or (stored == "number" and isinstance(v, bool))]
        if strange:
            raise NotApplicable(f'{strange[0]!r} is no {stored}, but column "{self.column}" is stored as {stored}.')
        return list(self.values)


_DTYPES: dict[str, pl.DataType] = {
    "text": pl.String(),
    "boolean": pl.Boolean(),
    "time": pl.Datetime("us"),
}


class NotInSet(InSet):
    """No cell is one of `values`."""

    kind: ClassVar[str] = "not_in_set"

    def fails(self, families: Families) -> pl.Expr:
        return self._member(families) if families[self.column] != "empty" else pl.lit(False)

    def fails_sql(self, families: Families) -> str:
        return self._member_sql(families) if families[self.column] != "empty" else "FALSE"

    def expectation(self, families: Families) -> Expectation | None:
        return self._core("expect_column_values_to_not_be_in_set", families)


class ForeignValues(InSet):
    """Each cell names something that exists: `values` are the keys of the table that `of` names."""

    kind: ClassVar[str] = "foreign_values"

    of: str = ""
