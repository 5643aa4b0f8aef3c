"""Categories: spellings of one thing made one spelling, and values mapped by hand."""

import unicodedata
from typing import Any, ClassVar, Literal

import narwhals as nw
import polars as pl
from pydantic import Field, field_validator

from oreflow import engines
from oreflow.errors import NotApplicable
from oreflow.letters import lower
from oreflow.operation import Learned
from oreflow.operations._text_column import BLANK, ZERO_WIDTH, TextOperation, trimmed
from oreflow.tables import Frame

_KEY = "__oreflow_key"
_MOST_KEYS = 2_000
_MARKS = f"{BLANK}{ZERO_WIDTH}.,;:_/'`´’\"()\\-"  # signs such as + and # tell names apart: C, C++, C#
_SAYS_A_NUMBER = f"[0-9][{_MARKS}]+[0-9]|(?:^|[{BLANK}])[.(\\-]+[0-9]"  # 1.5 is not 15, -5 is not 5


class NormalizeCategories(TextOperation):
    """Give spellings that differ only by case, space, punctuation or accents the most frequent spelling among them.

    A value first met at replay takes the known spelling that it differs from by case, space or punctuation only;
    any other new value stays as it is.
    """

    meaning: ClassVar[Literal["format", "value"]] = "format"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"column": "name"}, {"column": "city"})

    def learn(self, sample: pl.DataFrame) -> Learned:
        cell = pl.col(self.column)
        counts = sample.select(cell.drop_nulls().value_counts(sort=False).struct.unnest())
        table = nw.from_native(counts, eager_only=True).with_columns(trimmed(nw.col(self.column)).alias("neat"))
        spellings: pl.DataFrame = nw.to_native(_with_key(table, self.column))
        # Accents are compared here only: no engine strips them like another, so replay looks their spellings up.
        bare = pl.col(_KEY).map_elements(_without_accents, return_dtype=pl.String)
        spellings = spellings.drop_nulls("neat").with_columns(bare.alias("bare")).filter(pl.col("bare") != "")
        best = _best_spellings(spellings)
        spellings = spellings.join(best, on="bare", how="left").sort(self.column)
        changed = spellings.filter(pl.col("best") != cell)
        # A column of names has as many keys as rows: then only those that some spelling strayed from are kept.
        several = pl.len().over("bare") > 1
        known = spellings if spellings.height <= _MOST_KEYS else spellings.filter(several | (pl.col("best") != cell))
        known = known.select(_KEY, "best").unique(maintain_order=True)
        return {"spellings": dict(changed.select(self.column, "best").rows()), "keys": dict(known.rows())}

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        if not learned["keys"]:
            return frame
        frame = engines.map_values(_with_key(frame, self.column), self.column, learned["keys"], by=_KEY)
        return frame.drop(_KEY)

    def sentence(self, learned: Learned) -> str:
        pairs = list(learned["spellings"].items())
        shown = ", ".join(f"{old!r} → {new!r}" for old, new in pairs[:3])
        more = f" and {len(pairs) - 3} more" if len(pairs) > 3 else ""
        return f"gave variants in {self.column} one spelling" + (f": {shown}{more}" if pairs else "")


class MapValues(TextOperation):
    """Replace whole values by others, exactly as the mapping says; null as the new value empties the cell."""

    idempotent: ClassVar[bool] = False
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"column": "city", "mapping": {"Paris": "Lyon", "Lyon": None, "O'Hare": 'a"b'}},
        {"column": "city", "mapping": {"Paris": "P"}, "unseen": "null"},
    )

    mapping: dict[str, str | None] = Field(min_length=1, description="Old value → new value.")
    unseen: engines.Unseen = Field(default="keep", description="What happens to values that the mapping lacks.")

    def learn(self, sample: pl.DataFrame) -> Learned:
        if self.unseen == "fail":
            cells = sample.get_column(self.column).drop_nulls()
            strange = cells.filter(~cells.is_in(list(self.mapping)))
            if not strange.is_empty():
                raise NotApplicable(
                    f'the mapping lacks {strange[0]!r} of "{self.column}"; add it or choose unseen="keep".'
                )
        return {}

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        return engines.map_values(frame, self.column, self.mapping, unseen=self.unseen)

    def sentence(self, learned: Learned) -> str:
        pairs = list(self.mapping.items())
        shown = ", ".join(f"{old!r} → {'null' if new is None else repr(new)}" for old, new in pairs[:3])
        more = f" and {len(pairs) - 3} more" if len(pairs) > 3 else ""
        others = {"keep": "", "null": "; all others became null", "fail": "; no others may occur"}[self.unseen]
        return f"replaced values of {self.column}: {shown}{more}{others}"


class CorrectTypo(TextOperation):
    """Replace one wrong spelling by the right one, in the cells that hold exactly it."""

    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"column": "city", "wrong": "Pariss", "correct": "Paris"},)

    wrong: str = Field(description="The misspelled value, the whole cell.")
    correct: str = Field(min_length=1, description="The right value.")

    @field_validator("correct")
    @classmethod
    def _not_blank(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("the right value is blank; use null_tokens to empty a cell")
        return value

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        cell = nw.col(self.column)
        # A null cell is not the wrong one, and comparing null gives null, so `otherwise` keeps it.
        return frame.with_columns(
            nw.when(cell == self.wrong).then(nw.lit(self.correct)).otherwise(cell).alias(self.column)
        )

    def sentence(self, learned: Learned) -> str:
        return f"corrected {self.wrong!r} to {self.correct!r} in {self.column}"


def _best_spellings(spellings: pl.DataFrame) -> pl.DataFrame:
    """Per `bare` the most frequent neat spelling; among equals the one with both cases, then the one with accents."""
    neat = pl.col("neat")
    mixed = (neat != neat.str.to_lowercase()) & (neat != neat.str.to_uppercase())
    counted = spellings.group_by("bare", "neat").agg(pl.col("count").sum())
    ranked = counted.with_columns(mixed.alias("mixed"), neat.str.contains(r"[^\x00-\x7f]").alias("accents"))
    order = ranked.sort("bare", "count", "mixed", "accents", "neat", descending=[False, True, True, True, False])
    return order.group_by("bare", maintain_order=True).agg(neat.first().alias("best"))


def _with_key(frame: Frame, column: str) -> Frame:
    """Add a key: the cell in lower case without space and punctuation, but for those that belong to a number."""
    frame = lower(frame, column, into=_KEY)
    cell = nw.col(_KEY)
    plain = cell.str.replace_all(f"[{_MARKS}]", "")
    number = cell.str.contains(_SAYS_A_NUMBER) | cell.str.contains(r"[-+?!]\s*$")  # A- is not A, "yes?" not "yes"
    return frame.with_columns(nw.when(number).then(trimmed(cell)).otherwise(plain).alias(_KEY))


def _without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
