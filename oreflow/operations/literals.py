"""Literals: one value as JSON, and as a narwhals literal of a column's type."""

from datetime import date, datetime
from typing import Any

import narwhals as nw
import polars as pl

from oreflow.errors import NotApplicable
from oreflow.tables import Json


def as_json(value: Any) -> Json:
    """A cell as plain JSON: dates and timestamps as ISO text."""
    return value.isoformat() if isinstance(value, date) else value


def typed_value(value: Json, dtype: pl.DataType, *, column: str) -> Any:
    """A JSON value as a cell of `dtype`; raises `NotApplicable` where it can't be one."""
    try:
        return _typed(value, dtype)
    except ValueError as error:
        raise NotApplicable(f'{value!r} is no {dtype} value for column "{column}"; give one that is.') from error


def typed_literal(value: Json, dtype: pl.DataType, *, column: str) -> nw.Expr:
    """`typed_value` as an expression."""
    return nw.lit(typed_value(value, dtype, column=column))


def _typed(value: Json, dtype: pl.DataType) -> Any:
    if dtype == pl.String:
        return str(value)
    if dtype == pl.Boolean:
        if isinstance(value, bool):
            return value
        raise ValueError(value)
    if dtype == pl.Date:
        return date.fromisoformat(str(value))
    if dtype == pl.Datetime:
        return datetime.fromisoformat(str(value))
    number = float(value)
    if dtype.is_integer():
        if not number.is_integer():
            raise ValueError(value)
        return int(value)
    return number
