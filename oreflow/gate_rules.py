"""Which rules a layer has: the standard claims of `quality_gates/`, then the contract's own."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from oreflow import plugins
from oreflow.contract import Contract, Rule

LAYERS = ("bronze", "silver", "gold")


def rules_for(contract: Contract, layer: str) -> tuple[Rule, ...]:
    """The layer's standard claims, then the contract's own; a contract's rule replaces the standard one of its id."""
    standard = [r for module in plugins.modules("quality_gates") for r in _rules_of(module, contract)]
    own = told_apart([r for r in contract.rules if layer in r.layers])
    kept = [r for r in told_apart([s for s in standard if layer in s.layers]) if r.id not in {o.id for o in own}]
    return (*kept, *own)


def told_apart(rules: Sequence[Rule]) -> list[Rule]:
    """Two claims of one id are still two claims: the later ones are numbered."""
    seen: Counter[str] = Counter()
    told = []
    for rule in rules:
        seen[rule.id] += 1
        told.append(rule if seen[rule.id] == 1 else rule.model_copy(update={"id": f"{rule.id}#{seen[rule.id]}"}))
    return told


def _rules_of(module: Any, contract: Contract) -> Sequence[Rule]:
    rules = getattr(module, "rules", None)
    return tuple(rules(contract)) if callable(rules) else ()
