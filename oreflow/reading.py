"""Reading: a source by its recipe as a lazy table that holds every row as read, interpreting nothing."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import polars as pl

from oreflow.errors import SourceError
from oreflow.locating import Location, locate
from oreflow.reading_bytes import opened_file
from oreflow.reading_csv import read_csv
from oreflow.reading_json import read_json
from oreflow.reading_parquet import read_parquet
from oreflow.reading_recipe import Kind, Reading, ReadingRecipe, unique_names
from oreflow.reading_sheets import read_excel
from oreflow.reading_sql import Extract, extract, one_table, read_extract

__all__ = ["Kind", "Reading", "ReadingRecipe", "extracted", "open_reading", "read", "unique_names"]


def read(recipe: ReadingRecipe, source: Path | str) -> pl.LazyFrame:
    """Every row of `source` as read: text columns, or for parquet and databases the source's own scalar types.

    An empty CSV field is null; "NA", leading zeros and white space stay. Raises `SourceError` rather than lose a row.
    """
    return open_reading(recipe, source).frame


def open_reading(recipe: ReadingRecipe, source: Path | str | Location) -> Reading:
    """The rows with the settled recipe, a row count taken without the parser, and what was odd."""
    location = source if isinstance(source, Location) else locate(str(source))
    if recipe.kind == "sql":
        chosen = one_table(_selected(recipe, location))
        named = recipe.model_copy(update={"table": chosen.table, "query": chosen.query})
        return read_extract(named, extracted(chosen))
    if location.path is None or location.database:
        raise SourceError(f"{location.label} is a database; read it with read_sql, naming a table or a query.")
    path = opened_file(location.path)
    if recipe.kind == "csv":
        return read_csv(recipe, path)
    if recipe.kind == "xlsx":
        return read_excel(recipe, path)
    if recipe.kind == "parquet":
        return read_parquet(recipe, path)
    return read_json(recipe, path)


@lru_cache(maxsize=8)
def extracted(location: Location) -> Extract:
    """The rows of a database source, copied out once for each `Location` that was made."""
    return extract(location)


def _selected(recipe: ReadingRecipe, location: Location) -> Location:
    if not location.database:
        raise SourceError(f"{location.label} is no database; read it with the operation for its own kind.")
    if not recipe.table and not recipe.query:
        return location
    base = location.label.split("?table=")[0].split("?query=")[0]
    label = f"{base}?table={recipe.table}" if recipe.table else f"{base}?query={recipe.query}"
    return replace(location, label=label, table=recipe.table, query=recipe.query)
