"""The ingesting workbench: one source and the reading recipe tried last; what its bytes say and what a trial gives."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import polars as pl
from polars.exceptions import PolarsError
from pydantic import BaseModel, ConfigDict, Field

from oreflow.agent import Observation
from oreflow.dialects import Dialect, dialects
from oreflow.errors import NotApplicable, OreflowError, SourceError
from oreflow.locating import locate
from oreflow.operation import Operation, operations
from oreflow.reading import Reading, ReadingRecipe, extracted, open_reading
from oreflow.reading_bytes import Form, check_ending, content_hash, form, opened_file, text_facts
from oreflow.reading_json import members
from oreflow.reading_sheets import sheets
from oreflow.reading_sql import one_table

_LINES, _LINE_CHARS, _CELL_CHARS = 40, 500, 120
_ROWS, _CELLS = 60, 6000


class SheetFacts(BaseModel):
    """One sheet: its size and the share of its cells that hold something."""

    model_config = ConfigDict(frozen=True)

    name: str
    rows: int
    columns: int
    filled: float


class Trial(BaseModel):
    """What the tried recipe reads: `rows` are the first ones with long cells cut, `lines` where they stand."""

    model_config = ConfigDict(frozen=True)

    columns: tuple[str, ...]
    records: int
    rows: tuple[tuple[str | None, ...], ...]
    lines: tuple[int, ...] = ()
    problems: tuple[str, ...] = ()


class Attempt(BaseModel):
    """An operation that was refused, and why."""

    model_config = ConfigDict(frozen=True)

    action: dict[str, Any]
    error: str


class SourceObservation(Observation):
    """The source as bytes show it. Fields that a form has no use for stay empty; `encodings` are likeliest first."""

    source: str
    form: Form | Literal["database"]
    size: int = 0
    mark: str | None = None
    encodings: tuple[str, ...] = ()
    newline: str = ""
    lines: tuple[str, ...] = ()
    dialects: tuple[Dialect, ...] = ()
    sheets: tuple[SheetFacts, ...] = ()
    members: tuple[str, ...] = ()
    table: str | None = None
    query: str | None = None
    trial: Trial | None = None
    recipe: dict[str, Any] = Field(default={})
    refused: tuple[Attempt, ...] = ()

    def record(self) -> dict[str, Any]:
        """As kept in the episode: what the bytes say only once, for it does not change."""
        known = {"lines", "dialects", "sheets", "encodings"} if self.step else set()
        return self.model_dump(mode="json", exclude_defaults=True, exclude=known)


@runtime_checkable
class MakesReading(Protocol):
    """An operation that says how to read."""

    def reading(self) -> ReadingRecipe:
        """The recipe."""
        ...


class SourceBench:
    """One source on the bench; satisfies `rollout.Bench`. Making it raises for a source that no recipe could read."""

    def __init__(
        self, source: str, *, goal: str = "Find how to read this source row for row.", steps: int = 20
    ) -> None:
        self.stage = "ingest"
        self.goal = goal
        self.location = locate(source)
        if self.location.database:
            self.location = one_table(self.location)
            self.content_hash = extracted(self.location).sha256
            self.path = extracted(self.location).path
        else:
            own = self.location.path or Path(self.location.label)
            self.path = opened_file(own)
            self.form = form(self.path)
            check_ending(own, self.form)
            self.content_hash = content_hash(own)
        self.reading: Reading | None = None
        self._trial: Trial | None = None
        self._refused: list[Attempt] = []
        self._error: str | None = None
        self._left, self._done = steps, 0
        self._facts = self._database_facts() if self.location.database else self._file_facts()

    @property
    def raw(self) -> Path:
        """The bytes to keep: the source's own file, or what was copied out of the database."""
        own = self.reading.raw if self.reading else None
        return own or (self.path if self.location.database else self.location.path or self.path)

    def observe(self) -> SourceObservation:
        """What the agent may see."""
        trial, recipe = self._trial, self.reading.recipe if self.reading else None
        return SourceObservation(
            stage=self.stage,
            goal=self.goal,
            step=self._done,
            steps_left=self._left,
            operations=tuple(verb for verb, kind in operations().items() if self.stage in kind.stages),
            result=f"reads {trial.records} rows, {len(trial.columns)} columns" if trial else "",
            error=self._error,
            source=self.location.label,
            trial=trial,
            recipe=recipe.model_dump(mode="json", exclude_defaults=True) if recipe else {},
            refused=tuple(self._refused),
            **self._facts,
        )

    def do(self, operation: Operation) -> int:
        """Try the operation's recipe, or finish with the one that reads; raises what the agent then sees."""
        self._done, self._left = self._done + 1, self._left - 1
        try:
            self._do(operation)
        except OreflowError as error:
            self._error = str(error)
            if operation.effect != "end":
                self._refused.append(Attempt(action=operation.action(), error=str(error)))
            raise
        self._error = None
        return 0

    def failure(self) -> SourceError:
        """Why nothing was read: the first refusal, which the agent met with its best guess."""
        if self._refused:
            return SourceError(self._refused[0].error)
        return SourceError(f"{self.location.label}: the agent named no way to read it; use --agent scripted.")

    def recipe_record(self) -> dict[str, Any]:
        """The recipe that reads, as JSON."""
        return self.reading.recipe.model_dump(mode="json") if self.reading else {}

    def _do(self, operation: Operation) -> None:
        if operation.effect == "end":
            if self.reading is None:
                raise SourceError("no recipe reads this source yet; do one of the read_… operations before finishing.")
            return
        if not isinstance(operation, MakesReading):
            raise NotApplicable(f"{operation.verb()} says nothing about reading; use one of the read_… operations.")
        reading = open_reading(operation.reading(), self.location)
        self._trial = _trial(reading, self.location.label)
        settled = reading.recipe.model_copy(update={"sha256": reading.recipe.sha256 or self.content_hash})
        self.reading = replace(reading, recipe=settled)

    def _database_facts(self) -> dict[str, Any]:
        return {"form": "database", "table": self.location.table, "query": self.location.query}

    def _file_facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = {"form": self.form, "size": self.path.stat().st_size}
        if self.form == "xlsx":
            facts["sheets"] = tuple(SheetFacts(**vars(sheet)) for sheet in sheets(self.path))
        if self.form in ("text", "json", "jsonl"):
            text = text_facts(self.path)
            facts |= {"mark": text.mark, "encodings": text.encodings, "newline": text.newline}
            facts["lines"] = tuple(line[:_LINE_CHARS] for line in text.head.splitlines()[:_LINES])
            if self.form == "text":
                facts["dialects"] = dialects(text.head)
            if self.form == "json":
                facts["members"] = members(self.path, text.encodings[0])
        return facts


def _trial(reading: Reading, label: str) -> Trial:
    names = reading.recipe.columns
    wanted = max(12, min(_ROWS, _CELLS // max(len(names), 1)))
    try:
        frame = reading.frame.head(wanted).collect()
    except PolarsError as error:
        raise SourceError(f"{label}: {str(error).splitlines()[0]}; read it another way.") from error
    texts = frame.select(pl.all().cast(pl.String, strict=False).str.slice(0, _CELL_CHARS))
    return Trial(
        columns=names,
        records=reading.records,
        rows=tuple(_rows(texts)),
        lines=reading.lines[: frame.height],
        problems=reading.problems,
    )


def _rows(texts: pl.DataFrame) -> Sequence[tuple[str | None, ...]]:
    return [tuple(row) for row in texts.iter_rows()]
