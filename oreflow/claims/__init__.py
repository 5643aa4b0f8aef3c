"""Claims: every kind of rule a contract may hold, and how a rule becomes one."""

from collections.abc import Iterator
from datetime import datetime
from functools import cache

from pydantic import ValidationError

from oreflow.claims import cells, groups, relations, sets, tables
from oreflow.claims.base import Claim, Families
from oreflow.contract import Contract, Rule
from oreflow.errors import ContractError, unknown
from oreflow.measures.dq import accepted_values

__all__ = ["Claim", "Families", "bind", "claim_of", "kinds"]


@cache
def kinds() -> dict[str, type[Claim]]:
    """Every kind of claim by name."""
    found = {
        c.kind: c for module in (cells, sets, relations, groups, tables) for c in _classes(module.__dict__.values())
    }
    return dict(sorted(found.items()))


def _classes(values: object) -> Iterator[type[Claim]]:
    for value in values:  # type: ignore[attr-defined]
        if isinstance(value, type) and issubclass(value, Claim) and "kind" in value.__dict__:
            yield value


def claim_of(rule: Rule) -> Claim:
    """The claim a rule makes; `ContractError` for an unknown kind or arguments that are wrong or contradict."""
    if rule.kind not in kinds():
        raise ContractError(f'rule "{rule.id}": {unknown("kind of rule", rule.kind, kinds())}')
    given = dict(rule.arguments) | ({"column": rule.column} if rule.column else {})
    if rule.mostly < 1.0:
        given["mostly"] = rule.mostly
    try:
        return kinds()[rule.kind].model_validate(given)
    except ValidationError as error:
        raise ContractError(f'rule "{rule.id}" ({rule.kind}): {_reasons(error, rule.kind)}') from error


def bind(rule: Rule, contract: Contract, *, now: datetime | None = None) -> Claim:
    """The claim, with what only the contract or the caller knows: the scored columns, the time."""
    claim = claim_of(rule)
    if isinstance(claim, tables.DqScore):
        accepted = {name: tuple(sorted(values)) for name, values in accepted_values(contract).items()}
        return claim.model_copy(update={"columns": contract.columns, "key": contract.key, "accepted": accepted})
    if isinstance(claim, tables.Freshness) and claim.now is None and now is not None:
        return claim.model_copy(update={"now": now.isoformat()})
    return claim


def _reasons(error: ValidationError, kind: str) -> str:
    takes = ", ".join(sorted(set(kinds()[kind].model_fields) - {"mostly"}))
    said = "; ".join(
        f"{'.'.join(map(str, e['loc']))}: {e['msg']}" if e["loc"] else e["msg"].removeprefix("Value error, ")
        for e in error.errors()
    )
    return f"{said}. It takes: {takes}."
