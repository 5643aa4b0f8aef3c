"""Looks: an agent asks about the sample and is answered in words; the table stays as it is."""

from collections.abc import Mapping
from typing import Any, ClassVar

import polars as pl
from pydantic import Field

from oreflow.operation import Effect, Operation, need_columns
from oreflow.tables import ROW_ID, data_columns

_WIDEST = 80


class ValueCounts(Operation):
    """Show the most frequent values of a column with their counts."""

    effect: ClassVar[Effect] = "look"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"column": "city"}, {"column": "price", "limit": 2})

    column: str = Field(description="The column to count.")
    limit: int = Field(default=20, ge=1, le=200, description="How many values to show.")

    def answer(self, sample: pl.DataFrame) -> str:
        cells = sample.get_column(self.column).alias("value")
        counts = cells.value_counts(sort=False).sort(["count", "value"], descending=[True, False], nulls_last=True)
        lines = [f"{_shown(value)}: {count}" for value, count in counts.head(self.limit).iter_rows()]
        rest = f"\n… and {counts.height - self.limit} more values" if counts.height > self.limit else ""
        return f"{self.column}: {counts.height} different values in {len(cells)} rows\n" + "\n".join(lines) + rest


class ShowRows(Operation):
    """Show some rows of the sample, from the top or those where a column holds a given value."""

    effect: ClassVar[Effect] = "look"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {},
        {"column": "city", "equals": "Paris"},
        {"column": "city", "equals": None, "limit": 2},
    )

    column: str | None = Field(default=None, description="The column that chooses the rows.")
    equals: str | None = Field(default=None, description="The value it holds, as text; null for empty cells.")
    limit: int = Field(default=5, ge=1, le=50, description="How many rows to show.")

    def check(self, schema: Mapping[str, pl.DataType]) -> None:
        if self.column is not None:
            need_columns(schema, self.column)

    def answer(self, sample: pl.DataFrame) -> str:
        if self.column is not None:
            cell = pl.col(self.column)
            sample = sample.filter(cell.is_null() if self.equals is None else cell.cast(pl.String) == self.equals)
        names = [name for name in (ROW_ID, *data_columns(sample.columns)) if name in sample.columns]
        rows = sample.select(names).head(self.limit).rows(named=True)
        lines = ["; ".join(f"{name}={_shown(value)}" for name, value in row.items()) for row in rows]
        return f"{sample.height} rows, {len(rows)} shown\n" + "\n".join(lines)


def _shown(value: Any) -> str:
    text = "null" if value is None else repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
