"""Runs: what one refine did, as one JSON record: the ledger keeps it, the CLI prints it, the report draws it."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from oreflow.contract import Severity

Status = Literal["ok", "failed_gate", "failed", "waiting", "budget_spent", "running"]


class TableRef(BaseModel):
    """A version of a warehouse table: what tasks pass instead of frames."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    layer: Literal["bronze", "silver", "gold", "quarantine"]
    domain: str
    table: str
    version: int

    def __str__(self) -> str:
        return f"{self.layer}/{self.domain}/{self.table}@{self.version}"


class RuleResult(BaseModel):
    """One rule's outcome. `failing` is exact; `examples` are capped `(row_id, value)` pairs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    kind: str
    column: str | None = None
    severity: Severity
    passed: bool
    checked: int = 0
    failing: int = 0
    observed: Any = None
    description: str = ""
    error: str | None = None
    sql: str | None = None
    examples: tuple[tuple[int, Any], ...] = ()
    seconds: float = 0.0


class Verdict(BaseModel):
    """A gate's answer for one layer: it fails if any critical rule failed or errored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    layer: str
    results: tuple[RuleResult, ...] = ()
    score: dict[str, float] = {}
    judge: Literal["great_expectations", "engine"] = "great_expectations"
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """No critical rule failed."""
        return not any(r.severity == "critical" and not r.passed for r in self.results)

    @property
    def worst(self) -> Severity | None:
        """The highest severity among the failed rules."""
        failed = {r.severity for r in self.results if not r.passed}
        order: tuple[Severity, ...] = ("critical", "warning", "info")
        return next((s for s in order if s in failed), None)


class CellExample(BaseModel):
    """One changed cell."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    row_id: int
    column: str
    old: str | None
    new: str | None


class StepReport(BaseModel):
    """One replayed operation: what it did, to how many cells or rows, why, with examples."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    layer: str
    operation: str
    sentence: str
    reason: str = ""
    columns: tuple[str, ...] = ()
    meaning: str = "value"
    changed_cells: int = 0
    quarantined_rows: int = 0
    merged_rows: int = 0
    examples: tuple[CellExample, ...] = ()


class ColumnReport(BaseModel):
    """One column before and after, with what a small plot needs (`plot`: list of [label, count])."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    role: str | None = None
    type_before: str = ""
    type_after: str = ""
    nulls_before: int = 0
    nulls_after: int = 0
    distinct_before: int = 0
    distinct_after: int = 0
    changed_cells: int = 0
    plot: tuple[tuple[str, int], ...] = ()
    summary: dict[str, Any] = {}


class LabelReport(BaseModel):
    """One labeling function over the table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    claim: str = ""
    columns: tuple[str, ...] = ()
    coverage: float = 0.0
    overlaps: float = 0.0
    conflicts: float = 0.0
    accuracy: float | None = None
    damaged: int = 0


class Answer(BaseModel):
    """A business question answered from gold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: str
    text: str
    cites: tuple[str, ...] = ()
    sql: str = ""
    rows: tuple[dict[str, Any], ...] = ()
    error: str | None = None


class Rows(BaseModel):
    """Row accounting: `in_ == out + quarantined + merged`, or nothing is published."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    in_: int = 0
    out: int = 0
    quarantined: int = 0
    merged: int = 0


class RunRecord(BaseModel):
    """Everything one run did."""

    model_config = ConfigDict(extra="forbid")

    run: str
    domain: str
    table: str
    source: str
    status: Status = "running"
    message: str = ""
    started: datetime
    seconds: float = 0.0
    agents: dict[str, dict[str, Any]] = {}
    rows: Rows = Rows()
    score: dict[str, dict[str, float]] = {}  # layer -> {"before": x, "after": y}
    gates: list[Verdict] = []
    steps: list[StepReport] = []
    columns: list[ColumnReport] = []
    quarantine: dict[str, int] = {}  # reason -> rows
    quarantine_examples: list[dict[str, Any]] = []
    labels: list[LabelReport] = []
    reading: dict[str, Any] = {}
    recipe: dict[str, Any] = {}
    fields_added: list[dict[str, Any]] = []
    answers: list[Answer] = []
    versions: dict[str, TableRef] = {}
    tables: dict[str, str] = {}
    episodes: list[str] = []
    timings: dict[str, float] = {}
    report: str | None = None
