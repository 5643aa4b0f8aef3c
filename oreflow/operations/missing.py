"""Missing: words that mean "nothing here", and filling what is missing by a rule learned on the sample."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import narwhals as nw
import polars as pl
from pydantic import Field, model_validator

from oreflow.errors import NotApplicable
from oreflow.operation import Learned, Operation, need_columns
from oreflow.operations._text_column import BLANK, TextOperation
from oreflow.operations.literals import as_json, typed_literal
from oreflow.tables import Frame

Strategy = Literal["median", "mean", "mode", "constant"]


class NullTokens(TextOperation):
    """Make null every cell that, without the space around it, is exactly one of the given words; case counts."""

    meaning: ClassVar[Literal["format", "value"]] = "format"  # the word said that there is no value: so does null
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"column": "name", "tokens": ["N/A", "?", "", "it's"]},)

    tokens: tuple[str, ...] = Field(min_length=1, description='Words that mean "missing", such as ERROR, N/A or ?.')

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        cell = nw.col(self.column)
        bare = cell.str.strip_chars(BLANK)
        return frame.with_columns(nw.when(~bare.is_in(list(self.tokens))).then(cell).alias(self.column))

    def sentence(self, learned: Learned) -> str:
        return f"made {', '.join(map(repr, self.tokens))} in {self.column} null"


class FillMissing(Operation):
    """Fill the missing cells of a column with its median, mean or most frequent value, or with a given constant.

    The filled value is an estimate, never an observation. In a column of whole numbers it is rounded to one.
    Where the sample holds no value at all, nothing is filled.
    """

    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"column": "price", "strategy": "median"},
        {"column": "quantity", "strategy": "mean"},
        {"column": "name", "strategy": "mode"},
        {"column": "born", "strategy": "mode"},
        {"column": "name", "strategy": "constant", "value": "unknown"},
        {"column": "born", "strategy": "constant", "value": "2000-01-31"},
    )

    column: str = Field(description="The column to fill.")
    strategy: Strategy = Field(description="Where the value comes from; median and mean are for numbers.")
    value: str | bool | int | float | None = Field(default=None, description="The value, for strategy constant.")

    @model_validator(mode="after")
    def _value_goes_with_constant(self) -> "FillMissing":
        if (self.value is None) == (self.strategy == "constant"):
            raise ValueError('give "value" exactly when strategy is "constant"')
        return self

    def check(self, schema: Mapping[str, pl.DataType]) -> None:
        need_columns(schema, self.column)
        dtype = schema[self.column]
        if self.strategy in ("median", "mean") and not dtype.is_numeric():
            raise NotApplicable(f'"{self.column}" holds {dtype}, which has no {self.strategy}; use mode or constant.')
        if self.strategy == "constant":
            typed_literal(self.value, dtype, column=self.column)

    def learn(self, sample: pl.DataFrame) -> Learned:
        cells = sample.get_column(self.column)
        known = cells.drop_nulls()
        if cells.dtype.is_float():
            known = known.drop_nans()
        if cells.dtype == pl.String:
            known = known.filter(known.str.strip_chars() != "")
        return {"value": as_json(self._value(known)), "dtype": _kind(cells.dtype)}

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        if learned["value"] is None:
            return frame
        cell, value = nw.col(self.column), typed_literal(learned["value"], _KINDS[learned["dtype"]], column=self.column)
        empty = cell.is_null() | cell.is_nan() if learned["dtype"] == "number" else cell.is_null()
        return frame.with_columns(nw.when(empty).then(value).otherwise(cell).alias(self.column))

    def sentence(self, learned: Learned) -> str:
        how = "the given value" if self.strategy == "constant" else f"the {self.strategy}"
        return f"filled missing {self.column} with {how}, {learned['value']!r} (an estimate)"

    def _value(self, known: pl.Series) -> Any:
        if self.strategy == "constant":
            return self.value
        if known.is_empty():
            return None
        if self.strategy == "mode":
            return known.mode().sort().first()
        found = known.median() if self.strategy == "median" else known.mean()
        return round(found) if known.dtype.is_integer() and isinstance(found, float) else found


_KINDS: dict[str, pl.DataType] = {
    "string": pl.String(),
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us"),
}


def _kind(dtype: pl.DataType) -> str:
    if dtype.is_integer():
        return "integer"
    if dtype.is_float():
        return "number"
    return next((kind for kind, known in _KINDS.items() if dtype.base_type() == known.base_type()), "string")
