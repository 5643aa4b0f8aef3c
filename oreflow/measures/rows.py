"""Rows against rows: keys that repeat, and values that stand in a neighbour's cell."""

import re
from collections.abc import Sequence

import polars as pl
from pydantic import BaseModel, ConfigDict


class RepeatedKey(BaseModel):
    """A column that is almost unique: rows that repeat a key, and those of them whose other cells contradict."""

    model_config = ConfigDict(frozen=True)

    column: str
    repeated: int
    contradicting: int


class Displaced(BaseModel):
    """Rows whose empty `into` cell is found, after a space, at the end of `column`."""

    model_config = ConfigDict(frozen=True)

    column: str
    into: str
    rows: int
    share: float


def repeated_keys(rows: pl.DataFrame, columns: Sequence[str]) -> list[RepeatedKey]:
    """For each almost unique column (80 % distinct or more): how many rows repeat, how many of those contradict."""
    found = []
    for name in columns:
        present = rows.filter(pl.col(name).is_not_null())
        repeated = present.filter(pl.col(name).is_duplicated())
        if 0 < repeated.height <= 0.4 * max(1, present.height):
            found.append(
                RepeatedKey(column=name, repeated=repeated.height, contradicting=_contradicting(repeated, name))
            )
    return found


def _contradicting(repeated: pl.DataFrame, key: str) -> int:
    """Rows of groups that no single row of the group sums up: two values in a column, or none holds all of them."""
    others = [c for c in repeated.columns if c != key]
    filled = pl.sum_horizontal([pl.col(c).is_not_null().cast(pl.Int32) for c in others]).alias("__filled")
    known = pl.sum_horizontal([pl.col(c).drop_nulls().n_unique().cast(pl.Int32).clip(0, 1) for c in others])
    most = (
        pl.max_horizontal([pl.col(c).drop_nulls().n_unique().cast(pl.Int32) for c in others]) if others else pl.lit(0)
    )
    groups = (
        repeated.with_columns(filled)
        .group_by(key)
        .agg(pl.len().alias("n"), (most > 1).alias("two"), (pl.col("__filled").max() < known).alias("split"))
    )
    return int(groups.filter(pl.col("two") | pl.col("split"))["n"].sum())


def displaced(rows: pl.DataFrame, columns: Sequence[str]) -> list[Displaced]:
    """Pairs of text columns where most empty cells of one end the other."""
    found = []
    for into in columns:
        empty = rows.filter(pl.col(into).is_null())
        if not 3 <= empty.height <= 0.5 * rows.height:
            continue
        counts = rows.get_column(into).drop_nulls().value_counts(name="count").filter(pl.col("count") >= 3)
        known = [re.escape(v) for v in counts.get_column(into).to_list() if v and len(v) <= 60]
        if not 2 <= len(known) <= 500:
            continue
        ends = re.compile(f"^.*[^ ] ({'|'.join(known)})$").pattern
        for name in columns:
            if name != into:
                hits = int(empty.get_column(name).str.contains(ends).sum() or 0)
                if hits >= 3 and hits >= 0.5 * empty.height:
                    found.append(Displaced(column=name, into=into, rows=hits, share=hits / empty.height))
    return found
