"""Quarantine: rows set aside with a reason; they leave the table's readers, never the warehouse."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import narwhals as nw
import polars as pl
from pydantic import Field

from oreflow.operation import Learned, Operation, need_columns
from oreflow.tables import QUARANTINE, Frame, data_columns


class QuarantineRows(Operation):
    """Set rows aside: those without a value in any (`where` all_empty) or in one (`where` missing) of the columns."""

    effect: ClassVar[Literal["rows"]] = "rows"
    examples: ClassVar[tuple[dict[str, object], ...]] = (
        {"where": "all_empty"},
        {"where": "missing", "columns": ["city"]},
    )

    where: Literal["all_empty", "missing"]
    columns: tuple[str, ...] = Field(default=(), description="Columns to look at; none means all of them.")

    def touches(self, columns: Sequence[str]) -> tuple[str, ...]:
        """No cell changes: only the mark."""
        return ()

    def check(self, schema: Mapping[str, pl.DataType]) -> None:
        """The columns must exist."""
        need_columns(schema, *self.columns)

    def learn(self, sample: pl.DataFrame) -> Learned:
        """The columns it looks at."""
        return {"columns": list(self.columns) or data_columns(sample.columns)}

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        """Mark unmarked rows."""
        cells = [nw.col(name).is_null() for name in learned["columns"]]
        if not cells:
            return frame
        bad = (
            nw.all_horizontal(*cells, ignore_nulls=True)
            if self.where == "all_empty"
            else nw.any_horizontal(*cells, ignore_nulls=True)
        )
        mark = nw.col(QUARANTINE)
        return frame.with_columns(
            nw.when(mark.is_null() & bad).then(nw.lit(self.why())).otherwise(mark).alias(QUARANTINE)
        )

    def why(self) -> str:
        """The reason that the rows carry."""
        return "every cell is empty" if self.where == "all_empty" else f"no value in {', '.join(self.columns)}"

    def sentence(self, learned: Learned) -> str:
        """In words."""
        return f"set aside rows where {self.why()}"
