"""Units: which spellings name one unit, and text of number and unit turned into numbers of one unit."""

import re
from collections.abc import Mapping
from functools import reduce
from typing import Any, ClassVar

import narwhals as nw
import polars as pl
from pydantic import Field

from oreflow.errors import NotApplicable
from oreflow.operation import Learned
from oreflow.operations._text_column import BLANK, TextOperation, some_fit
from oreflow.tables import Frame

SAME_UNIT = (
    ("USD", "$", "us$", "usd", "dollar", "us dollar"),
    ("EUR", "€", "eur", "euro"),
    ("GBP", "£", "gbp", "pound sterling"),
    ("JPY", "¥", "jpy", "yen"),
    ("INR", "₹", "inr", "rs", "rupee"),
    ("oz", "oz", "ounce"),
    ("lb", "lb", "pound"),
    ("kg", "kg", "kilo", "kilogram", "kilogramme"),
    ("g", "g", "gr", "gram", "gramme"),
    ("km", "km", "kilometer", "kilometre"),
    ("m", "m", "meter", "metre"),
    ("cm", "cm", "centimeter", "centimetre"),
    ("mi", "mi", "mile"),
    ("l", "l", "liter", "litre"),
    ("ml", "ml", "milliliter", "millilitre"),
    ("h", "h", "hr", "hour"),
    ("min", "min", "minute"),
    ("s", "s", "sec", "second"),
    ("d", "d", "day"),
)
_CANONICAL = {spelling: names[0] for names in SAME_UNIT for spelling in names[1:]}


def canonical_unit(word: str) -> str:
    """The unit that a spelling names: case, a full stop, a plural s and common long forms don't matter."""
    bare = " ".join(word.lower().rstrip(".").split())
    return _CANONICAL.get(bare) or _CANONICAL.get(bare.removesuffix("s")) or bare


def spellings_of(kind: str) -> tuple[str, ...]:
    """The known spellings of a canonical unit."""
    return next((names for names in SAME_UNIT if names[0] == kind), ())


def escaped(text: str) -> str:
    """The text as a literal piece of a pattern, for Rust's regex and RE2 alike."""
    return re.sub(r"([\\.+*?()|\[\]{}^$\-&~#])", r"\\\1", text)


class ConvertUnits(TextOperation):
    """Read "12 oz" or "3 lb" as numbers of one unit; `factors` says how much of it each unit is.

    A bare number, or one with a unit that `factors` lacks, becomes null: its unit is unknown.
    """

    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"column": "size", "factors": {"oz": 28.3495, "g": 1, "kg": 1000}, "to": "g"},
    )

    factors: dict[str, float] = Field(min_length=1, description='Unit → how many of `to` it is, such as {"kg": 1000}.')
    to: str = Field(description="The unit of the result; it is written nowhere, name it in the reason.")

    def learn(self, sample: pl.DataFrame) -> Learned:
        cells = nw.from_native(sample.select(self.column), eager_only=True)
        after = cells.select(self._converted().alias("number"))["number"].to_native()
        some_fit(self.column, sample.get_column(self.column), after, what=f"a number with {' or '.join(self.factors)}")
        return {}

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        return frame.with_columns(self._converted().alias(self.column))

    def sentence(self, learned: Learned) -> str:
        return f"turned {self.column} from {', '.join(self.factors)} into numbers of {self.to}"

    def check(self, schema: Mapping[str, pl.DataType]) -> None:
        super().check(schema)
        kinds = [canonical_unit(unit) for unit in self.factors]
        twice = next((kind for kind in kinds if kinds.count(kind) > 1), None)
        if twice is not None:
            raise NotApplicable(f'"factors" names the unit {twice} twice; keep one.')

    def _converted(self) -> nw.Expr:
        cell = nw.col(self.column)
        parts = [_amount(cell, unit) * factor for unit, factor in self.factors.items()]
        return reduce(lambda one, other: nw.coalesce(one, other), parts)


def _amount(cell: nw.Expr, unit: str) -> nw.Expr:
    """The number before or after any spelling of `unit`, null where there is another unit or none."""
    kind = canonical_unit(unit)
    spellings = {unit, *spellings_of(kind)}
    words = "|".join(escaped(s) for s in sorted(spellings, key=lambda s: (-len(s), s)))
    word, number, gap = f"(?i:(?:{words})s?)\\.?", "-?[0-9]+(?:\\.[0-9]+)?", f"[{BLANK}]*"
    fits = cell.str.contains(f"^{gap}(?:{number}{gap}{word}|{word}{gap}{number}){gap}$")
    bare = cell.str.replace_all(f"{word}|[{BLANK}]", "")
    digits = nw.when(fits & bare.str.contains(f"^{number}$")).then(bare)
    return digits.cast(nw.Float64)
