"""Reading recipes: how a source becomes a table, as plain JSON; and what reading by one gives."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from oreflow.errors import RecipeError
from oreflow.tables import SYSTEM_COLUMNS

Kind = Literal["csv", "xlsx", "jsonl", "json", "parquet", "sql"]
MARKS = (".", ",")


class ReadingRecipe(BaseModel):
    """How to read one source. Cells are never interpreted: `decimal` is only recorded for whoever parses numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    encoding: str = "utf-8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str | None = Field(default='"', min_length=1, max_length=1)
    escape: str | None = Field(default=None, min_length=1, max_length=1, description="Mark before a quote in a field.")
    space_after_delimiter: bool = False
    decimal: Literal[".", ","] = "."
    skip: int = Field(default=0, ge=0, description="Lines (or sheet rows) before the header.")
    header: bool = True
    sheet: str | None = None
    member: str | None = Field(default=None, description="Key of the list of records in a JSON object.")
    table: str | None = None
    query: str | None = None
    columns: tuple[str, ...] = Field(default=(), description="Names in order; empty: take the header's.")
    sha256: str = ""

    @field_validator("quote")
    @classmethod
    def _ascii_quote(cls, value: str | None) -> str | None:
        if value is not None and not value.isascii():
            raise ValueError("a quote is one ASCII character, or null for none")
        return value

    def to_json(self) -> str:
        """Readable JSON."""
        return self.model_dump_json(indent=2, exclude_defaults=True)

    @classmethod
    def from_json(cls, text: str) -> "ReadingRecipe":
        """Read what `to_json` wrote; raises `RecipeError` on anything else."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise RecipeError(f"this is no reading recipe: {error.errors()[0]['msg']}") from error


@dataclass(frozen=True)
class Reading:
    """A source as read: the rows, the recipe with its columns named, and a row count taken without the parser."""

    frame: pl.LazyFrame
    recipe: ReadingRecipe
    records: int
    problems: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()  # where the first rows stand in a text file or sheet
    raw: Path | None = None  # the bytes to keep, where they are not the source's own file


def unique_names(header: Sequence[str]) -> tuple[str, ...]:
    """Column names from header cells: stripped, never empty, no two equal but for case, none of Oreflow's own.

    Case alone does not tell columns apart in SQL, so `Name, name` becomes `Name, name_2`.
    """
    taken: set[str] = set()
    names: list[str] = []
    for place, cell in enumerate(header, start=1):
        wanted = re.sub(r"\s*[\r\n\t]+\s*", " ", cell.replace("\ufeff", "").strip()) or f"column_{place}"
        wanted = wanted.lstrip("_") if wanted.lower() in SYSTEM_COLUMNS else wanted
        names.append(_free(wanted, taken))
        taken.add(names[-1].lower())
    return tuple(names)


def renamed(header: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Say which header cells could not stay as they were."""
    changed = [(cell, name) for cell, name in zip(header, names, strict=False) if cell.strip("\ufeff \t") != name]
    return tuple(f'column "{cell.strip()}" is called "{name}"' for cell, name in changed[:20])


def _free(wanted: str, taken: set[str]) -> str:
    if wanted.lower() not in taken:
        return wanted
    number = 2
    while f"{wanted}_{number}".lower() in taken:
        number += 1
    return f"{wanted}_{number}"
