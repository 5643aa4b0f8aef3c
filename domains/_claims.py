"""Shorthand for the rules that domain contracts state; each is one claim with its id, severity and reason.

The rule for severities: critical only where a breach is surely an error, warning where it is only unlikely.
"""

from collections.abc import Sequence

from oreflow.contract import Rule, Severity

BOTH = ("silver", "gold")
SCORE_AT_LEAST = 0.95


def key(column: str) -> tuple[Rule, ...]:
    """The column names the row: never empty, never twice, in silver and in gold."""
    return (
        Rule(
            id=f"{column}_not_null", kind="not_null", column=column, layers=BOTH, description="Every row has its key."
        ),
        Rule(id=f"{column}_unique", kind="unique", column=column, layers=BOTH, description="No key stands twice."),
    )


def one_of(column: str, values: Sequence[str], *, severity: Severity = "critical") -> Rule:
    """Only these values; `warning` for lists that a business extends."""
    return Rule(
        id=f"{column}_in_set",
        kind="in_set",
        column=column,
        arguments={"values": list(values)},
        severity=severity,
        description=f"One of {', '.join(values)}.",
    )


def within(
    column: str, low: float | None, high: float | None, *, severity: Severity = "critical", gold: bool = False
) -> Rule:
    """Between two bounds, both allowed."""
    bounds = {name: bound for name, bound in (("min", low), ("max", high)) if bound is not None}
    return Rule(
        id=f"{column}_between",
        kind="between",
        column=column,
        arguments=bounds,
        severity=severity,
        layers=("gold",) if gold else ("silver",),
        description=" and ".join(
            f"{word} {bound:g}" for word, bound in zip(_words(bounds), bounds.values(), strict=True)
        ),
    )


def _words(bounds: dict[str, float]) -> list[str]:
    return [{"min": "at least", "max": "at most"}[name] for name in bounds]


def in_order(first: str, second: str) -> Rule:
    """`first` is never after `second` where both are known."""
    return Rule(
        id=f"{first}_before_{second}",
        kind="column_order_pair",
        arguments={"smaller": first, "larger": second, "or_equal": True},
        description=f"{first} is never after {second}.",
    )


def shaped(column: str, pattern: str) -> Rule:
    """Every value matches the pattern; a warning, since people also write ids their own way."""
    return Rule(
        id=f"{column}_matches", kind="matches", column=column, arguments={"pattern": pattern}, severity="warning"
    )


def mostly_filled(column: str, *, empty: float = 0.05) -> Rule:
    """At most this share is empty."""
    return Rule(
        id=f"{column}_null_share",
        kind="null_share",
        column=column,
        arguments={"max": empty},
        severity="warning",
        description=f"At most {empty:.0%} empty.",
    )


def whole_table() -> tuple[Rule, ...]:
    """What holds for the table as such: some rows, and a quality score above the gate."""
    return (
        Rule(id="has_rows", kind="row_count", arguments={"min": 1}, severity="warning", layers=BOTH),
        Rule(id="dq_score", kind="dq_score", arguments={"min": SCORE_AT_LEAST}, severity="warning"),
    )
