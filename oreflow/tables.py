"""Tables: frames of any engine, the system columns that follow a row, fingerprints and cell differences.

System columns start with `_`. `_row_id` (Int64) is given once, in bronze, and follows the row through every layer.
No operation removes a row: it *marks* it, with a reason in `_quarantine` or with the kept row's id in `_merged_into`,
so that rows in = rows out + quarantined + merged holds by construction and each mask is evaluated once.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import narwhals as nw
import polars as pl

ROW_ID = "_row_id"
QUARANTINE = "_quarantine"
MERGED_INTO = "_merged_into"
MARKS = (QUARANTINE, MERGED_INTO)

Json: TypeAlias = Any  # plain JSON: None, bool, int, float, str, lists and string-keyed dicts of these
Engine: TypeAlias = Literal["polars", "pandas", "duckdb"]
ENGINES: tuple[Engine, ...] = ("polars", "pandas", "duckdb")
Frame: TypeAlias = "nw.DataFrame[Any] | nw.LazyFrame[Any]"


SOURCE, INGESTED_AT, CONTENT_HASH = "_source", "_ingested_at", "_content_hash"
DAMAGE = "_damage_probability"
SYSTEM_COLUMNS = frozenset({ROW_ID, *MARKS, SOURCE, INGESTED_AT, CONTENT_HASH, DAMAGE})


def data_columns(names: Sequence[str]) -> list[str]:
    """The columns that came from the source: all but the system columns."""
    return [name for name in names if name not in SYSTEM_COLUMNS]


def with_row_ids(frame: pl.DataFrame, *, first: int = 0) -> pl.DataFrame:
    """Add `_row_id` from `first` on where the frame has none."""
    if ROW_ID in frame.columns:
        return frame
    return frame.with_columns(pl.int_range(first, first + frame.height, dtype=pl.Int64).alias(ROW_ID))


def with_marks(frame: pl.DataFrame) -> pl.DataFrame:
    """Add the empty mark columns where they are missing."""
    missing = [m for m in MARKS if m not in frame.columns]
    kinds = {QUARANTINE: pl.String, MERGED_INTO: pl.Int64}
    return frame.with_columns(pl.lit(None, dtype=kinds[m]).alias(m) for m in missing)


def active(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows that no operation has marked."""
    marks = [pl.col(m).is_null() for m in MARKS if m in frame.columns]
    return frame.filter(*marks) if marks else frame


def fingerprint(frame: pl.DataFrame) -> str:
    """A hash of names, dtypes and cells in row order: equal tables have equal fingerprints on every machine."""
    digest = hashlib.sha256(json.dumps([(n, str(t)) for n, t in frame.schema.items()]).encode())
    for name in frame.columns:
        digest.update(_column_bytes(frame.get_column(name)))
    return digest.hexdigest()


def _column_bytes(column: pl.Series) -> bytes:
    hashes = column.cast(pl.String, strict=False).fill_null("\x00null").hash(seed=7)
    return hashes.to_numpy().tobytes()


def changed_cells(before: pl.DataFrame, after: pl.DataFrame, column: str) -> pl.DataFrame:
    """Rows whose cell of `column` differs, as `_row_id`, `old`, `new` (both as text); the two frames share row order.

    A change of type alone is no change: `2.0` read as text and 2.0 as a number are one value.
    """
    old, new = before.get_column(column), after.get_column(column)
    changed = old.ne_missing(new) if old.dtype == new.dtype else ~_same_value(old, new)
    if not changed.any():
        return pl.DataFrame(schema={ROW_ID: pl.Int64, "old": pl.String, "new": pl.String})
    ids = before.get_column(ROW_ID).filter(changed)
    return pl.DataFrame({ROW_ID: ids, "old": as_text(old.filter(changed)), "new": as_text(new.filter(changed))})


def _same_value(old: pl.Series, new: pl.Series) -> pl.Series:
    """Whether each pair is one value in two types; two nulls are."""
    if old.dtype == pl.String and new.dtype.is_numeric():
        read = old.str.strip_chars().cast(new.dtype if new.dtype.is_float() else pl.Float64, strict=False)
        return read.eq_missing(new.cast(read.dtype)) & (old.is_null() == new.is_null())
    if old.dtype == pl.String and new.dtype == pl.Boolean:
        return old.str.to_lowercase().eq_missing(as_text(new))
    return as_text(old).eq_missing(as_text(new))


def as_text(column: pl.Series) -> pl.Series:
    """The cells as text in one canonical form: whole floats without `.0`, dates as ISO, true/false in lower case."""
    if column.dtype == pl.String:
        return column
    if column.dtype.is_float():
        whole = (column == column.round(0)) & (column.abs() < 1e15)
        table = pl.DataFrame({"v": column, "w": whole.fill_null(False)})
        return table.select(
            pl.when(pl.col("w"))
            .then(pl.col("v").cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(pl.col("v").cast(pl.String))
            .alias(column.name)
        ).to_series()
    if column.dtype == pl.Datetime:
        midnight = column.dt.truncate("1d") == column
        table = pl.DataFrame({"v": column, "m": midnight})
        return table.select(
            pl.when(pl.col("m"))
            .then(pl.col("v").dt.strftime("%Y-%m-%d"))
            .otherwise(pl.col("v").dt.strftime("%Y-%m-%d %H:%M:%S"))
            .alias(column.name)
        ).to_series()
    return column.cast(pl.String, strict=False)
