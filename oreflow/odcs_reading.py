"""Reading an ODCS document: each part is checked where it stands, so that an error can name the place."""

from collections.abc import Iterator
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from oreflow.contract import Aggregate, Column, Contract, Feature, LogicalType, Question, Rule
from oreflow.errors import ContractError, unknown
from oreflow.odcs_library import library_rule
from oreflow.odcs_terms import (
    API_VERSION,
    COLUMN_KEYS,
    COLUMN_PROPERTIES,
    DOCUMENT_KEYS,
    DOCUMENT_PROPERTIES,
    ENGINE,
    PHYSICAL,
    RULE_KEYS,
    TABLE_KEYS,
    classification,
    identity,
    option_rules,
    rule_order,
)

ModelT = TypeVar("ModelT", bound=BaseModel)
_TYPES = get_args(LogicalType)
_OTHER_TYPES = ("time", "object", "array", "map", "vector")
_SEVERITIES = {"error": "critical", "critical": "critical", "warning": "warning", "info": "info"}


class Reading:
    """One document being read; `extra` collects what Oreflow does not use."""

    def __init__(self, content: Any, *, table: str | None) -> None:
        self.document = mapping(content, "the document")
        self.extra: dict[str, Any] = {}
        self._check_kind()
        self.table = self._table(table)

    def contract(self) -> Contract:
        """The contract, with `extra` filled."""
        columns, rules = self._columns()
        rules += self._rules(self.table, None, f'table "{self.table["name"]}"')
        own = self._properties(self.document, DOCUMENT_PROPERTIES, "document", "the document")
        domain, name = str(self.document.get("domain") or "default"), str(self.table["name"])
        self._keep_document(domain, name)
        return Contract(
            domain=domain,
            table=name,
            version=str(self.document["version"]),
            status=str(self.document.get("status") or "draft"),
            owner=owner_of(self.document.get("team")),
            columns=tuple(columns),
            key=self._key(),
            rules=_ordered(tuple(rules), tuple(columns), own.get("oreflowRuleOrder")),
            features=_models(Feature, own.get("oreflowFeatures"), "oreflowFeatures"),
            aggregates=_models(Aggregate, own.get("oreflowAggregates"), "oreflowAggregates"),
            questions=_models(Question, own.get("oreflowQuestions"), "oreflowQuestions"),
            extra=self.extra,
        )

    def _check_kind(self) -> None:
        kind, version = self.document.get("kind"), str(self.document.get("apiVersion"))
        if kind != "DataContract":
            raise ContractError(f'kind is "{kind}"; an ODCS contract says `kind: DataContract`.')
        if not version.startswith("v3."):
            raise ContractError(f'apiVersion is "{version}"; Oreflow reads ODCS v3, such as {API_VERSION}.')
        if self.document.get("version") is None:
            raise ContractError("version is missing; give the contract one, such as `version: 1.0.0`.")

    def _table(self, wanted: str | None) -> dict[str, Any]:
        tables = [mapping(t, f"schema[{at}]") for at, t in enumerate(listing(self.document.get("schema"), "schema"))]
        names = [str(t.get("name")) for t in tables]
        if not tables or "None" in names:
            raise ContractError("schema has no named table; add `schema: [{name: my_table, properties: []}]`.")
        if wanted is None and len(tables) > 1:
            raise ContractError(f"schema has {len(tables)} tables; choose one of: {', '.join(names)}.")
        if wanted is not None and wanted not in names:
            raise ContractError(unknown("table", wanted, names))
        chosen = tables[names.index(wanted) if wanted is not None else 0]
        self._keep("other_tables", [t for t in tables if t is not chosen])
        return chosen

    def _columns(self) -> tuple[list[Column], list[Rule]]:
        columns: list[Column] = []
        rules: list[Rule] = []
        for at, item in enumerate(self._items()):
            name = item.get("name")
            if name is None:
                raise ContractError(f'table "{self.table["name"]}", properties[{at}] has no name; give it one.')
            place = f'column "{name}"'
            column = self._column(item, str(name), place)
            columns.append(column)
            rules += self._rules(item, column.name, place) + self._options(item, column.name, place)
        return columns, rules

    def _items(self) -> Iterator[dict[str, Any]]:
        place = f'table "{self.table["name"]}", properties'
        for at, item in enumerate(listing(self.table.get("properties"), place)):
            yield mapping(item, f"{place}[{at}]")

    def _column(self, item: dict[str, Any], name: str, place: str) -> Column:
        own = self._properties(item, COLUMN_PROPERTIES, f"column:{name}", place)
        logical = item.get("logicalType", "string")
        if logical not in (*_TYPES, *_OTHER_TYPES):
            raise ContractError(f"{place}: {unknown('logicalType', str(logical), _TYPES)}")
        given = {
            "name": name,
            "type": logical if logical in _TYPES else "string",
            "role": own.get("oreflowRole"),
            "required": item.get("required", False),
            "unique": item.get("unique", False),
            "optional": own.get("oreflowOptional", False),
            "pii": own.get("oreflowPii"),
            "description": item.get("description") or "",
        }
        column = _model(Column, given, place)
        expected = {"physicalType": PHYSICAL[column.type], "classification": classification(column)}
        kept = {k: v for k, v in item.items() if k not in COLUMN_KEYS or (k in expected and v != expected[k])}
        if logical in _OTHER_TYPES:
            kept["logicalType"] = logical
        self._keep("columns", kept, name)
        return column

    def _key(self) -> tuple[str, ...]:
        keyed = [(i.get("primaryKeyPosition", -1), at, str(i["name"])) for at, i in enumerate(self._items())
                 if i.get("primaryKey") is True]  # fmt: skip
        return tuple(name for _, _, name in sorted(keyed))

    def _rules(self, item: dict[str, Any], column: str | None, place: str) -> list[Rule]:
        rules: list[Rule] = []
        for at, raw in enumerate(listing(item.get("quality"), f"{place}, quality")):
            here = f"{place}, quality[{at}]"
            quality = mapping(raw, here)
            rule = self._own_rule(quality, column, here) or self._library_rule(quality, column, at)
            if rule is None:
                self.extra.setdefault("quality", {}).setdefault(column or "", []).append(quality)
            else:
                rules.append(rule)
        return rules

    def _own_rule(self, quality: dict[str, Any], column: str | None, place: str) -> Rule | None:
        if quality.get("engine") != ENGINE:
            return None
        said = dict(mapping(quality.get("implementation"), f"{place}, implementation"))
        kind = said.pop("kind", None)
        if not isinstance(kind, str):
            raise ContractError(f"{place}: implementation names no kind; add `kind: not_null` or another kind of rule.")
        severity = str(quality.get("severity", "critical"))
        if severity not in _SEVERITIES:
            raise ContractError(f"{place}: {unknown('severity', severity, _SEVERITIES)}")
        column = said.pop("column", column)
        given = {"id": str(quality.get("name") or f"{kind}:{column or ''}"), "kind": kind, "column": column}
        given |= {"severity": _SEVERITIES[severity], "description": quality.get("description") or ""}
        given |= {k: said.pop(k) for k in ("mostly", "layers") if k in said}
        rule = _model(Rule, given | {"arguments": said}, place)
        self._keep("rules", {k: v for k, v in quality.items() if k not in RULE_KEYS}, rule.id)
        return rule

    def _library_rule(self, quality: dict[str, Any], column: str | None, at: int) -> Rule | None:
        rule = library_rule(quality, column, at)
        if rule is not None:
            self._keep("library", quality, rule.id)
        return rule

    def _options(self, item: dict[str, Any], column: str, place: str) -> list[Rule]:
        options = mapping(item.get("logicalTypeOptions") or {}, f"{place}, logicalTypeOptions")
        allowed = [mapping(e, f"{place}, enum").get("value") for e in listing(item.get("enum"), f"{place}, enum")]
        return option_rules(column, options, allowed)

    def _properties(self, item: dict[str, Any], own: tuple[str, ...], where: str, place: str) -> dict[str, Any]:
        """Oreflow's own custom properties as a dict; the others are kept."""
        found, others = {}, []
        for at, raw in enumerate(listing(item.get("customProperties"), f"{place}, customProperties")):
            entry = mapping(raw, f"{place}, customProperties[{at}]")
            if entry.get("property") in own:
                found[entry["property"]] = entry.get("value")
            else:
                others.append(entry)
        self._keep("properties", others, where)
        return found

    def _keep_document(self, domain: str, name: str) -> None:
        self._properties(self.table, (), "table", f'table "{name}"')
        kept = {k: v for k, v in self.document.items() if k not in DOCUMENT_KEYS}
        if kept.get("team") == {"members": [{"username": owner_of(kept.get("team")), "role": "owner"}]}:
            del kept["team"]  # it says no more than the contract's `owner`
        expected = {"apiVersion": API_VERSION, "id": identity(domain, name), "name": name, "domain": domain}
        changed = {k: self.document.get(k) for k, v in expected.items() if self.document.get(k) != v}
        self._keep("document", kept | changed)
        table = {k: v for k, v in self.table.items() if k not in TABLE_KEYS}
        physical = self.table.get("physicalType")
        self._keep("table", table | ({} if physical == "table" else {"physicalType": physical}))

    def _keep(self, part: str, kept: Any, name: str | None = None) -> None:
        if not kept:
            return
        if name is None:
            self.extra[part] = kept
        else:
            self.extra.setdefault(part, {})[name] = kept


def owner_of(team: Any) -> str | None:
    """The first member of the team whose role is owner."""
    members = team.get("members") if isinstance(team, dict) else team
    for member in members if isinstance(members, list) else []:
        if isinstance(member, dict) and str(member.get("role", "")).lower() == "owner":
            name = member.get("username") or member.get("name")
            return None if name is None else str(name)
    return None


def mapping(value: Any, place: str) -> dict[str, Any]:
    """The value if it is a mapping; `ContractError` naming the place if not."""
    if not isinstance(value, dict):
        raise ContractError(f"{place} is {_what(value)}; write it as `key: value` lines.")
    return value


def listing(value: Any, place: str) -> list[Any]:
    """The value if it is a list, or an empty one for nothing."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise ContractError(f"{place} is {_what(value)}; write it as a list of `- …` items.")
    return value


def _what(value: Any) -> str:
    return "empty" if value is None else f'"{value}"' if isinstance(value, str) else f"a {type(value).__name__}"


def _ordered(rules: tuple[Rule, ...], columns: tuple[Column, ...], wanted: Any) -> tuple[Rule, ...]:
    if not isinstance(wanted, list):
        return tuple(rule_order(rules, columns))
    place = {str(rule_id): at for at, rule_id in enumerate(wanted)}
    return tuple(sorted(rules, key=lambda r: place.get(r.id, len(place))))


def _model(kind: type[ModelT], given: Any, place: str) -> ModelT:
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ContractError(f"{place}: {said}.") from error


def _models(kind: type[ModelT], given: Any, place: str) -> tuple[ModelT, ...]:
    items = listing(given, place)
    return tuple(_model(kind, mapping(item, f"{place}[{at}]"), f"{place}[{at}]") for at, item in enumerate(items))
