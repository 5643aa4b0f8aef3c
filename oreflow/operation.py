"""Operation: one step on a table, learned on a sample and rewritten anywhere.

One frozen pydantic class is at once the agent's tool schema, the environment's action, the recipe's step and the
report's sentence. `learn` may be clever and leaves plain JSON; `rewrite` is a lookup that every engine runs alike.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, ClassVar, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from oreflow import plugins
from oreflow.errors import NotApplicable, RecipeError, UnknownName
from oreflow.tables import Frame, Json

Effect = Literal["cells", "rows", "columns", "look", "end"]
Learned = dict[str, Json]


class Operation(BaseModel):
    """Base of all operations; a subclass's docstring is its tool description, its fields are the parameters.

    `effect` says what it may change: cells of the columns that `touches` names, row marks, the set of columns, nothing
    (`look`: it only answers in words), or it ends the episode. `idempotent` claims that twice equals once.
    `whole_table` says that `learn` must see every row (duplicates): replay learns it anew on the whole table.
    `meaning` is "format" where the change only rewrites the same value (a date's form, a case), else "value".
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    effect: ClassVar[Effect] = "cells"
    idempotent: ClassVar[bool] = True
    whole_table: ClassVar[bool] = False
    meaning: ClassVar[Literal["format", "value"]] = "value"
    stages: ClassVar[tuple[str, ...]] = ("clean",)

    reason: str = Field(default="", max_length=500, description="Why, in one sentence that names the evidence.")

    @classmethod
    def verb(cls) -> str:
        """The operation's name: the class name in snake case."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def touches(self, columns: Sequence[str]) -> tuple[str, ...]:
        """The columns whose cells this may change or that it adds; default: its `column`."""
        column = getattr(self, "column", None)
        return (column,) if isinstance(column, str) else ()

    def check(self, schema: Mapping[str, pl.DataType]) -> None:
        """Raise `NotApplicable` (wrong dtype) or `UnknownName` (no such column) for a table of this schema."""
        column = getattr(self, "column", None)
        if isinstance(column, str):
            need_columns(schema, column)

    def learn(self, sample: pl.DataFrame) -> Learned:
        """What replay needs to know, as plain JSON. `sample` holds unmarked rows only."""
        return {}

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        """The frame after this operation, on any engine; rows keep their number and their order."""
        return frame

    def answer(self, sample: pl.DataFrame) -> str:
        """What a `look` operation shows the agent."""
        return ""

    def sentence(self, learned: Learned) -> str:
        """The operation in words, for the report."""
        fields = ", ".join(f"{k} {v!r}" for k, v in self.parameters().items() if k != "column")
        column = getattr(self, "column", None)
        return f"{self.verb().replace('_', ' ')}{f' in {column}' if column else ''}{f' ({fields})' if fields else ''}"

    def parameters(self) -> dict[str, Any]:
        """The fields that were set, without the reason."""
        return self.model_dump(mode="json", exclude={"reason"}, exclude_none=True)

    def action(self) -> dict[str, Any]:
        """The JSON that an agent, an episode and a recipe write: `{"operation": verb, ...fields}`."""
        return {"operation": self.verb(), **self.model_dump(mode="json", exclude_none=True)}


class Finish(Operation):
    """Say that the work is done."""

    effect: ClassVar[Effect] = "end"
    stages: ClassVar[tuple[str, ...]] = ("ingest", "clean", "enrich")


def need_columns(schema: Mapping[str, pl.DataType], *columns: str) -> None:
    """Raise `UnknownName` for the first of `columns` that the table lacks."""
    for column in columns:
        if column not in schema:
            raise UnknownName("column", column, schema)


def need_text(schema: Mapping[str, pl.DataType], *columns: str) -> None:
    """Raise unless every one of `columns` exists and holds text."""
    need_columns(schema, *columns)
    for column in columns:
        if schema[column] != pl.String:
            raise NotApplicable(f'column "{column}" holds {schema[column]}, not text; this operation is for text.')


def need_numbers(schema: Mapping[str, pl.DataType], *columns: str) -> None:
    """Raise unless every one of `columns` exists and holds numbers."""
    need_columns(schema, *columns)
    for column in columns:
        if not schema[column].is_numeric():
            raise NotApplicable(f'column "{column}" holds {schema[column]}; parse it with parse_number first.')


@cache
def operations() -> dict[str, type[Operation]]:
    """Every operation by verb: those of `oreflow.operations` and of the project's `operations/` folder."""
    found: dict[str, type[Operation]] = {Finish.verb(): Finish}
    for module in plugins.modules("oreflow.operations"):
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Operation) and value.__module__ == module.__name__:
                found[value.verb()] = value
    return found


def parse_operation(action: Mapping[str, Any]) -> Operation:
    """The operation that an action's JSON names; `UnknownName` or `RecipeError` say what is wrong with it."""
    fields = dict(action)
    verb = fields.pop("operation", None)
    if not isinstance(verb, str):
        raise RecipeError('an action needs "operation", the name of what to do, beside its parameters.')
    if verb not in operations():
        raise UnknownName("operation", verb, operations())
    try:
        return operations()[verb].model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "parameters"
        raise RecipeError(f"{verb}: {where}: {first['msg']}") from error
