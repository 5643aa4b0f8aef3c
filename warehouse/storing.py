"""Storing: the names and types that a Delta table can hold, and the way back to the names that a table had.

Delta takes no unsigned numbers, times, durations or categories, and calls `ID` and `id` one column. What it can't take
is stored as the nearest type that loses nothing; a column that had to be renamed remembers its name in its metadata.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

import polars as pl
from deltalake import Field, Schema

from oreflow.errors import SourceError

NAME = "oreflow.name"
_WIDENED: dict[pl.DataType, pl.DataType] = {
    pl.Null(): pl.String(),
    pl.UInt8(): pl.Int16(),
    pl.UInt16(): pl.Int32(),
    pl.UInt32(): pl.Int64(),
    pl.UInt64(): pl.Decimal(20, 0),
    pl.Int128(): pl.String(),
    pl.Float16(): pl.Float32(),
    pl.Time(): pl.String(),
}


@dataclass(frozen=True)
class Stored:
    """One column: the name it has for readers, the name in the files, its type in the files."""

    name: str
    physical: str
    dtype: pl.DataType


def stored_type(dtype: pl.DataType) -> pl.DataType:
    """The type in the files for a column of `dtype`."""
    if dtype in _WIDENED:
        return _WIDENED[dtype]
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return pl.String()
    if isinstance(dtype, pl.Duration):
        return pl.Int64()
    if isinstance(dtype, pl.Datetime):
        return pl.Datetime("us", "UTC" if dtype.time_zone else None)
    if isinstance(dtype, pl.List | pl.Array):
        return pl.List(stored_type(cast("pl.DataType", dtype.inner)))
    if isinstance(dtype, pl.Struct):
        return pl.Struct({f.name: stored_type(cast("pl.DataType", f.dtype)) for f in dtype.fields})
    if isinstance(dtype, pl.Object):
        raise SourceError("a column holds Python objects, which no table format stores; turn them into text first.")
    return dtype


def storable(frame: pl.LazyFrame) -> pl.LazyFrame:
    """The frame with every column in a type that Delta holds; no value is lost.

    Durations become microseconds. Times with nanoseconds that microseconds can't hold become text.
    """
    schema = frame.collect_schema()
    precise = _needs_nanoseconds(frame, schema)
    return frame.with_columns(
        _cast(name, dtype, as_text=name in precise)
        for name, dtype in schema.items()
        if name in precise or stored_type(dtype) != dtype
    )


def assign(schema: Mapping[str, pl.DataType], existing: Iterable[Stored] = ()) -> list[Stored]:
    """Where each column of `schema` is stored, beside the columns that the table has.

    A column whose type fits goes where its name already is. One whose type clashes with the stored one is stored as
    text in a column of its own: what was written is never rewritten, and readers get the two together, as text.
    """
    columns = list(existing)
    taken = {c.physical.lower() for c in columns}
    assigned = []
    for name, dtype in schema.items():
        same = [c for c in columns if c.name == name]
        target = next((c for c in same if c.dtype == dtype or _holds(c.dtype, dtype)), None)
        if target is None:
            kind = pl.String() if same else dtype
            target = Stored(name, _free(f"{name}__text" if same else name, taken), kind)
            taken.add(target.physical.lower())
        assigned.append(target)
    return assigned


def to_files(frame: pl.LazyFrame, columns: Iterable[Stored]) -> pl.LazyFrame:
    """The frame with the names and types of the files."""
    return frame.select(pl.col(c.name).cast(c.dtype).alias(c.physical) for c in columns)


def to_readers(frame: pl.LazyFrame, columns: Iterable[Stored]) -> pl.LazyFrame:
    """The frame with the names that readers know; columns that share a name become one column of text."""
    by_name: dict[str, list[Stored]] = {}
    for column in columns:
        by_name.setdefault(column.name, []).append(column)
    return frame.select(_united(name, parts) for name, parts in by_name.items())


def delta_schema(columns: Iterable[Stored]) -> Schema:
    """The columns as a Delta schema."""
    chosen = list(columns)
    empty = pl.DataFrame(schema={c.physical: c.dtype for c in chosen})
    plain = Schema.from_arrow(empty.to_arrow(compat_level=pl.CompatLevel.oldest()).schema)
    fields = zip(plain.fields, chosen, strict=True)
    return Schema([Field(f.name, f.type, metadata={NAME: c.name} if c.name != c.physical else None) for f, c in fields])


def columns_of(schema: Schema) -> list[Stored]:
    """The columns that a Delta schema describes."""
    types = pl.Schema(schema.to_arrow())
    return [Stored((f.metadata or {}).get(NAME, f.name), f.name, types[f.name]) for f in schema.fields]


def _cast(name: str, dtype: pl.DataType, *, as_text: bool) -> pl.Expr:
    column = pl.col(name)
    if as_text:
        return column.dt.strftime("%Y-%m-%d %H:%M:%S%.9f")
    return (
        column.cast(pl.Duration("us")).cast(pl.Int64)
        if isinstance(dtype, pl.Duration)
        else column.cast(stored_type(dtype))
    )


def _needs_nanoseconds(frame: pl.LazyFrame, schema: Mapping[str, pl.DataType]) -> set[str]:
    fine = [n for n, t in schema.items() if isinstance(t, pl.Datetime) and t.time_unit == "ns"]
    if not fine:
        return set()
    found = frame.select((pl.col(n).dt.nanosecond() % 1000 != 0).any() for n in fine).collect(engine="streaming")
    return {n for n in fine if found.item(0, n)}


def _holds(stored: pl.DataType, given: pl.DataType) -> bool:
    if stored == pl.String():
        return not given.is_nested() and given != pl.Binary()
    signed = (pl.Int8(), pl.Int16(), pl.Int32(), pl.Int64())
    if stored in signed and given in signed:
        return signed.index(given) <= signed.index(stored)
    return stored == pl.Float64() and given in (pl.Float32(), pl.Int8(), pl.Int16(), pl.Int32())


def _free(name: str, taken: set[str]) -> str:
    if name.lower() not in taken:
        return name
    return next(f"{name}__{n}" for n in range(2, len(taken) + 3) if f"{name}__{n}".lower() not in taken)


def _united(name: str, parts: list[Stored]) -> pl.Expr:
    if len(parts) == 1:
        return pl.col(parts[0].physical).alias(name)
    return pl.coalesce(pl.col(p.physical).cast(pl.String) for p in parts).alias(name)
