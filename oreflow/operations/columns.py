"""Columns: dropped or renamed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import polars as pl
from pydantic import Field

from oreflow.errors import NotApplicable
from oreflow.operation import Effect, Learned, Operation, need_columns
from oreflow.tables import SYSTEM_COLUMNS, Frame


class DropColumn(Operation):
    """Remove a whole column; only for one that holds nothing, or the same in every row."""

    effect: ClassVar[Effect] = "columns"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"column": "city"},)

    column: str = Field(description="The column to remove.")

    def check(self, schema: Mapping[str, pl.DataType]) -> None:
        need_columns(schema, self.column)
        _not_system(self.column)

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        return frame.drop(self.column)

    def sentence(self, learned: Learned) -> str:
        return f"dropped the column {self.column}"


class RenameColumns(Operation):
    """Give columns other names."""

    effect: ClassVar[Effect] = "columns"
    idempotent: ClassVar[bool] = False
    meaning: ClassVar[Literal["format", "value"]] = "format"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"mapping": {"city": "town"}},
        {"mapping": {"city": "name", "name": "city"}},
    )

    mapping: dict[str, str] = Field(min_length=1, description="Old name → new name.")

    def touches(self, columns: Sequence[str]) -> tuple[str, ...]:
        return (*self.mapping, *self.mapping.values())

    def check(self, schema: Mapping[str, pl.DataType]) -> None:
        need_columns(schema, *self.mapping)
        _not_system(*self.mapping, *self.mapping.values())
        after = Counter(self.mapping.get(name, name) for name in schema)
        twice = [name for name, count in after.items() if count > 1]
        if twice:
            raise NotApplicable(f'two columns would be called "{twice[0]}"; choose another name.')
        if "" in after:
            raise NotApplicable("a column needs a name; give one that is not empty.")

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        return frame.rename(self.mapping)

    def sentence(self, learned: Learned) -> str:
        return "renamed " + ", ".join(f"{old} to {new}" for old, new in self.mapping.items())


def _not_system(*names: str) -> None:
    for name in names:
        if name in SYSTEM_COLUMNS:
            raise NotApplicable(f'"{name}" is a system column; choose one of the data.')
