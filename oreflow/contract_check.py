"""Checking a contract: does it contradict itself (`check_contract`), and is something in it idle (`lint`)?"""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from oreflow.claims import Claim, Families, claim_of, kinds
from oreflow.claims.cells import Between, LengthBetween, NullShare
from oreflow.claims.sets import InSet, NotInSet
from oreflow.claims.tables import RowCount
from oreflow.contract import Contract, Rule
from oreflow.errors import ContractError, NotApplicable, unknown
from oreflow.measures.fits import FAMILY_OF

_STANDARD = {"not_null": "required", "unique": "unique"}


def check_contract(contract: Contract) -> None:
    """Raise `ContractError` at the first contradiction, saying where it is and what to change."""
    names = [c.name for c in contract.columns]
    for name, times in Counter(names).items():
        if times > 1:
            raise ContractError(f'column "{name}" is there {times} times; keep one.')
    for name in contract.key:
        if name not in names:
            raise ContractError(f"key: {unknown('column', name, names)}")
    for column in contract.columns:
        if column.required and column.optional:
            raise ContractError(f'column "{column.name}" is both required and optional; keep one of the two.')
    _check_rules(contract)


def lint(contract: Contract) -> list[str]:
    """What is allowed but idle: rules stated twice, that can't both hold, that never fail, that nobody judges."""
    claims = [(rule, claim_of(rule)) for rule in contract.rules]
    return [*_twice(contract, claims), *_conflicts(claims), *_never(claims), *_unjudged(contract)]


def _check_rules(contract: Contract) -> None:
    families: Families = {c.name: FAMILY_OF[c.type] for c in contract.columns}
    made = {f.name for f in contract.features}
    for rule_id, times in Counter(r.id for r in contract.rules).items():
        if times > 1:
            raise ContractError(f'rule "{rule_id}" is there {times} times; give each rule its own name.')
    claims = [(rule, claim_of(rule)) for rule in contract.rules]
    for rule, claim in claims:
        lacking = [c for c in claim.reads() if c not in families and c not in made and not c.startswith("_")]
        # Enrichment adds columns to gold that only the domain's sources know.
        if lacking and set(rule.layers) != {"gold"}:
            raise ContractError(f'rule "{rule.id}": {unknown("column", lacking[0], families)}')
        _check_types(rule, claim, families)
    for problem in _conflicts(claims):
        raise ContractError(problem)


def _check_types(rule: Rule, claim: Claim, families: Families) -> None:
    if rule.kind == "freshness" or any(c not in families for c in claim.reads()):
        return
    try:
        claim.check(families)
    except NotApplicable as error:
        raise ContractError(f'rule "{rule.id}": {error}') from error


def _twice(contract: Contract, claims: list[tuple[Rule, Claim]]) -> Iterator[str]:
    for (a, one), (b, other) in combinations(claims, 2):
        if type(one) is type(other) and one == other and set(a.layers) & set(b.layers):
            yield f'rules "{a.id}" and "{b.id}" claim the same; remove one.'
    for rule, _ in claims:
        flag = _STANDARD.get(rule.kind)
        column = next((c for c in contract.columns if c.name == rule.column), None)
        if flag and column is not None and getattr(column, flag) and rule.mostly == 1.0 and "silver" in rule.layers:
            yield f'rule "{rule.id}" says what `{flag}: true` on column "{column.name}" already says; remove one.'


def _conflicts(claims: list[tuple[Rule, Claim]]) -> Iterator[str]:
    strict = [(r, c) for r, c in claims if r.mostly == 1.0]
    for (a, one), (b, other) in combinations(strict, 2):
        if one.column == other.column and set(a.layers) & set(b.layers) and _disjoint(one, other):
            yield f'rules "{a.id}" and "{b.id}" leave no value for column "{a.column}"; change one.'


def _disjoint(one: Claim, other: Claim) -> bool:
    """Whether no value can satisfy both."""
    if isinstance(one, Between) and isinstance(other, Between) and one.dates == other.dates:
        return _apart(one, other) or _apart(other, one)
    if isinstance(one, NotInSet) or isinstance(other, NotInSet):
        allowed, forbidden = (other, one) if isinstance(one, NotInSet) else (one, other)
        if not isinstance(allowed, InSet) or isinstance(allowed, NotInSet) or not isinstance(forbidden, NotInSet):
            return False
        return set(allowed.values) <= set(forbidden.values)
    if isinstance(one, InSet) and isinstance(other, InSet):
        return not set(one.values) & set(other.values)
    if isinstance(one, LengthBetween) and isinstance(other, LengthBetween):
        return _shorter(one, other) or _shorter(other, one)
    return False


def _apart(low: Between, high: Between) -> bool:
    return low.max is not None and high.min is not None and low.max < high.min  # type: ignore[operator]


def _shorter(low: LengthBetween, high: LengthBetween) -> bool:
    return low.max is not None and high.min is not None and low.max < high.min


def _never(claims: list[tuple[Rule, Claim]]) -> Iterator[str]:
    for rule, claim in claims:
        idle = rule.mostly == 0.0 or (isinstance(claim, NullShare) and claim.max >= 1.0)
        idle = idle or (isinstance(claim, RowCount) and claim.min == 0 and claim.max is None)
        idle = idle or (isinstance(claim, LengthBetween) and not claim.min and claim.max is None)
        if idle:
            yield f'rule "{rule.id}" can never fail; tighten it or remove it.'


def _unjudged(contract: Contract) -> Iterator[str]:
    for column, items in contract.extra.get("quality", {}).items():
        for item in items:
            named = item.get("name") or item.get("metric") or item.get("description") or item.get("type")
            place = f'column "{column}"' if column else "the table"
            yield f'"{named}" on {place} is a check that Oreflow keeps but does not judge; kinds: {", ".join(kinds())}.'
