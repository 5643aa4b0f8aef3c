"""Shorthand for the rules that domain contracts state; each is one claim with its id, severity and reason.

The rule for severities: critical only where a breach is surely an error, warning where it is only unlikely. What every
table promises (its key, its types, its score) is claimed by the gates themselves.
"""

from collections.abc import Sequence

from oreflow.contract import Rule, Severity


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
        id=f"{column}_between" if severity == "critical" else f"{column}_usually_between",
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


def in_order(low: str, high: str) -> Rule:
    """`low` is never above, or after, `high` where both are known."""
    return Rule(
        id=f"{low}_up_to_{high}",
        kind="pair_order",
        arguments={"low": low, "high": high},
        description=f"{low} is never above {high}.",
    )


def follows(column: str, determinant: str) -> Rule:
    """One value of the determinant goes with one value of the column; a warning, since businesses reorganise."""
    return Rule(
        id=f"{column}_follows_{determinant}",
        kind="functional_dependency",
        column=column,
        arguments={"determinants": [determinant]},
        severity="warning",
        description=f"Each {determinant} goes with one {column}.",
    )


def holds(name: str, condition: str, description: str) -> Rule:
    """A condition on a row that is broken by mistakes of book-keeping more than by a wrong cell: a warning."""
    return Rule(id=name, kind="sql", arguments={"condition": condition}, severity="warning", description=description)


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
