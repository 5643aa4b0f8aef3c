"""Types: a column cast to a type that its text already has the form of."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal

import narwhals as nw
import polars as pl
from pydantic import Field

from oreflow import engines
from oreflow.errors import NotApplicable
from oreflow.letters import lower
from oreflow.operation import Learned, Operation, need_columns
from oreflow.operations._text_column import TextOperation, some_fit, trimmed
from oreflow.operations.dates import ParseDate
from oreflow.tables import Frame

Kind = Literal["integer", "number", "string", "boolean", "date", "timestamp"]
TRUE, FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
ISO = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%f%z")


class CastType(Operation):
    """Give a column another type; text not written as one (12, 1.5, true, 2024-01-31) becomes null.

    Numbers with marks or units need parse_number, other dates parse_date, other words for true parse_boolean.
    """

    meaning: ClassVar[Literal["format", "value"]] = "format"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"column": "whole", "type": "integer"},
        {"column": "whole", "type": "number"},
        {"column": "price", "type": "integer"},
        {"column": "quantity", "type": "number"},
        {"column": "quantity", "type": "string"},
        {"column": "price", "type": "string"},
        {"column": "active", "type": "string"},
        {"column": "active", "type": "integer"},
        {"column": "born", "type": "string"},
        {"column": "born", "type": "timestamp"},
        {"column": "seen", "type": "date"},
        {"column": "seen", "type": "string"},
        {"column": "flag", "type": "boolean"},
        {"column": "day", "type": "date"},
        {"column": "moment", "type": "timestamp"},
    )

    column: str = Field(description="The column.")
    type: Kind = Field(description="The type to give it.")

    def check(self, schema: Mapping[str, pl.DataType]) -> None:
        need_columns(schema, self.column)
        held = kind_of(schema[self.column])
        if self.type not in _WAYS[held]:
            known = ", ".join(sorted({*_WAYS[held]} - {held})) or "nothing else"
            raise NotApplicable(f'"{self.column}" holds {schema[self.column]}, which casts to {known}; parse it first.')

    def learn(self, sample: pl.DataFrame) -> Learned:
        held = {"from": kind_of(sample.schema[self.column])}
        cells = sample.get_column(self.column)
        after = nw.to_native(self.rewrite(nw.from_native(cells.to_frame(), eager_only=True), held))
        some_fit(self.column, cells, after.get_column(self.column), what=f"written as a {self.type}")
        return held

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        return _WAYS[learned["from"]][self.type](frame, self.column)

    def sentence(self, learned: Learned) -> str:
        partial = learned["from"] == "string" != self.type or (learned["from"], self.type) == ("number", "integer")
        return f"cast {self.column} from {learned['from']} to {self.type}" + (
            "; what did not fit became null" if partial else ""
        )


class ParseBoolean(TextOperation):
    """Read words as true or false; any other word becomes null. Case and the space around don't matter."""

    meaning: ClassVar[Literal["format", "value"]] = "format"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"column": "flag", "true": ["Yes", "x"], "false": ["no"]},)

    true: tuple[str, ...] = Field(default=TRUE, min_length=1, description="Words for true.")
    false: tuple[str, ...] = Field(default=FALSE, min_length=1, description="Words for false.")

    def check(self, schema: Mapping[str, pl.DataType]) -> None:
        super().check(schema)
        both = {word.lower() for word in self.true} & {word.lower() for word in self.false}
        if both:
            raise NotApplicable(f"{', '.join(sorted(both))} stands for both true and false; give it to one.")

    def learn(self, sample: pl.DataFrame) -> Learned:
        cells = sample.get_column(self.column)
        after = nw.to_native(self.rewrite(nw.from_native(cells.to_frame(), eager_only=True), {}))
        some_fit(self.column, cells, after.get_column(self.column), what="one of the words for true and false")
        return {}

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        return _words(frame, self.column, true=self.true, false=self.false)

    def sentence(self, learned: Learned) -> str:
        return f"read {self.column} as true ({', '.join(self.true)}) or false ({', '.join(self.false)})"


def kind_of(dtype: pl.DataType) -> str:
    """The logical type of a column."""
    if dtype.is_integer():
        return "integer"
    if dtype.is_numeric():
        return "number"
    named: dict[Any, str] = {pl.String: "string", pl.Boolean: "boolean", pl.Date: "date", pl.Datetime: "timestamp"}
    return next((kind for known, kind in named.items() if dtype == known), "other")


def _words(frame: Frame, column: str, *, true: tuple[str, ...] = TRUE, false: tuple[str, ...] = FALSE) -> Frame:
    frame = lower(frame.with_columns(trimmed(nw.col(column)).alias(column)), column)
    cell = nw.col(column)
    yes, no = cell.is_in([w.lower() for w in true]), cell.is_in([w.lower() for w in false])
    # Null where it is neither word; a plain is_in would call every other word false.
    return frame.with_columns(nw.when(yes | no).then(yes).alias(column))


def _text_to_integer(frame: Frame, column: str) -> Frame:
    cell = trimmed(nw.col(column)).str.replace_all(r"\.0*$|^\+", "")
    fits = cell.str.contains("^-?[0-9]{1,18}$")
    return frame.with_columns(nw.when(fits).then(cell).cast(nw.Int64).alias(column))


def _text_to_number(frame: Frame, column: str) -> Frame:
    cell = trimmed(nw.col(column)).str.replace_all(r"^\+", "")
    fits = cell.str.contains(r"^-?(?:[0-9]{1,100}(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?$")
    return frame.with_columns(nw.when(fits).then(cell).cast(nw.Float64).alias(column))


def _number_to_integer(frame: Frame, column: str) -> Frame:
    cell = nw.col(column)
    whole = (cell == cell.round(0)) & (cell.abs() < 1e15)
    return frame.with_columns(nw.when(whole).then(cell).cast(nw.Int64).alias(column))


def _number_to_text(frame: Frame, column: str) -> Frame:
    """Whole numbers without `.0`; others as short as they can be read back."""
    cell, name = pl.col(column), engines.sql_name(column)
    whole = (cell == cell.round(0)) & (cell.abs() < 1e15)
    text = pl.when(whole).then(pl.when(whole).then(cell).cast(pl.Int64).cast(pl.String)).otherwise(cell.cast(pl.String))
    # DuckDB writes 1.2e-05 and 1.2e-07 where Polars writes 0.000012 and 1.2e-7.
    short = f"regexp_replace(CAST({name} AS VARCHAR), 'e-0', 'e-')"
    fifth = f"regexp_replace(regexp_replace({short}, 'e-5$', ''), '^(-?)([0-9])\\.?', '\\10.0000\\2')"
    sql = f"""CASE WHEN {name} = round({name}) AND abs({name}) < 1e15 THEN CAST(CAST({name} AS BIGINT) AS VARCHAR)
        WHEN isnan({name}) THEN 'NaN' WHEN {short} LIKE '%e-5' THEN {fifth} ELSE {short} END"""
    return engines.with_native(frame, polars={column: text}, duckdb={column: sql})


def _date_to_text(frame: Frame, column: str) -> Frame:
    return frame.with_columns(nw.col(column).dt.to_string("%Y-%m-%d").alias(column))


def _moment_to_text(frame: Frame, column: str) -> Frame:
    layout = "%Y-%m-%d %H:%M:%S"
    sql = f"strftime({engines.sql_name(column)}, {engines.sql_text(layout)})"
    return engines.with_native(frame, polars={column: pl.col(column).dt.strftime(layout)}, duckdb={column: sql})


def _boolean_to_text(frame: Frame, column: str) -> Frame:
    cell = nw.col(column)
    text = nw.when(cell).then(nw.lit("true")).otherwise(nw.lit("false"))
    return frame.with_columns(nw.when(~cell.is_null()).then(text).alias(column))


def _as(dtype: Any) -> Callable[[Frame, str], Frame]:
    return lambda frame, column: frame.with_columns(nw.col(column).cast(dtype).alias(column))


def _iso(kind: Literal["date", "timestamp"]) -> Callable[[Frame, str], Frame]:
    return lambda frame, column: ParseDate(column=column, formats=ISO, kind=kind).rewrite(frame, {})


def _same(frame: Frame, column: str) -> Frame:
    return frame


_WAYS: dict[str, dict[str, Callable[[Frame, str], Frame]]] = {
    "string": {
        "string": _same,
        "integer": _text_to_integer,
        "number": _text_to_number,
        "boolean": _words,
        "date": _iso("date"),
        "timestamp": _iso("timestamp"),
    },
    "integer": {"integer": _same, "number": _as(nw.Float64), "string": _as(nw.String)},
    "number": {"number": _same, "integer": _number_to_integer, "string": _number_to_text},
    "boolean": {"boolean": _same, "integer": _as(nw.Int64), "string": _boolean_to_text},
    "date": {"date": _same, "timestamp": _as(nw.Datetime("us")), "string": _date_to_text},
    "timestamp": {"timestamp": _same, "date": _as(nw.Date), "string": _moment_to_text},
    "other": {},
}
