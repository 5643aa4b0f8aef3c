"""The words that Oreflow and ODCS share: which key of the standard holds which part of a contract."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from oreflow.contract import Column, LogicalType, Rule

API_VERSION = "v3.1.0"
ENGINE = "oreflow"
PHYSICAL: dict[LogicalType, str] = {
    "string": "string",
    "integer": "long",
    "number": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
CLASSIFICATION = {"direct": "restricted", "indirect": "confidential"}
DOCUMENT_KEYS = ("apiVersion", "kind", "id", "name", "version", "status", "domain", "schema", "customProperties")
TABLE_KEYS = ("name", "physicalType", "properties", "quality", "customProperties")
COLUMN_KEYS = (
    "name",
    "logicalType",
    "physicalType",
    "description",
    "required",
    "unique",
    "primaryKey",
    "primaryKeyPosition",
    "classification",
    "quality",
    "customProperties",
)
RULE_KEYS = ("name", "type", "engine", "implementation", "severity", "description")
DOCUMENT_PROPERTIES = ("oreflowFeatures", "oreflowAggregates", "oreflowQuestions", "oreflowRuleOrder")
COLUMN_PROPERTIES = ("oreflowRole", "oreflowOptional", "oreflowPii")


def identity(domain: str, table: str) -> str:
    """The id of a contract that has not been given one: the same for the same table everywhere."""
    return str(uuid5(NAMESPACE_URL, f"oreflow:{domain}/{table}"))


def classification(column: Column) -> str | None:
    """What Oreflow writes as a column's classification."""
    return CLASSIFICATION.get(column.pii or "")


def rule_order(rules: tuple[Rule, ...], columns: tuple[Column, ...]) -> list[Rule]:
    """The order in which a reader meets the rules in a file: column by column, then those of the table."""
    names = [c.name for c in columns]
    return sorted(rules, key=lambda r: names.index(r.column) if r.column in names else len(names))


def option_rules(column: str, options: dict[str, Any], allowed: list[Any]) -> list[Rule]:
    """The rules that the standard's own `logicalTypeOptions` and `enum` state about a column."""
    found: list[tuple[str, str, dict[str, Any]]] = []
    lengths = {side: options[key] for side, key in (("min", "minLength"), ("max", "maxLength")) if key in options}
    bounds = {side: options[key] for side, key in (("min", "minimum"), ("max", "maximum")) if key in options}
    if lengths:
        found.append(("length", "length_between", lengths))
    if bounds:
        found.append(("range", "between", bounds))
    if "pattern" in options:
        found.append(("pattern", "matches", {"pattern": anchored(str(options["pattern"]))}))
    if allowed:
        found.append(("enum", "in_set", {"values": allowed}))
    return [Rule(id=f"options:{column}:{n}", kind=k, column=column, arguments=a) for n, k, a in found]


def anchored(pattern: str) -> str:
    """A pattern that the standard looks for anywhere in the cell, as one for the whole cell."""
    if pattern.startswith("^") and pattern.endswith("$"):
        return pattern
    return f"(?:.|\\n)*(?:{pattern})(?:.|\\n)*"
