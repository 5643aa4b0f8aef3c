"""Which rules a layer has: the standard claims of `quality_gates/`, then the contract's own."""

from collections.abc import Sequence
from typing import Any

from oreflow import plugins
from oreflow.contract import Contract, Rule

LAYERS = ("bronze", "silver", "gold")


def rules_for(contract: Contract, layer: str) -> tuple[Rule, ...]:
    """The layer's standard claims, then the contract's own; a contract's rule replaces the standard one of its id."""
    standard = [r for module in plugins.modules("quality_gates") for r in _rules_of(module, contract)]
    chosen = {r.id: r for r in (*standard, *contract.rules) if layer in r.layers}
    return tuple(chosen.values())


def _rules_of(module: Any, contract: Contract) -> Sequence[Rule]:
    rules = getattr(module, "rules", None)
    return tuple(rules(contract)) if callable(rules) else ()
