"""Views: how a labeling function reads a column, and the numbers about it that a function may have learned.

The rule: a view is a row-local expression and a profile is plain JSON, so votes are the same on any chunk of a table.
"""

from collections.abc import Collection
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict

from oreflow.labeling_function import View
from oreflow.measures.typos import misspellings

_MONEY_AND_SPACE = r"[$€£¥%\s ]|\b(USD|EUR|GBP|CHF|JPY)\b"
_THOUSANDS = r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$"
FREQUENT = 200
MOST_DISTINCT = 2000


def view(column: str, dtype: pl.DataType, reads: View) -> pl.Expr | None:
    """The column as `reads` says, null where the cell is empty or can't be read so; None for a dtype it is not for."""
    cell = pl.col(column)
    if isinstance(dtype, (pl.Categorical, pl.Enum)):
        cell, dtype = cell.cast(pl.String), pl.String()
    is_text = isinstance(dtype, pl.String)
    if reads == "raw":
        return _filled(cell, cell) if is_text else None
    if reads in ("text", "written"):
        return (
            _filled(cell, cell.str.strip_chars()) if is_text else _digits(cell, dtype) if reads == "written" else None
        )
    if reads == "number":
        return _parsed_number(cell) if is_text else _number(cell, dtype)
    return _parsed_moment(cell) if is_text else _moment(cell, dtype)


def _filled(cell: pl.Expr, shown: pl.Expr) -> pl.Expr:
    return pl.when(cell.str.strip_chars() != "").then(shown)


def _digits(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr | None:
    if dtype.is_integer():
        return cell.cast(pl.String)
    if dtype.is_float():
        whole = cell.cast(pl.Int64, strict=False)
        return pl.when(whole.cast(pl.Float64) == cell).then(whole.cast(pl.String))
    return None


def _number(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr | None:
    return cell.cast(pl.Float64, strict=False).fill_nan(None) if dtype.is_numeric() else None


def _parsed_number(cell: pl.Expr) -> pl.Expr:
    bare = cell.str.replace_all(_MONEY_AND_SPACE, "")
    plain = pl.when(bare.str.contains(_THOUSANDS)).then(bare.str.replace_all(",", "", literal=True)).otherwise(bare)
    looks = plain.str.contains(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
    return pl.when(looks).then(plain.cast(pl.Float64, strict=False))


def _moment(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr | None:
    if isinstance(dtype, pl.Datetime):
        return cell.dt.replace_time_zone(None).cast(pl.Datetime("us"))
    return cell.cast(pl.Datetime("us")) if isinstance(dtype, pl.Date) else None


def _parsed_moment(cell: pl.Expr) -> pl.Expr:
    bare = cell.str.strip_chars().str.replace("T", " ", literal=True)
    forms = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M")
    day = bare.str.to_datetime("%Y-%m-%d", strict=False, time_unit="us")
    return pl.coalesce(day, *(bare.str.to_datetime(form, strict=False, time_unit="us") for form in forms))


class ColumnProfile(BaseModel):
    """What a function may know about a column, learned once on a sample; shares are 0–1, `*_log` in decades."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int = 0
    distinct: int = 0
    frequent: dict[str, int] = {}  # the text values with their counts, most frequent first, at most `FREQUENT`
    misspelt: dict[str, str] = {}  # rare spelling -> the frequent value beside it
    shapes: dict[str, float] = {}  # letters as A, digits as 9 -> share, the most frequent eight
    lengths: dict[str, float] = {}  # number of characters -> share, the most frequent eight
    with_letters: float = 0.0
    with_digits: float = 0.0
    low: float | None = None  # the 1 % quantile of the numbers
    high: float | None = None  # the 99 % quantile
    median: float | None = None
    median_log: float | None = None
    spread_log: float | None = None
    whole: float = 0.0
    median_day: float | None = None
    spread_days: float | None = None


def learn_profile(sample: pl.DataFrame, column: str) -> ColumnProfile:
    """The profile of one column of a sample."""
    dtype = sample.schema[column]
    text = _text_facts(sample, column, dtype)
    numbers = _number_facts(sample, column, dtype) if dtype.is_numeric() or text.get("with_digits", 0.0) >= 0.7 else {}
    return ColumnProfile(
        **{"count": sample.get_column(column).count(), **text, **numbers, **_day_facts(sample, column, dtype)}
    )


def _text_facts(sample: pl.DataFrame, column: str, dtype: pl.DataType) -> dict[str, Any]:
    written = view(column, dtype, "written")
    cells = pl.Series(dtype=pl.String) if written is None else sample.select(written).to_series().drop_nulls()
    if not len(cells):
        return {}
    counts = cells.value_counts(sort=True, name="count").sort("count", cells.name, descending=[True, False])
    shape = cells.str.replace_all(r"\p{L}+", "A").str.replace_all(r"\d+", "9")
    few = counts.height <= MOST_DISTINCT and dtype == pl.String
    return {
        "count": len(cells),
        "distinct": counts.height,
        "frequent": dict(counts.head(FREQUENT).iter_rows()) if counts.height * 2 <= len(cells) else {},
        "misspelt": misspellings(cells) if few else {},
        "shapes": _shares(shape),
        "lengths": _shares(cells.str.len_chars().cast(pl.String)),
        "with_letters": float(cells.str.contains(r"\p{L}").sum()) / len(cells),
        "with_digits": float(cells.str.contains(r"\d").sum()) / len(cells),
    }


def _shares(values: pl.Series) -> dict[str, float]:
    counts = values.value_counts(name="count").sort("count", values.name, descending=[True, False]).head(8)
    return {str(value): count / len(values) for value, count in counts.iter_rows()}


def _number_facts(sample: pl.DataFrame, column: str, dtype: pl.DataType) -> dict[str, Any]:
    shown = view(column, dtype, "number")
    numbers = sample.select(shown).to_series().drop_nulls() if shown is not None else pl.Series(dtype=pl.Float64)
    numbers = numbers.filter(numbers.is_finite())
    if len(numbers) < 2:
        return {}
    logs = (numbers.abs() + 1.0).log(10)
    return {
        "count": len(numbers),
        "low": numbers.quantile(0.01, "nearest"),
        "high": numbers.quantile(0.99, "nearest"),
        "median": numbers.median(),
        "median_log": logs.median(),
        "spread_log": (logs - logs.median()).abs().median(),
        "whole": float((numbers % 1 == 0).sum()) / len(numbers),
    }


def _day_facts(sample: pl.DataFrame, column: str, dtype: pl.DataType) -> dict[str, Any]:
    shown = view(column, dtype, "moment")
    days = sample.select(shown.dt.timestamp("ms") / 86_400_000).to_series().drop_nulls() if shown is not None else None
    if days is None or len(days) < 2:
        return {}
    return {"median_day": days.median(), "spread_days": (days - days.median()).abs().median()}


def learn_profiles(sample: pl.DataFrame, columns: Collection[str]) -> dict[str, ColumnProfile]:
    """The profiles of some columns of a sample, by column name."""
    return {column: learn_profile(sample, column) for column in sorted(columns)}
