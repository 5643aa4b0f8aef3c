"""Page: what a report shows of a run record, sorted and capped; every cut keeps the true total beside it.

Items keep their index in the record, so that each number on the page names the field it was read from.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Generic, TypeVar

from oreflow.reports import words
from oreflow.run import Answer, ColumnReport, LabelReport, RuleResult, RunRecord, StepReport, Verdict
from oreflow.tables import SYSTEM_COLUMNS, Json

T = TypeVar("T")
Indexed = tuple[int, T]


@dataclass(frozen=True)
class Caps:
    """The most that one page shows of anything."""

    failed: int = 200
    passed: int = 1000
    steps: int = 200
    columns: int = 300
    labels: int = 200
    reasons: int = 100
    rows: int = 12
    examples: int = 6
    fields: int = 12
    text: int = 200

    def tighter(self) -> "Caps":
        """For a page that is too large: first shorter texts and fewer examples, then half of everything."""
        if self.text > 80:
            return replace(self, text=80, examples=3, rows=6)
        return Caps(**{f.name: max(getattr(self, f.name) // 2, 1) for f in fields(self)})


@dataclass(frozen=True)
class Shown(Generic[T]):
    """The first of something, each with its index in the record, and how many there are in all."""

    items: tuple[Indexed[T], ...]
    total: int

    @property
    def cut(self) -> bool:
        """Some are not shown."""
        return len(self.items) < self.total


@dataclass(frozen=True)
class Layer:
    """One layer's line in the summary."""

    name: str
    gate: Indexed[Verdict] | None
    before: float | None
    after: float | None
    cells: int | None
    path: str
    version: int | None


@dataclass(frozen=True)
class Gate:
    """One verdict with its failed rules first."""

    index: int
    verdict: Verdict
    failed: Shown[RuleResult]
    passed: Shown[RuleResult]


@dataclass(frozen=True)
class Changes:
    """What one layer's operations did: those that changed something, by how much, and those that found nothing."""

    layer: str
    cells: int
    did: Shown[StepReport]
    idle: Shown[StepReport]


@dataclass(frozen=True)
class Grid:
    """Rows of a table with capped rows and columns."""

    names: tuple[str, ...]
    rows: tuple[tuple[Json, ...], ...]
    total_rows: int
    total_names: int

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Per column: every shown value is a number or nothing, and one is a number."""
        return tuple(
            all(v is None or _is_number(v) for v in column) and any(v is not None for v in column)
            for column in zip(*self.rows, strict=True)
        )


@dataclass(frozen=True)
class Page:
    """All that the templates draw, besides the record itself."""

    headline: words.Headline
    layers: tuple[Layer, ...]
    gates: tuple[Gate, ...]
    changes: tuple[Changes, ...]
    reasons: Shown[tuple[str, int]]
    quarantined: Grid
    answers: Shown[Answer]
    columns: Shown[ColumnReport]
    fields_added: Grid
    labels: Shown[LabelReport]
    reading: Shown[tuple[str, str]]
    recipe: tuple[tuple[str, Shown[StepReport]], ...]
    sections: tuple[tuple[str, str, int | None], ...]
    caps: Caps


def page(record: RunRecord, caps: Caps) -> Page:
    """Sort and cap the record for one page."""
    return Page(
        headline=words.headline(record),
        layers=_layers(record),
        gates=tuple(_gate(i, verdict, caps) for i, verdict in enumerate(record.gates)),
        changes=tuple(_changes(record, layer, caps) for layer in _in_order({s.layer for s in record.steps})),
        reasons=_first(sorted(record.quarantine.items(), key=lambda pair: -pair[1]), caps.reasons),
        quarantined=grid(_without_system(record.quarantine_examples), rows=caps.rows, names=caps.fields),
        answers=_first(record.answers, caps.reasons),
        columns=_first(record.columns, caps.columns),
        fields_added=grid(record.fields_added, rows=caps.reasons, names=caps.fields),
        labels=_top(record.labels, caps.labels, by=lambda label: -label.damaged),
        reading=_first([*_flat(record.reading)], caps.reasons),
        recipe=tuple((layer, _steps(record, layer, caps)) for layer in _in_order({s.layer for s in record.steps})),
        sections=_sections(record),
        caps=caps,
    )


def grid(records: Sequence[Mapping[str, Json]], *, rows: int, names: int) -> Grid:
    """Records of any keys as one table; keys in the order first met."""
    keys = list(dict.fromkeys(key for record in records for key in record))
    kept = keys[:names]
    cells = tuple(tuple(record.get(key) for key in kept) for record in records[:rows])
    return Grid(names=tuple(kept), rows=cells, total_rows=len(records), total_names=len(keys))


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_measured(column: ColumnReport) -> bool:
    """The column holds numbers or times, so that its plot is a histogram and not a list of values."""
    kind = column.type_after.lower()
    return any(word in kind for word in ("int", "float", "decimal", "number", "date", "time", "duration"))


def _layers(record: RunRecord) -> tuple[Layer, ...]:
    gates = {verdict.layer: (i, verdict) for i, verdict in enumerate(record.gates)}
    names = _in_order({*record.score, *gates, *record.tables, *record.versions})
    cells = {s.layer: sum(step.changed_cells for step in record.steps if step.layer == s.layer) for s in record.steps}
    return tuple(
        Layer(
            name=name,
            gate=gates.get(name),
            before=record.score.get(name, {}).get("before"),
            after=record.score.get(name, {}).get("after"),
            cells=cells.get(name),
            path=record.tables.get(name, ""),
            version=record.versions[name].version if name in record.versions else None,
        )
        for name in names
    )


def _gate(index: int, verdict: Verdict, caps: Caps) -> Gate:
    failed = [(i, rule) for i, rule in enumerate(verdict.results) if not rule.passed]
    failed.sort(key=lambda pair: (words.SEVERITIES.index(pair[1].severity), -pair[1].failing))
    passed = [(i, rule) for i, rule in enumerate(verdict.results) if rule.passed]
    return Gate(
        index=index,
        verdict=verdict,
        failed=Shown(tuple(failed[: caps.failed]), len(failed)),
        passed=Shown(tuple(passed[: caps.passed]), len(passed)),
    )


def _changes(record: RunRecord, layer: str, caps: Caps) -> Changes:
    steps = [(i, step) for i, step in enumerate(record.steps) if step.layer == layer]
    did = sorted((pair for pair in steps if words.weight(pair[1])), key=lambda pair: -words.weight(pair[1]))
    idle = [pair for pair in steps if not words.weight(pair[1])]
    return Changes(
        layer=layer,
        cells=sum(step.changed_cells for _, step in steps),
        did=Shown(tuple(did[: caps.steps]), len(did)),
        idle=Shown(tuple(idle[: caps.steps]), len(idle)),
    )


def _steps(record: RunRecord, layer: str, caps: Caps) -> Shown[StepReport]:
    steps = [(i, step) for i, step in enumerate(record.steps) if step.layer == layer]
    return Shown(tuple(steps[: caps.steps]), len(steps))


def _first(items: Sequence[T], cap: int) -> Shown[T]:
    return Shown(tuple(enumerate(items[:cap])), len(items))


def _top(items: Sequence[T], cap: int, *, by: Callable[[T], Any]) -> Shown[T]:
    return Shown(tuple(sorted(enumerate(items), key=lambda pair: by(pair[1]))[:cap]), len(items))


def _in_order(layers: Iterable[str]) -> list[str]:
    known = words.LAYERS
    return sorted(layers, key=lambda name: (known.index(name) if name in known else len(known), name))


def _without_system(rows: Sequence[Mapping[str, Json]]) -> list[dict[str, Json]]:
    """Row id and reason first, the source's own columns after them, no other system column."""
    lead = ("_row_id", "_quarantine", "row_id", "reason")
    return [
        {name: row[name] for name in (*(n for n in lead if n in row), *(n for n in row if n not in lead)) if _own(name)}
        for row in rows
    ]


def _own(name: str) -> bool:
    return name in ("_row_id", "_quarantine") or name not in SYSTEM_COLUMNS


def _flat(value: Json, name: str = "") -> Iterable[tuple[str, str]]:
    """Nested JSON as `(dotted name, text)` lines; a list of plain values is one line."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, (list, tuple)) and any(isinstance(item, (dict, list, tuple)) for item in value):
        for number, inner in enumerate(value, start=1):
            yield from _flat(inner, f"{name} {number}".strip())
    elif isinstance(value, (list, tuple)):
        yield name, ", ".join(words.measured(item) for item in value) or "none"
    elif name:
        yield name, words.measured(value)


def _sections(record: RunRecord) -> tuple[tuple[str, str, int | None], ...]:
    return (
        ("summary", "Summary", None),
        ("gates", "Gates", sum(len(gate.results) for gate in record.gates)),
        ("changes", "What was changed", sum(words.weight(step) > 0 for step in record.steps)),
        ("quarantine", "Quarantine", sum(record.quarantine.values())),
        ("answers", "Business answers", len(record.answers)),
        ("fields", "Fields added", len(record.fields_added)),
        ("columns", "Columns", len(record.columns)),
        ("labels", "Labeling functions", len(record.labels)),
        ("reading", "How it was read", None),
        ("recipe", "The recipe", len(record.steps)),
        ("about", "About this run", None),
    )
