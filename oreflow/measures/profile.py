"""Profiles: what a column holds, measured once on its distinct values; the agent plans from nothing else."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict

from oreflow.measures.dates import DateStyle, date_style
from oreflow.measures.numbers import NumberStyle, number_style
from oreflow.measures.shapes import dominant_shape
from oreflow.measures.tokens import missing_tokens

MOST_DISTINCT = 20_000
LONGEST_EXAMPLE = 80
_WORDS_TRUE = frozenset({"true", "t", "yes", "y", "1"})
_WORDS_FALSE = frozenset({"false", "f", "no", "n", "0"})


class ColumnProfile(BaseModel):
    """One column. Counts are of cells unless they say otherwise; shares are 0–1 of the cells that hold a value."""

    model_config = ConfigDict(frozen=True)

    name: str
    dtype: str
    role: str | None = None
    rows: int = 0
    nulls: int = 0
    distinct: int = 0
    top: tuple[tuple[str, int], ...] = ()
    missing: dict[str, int] = {}
    padded: int = 0
    variants: int = 0
    numbers: NumberStyle | None = None
    dates: DateStyle | None = None
    boolean: bool = False
    shape: str = ""
    shape_share: float = 0.0
    statistics: dict[str, float] = {}  # of numbers; of dates in days since 1970

    @property
    def present(self) -> int:
        """Cells that hold a value."""
        return self.rows - self.nulls

    @property
    def constant(self) -> bool:
        """Every present cell holds the same value."""
        return self.distinct == 1

    @property
    def empty(self) -> bool:
        """No cell holds a value."""
        return self.present == 0

    @property
    def is_text(self) -> bool:
        """The column holds text."""
        return self.dtype == "String"

    @property
    def unique_share(self) -> float:
        """Distinct values per present cell."""
        return self.distinct / self.present if self.present else 0.0


def profile_column(column: pl.Series, *, role: str | None = None) -> ColumnProfile:
    """Measure one column; numbers and dates in text are looked for among its distinct values."""
    counts = column.drop_nulls().value_counts(sort=True, name="count")
    facts: dict[str, Any] = {
        "name": column.name, "dtype": str(column.dtype), "role": role,
        "rows": column.len(), "nulls": column.null_count(),
        "distinct": counts.height,
        "top": tuple((shorten(str(v)), int(c)) for v, c in counts.head(10).iter_rows()),
    }  # fmt: skip
    if column.dtype == pl.String:
        facts |= _text_facts({str(v): int(c) for v, c in counts.head(MOST_DISTINCT).iter_rows()})
    elif column.dtype.is_numeric():
        facts["statistics"] = _statistics(column)
    elif column.dtype in (pl.Date, pl.Datetime):
        facts["statistics"] = _statistics(column.cast(pl.Date).to_physical())  # in days since 1970
    return ColumnProfile(**facts)


def shorten(text: str) -> str:
    """The text, cut to what an observation can afford."""
    return text if len(text) <= LONGEST_EXAMPLE else text[: LONGEST_EXAMPLE - 1] + "…"


def _text_facts(counts: Mapping[str, int]) -> dict[str, Any]:
    stripped: dict[str, int] = {}
    for value, count in counts.items():
        key = " ".join(value.split())[:400]
        stripped[key] = stripped.get(key, 0) + count
    padded = sum(count for value, count in counts.items() if len(value) < 5000 and value != " ".join(value.split()))
    first_numbers, first_dates = number_style(stripped), date_style(stripped)
    missing = missing_tokens(stripped, typed_share=_typed_share(stripped, first_numbers, first_dates))
    values = {value: count for value, count in stripped.items() if value not in missing}
    shape, share = dominant_shape(values)
    return {
        "missing": missing, "padded": padded, "variants": _variants(values),
        "numbers": number_style(values), "dates": date_style(values) if missing else first_dates,
        "boolean": _is_boolean(values), "shape": shape, "shape_share": share,
    }  # fmt: skip


def _typed_share(counts: Mapping[str, int], numbers: NumberStyle, dates: DateStyle) -> float:
    """Share of numbers or dates among the cells that are no word of emptiness by any reading."""
    words = missing_tokens(counts, typed_share=1.0)
    total, empty = sum(counts.values()), sum(words.values())
    return max(numbers.share, dates.share) * total / (total - empty) if total > empty else 0.0


def _variants(counts: Mapping[str, int]) -> int:
    """Cells whose spelling differs from a more frequent one only by case, white space, accents or punctuation."""
    groups: dict[str, list[int]] = {}
    for value, count in counts.items():
        groups.setdefault(spelling_key(value), []).append(count)
    return sum(sum(group) - max(group) for group in groups.values() if len(group) > 1)


def spelling_key(value: str) -> str:
    """The value without case, white space and joining punctuation: equal keys are one spelling."""
    if value.rstrip()[-1:] in ("-", "+", "?", "!"):
        return " ".join(value.split()).casefold()  # A- and A, "negative?" and "negative" are two values
    return re.sub(r"[\s_\-.,'’]+", "", value).casefold()


def _is_boolean(counts: Mapping[str, int]) -> bool:
    words = {value.lower() for value in counts}
    return len(words) == 2 and words in ({"true", "false"}, {"t", "f"})


def _statistics(column: pl.Series) -> dict[str, float]:
    values = column.drop_nulls().cast(pl.Float64).to_numpy()
    values = values[np.isfinite(values)]
    if not values.size:
        return {}
    edges = np.unique(values)
    quantiles = np.quantile(values, (0.01, 0.25, 0.5, 0.75, 0.99))
    facts = dict(zip(("q1", "q25", "q50", "q75", "q99"), map(float, quantiles), strict=True))
    if edges.size > 1:
        facts |= {"next_min": float(edges[1]), "next_max": float(edges[-2])}
    facts |= {"min": float(edges[0]), "max": float(edges[-1]), "mean": float(values.mean())}
    return facts | {"negative": float((values < 0).sum()), "whole": float((values == values.round()).mean())}
