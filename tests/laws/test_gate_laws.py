"""Laws of the gate: two judges and DuckDB agree on every kind of rule; clean passes and damaged fails."""

from datetime import datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from oreflow.claims import kinds
from oreflow.contract import Column, Contract, Rule
from oreflow.domain import domains
from oreflow.drafting import draft_contract
from oreflow.gate import judge
from oreflow.gate_engine import normal

NOW = datetime(2026, 6, 1)
COLUMNS = (
    Column(name="id", type="integer"),
    Column(name="größe", type="number"),
    Column(name='say "x"', type="string"),
    Column(name="flag", type="boolean"),
    Column(name="begun", type="date"),
    Column(name="ended", type="timestamp", optional=True),
    Column(name="raw", type="number"),
)
TEXT = 'say "x"'


def rule(kind: str, column: str | None = None, *, mostly: float = 1.0, **arguments: Any) -> Rule:
    name = f"{kind}:{column}:{sorted(arguments)}:{mostly}"
    return Rule(id=name, kind=kind, column=column, arguments=arguments, mostly=mostly, severity="warning")


RULES = (
    rule("not_null", "id"),
    rule("not_null", "größe", mostly=0.7),
    rule("null_share", TEXT, max=0.2),
    rule("unique", "id"),
    rule("unique", TEXT, mostly=0.5),
    rule("unique", "begun"),
    rule("compound_unique", columns=["id", TEXT]),
    rule("compound_unique", columns=["flag", "begun", "größe"]),
    rule("in_set", TEXT, values=["a", "b", "é"]),
    rule("in_set", "id", values=[1, 2, 3]),
    rule("in_set", "flag", values=[True]),
    rule("in_set", "begun", values=["2026-01-01", "2026-01-02"]),
    rule("foreign_values", "id", values=[0, 1, 2, 3, 4, 5], of="things"),
    rule("not_in_set", TEXT, values=["", " "]),
    rule("not_in_set", "größe", values=[0, 0.5]),
    rule("between", "größe", min=-1, max=0.5),
    rule("between", "id", min=1, mostly=0.6),
    rule("between", "raw", min=0, max=10),
    rule("between", "begun", min="2026-01-02", max="2026-05-01"),
    rule("between", "ended", max="2026-03-01T12:00:00"),
    rule("matches", TEXT, pattern=r"[a-z]{1,2}"),
    rule("matches", TEXT, pattern=r"^\w*$", mostly=0.5),
    rule("length_between", TEXT, min=1, max=3),
    rule("of_type", "raw", type="number"),
    rule("of_type", "größe", type="integer"),
    rule("of_type", "begun", type="date"),
    rule("pair_order", low="begun", high="ended"),
    rule("pair_order", low="id", high="größe", strict=True, mostly=0.4),
    rule("equals_expression", "größe", expression="id * 2 - 1", tolerance=0.5),
    rule("sql", condition="id > 0 OR flag"),
    rule("sql", condition="\"größe\" BETWEEN 0 AND 1 AND NOT flag", mostly=0.5),
    rule("functional_dependency", TEXT, determinants=["id"]),
    rule("functional_dependency", "größe", determinants=["flag", "id"], mostly=0.8),
    rule("freshness", "begun", max_age_days=60),
    rule("freshness", "ended"),
    rule("row_count", min=1, max=6),
    rule("dq_score", min=0.8),
)  # fmt: skip
CONTRACT = Contract(domain="laws", table="t", columns=COLUMNS, key=("id",), rules=RULES)

_days = st.integers(0, 200).map(lambda d: datetime(2026, 1, 1) + timedelta(days=d))
_rows = st.fixed_dictionaries(
    {
        "id": st.none() | st.integers(-1, 6),
        "größe": st.none() | st.sampled_from([float("nan"), 0.0, 0.5, 1.0, -1.0, 7.25]),
        TEXT: st.none() | st.sampled_from(["a", "b", "é", "", " ", "ab", "a\n", "N/A", "Ab9", "日本語x"]),
        "flag": st.none() | st.booleans(),
        "begun": st.none() | _days.map(datetime.date),
        "ended": st.none() | _days,
        "raw": st.none() | st.sampled_from(["1", " 2.5 ", "x", "", "1e1", "-3", "1_0", "١"]),
    }
)
_SCHEMA = {
    "id": pl.Int32, "größe": pl.Float32, TEXT: pl.String, "flag": pl.Boolean,
    "begun": pl.Date, "ended": pl.Datetime("ns"), "raw": pl.String,
}  # fmt: skip


@settings(
    max_examples=15, deadline=None, derandomize=True, phases=(Phase.generate,), suppress_health_check=list(HealthCheck)
)
@given(st.lists(_rows, max_size=9))
def test_the_engine_great_expectations_and_duckdb_agree_on_every_kind_of_rule(rows: list[dict[str, Any]]) -> None:
    table = pl.DataFrame(rows, schema=_SCHEMA)
    judged = judge(table.lazy(), CONTRACT, "silver", gx_rows=100, now=NOW)
    assert judged.verdict.judge == "great_expectations"
    assert [(r.rule, r.error) for r in judged.verdict.results if r.error] == []  # a difference is reported as an error
    base = duckdb.connect()
    base.register("t", normal(table.lazy()).collect().to_arrow())
    for result in judged.verdict.results:
        assert result.sql is not None
        listed = base.sql(result.sql).fetchall()
        if result.kind not in ("row_count", "dq_score"):
            assert len(listed) == result.failing, result
            assert {r for r, _ in result.examples} <= {r for r, _ in listed}
        if not result.passed and result.kind not in ("row_count", "dq_score"):
            assert judged.failing.filter(pl.col("rule") == result.rule).height == result.failing


def test_the_laws_try_every_kind_of_rule() -> None:
    assert {r.kind for r in RULES} == set(kinds())


def test_both_judges_agree_on_a_table_with_every_rule_broken_somewhere() -> None:
    rng = np.random.default_rng(5)
    n = 400
    start = np.datetime64("2026-01-01", "us")
    table = pl.DataFrame(
        {
            "id": rng.integers(-1, 9, n),
            "größe": rng.normal(0, 1, n),
            TEXT: rng.choice(["a", "b", "Ab9", "  "], n),
            "flag": rng.integers(0, 2, n).astype(bool),
            "begun": start + rng.integers(0, 300, n).astype("timedelta64[D]"),
            "ended": start + rng.integers(0, 300, n).astype("timedelta64[D]"),
            "raw": rng.choice(["1", "x", ""], n),
        }
    )
    one = judge(table, CONTRACT, "silver", gx_rows=1000, now=NOW).verdict
    other = judge(table, CONTRACT, "silver", gx_rows=0, now=NOW).verdict
    assert [(r.rule, r.passed, r.failing) for r in one.results] == [
        (r.rule, r.passed, r.failing) for r in other.results
    ]
    assert (one.judge, other.judge) == ("great_expectations", "engine")
    assert not any(r.error for r in one.results)


@pytest.mark.parametrize("name", sorted(domains()))
def test_a_draft_passes_where_it_was_drawn_and_on_fresh_rows_and_fails_when_every_column_is_damaged(name: str) -> None:
    domain = domains()[name]
    sample, fresh = (domain.generate(np.random.default_rng(seed), 1000) for seed in (1, 2))
    contract = draft_contract(sample, domain=name, table="t")
    for table in (sample, fresh):
        verdict = judge(table, contract, "silver", gx_rows=0).verdict
        assert verdict.passed, [r for r in verdict.results if not r.passed and r.severity == "critical"]
    verdict = judge(_every_column_damaged(fresh), contract, "silver", gx_rows=0).verdict
    broken = {c for r in verdict.results if not r.passed for c in [r.column]}
    assert not verdict.passed
    assert broken >= {c.name for c in contract.columns if not c.optional}


@pytest.mark.parametrize("name", sorted(domains()))
def test_a_domains_own_contract_passes_on_its_clean_tables_by_both_judges(name: str) -> None:
    domain = domains()[name]
    table = domain.generate(np.random.default_rng(3), 300)
    verdict = judge(table, domain.contract, "silver", gx_rows=1000).verdict
    assert verdict.passed, [r for r in verdict.results if not r.passed]
    assert verdict.judge == "great_expectations"


def _every_column_damaged(table: pl.DataFrame) -> pl.DataFrame:
    """One cell in five is rubbish and one in ten is gone, in every column."""
    at = pl.int_range(pl.len())
    cells = [
        pl.when(at % 5 == 1)
        .then(pl.lit("#?!"))
        .when(at % 10 == 2)
        .then(None)
        .otherwise(pl.col(c).cast(pl.String))
        .alias(c)
        for c in table.columns
    ]
    return table.select(cells)
