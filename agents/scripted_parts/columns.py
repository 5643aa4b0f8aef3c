"""Plans for one column: what its profile gives evidence for, as actions in the order they should be done."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from oreflow.measures.dates import DateStyle
from oreflow.measures.numbers import UNITS, NumberStyle, currency, is_currency, unit_word
from oreflow.measures.profile import ColumnProfile

Action = dict[str, Any]

NOT_NUMBERS = frozenset({"zip", "phone", "code", "url", "email", "text", "address"})
PERSONAL = frozenset({"person_name", "first_name", "last_name", "email", "url", "address", "id", "code"})
VERSION = re.compile(r"(^|[^a-z])(version|release|revision|build|ver)([^a-z]|$)")
SENTINELS = frozenset({-9999.0, -999.0, -99.0, 999.0, 9999.0, 99999.0, 999999.0, 9999999.0})
EPOCH = date(1970, 1, 1)
SENTINEL_DAYS = frozenset(
    date(*d) for d in ((9999, 12, 31), (2999, 12, 31), (1900, 1, 1), (1899, 12, 30), (1970, 1, 1), (1, 1, 1))
)
POSSIBLE = {"age": (0, 120), "latitude": (-90, 90), "longitude": (-180, 180)}


def clean_text(column: ColumnProfile) -> Iterator[Action]:
    """Missing tokens to null, white space off, stray characters out, one spelling a value."""
    if column.missing:
        tokens = sorted(column.missing)
        shown = ", ".join(f'"{t}" ({column.missing[t]})' for t in tokens[:4])
        yield act("null_tokens", column, f"{shown} stand for no value.", tokens=tokens)
    if column.padded:
        yield act("trim", column, f"{column.padded} cells carry spaces around or doubled within the text.")
    if 0.6 <= column.shape_share < 1 and "9" in column.shape and not any(c in "Aa" for c in column.shape):
        why = (
            f"{column.shape_share:.1%} of the cells have the shape {column.shape}; the others hold foreign characters."
        )
        yield act("strip_stray", column, why)
    if column.variants and not _typed(column) and is_vocabulary(column) and _may_normalize(column):
        why = f"{column.variants} cells differ from a more frequent spelling only by case, space or punctuation."
        yield act("normalize_categories", column, why)


def _may_normalize(column: ColumnProfile) -> bool:
    """People spell their names as they like, unless each name stands there dozens of times."""
    return column.role not in PERSONAL or column.unique_share < 0.05


def is_vocabulary(column: ColumnProfile) -> bool:
    """Whether the column draws on a vocabulary: short values that repeat, or long ones that repeat very often."""
    return column.unique_share < (0.1 if is_long(column) else 0.5)


def is_long(column: ColumnProfile) -> bool:
    """Whether even its frequent values run to sentences."""
    return max((len(value) for value, _ in column.top), default=0) > 60


def type_text(
    column: ColumnProfile, *, day_first: bool | None, comma: bool = False, today: str | None = None
) -> Iterator[Action]:
    """Text that holds dates, numbers or true and false becomes that type."""
    if column.boolean:
        yield act("parse_boolean", column, "Every cell is true or false.", true=["true", "t"], false=["false", "f"])
    elif is_date(column):
        yield from _parse_date(column, day_first, today)
    elif is_number(column):
        yield from _parse_number(column, comma)


def bound(column: ColumnProfile) -> Iterator[Action]:
    """Values that can't be: outside what the role allows, or a sentinel far outside everything else."""
    facts = column.statistics
    if column.dtype.startswith("Date") and "next_max" in facts:
        yield from _sentinel_dates(column)
    if column.dtype.startswith("Date") or not facts or (column.role not in POSSIBLE and "next_max" not in facts):
        return
    if column.role in POSSIBLE:
        low, high = POSSIBLE[column.role]
        if facts["min"] < low or facts["max"] > high:
            why = f"{column.name} is a {column.role}: below {low} or above {high} is impossible."
            yield act("null_outside", column, why, minimum=low, maximum=high)
            return
    spread = max(facts["q75"] - facts["q25"], abs(facts["q50"]) * 0.1, 1e-9)
    if facts["max"] in SENTINELS and facts["max"] - facts["next_max"] > 10 * spread:
        why = f"{facts['max']:g} lies far beyond the next value {facts['next_max']:g}: a sentinel for no value."
        yield act("null_outside", column, why, maximum=facts["next_max"])
    elif facts["min"] in SENTINELS and facts["next_min"] - facts["min"] > 10 * spread:
        why = f"{facts['min']:g} lies far beyond the next value {facts['next_min']:g}: a sentinel for no value."
        yield act("null_outside", column, why, minimum=facts["next_min"])


def _sentinel_dates(column: ColumnProfile) -> Iterator[Action]:
    """A day that software writes for "none yet" or "for ever", years away from every other date."""
    facts = column.statistics
    gap = max(3 * (facts["next_max"] - facts["next_min"]), 365 * 5)
    for edge, near, limit in (("max", "next_max", "maximum"), ("min", "next_min", "minimum")):
        day, other = (EPOCH + timedelta(days=int(facts[name])) for name in (edge, near))
        if day in SENTINEL_DAYS and abs(facts[edge] - facts[near]) > gap:
            why = f"{day} lies years away from the next date {other}: it stands for no date."
            bound = other.isoformat() if limit == "minimum" else f"{other.isoformat()} 23:59:59"
            yield act("null_outside", column, why, **{limit: other.isoformat() if column.dtype == "Date" else bound})
            return


def is_number(column: ColumnProfile) -> bool:
    """Text that is numbers through and through, and no code that only looks like one."""
    style = column.numbers
    if not column.is_text or style is None or column.role in NOT_NUMBERS or style.share < 0.95:
        return False
    if VERSION.search(column.name.lower()):
        return False  # 1.10 is not 1.1
    if style.unread_digits > 0.002 * max(500, column.present) or _percent(style) is None:
        return False  # `80632-2`, `1/2`, `118B` say something that a number can't
    return not style.leading_zeros and not _mixed_marks(style) and not _long_code(column, style)


def is_date(column: ColumnProfile) -> bool:
    """Text that is dates through and through."""
    return column.is_text and column.dates is not None and column.dates.share >= 0.9 and not _plain_integers(column)


def act(operation: str, column: ColumnProfile, reason: str, **parameters: Any) -> Action:
    """An action on one column with the evidence for it."""
    return {"operation": operation, "column": column.name, "reason": reason, **parameters}


def _typed(column: ColumnProfile) -> bool:
    style, dates = column.numbers, column.dates
    return bool((style and style.share >= 0.8 and not style.marks) or (dates and dates.share >= 0.8))


def _plain_integers(column: ColumnProfile) -> bool:
    """`20190304` may be a date or a number: without the role of a date it stays a number."""
    only = column.dates.formats if column.dates else ()
    return bool(only) and only[0][0] == "%Y%m%d" and not (column.role or "").endswith(("date", "timestamp"))


def _mixed_marks(style: NumberStyle) -> bool:
    """Whether the numbers carry several units or currencies, so that bare numbers would not be comparable."""
    if style.strange_marks:
        return True
    currencies = {currency(m) for m in style.marks if is_currency(m)}
    return len(currencies) > 1 or len(style.units) > 1


def _long_code(column: ColumnProfile, style: NumberStyle) -> bool:
    """Sixteen or more digits are a code: a number would lose the last ones."""
    return any(sum(c.isdigit() for c in value) >= 16 and "." not in value for value, _ in column.top)


def _parse_date(column: ColumnProfile, day_first: bool | None, today: str | None) -> Iterator[Action]:
    style: DateStyle = column.dates  # type: ignore[assignment]
    formats = [pattern for pattern, _ in style.formats]
    if not style.day_month_known:
        if day_first is None:
            return
        formats = [_ordered(pattern, day_first) for pattern in formats]
    shown = ", ".join(f"{pattern} ({share:.1%})" for pattern, share in style.formats)
    why = f"{style.share:.1%} of the cells are dates written as {shown}."
    # Nobody is born in the future: a two-digit year of birth that would be is of the century before.
    born = column.role == "birth_date" and any("%y" in pattern for pattern in formats)
    limit = {"not_after": today} if born and today else {}
    yield act("parse_date", column, why, formats=formats, kind="timestamp" if style.has_time else "date", **limit)


def _ordered(pattern: str, day_first: bool) -> str:
    numeric = "%b" not in pattern and "%B" not in pattern and not pattern.startswith("%Y")
    if numeric and pattern.startswith("%d") != day_first:
        return pattern.replace("%m", "%\0").replace("%d", "%m").replace("%\0", "%d")
    return pattern


def _parse_number(column: ColumnProfile, comma: bool) -> Iterator[Action]:
    style: NumberStyle = column.numbers  # type: ignore[assignment]
    marks = ", ".join(f'"{m}" ({n})' for m, n in sorted(style.marks.items(), key=lambda item: -item[1])[:5])
    why = f"{style.share:.1%} of the cells are numbers" + (f" written with {marks}." if marks else ".")
    units = sorted({unit_word(m) for m in style.marks if unit_word(m) in UNITS})
    # `2.030` beside a column of `8.165,78` is two thousand.
    german = comma and style.decimal == "." and style.three_decimals
    decimal, thousands = (",", ".") if german else (style.decimal, style.thousands)
    dropped = sorted(m for m in style.marks if m != "%")
    yield act(
        "parse_number", column, why + (f" One unit throughout: {units[0]}." if units else ""),
        decimal=decimal, thousands=thousands, percent=_percent(style) or "keep_scale",
        **({"units": dropped} if len(dropped) > 1 else {}),
    )  # fmt: skip


def _percent(style: NumberStyle) -> str | None:
    """`12%` beside `0.12` is a fraction; beside `12`, or with no bare number, the sign is only a mark.

    None where the bare numbers are of both kinds: then no one can tell what `1` means.
    """
    if "%" not in style.marks or not style.percent_middle or not style.plain_middle:
        return "keep_scale"
    if style.percent_middle < 1:
        return "keep_scale" if style.plain_fractions == 1 else None
    if style.plain_fractions == 1:
        return "to_fraction"
    return "keep_scale" if style.plain_fractions <= 0.02 else None
