"""Dates hidden in text: the formats that a column is written in, and whether day and month can be told apart."""

import re
from collections.abc import Mapping, Sequence

import polars as pl
from pydantic import BaseModel, ConfigDict

MOST_FORMATS = 10
_DATES = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%m/%d/%Y", "%d/%m/%Y", "%m-%d-%Y", "%d-%m-%Y", "%d.%m.%Y", "%m.%d.%Y",
    "%m/%d/%y", "%d/%m/%y", "%d-%b-%y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y",
    "%d-%B-%Y", "%b-%d-%Y", "%d/%b/%Y", "%Y%m%d", "%d.%m.%y", "%m-%d-%y", "%d-%m-%y", "%d %b %y",
)  # fmt: skip
_TIMES = (
    " %H:%M",
    " %H:%M:%S",
    "T%H:%M:%S",
    "T%H:%M",
    " %I:%M %p",
    " %I:%M:%S %p",
    " %H:%M:%S%.f",
    "T%H:%M:%S%.f",
    "T%H:%M:%SZ",
    "T%H:%M:%S%z",
)
_LOOKS = re.compile(r"^\s*[\dA-Za-z][\dA-Za-z/.\-, :+]*$")
_HAS_DATE = re.compile(
    r"\d{1,4}[/.\-]\d{1,2}[/.\-]\d{1,4}|\d{1,2}[\s\-/][A-Za-z]{3,9}[\s\-/,]+\d{2,4}|[A-Za-z]{3,9}[\s\-]\d{1,2},?[\s\-]\d{4}|^\d{8}$"
)


class DateStyle(BaseModel):
    """How a column's dates are written. `formats` are strptime patterns, best first; shares are of present cells."""

    model_config = ConfigDict(frozen=True)

    share: float = 0.0
    formats: tuple[tuple[str, float], ...] = ()
    has_time: bool = False
    day_month_known: bool = True


def date_style(counts: Mapping[str, int], *, limit: int = 3000) -> DateStyle:
    """Find the fewest formats that read the values (stripped text → count); day first where the values say so."""
    total = sum(counts.values())
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit]
    seen = pl.DataFrame(ranked, schema={"value": pl.String, "count": pl.Int64}, orient="row")
    weight = int(seen["count"].sum())
    likely = seen.filter(pl.col("value").str.contains(_HAS_DATE.pattern))
    if weight == 0 or likely["count"].sum() < 0.5 * weight:
        return DateStyle()
    formats = _cover(likely, weight)
    share = sum(s for _, s in formats)
    if not formats or total == 0:
        return DateStyle()
    known = not any(_swapped(f) == g for f, _ in formats for g in [_swapped_reader(likely, f)] if g)
    return DateStyle(
        share=share,
        formats=tuple(formats),
        has_time=any("%H" in f or "%I" in f for f, _ in formats),
        day_month_known=known,
    )


def _cover(values: pl.DataFrame, weight: int) -> list[tuple[str, float]]:
    """Greedy: take the format that reads most of what is left, until it reads under 0.2 % of the cells."""
    left = values
    chosen: list[tuple[str, float]] = []
    candidates = _candidates(values["value"].to_list())
    order_rule = _day_first(values)
    while left.height and len(chosen) < MOST_FORMATS:
        best, best_count, best_mask = "", 0, None
        for pattern in candidates:
            if order_rule is not None and _order(pattern) not in (None, order_rule):
                continue
            mask = parse(left["value"], pattern).is_not_null()
            count = int(left.filter(mask)["count"].sum())
            if count > best_count:
                best, best_count, best_mask = pattern, count, mask
        if best_mask is None or best_count < max(1, 0.002 * weight):
            break
        chosen.append((best, best_count / weight))
        left = left.filter(~best_mask)
    return chosen


def parse(values: pl.Series, pattern: str) -> pl.Series:
    """Values read by one pattern, null where it does not fit; four-digit years only where the pattern asks for them."""
    parsed = (
        values.str.strip_chars().str.to_datetime(
            pattern.replace("%z", "%#z") if "%z" in pattern else pattern, strict=False
        )
        if _has_time(pattern)
        else values.str.strip_chars().str.to_date(pattern, strict=False)
    )
    if parsed.dtype == pl.Datetime and getattr(parsed.dtype, "time_zone", None):
        parsed = parsed.dt.replace_time_zone(None)
    if "%z" in pattern:  # an hour in another zone is another hour: only UTC can be written without its offset
        utc = values.str.strip_chars().str.contains(r"(Z|[+-]00:?00)$")
        parsed = parsed.to_frame("p").select(pl.when(utc).then(pl.col("p"))).to_series()
    plausible = parsed.dt.year().is_between(1000, 2999) | (parsed.dt.year() == 9999)
    return parsed.to_frame("p").select(pl.when(plausible).then(pl.col("p"))).to_series()


def _candidates(values: Sequence[str]) -> list[str]:
    timed = sum(":" in value for value in values[:200])
    if timed == 0:
        return list(_DATES)
    times = [t for t in _TIMES if _time_fits(values[:200], t)]
    plain = [] if timed == min(len(values), 200) else list(_DATES)
    return plain + [d + t for d in _DATES for t in times]


def _time_fits(values: Sequence[str], suffix: str) -> bool:
    text = " ".join(values)
    if "%p" in suffix:
        return bool(re.search(r"[AaPp][Mm]\b", text)) and bool(re.search(r":\d\d:\d\d ", text)) == ("%S" in suffix)
    if suffix.startswith("T"):
        return "T" in text
    return not re.search(r"[AaPp][Mm]\b", text)


def _has_time(pattern: str) -> bool:
    return "%H" in pattern or "%I" in pattern


def _order(pattern: str) -> str | None:
    """`dm` or `md` for all-numeric patterns that do not start with the year."""
    if pattern.startswith("%Y") or "%b" in pattern or "%B" in pattern:
        return None
    return "dm" if pattern.startswith("%d") else "md"


def _day_first(values: pl.DataFrame) -> str | None:
    """The order that the cells with a part over 12 prove; the majority decides, none if nothing tells."""
    parts = values.select(
        pl.col("count"),
        pl.col("value").str.extract(r"^\s*(\d{1,2})[/.\-]\d{1,2}[/.\-]\d{2,4}").cast(pl.Int64, strict=False).alias("a"),
        pl.col("value").str.extract(r"^\s*\d{1,2}[/.\-](\d{1,2})[/.\-]\d{2,4}").cast(pl.Int64, strict=False).alias("b"),
    )
    first = int(parts.filter(pl.col("a") > 12)["count"].sum())
    second = int(parts.filter(pl.col("b") > 12)["count"].sum())
    if first == second == 0:
        return None
    return "dm" if first > second else "md"


def _swapped(pattern: str) -> str:
    return pattern.replace("%m", "%\0").replace("%d", "%m").replace("%\0", "%d")


def _swapped_reader(values: pl.DataFrame, pattern: str) -> str | None:
    """The swapped pattern, if it reads every value that the pattern reads: then day and month can't be told apart."""
    if _order(pattern) is None:
        return None
    read = values.filter(parse(values["value"], pattern).is_not_null())
    other = _swapped(pattern)
    return other if read.height and parse(read["value"], other).is_not_null().all() else None
