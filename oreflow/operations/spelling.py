"""Spelling: rare spellings to the trusted one, stray characters out, a value that slipped into its neighbour's cell."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import ClassVar

import narwhals as nw
import polars as pl
from pydantic import Field

from oreflow.errors import NotApplicable
from oreflow.measures.shapes import dominant_shape, shape_of
from oreflow.measures.typos import lexicon, misspellings
from oreflow.operation import Learned, Operation, need_columns, need_text
from oreflow.tables import Frame

STRAY = r"[A-Za-z*#~^|]"


class CorrectTypos(Operation):
    """Replace misspelt values of a text column by the spelling that the table trusts; unseen values are kept."""

    examples: ClassVar[tuple[dict[str, object], ...]] = ({"column": "city"},)

    column: str
    determinants: tuple[str, ...] = Field(
        default=(), description="Columns whose equal values should share one spelling."
    )

    def check(self, schema: Mapping[str, pl.DataType]) -> None:
        """For text columns."""
        need_text(schema, self.column)
        need_columns(schema, *self.determinants)

    def learn(self, sample: pl.DataFrame) -> Learned:
        """Wrong → right."""
        others = [sample.get_column(name) for name in self.determinants if name != self.column]
        spelling = misspellings(
            sample.get_column(self.column), others, lexicon=lambda: lexicon(sample, without=self.column)
        )
        return {"spelling": dict(spelling)}

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        """Look every value up."""
        return replace_values(frame, self.column, learned["spelling"])

    def sentence(self, learned: Learned) -> str:
        """With an example."""
        spelling = learned["spelling"]
        first = next((f', such as "{w}" → "{r}"' for w, r in spelling.items()), "")
        return f"corrected {len(spelling)} misspelt values in {self.column}{first}"


class StripStray(Operation):
    """Remove characters that have no place in a column of one fixed shape, where the rest then has that shape."""

    examples: ClassVar[tuple[dict[str, object], ...]] = ({"column": "when"},)

    column: str

    def check(self, schema: Mapping[str, pl.DataType]) -> None:
        """For text columns."""
        need_text(schema, self.column)

    def learn(self, sample: pl.DataFrame) -> Learned:
        """The shape as a pattern, and the pattern of the characters that are foreign to it; nothing without a shape."""
        counts = sample.get_column(self.column).drop_nulls().value_counts(name="count", sort=True).head(20_000)
        values = {str(v): int(c) for v, c in counts.iter_rows()}
        shape, share = dominant_shape(values)
        if share < 0.6 or "9" not in shape or re.search("[Aa]", shape) or not re.search(r"[^9]", shape):
            return {
                "shape": None,
                "foreign": None,
                "shapes": None,
            }  # digits alone are a code: a letter may belong to it
        if _is_system(values, shape):
            return {"shape": None, "foreign": None, "shapes": None}
        usual = {s for s, c in _shapes(values).items() if c >= 0.01 * sum(values.values()) and not re.search("[Aa]", s)}
        shapes = "|".join(sorted(_pattern(s) for s in usual))
        return {"shape": f"^{_pattern(shape)}$", "foreign": STRAY, "shapes": f"^({shapes})$"}

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        """Only cells that lack the shape and gain it; a letter that may stand for a digit is no stray one."""
        if learned["shape"] is None:
            return frame
        cell = nw.col(self.column)
        cleaned = cell.str.replace_all(learned["foreign"], "")
        masked = cell.str.replace_all("[A-Za-z]", "0").str.contains(learned["shapes"])
        gains = ~cell.str.contains(learned["shape"]) & cleaned.str.contains(learned["shape"]) & ~masked
        return frame.with_columns(nw.when(gains).then(cleaned).otherwise(cell).alias(self.column))


def _is_system(values: Mapping[str, int], shape: str) -> bool:
    """Whether the cells of another shape mostly carry one and the same letter: then it says something."""
    letters: Counter[str] = Counter()
    odd = 0
    for value, count in values.items():
        if shape_of(value) != shape:
            odd += count
            letters.update(dict.fromkeys({c for c in value if c.isalpha()}, count))
    return odd >= 3 and any(count > 0.3 * odd for count in letters.values())


def _shapes(values: Mapping[str, int]) -> Counter[str]:
    shapes: Counter[str] = Counter()
    for value, count in values.items():
        shapes[shape_of(value)] += count
    return shapes


def _pattern(shape: str) -> str:
    return "".join("[0-9]" if c == "9" else re.escape(c) for c in shape)


class SplitDisplaced(Operation):
    """Move the end of a cell to the empty cell it belongs to: `Denton TX` with no state becomes `Denton` and `TX`."""

    examples: ClassVar[tuple[dict[str, object], ...]] = ({"column": "city", "into": "state"},)

    column: str
    into: str = Field(description="The column whose known values are looked for at the end of the cell.")

    def touches(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Both columns."""
        return (self.column, self.into)

    def check(self, schema: Mapping[str, pl.DataType]) -> None:
        """For two text columns."""
        need_text(schema, self.column, self.into)
        if self.column == self.into:
            raise NotApplicable("column and into must be two columns.")

    def learn(self, sample: pl.DataFrame) -> Learned:
        """The repeated values of `into`."""
        counts = sample.get_column(self.into).drop_nulls().value_counts(name="count")
        known = counts.filter(pl.col("count") >= 3).get_column(self.into).sort().to_list()
        return {"known": [v for v in known if v and len(v) <= 60][:5000]}

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        """Only rows whose `into` is empty and whose cell ends in a space and a known value."""
        if not learned["known"]:
            return frame
        cell, target = nw.col(self.column), nw.col(self.into)
        ends = "|".join(re.escape(v) for v in learned["known"])
        fits = target.is_null() & cell.str.contains(f"^.*[^ ] ({ends})$")
        words = cell.str.replace_all(f" ({ends})$", "")
        # The tail is what is left of the cell after its new text and the space between them.
        tail = cell.str.tail(1)
        for value in learned["known"]:
            tail = nw.when(cell.str.ends_with(" " + value)).then(nw.lit(value)).otherwise(tail)
        return frame.with_columns(
            nw.when(fits).then(words).otherwise(cell).alias(self.column),
            nw.when(fits).then(tail).otherwise(target).alias(self.into),
        )


def replace_values(frame: Frame, column: str, mapping: Mapping[str, str]) -> Frame:
    """The frame with the column's text looked up in `mapping`; other values are kept."""
    if not mapping:
        return frame
    cell = nw.col(column)
    found = cell.replace_strict(list(mapping), list(mapping.values()), default=cell, return_dtype=nw.String)
    return frame.with_columns(found.alias(column))
