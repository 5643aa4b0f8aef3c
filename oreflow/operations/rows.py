"""Rows: duplicates are marked with the row that is kept, and never removed."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import narwhals as nw
import polars as pl
from pydantic import Field

from oreflow import engines
from oreflow.operation import Effect, Learned, Operation, need_columns
from oreflow.tables import MERGED_INTO, QUARANTINE, ROW_ID, Frame, data_columns

_KEPT = "__oreflow_kept"
_ROOM = 1 << 40  # more rows than any table has, so that a count of empty cells and a row id share one integer


class RemoveDuplicates(Operation):
    """Mark rows that repeat another row in the given columns (default: in all) as merged into the one that is kept.

    Rows already marked, and rows with nothing in any of these columns, are no duplicates. Nothing is learned: the
    duplicates of a sample say nothing about the table, so replay compares every row with every other, by a hash that
    the engine can spill; only the rows that do repeat are held.
    """

    effect: ClassVar[Effect] = "rows"
    whole_table: ClassVar[bool] = True
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {},
        {"columns": ["city"]},
        {"columns": ["city", "flag"], "keep": "most_complete"},
    )

    columns: tuple[str, ...] | None = Field(default=None, min_length=1, description="Columns to compare; default: all.")
    keep: Literal["first", "most_complete"] = Field(default="first", description="Which row of each group is kept.")

    def touches(self, columns: Sequence[str]) -> tuple[str, ...]:
        return (MERGED_INTO,)

    def check(self, schema: Mapping[str, pl.DataType]) -> None:
        need_columns(schema, *(self.columns or ()))

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        names = engines.columns_of(frame)
        keys = list(self.columns or data_columns(names))
        if not keys:
            return frame
        repeated = engines.only_repeated(_comparable(frame, keys), keys)
        rank = _rank(data_columns(names) if self.keep == "most_complete" else [])
        kept = rank.min().over(*keys)
        pairs = repeated.with_columns((kept - kept // _ROOM * _ROOM).alias(_KEPT))
        pairs = pairs.filter(nw.col(_KEPT) != nw.col(ROW_ID)).select(ROW_ID, _KEPT)
        joined = engines.look_up(frame, pairs, on=ROW_ID)
        merged = nw.coalesce(nw.col(MERGED_INTO), nw.col(_KEPT)) if MERGED_INTO in names else nw.col(_KEPT)
        return joined.with_columns(merged.alias(MERGED_INTO)).drop(_KEPT)

    def sentence(self, learned: Learned) -> str:
        where = f" in {', '.join(self.columns)}" if self.columns else ""
        which = "the first" if self.keep == "first" else "the most complete"
        return f"merged rows that repeat another{where} into {which} of them"


def _comparable(frame: Frame, keys: Sequence[str]) -> Frame:
    """The unmarked rows that hold something in a key column."""
    marks = [nw.col(mark).is_null() for mark in (QUARANTINE, MERGED_INTO) if mark in engines.columns_of(frame)]
    filled = nw.any_horizontal(*(~nw.col(key).is_null() for key in keys), ignore_nulls=False)
    return frame.filter(filled, *marks)


def _rank(counted: Sequence[str]) -> nw.Expr:
    """Smallest for the row to keep: empty cells among `counted` first, then the row id."""
    rank = nw.col(ROW_ID)
    for name in counted:
        rank = rank + nw.when(nw.col(name).is_null()).then(nw.lit(_ROOM)).otherwise(nw.lit(0))
    return rank
