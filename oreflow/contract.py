"""Contracts: what a table promises. Kept as ODCS v3 YAML; this is the typed form that everything else reads."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from oreflow.errors import UnknownName

LogicalType = Literal["string", "integer", "number", "boolean", "date", "timestamp"]
Severity = Literal["info", "warning", "critical"]


class Column(BaseModel):
    """One column's promise. `optional` columns may be empty and don't count towards completeness."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    type: LogicalType = "string"
    role: str | None = None
    required: bool = False
    unique: bool = False
    optional: bool = False
    pii: str | None = None
    description: str = ""


class Rule(BaseModel):
    """One claim about a table, evaluated alike by Great Expectations and by the engine.

    `kind` names the claim (`not_null`, `unique`, `in_set`, `between`, `matches`, `of_type`, `compound_unique`,
    `dq_score`, `row_count`, `null_share`, `column_order_pair`, …); `arguments` are its parameters.
    `mostly` is the share of rows (0–1) that must hold.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    kind: str
    column: str | None = None
    arguments: dict[str, Any] = {}
    severity: Severity = "critical"
    mostly: float = Field(default=1.0, ge=0.0, le=1.0)
    layers: tuple[str, ...] = ("silver",)
    description: str = ""


class Feature(BaseModel):
    """A derived gold column: SQL expression over silver columns."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    expression: str
    description: str = ""


class Aggregate(BaseModel):
    """A gold aggregate table: `measures` name → SQL aggregate, per `group_by`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    group_by: tuple[str, ...]
    measures: dict[str, str]


class Question(BaseModel):
    """A business question with the query over gold (table name `gold`) that answers it and the columns it cites."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    sql: str
    cites: tuple[str, ...] = ()


class Contract(BaseModel):
    """The whole promise of one table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    domain: str
    table: str
    version: str = "0.1.0"
    status: str = "draft"
    owner: str | None = None
    columns: tuple[Column, ...] = ()
    key: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    features: tuple[Feature, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    questions: tuple[Question, ...] = ()
    extra: dict[str, Any] = Field(default={}, description="ODCS parts Oreflow does not use; kept on rewrite.")

    def column(self, name: str) -> Column:
        """The column called `name`."""
        for column in self.columns:
            if column.name == name:
                return column
        raise UnknownName("column", name, [c.name for c in self.columns])

    def roles(self) -> dict[str, str]:
        """Column name → role, where a role is known."""
        return {c.name: c.role for c in self.columns if c.role}
