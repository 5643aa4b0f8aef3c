"""The cleaning workbench: a sample of a table, the recipe made so far, and a change budget that it keeps."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict

from oreflow.agent import Observation
from oreflow.errors import BudgetSpent, NotApplicable, OreflowError
from oreflow.measures.arithmetic import Arithmetic, arithmetic
from oreflow.measures.composition import Composition, compositions
from oreflow.measures.dependencies import Dependency, dependencies
from oreflow.measures.profile import ColumnProfile, profile_column
from oreflow.measures.rows import Displaced, RepeatedKey, displaced, repeated_keys
from oreflow.operation import Operation, operations
from oreflow.recipe import FittedRecipe, FittedStep, apply_eager, learn_step
from oreflow.settings import Budget
from oreflow.tables import MARKS, MERGED_INTO, QUARANTINE, active, changed_cells, data_columns, with_marks, with_row_ids


class Relations(BaseModel):
    """What the columns say of each other, as `inspect_relations` found it."""

    model_config = ConfigDict(frozen=True)

    dependencies: tuple[Dependency, ...] = ()
    arithmetic: tuple[Arithmetic, ...] = ()
    repeated_keys: tuple[RepeatedKey, ...] = ()
    displaced: tuple[Displaced, ...] = ()
    compositions: tuple[Composition, ...] = ()


class CleanObservation(Observation):
    """The table as profiles. `changed` names the columns whose profile differs from the observation before."""

    rows: int
    duplicate_rows: int
    columns: tuple[ColumnProfile, ...]
    changed: tuple[str, ...] = ()
    relations: Relations | None = None
    kept_columns: tuple[str, ...] = ()
    today: str | None = None

    def record(self) -> dict[str, Any]:
        """As kept in the episode: only the columns that changed, so that long episodes stay small."""
        fresh = [c.model_dump(mode="json", exclude_defaults=True) for c in self.columns if c.name in self.changed]
        rest = self.model_dump(mode="json", exclude_defaults=True, exclude={"columns", "operations"})
        return {**rest, "columns": fresh}


class TableBench:
    """A table in memory that operations change step by step; satisfies `rollout.Bench`."""

    def __init__(
        self,
        sample: pl.DataFrame,
        *,
        goal: str = "Make this table fit to be trusted: right types, one spelling a value, no invented values.",
        budget: Budget | None = None,
        roles: Mapping[str, str] | None = None,
        keep: Sequence[str] = (),
        steps: int = 400,
        feedback: Sequence[dict[str, Any]] = (),
        start: FittedRecipe | None = None,
        today: date | None = None,
    ) -> None:
        self.stage = "clean"
        self.goal = goal
        self.budget = budget or Budget()
        self.roles = dict(roles or {})
        self.keep = tuple(keep)
        self.feedback = tuple(feedback)
        self.today = today.isoformat() if today else None
        self.first = with_marks(with_row_ids(sample))
        self.frame = self.first
        self.steps: list[FittedStep] = []
        self.changed_by_step: list[int] = []
        self._steps_left = steps
        self._spent_cells = 0
        self._profiles: dict[str, ColumnProfile] = {}
        self._changed: tuple[str, ...] = tuple(data_columns(self.frame.columns))
        self._relations: Relations | None = None
        self._result = ""
        self._error: str | None = None
        for step in start.steps if start else ():
            self._apply(step)

    def observe(self) -> CleanObservation:
        """Profiles of every column, measured anew only where something changed."""
        rows = active(self.frame)
        for name in self._changed:
            if name in rows.columns:
                self._profiles[name] = profile_column(rows.get_column(name), role=self.roles.get(name))
        names = data_columns(self.frame.columns)
        observation = CleanObservation(
            stage=self.stage, goal=self.goal, step=len(self.steps), steps_left=self._steps_left,
            operations=tuple(sorted(verb for verb, kind in operations().items() if self.stage in kind.stages)),
            result=self._result, error=self._error, feedback=self.feedback,
            rows=rows.height, duplicate_rows=self._duplicates(rows), columns=tuple(self._profiles[n] for n in names),
            changed=self._changed, relations=self._relations, kept_columns=self.keep, today=self.today,
        )  # fmt: skip
        self._changed = ()
        return observation

    def do(self, operation: Operation) -> int:
        """Do one operation; a refusal is raised for the rollout and shown in the next observation."""
        self._steps_left -= 1
        self._error = None
        try:
            return self._do(operation)
        except OreflowError as refused:
            self._error = str(refused)
            raise

    def undo(self) -> None:
        """Take the last operation back."""
        if not self.steps:
            raise NotApplicable("there is no operation to undo.")
        kept = self.steps[:-1]
        self.steps, self.changed_by_step, self.frame, self._spent_cells = [], [], self.first, 0
        for step in kept:
            self._apply(step)
        self._changed = tuple(data_columns(self.frame.columns))

    def recipe(self) -> FittedRecipe:
        """The steps so far."""
        return FittedRecipe(steps=tuple(self.steps))

    def recipe_record(self) -> dict[str, Any]:
        """The recipe as the episode keeps it."""
        return self.recipe().model_dump(mode="json")

    def _do(self, operation: Operation) -> int:
        operation.check(self.frame.schema)
        if operation.effect == "end":
            return 0
        if operation.effect == "look":
            self._look(operation)
            return 0
        return self._apply(learn_step(operation, self.frame), keep_silent=False)

    def _look(self, operation: Operation) -> None:
        rows = active(self.frame)
        if operation.verb() == "inspect_relations":
            self._relations = find_relations(rows, self._profiles)
        self._result = operation.answer(rows)

    def _apply(self, step: FittedStep, *, keep_silent: bool = True) -> int:
        """Apply a step; one that changes nothing here is left out of the recipe, unless it is about whole rows."""
        after = apply_eager(step, self.frame)
        touched = [
            c for c in step.operation.touches(self.frame.columns) if c in self.frame.columns and c in after.columns
        ]
        changed = sum(changed_cells(self.frame, after, column).height for column in touched)
        self._keep_budget(step, after, changed)
        old, new = self.frame.schema, after.schema  # each call of .schema builds it anew: costly on wide tables
        retyped = [name for name, dtype in new.items() if old.get(name) != dtype]
        if (
            keep_silent
            or changed
            or retyped
            or set(after.columns) != set(self.frame.columns)
            or step.operation.effect == "rows"
        ):
            self.steps.append(step)
            self.changed_by_step.append(changed)
        marked = any(not after.get_column(m).equals(self.frame.get_column(m)) for m in MARKS)
        self._changed = tuple(data_columns(after.columns)) if marked else tuple({*self._changed, *touched, *retyped})
        self.frame = after
        self._result = f"{changed} cells changed by {step.operation.verb()}."
        return changed

    def _keep_budget(self, step: FittedStep, after: pl.DataFrame, changed: int) -> None:
        rows, columns = max(1, after.height), max(1, len(data_columns(self.first.columns)))
        spent = self._spent_cells + (changed if step.operation.meaning == "value" else 0)
        if spent > self.budget.cells * rows * columns:
            raise BudgetSpent(
                f"{spent} changed cells would pass the change budget of {self.budget.cells:.0%} of the cells."
            )
        marked = after.select((pl.col(QUARANTINE).is_not_null() | pl.col(MERGED_INTO).is_not_null()).sum()).item()
        if marked > self.budget.rows * rows:
            raise BudgetSpent(
                f"{marked} marked rows would pass the change budget of {self.budget.rows:.0%} of the rows."
            )
        dropped = sum(1 for s in (*self.steps, step) if s.operation.verb() == "drop_column")
        if dropped > self.budget.columns:
            raise BudgetSpent(f"{dropped} dropped columns would pass the change budget of {self.budget.columns}.")
        self._spent_cells = spent

    def _duplicates(self, rows: pl.DataFrame) -> int:
        names = data_columns(rows.columns)
        return rows.height - rows.select(names).n_unique() if names and rows.height else 0


def find_relations(rows: pl.DataFrame, profiles: Mapping[str, ColumnProfile]) -> Relations:
    """Dependencies between columns, arithmetic between number columns, keys that repeat, values one cell too early."""
    names = data_columns(rows.columns)
    numbers = {n: rows.get_column(n) for n in names if rows.schema[n].is_numeric()}
    texts = [
        n
        for n in names
        if profiles[n].is_text and profiles[n].present >= 0.5 * rows.height and not profiles[n].constant
    ]
    named = ("id", "key", "email", "code")
    identities = [n for n in names if profiles[n].role in named and 0.8 <= profiles[n].unique_share < 1]
    tested = [n for n in names if not profiles[n].empty and profiles[n].unique_share < 0.98]
    return Relations(
        dependencies=tuple(dependencies(rows.select(names), columns=tested)) if tested else (),
        arithmetic=tuple(arithmetic(rows, numbers)) if rows.height >= 20 else (),
        repeated_keys=tuple(repeated_keys(rows.select(names), identities)),
        compositions=tuple(compositions(rows, texts[:40])),
        displaced=tuple(displaced(rows, [n for n in names if profiles[n].is_text and profiles[n].unique_share < 0.9])),
    )
