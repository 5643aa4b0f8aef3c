"""Spreadsheets (xlsx, xls, xlsb, ods) as a table of text columns; a sheet is small enough to be held in memory."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl

from oreflow.errors import SourceError, UnknownName
from oreflow.reading_recipe import Reading, ReadingRecipe, renamed, unique_names

_ROW = "_row"


@dataclass(frozen=True)
class Sheet:
    """One sheet's size and how full its cells are (0-1)."""

    name: str
    rows: int
    columns: int
    filled: float


def sheets(path: Path) -> tuple[Sheet, ...]:
    """Every sheet of the workbook in its order."""
    return tuple(_measure(name, cells(path, name)) for name in _open(path).sheet_names)


def read_excel(recipe: ReadingRecipe, path: Path) -> Reading:
    """Read one sheet (default: the first); empty rows are left out, numbers keep all their digits."""
    names = list(_open(path).sheet_names)
    sheet = recipe.sheet or names[0]
    if sheet not in names:
        raise UnknownName("sheet", sheet, names)
    table = cells(path, sheet).with_row_index(_ROW, offset=1).slice(recipe.skip)
    places = [name for name in table.columns if name != _ROW]
    table = table.filter(pl.any_horizontal(pl.col(places).is_not_null())) if places else table
    if table.is_empty():
        raise SourceError(f'{path}: sheet "{sheet}" holds no row after the first {recipe.skip}; name another sheet.')
    header = ["" if cell is None else cell for cell in table.select(places).row(0)] if recipe.header else []
    body = table.slice(1) if recipe.header else table
    used = _used(body, places, header)
    columns = recipe.columns or unique_names([*header, *[""] * (len(used) - len(header))][: len(used)])
    if len(columns) != len(used):
        raise SourceError(
            f'{path}: sheet "{sheet}" has {len(used)} columns, the recipe {len(columns)}; read it without a recipe.'
        )
    frame = body.select(used).rename(dict(zip(used, columns, strict=True)))
    return Reading(
        frame.lazy(),
        recipe.model_copy(update={"columns": columns, "sheet": sheet}),
        body.height,
        _problems(recipe, header, columns),
        tuple(body.get_column(_ROW).head(200).to_list()),
    )


def cells(path: Path, sheet: str) -> pl.DataFrame:
    """Every cell of a sheet as text, columns `c0`, `c1`, …"""
    facts = path.stat()
    return _cells(path, sheet, facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=4)
def _cells(path: Path, sheet: str, size: int, mtime: int) -> pl.DataFrame:
    text = _load(path, sheet, "string")
    if text.width == 0 or text.height == 0:
        return pl.DataFrame()
    numbers = _load(path, sheet, "float")
    exact = [_exact(text.to_series(i), numbers.to_series(i)) for i in range(text.width)]
    return pl.DataFrame(exact)


def _exact(text: pl.Series, number: pl.Series) -> pl.Series:
    # As text the vendor rounds to nine decimals; a number that this would change is written out in full.
    pair = pl.DataFrame({"text": text, "number": number})
    differs = pl.col("text").cast(pl.Float64, strict=False) != pl.col("number")
    return pair.select(
        pl.when(differs.fill_null(False)).then(pl.col("number").cast(pl.String)).otherwise("text").alias(text.name)
    ).to_series()


def _load(path: Path, sheet: str, kind: Any) -> pl.DataFrame:
    try:
        loaded = _open(path).load_sheet(sheet, header_row=None, skip_rows=0, dtypes=kind)
    except fastexcel.FastExcelError as error:
        raise _broken(path, error) from error
    frame: pl.DataFrame = loaded.to_polars()
    return frame.rename({name: f"c{place}" for place, name in enumerate(frame.columns)})


def _open(path: Path) -> fastexcel.ExcelReader:
    try:
        return fastexcel.read_excel(str(path))
    except fastexcel.FastExcelError as error:
        raise _broken(path, error) from error


def _broken(path: Path, error: Exception) -> SourceError:
    first = str(error).splitlines()[0]
    return SourceError(
        f"{path} can't be opened as a workbook ({first}); it may be cut off or protected: save it again."
    )


def _measure(name: str, table: pl.DataFrame) -> Sheet:
    total = table.width * table.height
    full = sum(column.len() - column.null_count() for column in table)
    return Sheet(name, table.height, table.width, round(full / total, 4) if total else 0.0)


def _problems(recipe: ReadingRecipe, header: list[str], columns: tuple[str, ...]) -> tuple[str, ...]:
    skipped = (f"the first {recipe.skip} rows stand before the table and are no rows of it",) if recipe.skip else ()
    return skipped + (renamed(header, columns) if not recipe.columns else ())


def _used(body: pl.DataFrame, places: list[str], header: list[str]) -> list[str]:
    """The columns up to the last that has a heading or a cell: a sheet's own size often runs past its data."""
    last = 0
    for place, name in enumerate(places):
        if (place < len(header) and header[place].strip()) or body.get_column(name).null_count() < body.height:
            last = place + 1
    return places[: max(last, 1)]
