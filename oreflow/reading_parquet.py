"""Parquet as a lazy table: scalar types stay, nested values become JSON text."""

from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from oreflow.errors import SourceError
from oreflow.reading_recipe import Reading, ReadingRecipe, renamed, unique_names

MAGIC = b"PAR1"


def read_parquet(recipe: ReadingRecipe, path: Path) -> Reading:
    """Read a parquet file; raises where it is cut off or damaged."""
    check_parquet(path)
    frame = pl.scan_parquet(path, glob=False)
    try:
        schema = frame.collect_schema()
        rows = int(frame.select(pl.len()).collect().item())
    except (PolarsError, OSError) as error:
        raise SourceError(f"{path} is damaged parquet ({str(error).splitlines()[0]}); write it again.") from error
    header = schema.names()
    if not header:
        raise SourceError(f"{path} holds no columns; write it again.")
    names = recipe.columns or unique_names(header)
    if len(names) != len(header):
        raise SourceError(f"{path} has {len(header)} columns, the recipe {len(names)}; read it without a recipe.")
    kept = frame.select(
        _plain(pl.col(old), dtype).alias(new) for (old, dtype), new in zip(schema.items(), names, strict=True)
    )
    return Reading(kept, recipe.model_copy(update={"columns": names}), rows, renamed(header, names))


def check_parquet(path: Path) -> None:
    """Raise unless the file begins and ends as parquet does."""
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(max(path.stat().st_size - 4, 0))
        tail = file.read(4)
    if head != MAGIC:
        raise SourceError(f"{path} is no parquet file; name the file without saying how to read it.")
    if tail != MAGIC:
        raise SourceError(f"{path} is parquet cut off before its end; fetch or write it again.")


def _plain(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Struct):
        return pl.when(cell.is_not_null()).then(cell.struct.json_encode())
    if isinstance(dtype, (pl.List, pl.Array)):
        listed = cell.arr.to_list() if isinstance(dtype, pl.Array) else cell
        wrapped = pl.struct(listed.alias("v")).struct.json_encode()  # {"v":[...]}: lists alone have no encoder
        return pl.when(cell.is_not_null()).then(wrapped.str.head(-1).str.tail(-len('{"v":')))
    return cell
