"""Recipes: operations learned on a sample and replayed on the whole table."""

import json
from collections.abc import Sequence
from typing import Any

import narwhals as nw
import polars as pl
from pydantic import BaseModel, ConfigDict, field_serializer, field_validator

from oreflow.errors import RecipeError
from oreflow.operation import Learned, Operation, parse_operation
from oreflow.tables import Frame, active, with_marks


class FittedStep(BaseModel):
    """One operation with what it learned."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operation: Operation
    learned: Learned = {}

    @field_validator("operation", mode="before")
    @classmethod
    def _parse(cls, value: Any) -> Any:
        return value if isinstance(value, Operation) else parse_operation(value)

    @field_serializer("operation")
    def _write(self, value: Operation) -> dict[str, Any]:
        return value.action()

    def apply(self, frame: Frame) -> Frame:
        """The frame after this step."""
        return self.operation.rewrite(frame, self.learned)

    def sentence(self) -> str:
        """The step in words."""
        return self.operation.sentence(self.learned)


class FittedRecipe(BaseModel):
    """Steps in order; plain JSON in and out; the same cells on every engine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: tuple[FittedStep, ...] = ()

    def apply(self, frame: Frame) -> Frame:
        """Replay every step. Works lazily where the frame is lazy; rows are marked, never removed."""
        for step in self.steps:
            frame = step.apply(frame)
        return frame

    def to_json(self) -> str:
        """Readable JSON, the same text for the same recipe."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "FittedRecipe":
        """Read what `to_json` wrote; raises `RecipeError` on anything else."""
        try:
            return cls.model_validate_json(text)
        except ValueError as error:
            raise RecipeError(f"this is no recipe: {error}") from error


def fit(operations: Sequence[Operation], sample: pl.DataFrame) -> FittedRecipe:
    """Learn each operation on the sample as the ones before it left it."""
    frame, steps = with_marks(sample), []
    for operation in operations:
        step = learn_step(operation, frame)
        frame = apply_eager(step, frame)
        steps.append(step)
    return FittedRecipe(steps=tuple(steps))


def learn_step(operation: Operation, frame: pl.DataFrame) -> FittedStep:
    """Check that the operation applies, and learn it on the frame's unmarked rows."""
    operation.check(frame.schema)
    return FittedStep(operation=operation, learned=operation.learn(active(frame)))


def apply_eager(step: FittedStep, frame: pl.DataFrame) -> pl.DataFrame:
    """One step on a Polars frame in memory."""
    result: pl.DataFrame = nw.to_native(step.apply(nw.from_native(frame, eager_only=True)))
    return result
