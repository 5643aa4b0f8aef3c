"""Accounts: the rows of the ledger, and what a run's record becomes in them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from oreflow.run import RunRecord


@dataclass(frozen=True)
class GateResult:
    """One rule's outcome in one run."""

    run: str
    domain: str
    table: str
    layer: str
    version: int | None
    rule: str
    kind: str
    column: str | None
    severity: str
    passed: bool
    checked: int
    failing: int
    time: datetime


@dataclass(frozen=True)
class RecipeVersion:
    """A recipe as one table knows it: `id` names the content, `version` counts the table's changes."""

    id: str
    layer: str
    domain: str
    table: str
    version: int
    run: str | None
    saved: datetime
    recipe: dict[str, Any]


@dataclass(frozen=True)
class Publication:
    """Who moved readers of a table from which version to which; `from_version` is None for the first."""

    run: str
    layer: str
    domain: str
    table: str
    from_version: int | None
    to_version: int
    rows: int
    who: str
    time: datetime


@dataclass(frozen=True)
class Metric:
    """One number about one column (or, with no column, about the table) in one run."""

    run: str
    domain: str
    table: str
    column: str | None
    metric: str
    value: float
    time: datetime


def run_row(record: RunRecord) -> tuple[Any, ...]:
    """The run's row: the whole record as JSON, and the columns it is found by."""
    text = json.dumps(record.model_dump(mode="json", fallback=str), ensure_ascii=False)
    return (
        record.run, record.domain, record.table, record.source, record.status,
        _utc(record.started), record.seconds, text,
    )  # fmt: skip


def gate_rows(record: RunRecord) -> Iterator[tuple[Any, ...]]:
    """One row per rule and layer, in the order of the gates."""
    position = 0
    for verdict in record.gates:
        ref = record.versions.get(verdict.layer)
        for rule in verdict.results:
            yield (
                record.run, position, record.domain, record.table, verdict.layer, ref.version if ref else None,
                rule.rule, rule.kind, rule.column, rule.severity, rule.passed, rule.checked, rule.failing,
                json.dumps(rule.model_dump(mode="json", fallback=str, include={"observed", "error"})),
                _utc(record.started),
            )  # fmt: skip
            position += 1


def metric_rows(record: RunRecord) -> Iterator[tuple[Any, ...]]:
    """One row per number: row counts and scores of the table, counts of each column."""
    about = (record.run, record.domain, record.table)
    when = _utc(record.started)
    for name, value in record.rows.model_dump().items():
        yield (*about, None, f"rows_{name.strip('_')}", float(value), when)
    for layer, scores in record.score.items():
        for name, score in scores.items():
            yield (*about, None, f"score_{layer}_{name}", float(score), when)
    for column in record.columns:
        for name in ("nulls_before", "nulls_after", "distinct_before", "distinct_after", "changed_cells"):
            yield (*about, column.name, name, float(getattr(column, name)), when)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
