"""Gates: a layer's rules over a table, judged by Great Expectations and the engine, with one verdict.

Great Expectations holds a pandas frame, so up to `gx_rows` rows it is the judge and the engine must agree with it;
above, the engine judges alone. A rule that can't be judged, or that the two judge differently, counts as a critical
failure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any

import polars as pl

from oreflow.claims import Claim, Families, bind
from oreflow.claims.tables import DqScore
from oreflow.contract import Contract, Rule
from oreflow.errors import ContractError
from oreflow.gate_engine import Judged, applicable, examples, failing_rows, families_of, judge_all, normal
from oreflow.gate_rules import rules_for
from oreflow.run import RuleResult, Verdict
from oreflow.tables import ROW_ID

GX_ROWS = 1_000_000


@dataclass(frozen=True)
class Judgement:
    """A verdict with every row that breaks a failed rule: `_row_id`, `rule`, `column`, `value` (as text)."""

    verdict: Verdict
    failing: pl.DataFrame


def judge(
    table: pl.LazyFrame | pl.DataFrame,
    contract: Contract,
    layer: str,
    *,
    gx_rows: int = GX_ROWS,
    now: datetime | None = None,
) -> Judgement:
    """The verdict on the table as the layer's contract sees it; `now` is what freshness is measured from."""
    started = perf_counter()
    frame = normal(table.lazy())
    families = families_of(frame)
    asked = [_asked(rule, contract, families, now) for rule in rules_for(contract, layer)]
    score = Judged(_SCORE, bind(_SCORE, contract))
    *judged, scored = judge_all(frame, [*asked, score], families)
    rows = int(scored.found["dq_rows"])
    by_gx = rows <= gx_rows and not _same_but_for_case(families)
    if by_gx:
        judged = _second_opinion(frame, judged, families)
    failing = failing_rows(frame, judged, families)
    results = tuple(_result(j, families, examples(frame, j, families, failing)) for j in judged)
    verdict = Verdict(
        layer=layer,
        results=results,
        score=scored.tally.observed if scored.tally else {},
        judge="great_expectations" if by_gx else "engine",
        seconds=perf_counter() - started,
    )
    return Judgement(verdict, failing)


_SCORE = Rule(id="_score", kind=DqScore.kind, severity="info")


def _asked(rule: Rule, contract: Contract, families: Families, now: datetime | None) -> Judged:
    try:
        return applicable(rule, bind(rule, contract, now=now), families)
    except ContractError as error:
        return Judged(rule, error=str(error))


def _same_but_for_case(families: Mapping[str, Any]) -> bool:
    """Great Expectations finds columns without regard to case, so it can't tell such a table's columns apart."""
    return len({name.lower() for name in families}) < len(families)


def _second_opinion(frame: pl.LazyFrame, judged: Sequence[Judged], families: Families) -> list[Judged]:
    from oreflow.gate_gx import opinions  # Great Expectations takes two seconds to import

    claims = {j.rule.id: (j.rule, j.claim) for j in judged if j.claim is not None and j.error is None}
    wanted = {ROW_ID, *(c for _, claim in claims.values() for c in _needed(claim, families))}
    kept = frame.select(c for c in families if c in wanted).collect(engine="streaming")
    said = opinions(kept, claims, families)
    return [j if j.rule.id not in said else j.confronted(*said[j.rule.id]) for j in judged]


def _needed(claim: Claim, families: Families) -> Sequence[str]:
    if isinstance(claim, DqScore):
        return [n for n in (*(c.name for c in claim.columns), *claim.key) if n in families]
    return claim.reads()


def _result(judged: Judged, families: Families, shown: tuple[tuple[int, Any], ...]) -> RuleResult:
    rule, tally = judged.rule, judged.tally
    runs = judged.claim is not None and all(c in families for c in judged.claim.reads())
    return RuleResult(
        rule=rule.id,
        kind=rule.kind,
        column=rule.column,
        severity="critical" if judged.error else rule.severity,
        passed=judged.passed and judged.error is None,
        checked=tally.checked if tally else 0,
        failing=tally.failing if tally else 0,
        observed=tally.observed if tally else None,
        description=rule.description,
        error=judged.error,
        sql=judged.claim.sql(families) if judged.claim and runs and tally else None,
        examples=shown,
        seconds=judged.seconds,
    )
