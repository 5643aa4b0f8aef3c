"""Numbers: what text says as a number, and numbers that lie outside what is possible."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import narwhals as nw
import polars as pl
from pydantic import Field, model_validator

from oreflow.errors import NotApplicable
from oreflow.operation import Learned, Operation, need_columns, need_numbers
from oreflow.operations._text_column import TextOperation, some_fit
from oreflow.operations.literals import typed_literal
from oreflow.operations.units import canonical_unit, escaped, spellings_of
from oreflow.tables import Frame

_SPACES = " \xa0\u202f\u2009"  # that stand between thousands
_AROUND = f"{_SPACES}\t\r\n+-\u2212()%"
_MISLEADING = re.compile(r"[0-9.,'_(\-\u2212]")  # in a unit, such as m2 or oz.
MINUS = "\\-\u2212"  # inside a regex class
_MOST_DIGITS = 18  # of a whole number that Int64 holds whatever the digits are
EXPONENT = r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?[eE][+-]?[0-9]{1,2}"


class ParseNumber(TextOperation):
    """Read text as a number: "$1,234.50", "(123)", "123-", "12 %", "12.0 oz"; text that is no number becomes null.

    Nothing is guessed: `decimal` and `thousands` say what the marks mean, so "1,234" is 1.234 with decimal "," and 1234
    with thousands ","; a mark in the wrong place is no number. A unit or currency is dropped only where the sample
    holds one alone; for several, convert_units. Whole numbers stay whole where the sample has no decimal mark.
    """

    meaning: ClassVar[Literal["format", "value"]] = "format"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"column": "money", "thousands": ","},
        {"column": "whole", "thousands": None},
        {"column": "share", "percent": "to_fraction"},
        {"column": "euro", "decimal": ",", "thousands": "."},
        {"column": "size"},
    )

    decimal: Literal[".", ","] = Field(default=".", description="The decimal mark.")
    thousands: Literal[",", ".", " ", "'", "_"] | None = Field(default=None, description="The mark between thousands.")
    percent: Literal["keep_scale", "to_fraction"] = Field(
        default="keep_scale", description='What "5 %" becomes: 5 (keep_scale) or 0.05 (to_fraction).'
    )
    units: tuple[str, ...] | None = Field(
        default=None, description="Units or currencies to drop; default: the one that the sample holds."
    )

    @model_validator(mode="after")
    def _two_marks(self) -> "ParseNumber":
        if self.decimal == self.thousands:
            raise ValueError(f"decimal and thousands are both {self.decimal!r}; they must differ")
        return self

    def learn(self, sample: pl.DataFrame) -> Learned:
        cells = sample.get_column(self.column)
        units = list(self.units) if self.units is not None else _one_unit(self._units_in(cells), self.column)
        known = {"units": units, "whole": False}
        text = nw.from_native(cells.to_frame(), eager_only=True)
        bare = text.select(nw.when(self._fits(known)).then(self._bare(known)).alias("bare"))["bare"].to_native()
        some_fit(self.column, cells, bare, what="a number")
        too_long = bare.drop_nulls().str.count_matches("[0-9]") > _MOST_DIGITS
        if too_long.sum() * 2 > len(too_long):
            raise NotApplicable(f'"{self.column}" holds codes of more than {_MOST_DIGITS} digits; keep it as text.')
        fraction = self.percent == "to_fraction" or bare.str.contains(r"[.eE]").any()
        return {**known, "whole": not fraction}

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        fits, bare = self._fits(learned), self._bare(learned)
        cell = nw.col(self.column)
        if learned["whole"]:
            fits = fits & bare.str.contains(f"^[0-9]{{1,{_MOST_DIGITS}}}$")
        number: nw.Expr = nw.when(fits).then(bare).cast(nw.Int64 if learned["whole"] else nw.Float64)
        if self.percent == "to_fraction":
            number = nw.when(cell.str.contains("%", literal=True)).then(number / 100).otherwise(number)
        # What fits has no other use for these marks; a number with an exponent brings its sign along.
        signed = _without(cell, learned["units"]).str.contains(f"[({MINUS}]")
        negative = signed & ~cell.str.contains(_whole(EXPONENT))
        sign = nw.when(negative).then(nw.lit(-1)).otherwise(nw.lit(1))
        return frame.with_columns((number * sign + 0).alias(self.column))  # + 0: no cell is -0.0

    def sentence(self, learned: Learned) -> str:
        kind = "whole numbers" if learned["whole"] else "numbers"
        units = f", without the unit {canonical_unit(learned['units'][0])}" if learned["units"] else ""
        scale = ", percents as fractions" if self.percent == "to_fraction" else ""
        return f"read {self.column} as {kind}{units}{scale}; other text became null"

    def _fits(self, learned: Learned) -> nw.Expr:
        """Whether a cell is one number in the form that the fields describe."""
        cell = nw.col(self.column)
        return cell.str.contains(_whole(self._form(learned["units"]))) | cell.str.contains(_whole(EXPONENT))

    def _form(self, units: Sequence[str]) -> str:
        unit = "(?i:" + "|".join(["%", *(escaped(u) for u in sorted(units, key=len, reverse=True))]) + ")"
        gap, amount = "[ \xa0\u202f]?", digits_form(self.decimal, self.thousands)
        sign, after = f"[+{MINUS}]{gap}", f"{amount}(?:{gap}{unit})?"
        plain = f"(?:{unit}{gap})?{after}"
        return rf"(?:(?:{sign})?{plain}|{unit}{gap}{sign}{after}|\({gap}{plain}{gap}\)|{plain}{gap}[{MINUS}])"

    def _bare(self, learned: Learned) -> nw.Expr:
        """The digits of a cell that fits, with `.` as the decimal mark and without its sign."""
        cell = nw.col(self.column)
        plain = [unit for unit in learned["units"] if not _MISLEADING.search(unit)]
        around = "".join(sorted({letter for unit in plain for letter in unit.lower() + unit.upper()}))
        text = _without(cell, learned["units"]).str.strip_chars(f"{_AROUND}{around}")
        for mark in _SPACES if self.thousands == " " else self.thousands or "":
            text = text.str.replace_all(mark, "", literal=True)
        if self.decimal != ".":
            text = text.str.replace_all(self.decimal, ".", literal=True)
        return (
            nw.when(cell.str.contains(_whole(EXPONENT))).then(cell.str.strip_chars(_SPACES + "\t\r\n")).otherwise(text)
        )

    def _units_in(self, cells: pl.Series) -> list[str]:
        """The words that stand before or after what looks like a number, as spelled."""
        number = digits_form(self.decimal, self.thousands)
        word = r"[\p{L}\p{Sc}°][\p{L}\p{Sc}°²³./ ]*?"
        before = rf"^\s*\(?[+{MINUS}]?\s?(?P<a>{word})?\s?[+{MINUS}]?\s?"
        pattern = rf"{before}{number}\s?(?P<b>{word}|(?:[ckd]?m|ft|in)[23])?\s*[){MINUS}]?\s*$"
        found = cells.str.extract_groups(pattern)
        words = pl.concat([found.struct.field("a"), found.struct.field("b")]).drop_nulls().str.strip_chars()
        return sorted(set(words.filter(words != "").unique().to_list()))


class NullOutside(Operation):
    """Make null every value below `minimum` or above `maximum`; for numbers, dates (ISO) and timestamps."""

    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"column": "price", "minimum": 0, "maximum": 100},
        {"column": "quantity", "minimum": 1},
        {"column": "born", "maximum": "2020-12-31"},
    )

    column: str = Field(description="The column of numbers or dates.")
    minimum: float | str | None = Field(default=None, description="The lowest possible value.")
    maximum: float | str | None = Field(default=None, description="The highest possible value.")

    @model_validator(mode="after")
    def _has_a_limit(self) -> "NullOutside":
        if self.minimum is None and self.maximum is None:
            raise ValueError("give a minimum, a maximum or both")
        return self

    def check(self, schema: Mapping[str, pl.DataType]) -> None:
        need_columns(schema, self.column)
        dtype = schema[self.column]
        if not (dtype.is_numeric() or dtype in (pl.Date, pl.Datetime)):
            raise NotApplicable(f'"{self.column}" holds {dtype}, which has no order of size; parse it first.')
        for limit in (self.minimum, self.maximum):
            if limit is not None:
                typed_literal(limit, _comparable(dtype), column=self.column)

    def learn(self, sample: pl.DataFrame) -> Learned:
        dtype = sample.schema[self.column]
        return {"type": "date" if dtype == pl.Date else "timestamp" if dtype == pl.Datetime else "number"}

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        cell = nw.col(self.column)
        dtype = {"date": pl.Date(), "timestamp": pl.Datetime("us"), "number": pl.Float64()}[learned["type"]]
        outside = nw.lit(False)
        if self.minimum is not None:
            outside = outside | (cell < typed_literal(self.minimum, dtype, column=self.column))
        if self.maximum is not None:
            outside = outside | (cell > typed_literal(self.maximum, dtype, column=self.column))
        return frame.with_columns(nw.when(~outside).then(cell).alias(self.column))

    def sentence(self, learned: Learned) -> str:
        limits = [("below", self.minimum), ("above", self.maximum)]
        said = " or ".join(
            f"{word} {limit:g}" if isinstance(limit, float) else f"{word} {limit}"
            for word, limit in limits
            if limit is not None
        )
        return f"made values of {self.column} {said} null"


class ClipOutliers(Operation):
    """Pull values that lie far outside the middle half of the sample back to the nearest limit.

    The limits are the quartiles of the sample moved outwards by `factor` times their distance.
    """

    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"column": "price"}, {"column": "quantity", "factor": 0.5})

    column: str = Field(description="The column of numbers.")
    factor: float = Field(default=1.5, gt=0, description="How many quartile distances are still usual.")

    def check(self, schema: Mapping[str, pl.DataType]) -> None:
        need_numbers(schema, self.column)

    def learn(self, sample: pl.DataFrame) -> Learned:
        cells = sample.get_column(self.column).cast(pl.Float64).drop_nulls().drop_nans()
        if cells.is_empty():
            return {"low": None, "high": None}
        first, third = cells.quantile(0.25, "linear"), cells.quantile(0.75, "linear")
        assert first is not None and third is not None
        reach = self.factor * (third - first)
        low, high = first - reach, third + reach
        if sample.schema[self.column].is_integer():  # a whole-number column keeps whole numbers
            return {"low": -int(-low // 1), "high": int(high // 1)}
        return {"low": low, "high": high}

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        if learned["low"] is None:
            return frame
        cell = nw.col(self.column)
        clipped = nw.when(cell < learned["low"]).then(nw.lit(learned["low"]))
        high = nw.when(cell > learned["high"]).then(nw.lit(learned["high"])).otherwise(cell)
        return frame.with_columns(clipped.otherwise(high).alias(self.column))

    def sentence(self, learned: Learned) -> str:
        if learned["low"] is None:
            return f"looked for outliers in {self.column}; it holds no numbers"
        return f"pulled {self.column} back into {learned['low']:g} to {learned['high']:g}"


def digits_form(decimal: str, thousands: str | None) -> str:
    """A regular expression for unsigned digits with these marks; grouped digits must be grouped rightly."""
    plain = "[0-9]+"
    if thousands is not None:
        mark = f"[{_SPACES}]" if thousands == " " else re.escape(thousands)
        # Groups of two before the last three are how India writes a lakh.
        plain = f"(?:[0-9]{{1,3}}(?:{mark}[0-9]{{2,3}})*{mark}[0-9]{{3}}|[0-9]+)"
    mark = re.escape(decimal)
    return f"(?:{plain}(?:{mark}[0-9]*)?|{mark}[0-9]+)"


def _without(cell: nw.Expr, units: Sequence[str]) -> nw.Expr:
    """The cell without the units whose own digits, marks and signs would be taken for the number's."""
    risky = sorted((unit for unit in units if _MISLEADING.search(unit)), key=len, reverse=True)
    return cell.str.replace_all(f"(?i:{'|'.join(map(escaped, risky))})", "") if risky else cell


def _whole(pattern: str) -> str:
    blank = "[ \t\r\n\xa0]*"
    return f"^{blank}(?:{pattern}){blank}$"


def _comparable(dtype: pl.DataType) -> pl.DataType:
    return pl.Float64() if dtype.is_numeric() else dtype


def _one_unit(spellings: list[str], column: str) -> list[str]:
    kinds = sorted({canonical_unit(word) for word in spellings})
    if len(kinds) > 1:
        shown = ", ".join(kinds[:6])
        raise NotApplicable(
            f'"{column}" mixes {shown}; use convert_units, or name the ones to drop in "units" if they mean the same.'
        )
    return sorted({*spellings, *spellings_of(kinds[0])}) if kinds else []
