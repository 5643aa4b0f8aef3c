"""Cleaning without a model: plans from the profiles that the workbench shows, and repairs only with evidence."""

import json
from collections.abc import Iterator
from typing import Any

from agents.scripted_parts.columns import (
    Action,
    act,
    bound,
    clean_text,
    is_date,
    is_long,
    is_number,
    is_vocabulary,
    type_text,
)
from oreflow.measures.dependencies import Dependency
from oreflow.measures.profile import ColumnProfile
from oreflow.operation import Finish, Operation, parse_operation
from oreflow.workbench import CleanObservation

SURE, STRONG = 0.98, 0.45
PEOPLE = frozenset({"first_name", "last_name", "email"})
IDENTITIES = frozenset({"id", "key", "email", "code"})


class Cleaner:
    """Takes the first planned action that it has not tried on this state of the table."""

    def __init__(self) -> None:
        self._tried: set[str] = set()

    def choose(self, observation: CleanObservation) -> Operation:
        """The next operation; `Finish` when no plan is left."""
        for action in plan(observation):
            state = json.dumps([action, _state(observation, action)], sort_keys=True, default=str)
            if state not in self._tried:
                self._tried.add(state)
                return parse_operation(action)
        return Finish(reason="Nothing is left that the table gives evidence for.")


def plan(observation: CleanObservation) -> Iterator[Action]:
    """Every action worth doing, in order: text first, then spelling, types, relations, bounds, rows, columns."""
    columns = [c for c in observation.columns if not c.empty]
    for column in columns:
        if column.is_text:
            yield from clean_text(column)
    yield look("spelling", observation)
    yield from _displaced(observation)
    yield from _spell(observation)
    # Corrected spellings make dependencies visible that the misspelt ones hid.
    yield look("spelling, after the first corrections", observation)
    yield from _spell(observation)
    yield from _composed(observation)
    day_first = _day_first(columns)
    comma = any(c.numbers and c.numbers.decimal == "," and c.numbers.share >= 0.9 for c in columns)
    for column in columns:
        yield from type_text(column, day_first=day_first, comma=comma, today=observation.today)
    for column in columns:
        yield from bound(column)
    yield look("values", observation)
    yield from _fill(observation)
    yield from _rows(observation)
    yield from _react(observation)
    for column in observation.columns:
        if column.empty and column.rows and column.name not in observation.kept_columns:
            yield act("drop_column", column, "Every cell of the column is empty.")


def look(purpose: str, observation: CleanObservation) -> Action:
    """A look at the relations between columns; done anew when the types have changed."""
    return {"operation": "inspect_relations", "reason": f"Relations between columns are evidence for {purpose}."}


def _state(observation: CleanObservation, action: Action) -> Any:
    """What must differ for an action to be worth trying again: types for a look, empty cells for a fill."""
    if action["operation"] == "inspect_relations" and "values" in action["reason"]:
        return [[c.name, c.dtype] for c in observation.columns]
    if action["operation"].startswith("fill_"):
        return [[c.name, c.nulls] for c in observation.columns if c.name in action.values()]
    if action["operation"] == "remove_duplicates":
        return observation.duplicate_rows
    return None


def _dependencies(observation: CleanObservation, least: float) -> list[Dependency]:
    found = observation.relations.dependencies if observation.relations else ()
    return [d for d in found if d.gain >= least]


def _displaced(observation: CleanObservation) -> Iterator[Action]:
    for pair in observation.relations.displaced if observation.relations else ():
        why = f"{pair.rows} cells end in a value of {pair.into}, empty there ({pair.share:.0%} of its empty cells)."
        yield {"operation": "split_displaced", "column": pair.column, "into": pair.into, "reason": why}


def _composed(observation: CleanObservation) -> Iterator[Action]:
    for made in observation.relations.compositions if observation.relations else ():
        form = made.write(f"<{made.left}>", f"<{made.right}>")
        why = f"{made.column} is written as {form} in {made.share:.0%} of the rows."
        names = {"column": made.column, "left": made.left, "right": made.right}
        yield {"operation": "repair_composed", **names, "reason": why}


def _spell(observation: CleanObservation) -> Iterator[Action]:
    strong = _dependencies(observation, STRONG)
    for column in observation.columns:
        if not column.is_text or column.distinct < 2:
            continue
        by = [d.determinant for d in strong if d.dependent == column.name][:6]
        if (by or is_vocabulary(column)) and _spellable(column) and (by or not (is_number(column) or is_date(column))):
            why = "Rare spellings stand beside frequent ones" + (
                f"; {', '.join(by[:3])} say which is right." if by else "."
            )
            yield act("correct_typos", column, why, determinants=by)


def _spellable(column: ColumnProfile) -> bool:
    """Long free text is edited on purpose; people's names are spelt as their owners like."""
    repeats = is_vocabulary(column) or (column.unique_share < 0.9 and not is_long(column))
    return repeats and column.role not in PEOPLE and (column.role != "person_name" or column.unique_share < 0.05)


def _day_first(columns: list[ColumnProfile]) -> bool | None:
    """What the columns that can tell say about day and month; None if none can, or they disagree."""
    told = {
        pattern.startswith("%d")
        for c in columns
        if c.dates and c.dates.day_month_known and c.dates.share >= 0.9
        for pattern, _ in c.dates.formats
        if not pattern.startswith("%Y") and "%b" not in pattern and "%B" not in pattern
    }
    return told.pop() if len(told) == 1 else None


def _fill(observation: CleanObservation) -> Iterator[Action]:
    """Arithmetic first, then columns that determine others; each fill may make the next one possible."""
    nulls = {c.name: c.nulls for c in observation.columns}
    if observation.relations is None:
        return
    for a in observation.relations.arithmetic:
        if any(nulls.get(name, 0) for name in a.columns):
            why = f"{a.equation()} holds in {a.holds:.1%} of {a.rows} complete rows."
            terms = {"result": a.result, "left": a.left, "right": a.right, "kind": a.kind}
            third = {"third": a.third} if a.third else {}
            yield {"operation": "fill_by_arithmetic", **terms, **third, "reason": why}
    dtypes = {c.name: c.dtype for c in observation.columns}
    for determinant, column, why in _sure_fills(observation):
        if nulls.get(column) and _fillable(dtypes[column]) and _fillable(dtypes[determinant]):
            yield {"operation": "fill_from_relation", "column": column, "determinant": determinant, "reason": why}


def _sure_fills(observation: CleanObservation) -> Iterator[tuple[str, str, str]]:
    """Dependencies that never fail; and the values of a dependency's other side that mean one value only."""
    for d in _dependencies(observation, 0.9):
        if d.purity >= SURE:
            yield (
                d.determinant,
                d.dependent,
                f"Equal {d.determinant} has one {d.dependent} in {d.purity:.1%} of the rows.",
            )
        if d.purity >= SURE:
            yield (
                d.dependent,
                d.determinant,
                f"{d.determinant} determines {d.dependent}; some of its values fit one {d.determinant} only.",
            )


def _fillable(dtype: str) -> bool:
    return dtype == "String" or dtype.startswith(("Int", "Float"))


def _rows(observation: CleanObservation) -> Iterator[Action]:
    if observation.rows > 1 and any(not column.empty for column in observation.columns):
        yield {"operation": "quarantine_rows", "where": "all_empty", "reason": "A row without any value says nothing."}
    names_things = any(c.unique_share >= 0.9 for c in observation.columns)
    if observation.duplicate_rows and (names_things or observation.duplicate_rows <= 0.05 * observation.rows):
        why = f"{observation.duplicate_rows} rows repeat another row in every cell."
        yield {"operation": "remove_duplicates", "reason": why}
    for key in observation.relations.repeated_keys if observation.relations else ():
        role = next((c.role for c in observation.columns if c.name == key.column), None)
        if role in IDENTITIES and key.contradicting == 0:
            why = f"{key.repeated} rows share their {key.column} with another and contradict it nowhere."
            yield {"operation": "remove_duplicates", "columns": [key.column], "keep": "most_complete", "reason": why}


def _react(observation: CleanObservation) -> Iterator[Action]:
    """What a failed gate asks for: values that break a bound become null, rows without a required value go aside."""
    for failure in observation.feedback:
        column, kind, arguments = failure.get("column"), failure.get("kind"), failure.get("arguments", {})
        why = f"The gate rule {failure.get('rule')} failed on {failure.get('failing')} rows."
        if kind == "between" and column:
            limits = {"minimum": arguments.get("min"), "maximum": arguments.get("max")}
            yield {
                "operation": "null_outside",
                "column": column,
                "reason": why,
                **{k: v for k, v in limits.items() if v is not None},
            }
        elif kind == "of_type" and column:
            yield {"operation": "cast_type", "column": column, "type": arguments.get("type"), "reason": why}
        elif kind == "not_null" and column:
            yield {"operation": "quarantine_rows", "where": "missing", "columns": [column], "reason": why}
        elif kind in ("unique", "compound_unique"):
            columns = [column] if column else list(arguments.get("columns", ()))
            yield {"operation": "remove_duplicates", "columns": columns, "keep": "most_complete", "reason": why}
