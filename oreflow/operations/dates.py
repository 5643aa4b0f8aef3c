"""Dates: text in named formats becomes dates or timestamps, with the same cells on every engine.

Each format is compiled to one pattern; year, month and day are then checked as numbers and put together. No engine's
own date parser is asked, because each is lenient in its own way.
"""

import re
from collections.abc import Mapping
from datetime import date
from functools import reduce
from typing import Any, ClassVar, Literal

import narwhals as nw
import polars as pl
from pydantic import Field, field_validator

from oreflow import engines
from oreflow.operation import Learned
from oreflow.operations._text_column import BLANK, TextOperation, some_fit
from oreflow.tables import Frame

MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NAMES = {"%B": MONTHS, "%b": (*(m[:3] for m in MONTHS), "sept"), "%A": DAYS, "%a": tuple(d[:3] for d in DAYS)}
_NUMBERS = {
    "%Y": "[0-9]{4}", "%y": "[0-9]{2}", "%m": "[0-9]{1,2}", "%d": "[0-9]{1,2}", "%e": "[0-9]{1,2}",
    "%H": "[0-9]{1,2}", "%I": "[0-9]{1,2}", "%M": "[0-9]{1,2}", "%S": "[0-9]{1,2}", "%f": "[0-9]{1,9}",
}  # fmt: skip
_OTHERS = {"%p": r"(?i:[ap]\.?m\.?)", "%z": r"(?:Z|[+-]00:?(?:00)?)"}
_LONGHAND = {"%F": "%Y-%m-%d", "%T": "%H:%M:%S", "%R": "%H:%M", "%D": "%m/%d/%y", "%h": "%b"}
_PIVOT = 69  # POSIX: 69–99 are 1969–1999, 00–68 are 2000–2068


class ParseDate(TextOperation):
    """Read text as dates or timestamps; the first format that gives a real date wins, anything else becomes null.

    Formats are strptime's: %Y %y %m %d %b %B %a %A %H %I %p %M %S %f, and %z for UTC only. Day, month and hour may have
    one digit; names are English, in any case. 31 February is null. Two-digit years are 1969–2068; a date that would
    fall after `not_after` is taken a century earlier.
    """

    meaning: ClassVar[Literal["format", "value"]] = "format"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"column": "day", "formats": ["%Y-%m-%d", "%d/%m/%Y"]},
        {"column": "short_day", "formats": ["%d-%b-%y"], "not_after": "2026-01-01"},
        {"column": "moment", "formats": ["%m/%d/%Y %I:%M:%S %p", "%Y-%m-%dT%H:%M:%S.%f%z"], "kind": "timestamp"},
    )

    formats: tuple[str, ...] = Field(min_length=1, max_length=20, description='strptime formats, such as "%d/%m/%Y".')
    kind: Literal["date", "timestamp"] = Field(default="date", description="Whether to keep the time of day.")
    not_after: date | None = Field(default=None, description="Latest date that a two-digit year may mean.")

    @field_validator("formats")
    @classmethod
    def _known_directives(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        for text in formats:
            directives(text)
        return formats

    def learn(self, sample: pl.DataFrame) -> Learned:
        cells = sample.get_column(self.column)
        after = self.rewrite(nw.from_native(cells.unique().to_frame(), eager_only=True), {})
        parsed: pl.Series = nw.to_native(after).get_column(self.column)
        some_fit(self.column, cells, parsed, what=f"a date in the form {' or '.join(self.formats)}")
        return {}

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        names = []
        for number, text in enumerate(self.formats):
            found, name = directives(text), f"__oreflow_{number}"
            parts = {d: f"{name}_{place}" for place, d in enumerate(d for d in found if d[1] not in "aAz")}
            frame = engines.extract_groups(frame, self.column, pattern(text), names=list(parts.values()))
            frame = self._moment(frame, parts, name=name)
            frame = frame.drop(list(parts.values()))
            names.append(name)
        first = reduce(lambda one, other: nw.coalesce(one, other), [nw.col(name) for name in names])
        frame = frame.with_columns(first.alias(self.column)).drop(names)
        return engines.from_iso(frame, self.column, kind=self.kind)

    def sentence(self, learned: Learned) -> str:
        return f"read {self.column} as {self.kind}s written {' or '.join(self.formats)}; other text became null"

    def _moment(self, frame: Frame, parts: Mapping[str, str], *, name: str) -> Frame:
        """Add the column `name`: the date (and time) as ISO text of fixed width, null where it is none."""
        year, month, day = self._year(parts), _month(parts), _number(parts, "%d", "%e", default=1)
        frame = frame.with_columns(year.alias(f"{name}y"), month.alias(f"{name}m"), day.alias(f"{name}d"))
        year, month, day = nw.col(f"{name}y"), nw.col(f"{name}m"), nw.col(f"{name}d")
        if self.not_after is not None and "%y" in parts:
            latest = self.not_after.year * 10_000 + self.not_after.month * 100 + self.not_after.day
            late = year * 10_000 + month * 100 + day > latest
            frame = frame.with_columns(nw.when(late).then(year - 100).otherwise(year).alias(f"{name}y"))
        real = (month >= 1) & (month <= 12) & (day >= 1) & (day <= _month_length(year, month)) & (year >= 1)
        iso = nw.concat_str(_digits(year, 4), nw.lit("-"), _digits(month, 2), nw.lit("-"), _digits(day, 2))
        if self.kind == "timestamp" or _TIME & set(parts):
            clock, valid = _clock(parts)
            real = real & valid
            iso = nw.concat_str(iso, nw.lit(" "), clock) if self.kind == "timestamp" else iso
        return frame.with_columns(nw.when(real).then(iso).alias(name)).drop(f"{name}y", f"{name}m", f"{name}d")

    def _year(self, parts: Mapping[str, str]) -> nw.Expr:
        if "%Y" in parts:
            return nw.col(parts["%Y"]).cast(nw.Int64)
        short = nw.col(parts["%y"]).cast(nw.Int64)
        return nw.when(short >= _PIVOT).then(short + 1900).otherwise(short + 2000)


_TIME = {"%H", "%I", "%M", "%S", "%f", "%p"}


def directives(text: str) -> list[str]:
    """The directives of a format in order; raises `ValueError` for one that is unknown, doubled or missing."""
    found = re.findall("%.", _spelled_out(text).replace("%%", ""))
    known = {*_NUMBERS, *_NAMES, *_OTHERS}
    for directive in found:
        if directive not in known:
            raise ValueError(f"{directive} in {text!r} is not supported; use {' '.join(sorted(known))}")
    if len(set(found)) < len(found):
        raise ValueError(f"{text!r} names a directive twice")
    needs = ({"%Y", "%y"}, {"%m", "%b", "%B"})
    if any(len(one & set(found)) != 1 for one in needs) or len({"%H", "%I"} & set(found)) > 1:
        raise ValueError(f"{text!r} needs one year (%Y or %y), one month (%m, %b or %B) and at most one hour")
    if ("%I" in found) != ("%p" in found):
        raise ValueError(f"{text!r}: the 12-hour clock needs %I together with %p")
    return found


def pattern(text: str) -> str:
    """The regular expression of a format, with one capture group per directive that carries a part of the date."""
    pieces = []
    for piece in re.split(r"(%.|\s+)", _spelled_out(text)):
        if piece in _NUMBERS:
            pieces.append(f"({_NUMBERS[piece]})")
        elif piece in _NAMES:
            names = "|".join(sorted(_NAMES[piece], key=len, reverse=True))
            pieces.append(f"((?i:{names}))" if piece in ("%b", "%B") else f"(?i:{names})")
        elif piece in _OTHERS:
            pieces.append(f"({_OTHERS[piece]})" if piece == "%p" else _OTHERS[piece])
        elif piece.isspace():
            pieces.append(f"[{BLANK}]+")
        else:
            pieces.append(re.escape(piece.replace("%%", "%")))
    return f"^[{BLANK}]*{''.join(pieces)}[{BLANK}]*$"


def _spelled_out(text: str) -> str:
    for short, long in _LONGHAND.items():
        text = text.replace(short, long)
    return text


def _number(parts: Mapping[str, str], *directives: str, default: int) -> nw.Expr:
    """The integer of the first directive that the format has; without one, `default` where the format matched."""
    name = next((parts[d] for d in directives if d in parts), None)
    if name is not None:
        return nw.col(name).cast(nw.Int64)
    # Not a literal beside nulls: pandas would make it a float, and "0.0" is no minute.
    matched = nw.col(next(iter(parts.values()))).str.len_chars().cast(nw.Int64)
    return matched * 0 + default


def _month(parts: Mapping[str, str]) -> nw.Expr:
    if "%m" in parts:
        return nw.col(parts["%m"]).cast(nw.Int64)
    start = nw.col(parts["%b" if "%b" in parts else "%B"]).str.slice(0, 3).str.to_lowercase()
    numbers = {name[:3]: str(i) for i, name in enumerate(MONTHS, start=1)}
    return start.replace_strict(numbers, default=start).cast(nw.Int64)


def _month_length(year: nw.Expr, month: nw.Expr) -> nw.Expr:
    def multiple(of: int) -> nw.Expr:
        return year // of * of == year

    leap = multiple(4) & (~multiple(100) | multiple(400))
    february = nw.when(leap).then(nw.lit(29)).otherwise(nw.lit(28))
    short = nw.when(month.is_in([4, 6, 9, 11])).then(nw.lit(30)).otherwise(nw.lit(31))
    return nw.when(month == 2).then(february).otherwise(short)


def _clock(parts: Mapping[str, str]) -> tuple[nw.Expr, nw.Expr]:
    """The time of day as text of fixed width, and whether it is one."""
    hour = _number(parts, "%H", "%I", default=0)
    minute, second = _number(parts, "%M", default=0), _number(parts, "%S", default=0)
    valid = (hour <= (12 if "%I" in parts else 23)) & (minute <= 59) & (second <= 59)
    if "%I" in parts:
        valid = valid & (hour >= 1)
        afternoon = nw.col(parts["%p"]).str.slice(0, 1).str.to_lowercase() == "p"
        hour = hour - nw.when(hour == 12).then(nw.lit(12)).otherwise(nw.lit(0))
        hour = hour + nw.when(afternoon).then(nw.lit(12)).otherwise(nw.lit(0))
    fraction = (
        nw.concat_str(nw.col(parts["%f"]), nw.lit("000000")).str.slice(0, 6) if "%f" in parts else nw.lit("000000")
    )
    colon = nw.lit(":")
    whole = (_digits(hour, 2), colon, _digits(minute, 2), colon, _digits(second, 2))
    return nw.concat_str(*whole, nw.lit("."), fraction), valid


def _digits(number: nw.Expr, width: int) -> nw.Expr:
    return number.cast(nw.String).str.zfill(width)
