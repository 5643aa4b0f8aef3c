"""Writing a contract as an ODCS document, with everything that its file held beside what Oreflow uses."""

from typing import Any

from pydantic import BaseModel

from oreflow.contract import Column, Contract, Rule
from oreflow.gate_rules import told_apart
from oreflow.odcs_library import library_rule
from oreflow.odcs_reading import owner_of
from oreflow.odcs_terms import API_VERSION, ENGINE, PHYSICAL, classification, identity, option_rules, rule_order


def document(contract: Contract) -> dict[str, Any]:
    """The contract as the standard's YAML has it."""
    contract = contract.model_copy(update={"rules": tuple(told_apart(contract.rules))})
    kept = contract.extra.get("document", {})
    head: dict[str, Any] = {
        "apiVersion": API_VERSION,
        "kind": "DataContract",
        "id": identity(contract.domain, contract.table),
        "name": contract.table,
        "version": contract.version,
        "status": contract.status,
        "domain": contract.domain,
    }
    head = {key: kept.get(key, value) for key, value in head.items() if kept.get(key, value) is not None}
    others = {key: value for key, value in kept.items() if key not in head and key != "team" and value is not None}
    tables = [_table(contract), *contract.extra.get("other_tables", [])]
    properties = _own_properties(contract) + contract.extra.get("properties", {}).get("document", [])
    team = _team(contract, str(head["apiVersion"]))
    return head | others | _filled(team=team) | {"schema": tables} | _filled(customProperties=properties)


def _table(contract: Contract) -> dict[str, Any]:
    kept = contract.extra.get("table", {})
    head = {"name": contract.table, "physicalType": "table"} | kept
    about_table = [r for r in contract.rules if r.column not in {c.name for c in contract.columns}]
    quality = [_quality(r, contract) for r in about_table] + contract.extra.get("quality", {}).get("", [])
    properties = contract.extra.get("properties", {}).get("table", [])
    columns = [_column(column, contract) for column in contract.columns]
    named = {k: v for k, v in head.items() if v is not None}
    return named | {"properties": columns} | _filled(quality=quality, customProperties=properties)


def _column(column: Column, contract: Contract) -> dict[str, Any]:
    kept = contract.extra.get("columns", {}).get(column.name, {})
    written: dict[str, Any] = {"name": column.name, "logicalType": column.type, "physicalType": PHYSICAL[column.type]}
    written |= _filled(description=column.description, required=column.required, unique=column.unique)
    if column.name in contract.key:
        written |= {"primaryKey": True, "primaryKeyPosition": contract.key.index(column.name) + 1}
    written |= _filled(classification=classification(column)) | kept
    implied = option_rules(column.name, kept.get("logicalTypeOptions", {}), [e["value"] for e in kept.get("enum", [])])
    rules = [r for r in contract.rules if r.column == column.name and r not in implied]
    quality = [_quality(r, contract) for r in rules] + contract.extra.get("quality", {}).get(column.name, [])
    own = {"oreflowRole": column.role, "oreflowOptional": column.optional, "oreflowPii": column.pii}
    properties = [{"property": k, "value": v} for k, v in own.items() if v]
    properties += contract.extra.get("properties", {}).get(f"column:{column.name}", [])
    return written | _filled(quality=quality, customProperties=properties)


def _quality(rule: Rule, contract: Contract) -> dict[str, Any]:
    original = contract.extra.get("library", {}).get(rule.id)
    if original is not None and _says(original, rule):
        return dict(original)
    elsewhere = rule.column not in {c.name for c in contract.columns}
    said: dict[str, Any] = {"kind": rule.kind, **_filled(column=rule.column if elsewhere else None), **rule.arguments}
    if rule.mostly < 1.0:
        said["mostly"] = rule.mostly
    if rule.layers != ("silver",):
        said["layers"] = list(rule.layers)
    written: dict[str, Any] = {"name": rule.id, "type": "custom", "engine": ENGINE}
    written |= {"implementation": said, "severity": rule.severity} | _filled(description=rule.description)
    return {**written, **contract.extra.get("rules", {}).get(rule.id, {})}


def _says(original: dict[str, Any], rule: Rule) -> bool:
    """Whether the check that stood in the file still states this rule."""
    stated = library_rule(original, rule.column, 0)
    return stated is not None and stated.model_copy(update={"id": rule.id}) == rule


def _own_properties(contract: Contract) -> list[dict[str, Any]]:
    order = [r.id for r in contract.rules]
    met = [r.id for r in rule_order(contract.rules, contract.columns)]
    own = {
        "oreflowFeatures": _plain(contract.features),
        "oreflowAggregates": _plain(contract.aggregates),
        "oreflowQuestions": _plain(contract.questions),
        "oreflowRuleOrder": order if order != met else [],
    }
    return [{"property": name, "value": value} for name, value in own.items() if value]


def _plain(models: tuple[BaseModel, ...]) -> list[dict[str, Any]]:
    return [m.model_dump(mode="json", exclude_defaults=True) for m in models]


def _team(contract: Contract, version: str) -> Any:
    """The team as it stood, unless the contract's owner is another one now."""
    team = contract.extra.get("document", {}).get("team")
    if contract.owner == owner_of(team):
        return team
    members = (team.get("members") or []) if isinstance(team, dict) else team or []
    others = [m for m in members if str(m.get("role", "")).lower() != "owner"]
    new = ([{"username": contract.owner, "role": "owner"}] if contract.owner else []) + others
    if version.startswith("v3.0"):  # there the team is a plain list
        return new
    return (team if isinstance(team, dict) else {}) | {"members": new}


def _filled(**parts: Any) -> dict[str, Any]:
    """The parts that say something."""
    return {name: part for name, part in parts.items() if part}
