"""Databases: a table or query of SQLite or PostgreSQL, extracted once to a scratch file and read with its own types."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from oreflow import reading_postgres, reading_sqlite
from oreflow.errors import SourceError, UnknownName
from oreflow.locating import Location
from oreflow.reading_recipe import Reading, ReadingRecipe, renamed, unique_names
from oreflow.scratch import scratch_folder

_TYPES: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "integer": pl.Int64,
    "number": pl.Float64,
    "boolean": pl.Boolean,
    "date": pl.Date,
    "timestamp": pl.Datetime("us"),
    "text": pl.String,
}


@dataclass(frozen=True)
class Extract:
    """What came out of the database: a headless CSV (null bare, text quoted), its columns and their types."""

    path: Path
    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: int
    sha256: str


def database_tables(location: Location) -> tuple[str, ...]:
    """The tables and views that can be read."""
    if location.path is not None:
        return reading_sqlite.tables(location.path)
    return reading_postgres.tables(location)


def one_table(location: Location) -> Location:
    """The location with a table or query named; the only table is taken, among several one must be chosen."""
    if location.table or location.query:
        return location
    known = database_tables(location)
    if len(known) == 1:
        return replace(location, label=f"{location.label}?table={known[0]}", table=known[0])
    example = f"{location.label}{'&' if '?' in location.label else '?'}table={known[0]}" if known else ""
    raise SourceError(
        f"{location.label} holds {len(known)} tables{': ' + ', '.join(known) if known else ''}; "
        + (f'name one: "{example}".' if known else "name another database.")
    )


def extract(location: Location) -> Extract:
    """Copy the table's or query's rows out of the database into a scratch file."""
    target = scratch_folder() / f"sql-{location.visit}-{hashlib.sha256(location.label.encode()).hexdigest()[:16]}.csv"
    if location.table and location.table not in database_tables(location):
        known = database_tables(location)
        if location.path is not None or location.table not in {name.rsplit(".", 1)[-1] for name in known}:
            raise UnknownName("table", location.table, known, fix=f"Source: {location.label}.")
    copy = reading_sqlite.copy_out if location.path is not None else reading_postgres.copy_out
    columns, types, rows = copy(location, target)
    digest = hashlib.sha256(json.dumps([columns, types]).encode())
    with target.open("rb") as file:
        while block := file.read(1 << 22):
            digest.update(block)
    return Extract(target, tuple(columns), tuple(types), rows, digest.hexdigest())


def read_extract(recipe: ReadingRecipe, extracted: Extract) -> Reading:
    """The extracted rows, each column in the type it has in the database where every value fits."""
    names = recipe.columns or unique_names(extracted.columns)
    if len(names) != len(extracted.columns):
        raise SourceError(
            f"the query gives {len(extracted.columns)} columns, the recipe {len(names)}; read it without a recipe."
        )
    schema = dict.fromkeys(names, pl.String)
    frame: pl.LazyFrame = pl.LazyFrame(schema=schema)
    if extracted.path.stat().st_size:
        frame = pl.scan_csv(extracted.path, has_header=False, schema=schema, glob=False)
    typed = [_typed(name, kind) for name, kind in zip(names, extracted.types, strict=True)]
    lost = frame.select((pl.col(n).is_not_null() & typed[i].is_null()).any() for i, n in enumerate(names)).collect()
    kept = [pl.col(n) if lost.to_series(i).item() else typed[i] for i, n in enumerate(names)]
    problems = tuple(f'column "{n}" stays text: not every value fits its type' for n in names if lost[n].item())
    return Reading(
        frame.select(kept),
        recipe.model_copy(update={"columns": names, "sha256": extracted.sha256}),
        extracted.rows,
        (*renamed(extracted.columns, names), *problems),
        raw=extracted.path,
    )


def _typed(name: str, kind: str) -> pl.Expr:
    cell = pl.col(name)
    if kind == "boolean":
        return cell.replace_strict({"t": True, "f": False}, default=None, return_dtype=pl.Boolean)
    if kind == "date":
        return cell.str.to_date("%Y-%m-%d", strict=False)
    if kind == "timestamp":
        return cell.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False, time_unit="us")
    return cell if kind == "text" else cell.cast(_TYPES[kind], strict=False)
