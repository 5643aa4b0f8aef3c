"""Fits: does a cell read as its contract's type? Once as a Polars expression, once as DuckDB SQL, to the same cells.

A column stored as text fits cell by cell; a column stored as another type fits as a whole or not at all.
"""

from typing import Literal, TypeAlias

import polars as pl

from oreflow.contract import LogicalType

Family: TypeAlias = Literal["text", "number", "boolean", "time", "empty", "other"]

NUMBER = r"[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?"
INTEGER = r"[+-]?[0-9]+([.]0*)?"
BOOLEAN = r"(?i:true|false|yes|no|y|n|t|f|0|1)"
_MONTH, _DAY, _YEAR = r"(0?[1-9]|1[0-2])", r"(0?[1-9]|[12][0-9]|3[01])", r"[0-9]{4}"
_NAME = r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[A-Za-z]{0,6}[.]?"
_CLOCK = r"([ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?( ?(?i:am|pm))?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
DATE = "|".join(
    rf"{shape}{_CLOCK}"
    for shape in (
        rf"{_YEAR}[-/.]{_MONTH}[-/.]{_DAY}",
        rf"{_DAY}[-/.]{_DAY}[-/.]({_YEAR}|[0-9]{{2}})",
        rf"{_DAY}[ -]{_NAME}[ -]({_YEAR}|[0-9]{{2}})",
        rf"{_NAME} {_DAY},? {_YEAR}",
    )
)
SHAPES: dict[LogicalType, str] = {
    "integer": INTEGER,
    "number": NUMBER,
    "boolean": BOOLEAN,
    "date": DATE,
    "timestamp": DATE,
}
FAMILY_OF: dict[LogicalType, Family] = {
    "string": "text",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "date": "time",
    "timestamp": "time",
}


def family(dtype: pl.DataType) -> Family:
    """What kind of cells a Polars column of this dtype holds."""
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return "text"
    if dtype.is_numeric():
        return "number"
    if dtype == pl.Boolean:
        return "boolean"
    if dtype in (pl.Date, pl.Datetime):
        return "time"
    return "empty" if dtype == pl.Null else "other"


def fits(column: str, wanted: LogicalType, stored: Family) -> pl.Expr:
    """True where the cell reads as `wanted`; the answer for an empty cell means nothing."""
    cell = pl.col(column)
    if wanted == "string" or stored == "empty":
        return pl.lit(True)
    if stored == "text":
        return cell.cast(pl.String).str.strip_chars(" \t").str.contains(rf"\A(?:{SHAPES[wanted]})\z")
    if wanted == "integer" and stored == "number":
        return cell == cell.floor()
    if wanted == "boolean" and stored == "number":
        return cell.is_in([0, 1])
    return pl.lit(stored == FAMILY_OF[wanted])


def fits_sql(column: str, wanted: LogicalType, stored: Family) -> str:
    """The same claim as a DuckDB condition; `column` is already quoted."""
    if wanted == "string" or stored == "empty":
        return "TRUE"
    if stored == "text":
        return rf"regexp_matches(trim({column}, ' ' || chr(9)), '\A(?:{SHAPES[wanted]})\z')"
    if wanted == "integer" and stored == "number":
        return f"{column} = floor({column})"
    if wanted == "boolean" and stored == "number":
        return f"{column} IN (0, 1)"
    return "TRUE" if stored == FAMILY_OF[wanted] else "FALSE"
